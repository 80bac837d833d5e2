# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#      http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

"""Compares two releases on many stacks, without services.

The base creates each stack, stores it, and loads it again. The target creates
the same stack, and loads the rows of the base. The processes of both releases
and the generator work at the same time, on different batches.
"""

import collections
from collections import abc
from concurrent import futures
import dataclasses
import time
import typing

from heat_upgrade.fuzz import comparison
from heat_upgrade.fuzz import model
from heat_upgrade.fuzz import worker

# Stacks in a message to a process. A batch takes a quarter of a second.
BATCH = 50
# Batches between the generator and the comparison: one in each process, and
# one that waits for each.
AHEAD = 4
# Failures of one signature that are kept, to find further causes among them.
KEPT = 30

Signature = tuple[model.Kind, str]


@dataclasses.dataclass(frozen=True)
class Case:
    """A stack to compare.

    :ivar name: its number, or the path of its template
    :ivar number: the number from which it is generated; None if it is not
    """

    name: str
    stack: model.Stack
    number: int | None = None


@dataclasses.dataclass(frozen=True)
class Failure:
    """A case that shows a difference."""

    case: Case
    difference: model.Difference


@dataclasses.dataclass
class Tally:
    """The results of a comparison.

    :ivar stacks: number of compared stacks, with the refused ones
    :ivar refused: number of those that the base refuses
    :ivar counts: {signature: number of stacks that show it}
    :ivar failures: {signature: some of these stacks, the first ones}
    :ivar seconds: duration
    """

    stacks: int = 0
    refused: int = 0
    counts: collections.Counter[Signature] = dataclasses.field(
        default_factory=collections.Counter)
    failures: dict[Signature, list[Failure]] = dataclasses.field(
        default_factory=dict)
    seconds: float = 0.0


class Pair:
    """The processes of two releases.

    :param base: a started worker of the base
    :param target: a started worker of the target
    """

    def __init__(self, base: worker.Worker, target: worker.Worker) -> None:
        self.base, self.target = base, target

    def differences(self, stack: model.Stack) -> list[model.Difference]:
        """Return the differences that one stack shows."""
        given = stack.as_dict()
        base, = self.base.answers([given])
        if not comparison.accepted(base):
            return []
        target, = self.target.answers([{**given, 'rows': base['rows']}])
        return comparison.differences(base, target)

    def compare(self, cases: abc.Iterable[Case], *, deadline: float | None,
                progress: abc.Callable[[Tally], None]) -> Tally:
        """Return the results for all cases.

        :param deadline: time of the monotonic clock at which to end
        :param progress: called after each batch
        """
        tally = Tally()
        start = time.monotonic()
        pending: collections.deque[_Batch] = collections.deque()
        with futures.ThreadPoolExecutor(1) as bases, \
                futures.ThreadPoolExecutor(1) as targets:
            for batch in _batches(cases):
                if deadline and time.monotonic() > deadline:
                    break
                first = bases.submit(self.base.answers, [
                    case.stack.as_dict() for case in batch])
                pending.append((batch, first, targets.submit(
                    self._second, batch, first)))
                if len(pending) == AHEAD:
                    _count(*pending.popleft(), tally)
                    tally.seconds = time.monotonic() - start
                    progress(tally)
            for rest in pending:
                _count(*rest, tally)
                tally.seconds = time.monotonic() - start
                progress(tally)
        return tally

    def _second(self, batch: list[Case],
                first: 'futures.Future[list[worker.Answer]]'
                ) -> list[worker.Answer]:
        """Return the target's answers for the stacks that the base accepts."""
        return self.target.answers([
            {**case.stack.as_dict(), 'rows': answer['rows']}
            for case, answer in zip(batch, first.result())
            if comparison.accepted(answer)])


_Batch: typing.TypeAlias = tuple[
    list[Case], 'futures.Future[list[worker.Answer]]',
    'futures.Future[list[worker.Answer]]']


def _batches(cases: abc.Iterable[Case]) -> abc.Iterator[list[Case]]:
    batch = []
    for case in cases:
        batch.append(case)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _count(batch: list[Case], first: 'futures.Future[list[worker.Answer]]',
           second: 'futures.Future[list[worker.Answer]]',
           tally: Tally) -> None:
    """Add the answers for a batch to the results."""
    targets = iter(second.result())
    for case, base in zip(batch, first.result()):
        tally.stacks += 1
        if not comparison.accepted(base):
            tally.refused += 1
            continue
        seen: dict[Signature, None] = {}
        for difference in comparison.differences(base, next(targets)):
            if difference.signature not in seen:
                seen[difference.signature] = None
                kept = tally.failures.setdefault(difference.signature, [])
                if len(kept) < KEPT:
                    kept.append(Failure(case, difference))
        tally.counts.update(seen.keys())
