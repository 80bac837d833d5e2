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

"""Finds the causes of failures: the smallest stack of each."""

from collections import abc
import dataclasses

from heat_upgrade.fuzz import features
from heat_upgrade.fuzz import generation
from heat_upgrade.fuzz import model
from heat_upgrade.fuzz import quick
from heat_upgrade.fuzz import reduction

# Seconds for the shrink of one stack, which takes a few hundred stacks of 10
# to 50 ms each; and for the removal of its parts afterwards.
SHRINK_SECONDS, REDUCE_SECONDS = 30, 15
# Causes of one signature that are looked for, and of all.
MOST_OF_A_SIGNATURE, MOST = 4, 20


@dataclasses.dataclass(frozen=True)
class Cause:
    """A defect, with the smallest stack that shows it.

    :ivar case: the case that showed it first
    :ivar stack: the smallest stack; that of the case if it is not generated
    :ivar others: aspects of further differences that this stack shows
    :ivar stacks: number of stacks with its signature
    """

    difference: model.Difference
    case: quick.Case
    stack: model.Stack
    others: tuple[model.Difference, ...]
    stacks: int

    @property
    def features(self) -> frozenset[str]:
        """The features of the smallest stack that may be the cause."""
        return features.special(self.stack)

    def explains(self, signature: quick.Signature,
                 failure: quick.Failure) -> bool:
        """Return True if a failure may have this cause."""
        shown = {one.signature for one in (self.difference, *self.others)}
        return (signature in shown
                and self.features <= features.of(failure.case.stack))


def find(tally: quick.Tally, pair: quick.Pair,
         generator: generation.Generator,
         note: abc.Callable[[str], None]) -> list[Cause]:
    """Return the causes of the failures of a comparison.

    A stack that lacks a feature of the smallest stack of its signature has
    another cause, and is shrunk too.

    :param note: called with a line before each shrink
    """
    found: list[Cause] = []
    kinds = list(model.Kind)
    for signature, count in sorted(
            tally.counts.items(),
            key=lambda item: (kinds.index(item[0][0]), -item[1])):
        left = tally.failures[signature]
        for _ in range(MOST_OF_A_SIGNATURE):
            left = [one for one in left if not any(
                cause.explains(signature, one) for cause in found)]
            if not left or len(found) == MOST:
                break
            note(f'shrinking {signature[0]}: {signature[1]}')
            failure = min(left, key=lambda one: one.case.stack.size)
            found.append(_cause(failure, pair, generator, count))
            left.remove(failure)
    return found


def _cause(failure: quick.Failure, pair: quick.Pair,
           generator: generation.Generator, count: int) -> Cause:
    signature = failure.difference.signature

    def fails(stack: model.Stack) -> bool:
        return any(one.signature == signature
                   for one in pair.differences(stack))

    stack = failure.case.stack
    if failure.case.number is not None:
        stack = generation.shrink(
            generator.buffer(failure.case.number), fails,
            SHRINK_SECONDS) or stack
    stack = reduction.reduce(stack, fails, REDUCE_SECONDS)
    shown = pair.differences(stack)
    first = next((one for one in shown if one.signature == signature),
                 failure.difference)
    return Cause(first, failure.case, stack,
                 tuple(one for one in shown if one.signature != signature),
                 count)
