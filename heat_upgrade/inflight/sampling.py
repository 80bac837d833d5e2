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

"""Chooses the cases of a run, so that consecutive seeds cover all pairs.

Four consecutive seeds (0 to 3, 4 to 7, ...) make a block. A sample avoids the
pairs of kind and hold point, and of kind and shape, of earlier samples in its
block, so that the block covers all pairs.
"""

import collections
from collections import abc
import random
import typing

from heat_upgrade.inflight import cases

T = typing.TypeVar('T')

# A kind and a shape.
Pair = tuple[str, str]

# Number of seeds that cover all pairs.
BLOCK = 4

# For each stopping engine, the number of its cases, and their condition.
Hands = tuple[tuple[int, abc.Callable[[cases.Case], bool]], ...]

# Every sample has a case for each of these conditions, if it is allowed.
REQUIRED: tuple[abc.Callable[[cases.Case], bool], ...] = (
    cases.is_two_sided,
    cases.is_batched,
    lambda case: case.shape == cases.TWO_ENDS,
    lambda case: case.shape == cases.DEEP,
    lambda case: case.shape == cases.NESTED,
    lambda case: case.shape == cases.CHAIN,
)


def everywhere(case: cases.Case) -> bool:
    """Return True: every case is allowed."""
    return True


def for_a_last_engine(case: cases.Case) -> bool:
    """Return True if no other engine must read the queue."""
    return not cases.waits_for_messages(case)


def for_a_cold_stop(case: cases.Case) -> bool:
    """Return True if the operation survives a stop of all of Heat.

    A signal cannot be delivered without an API, and the engine waits for it
    until its grace period is over. OS::Heat::Stack reads the state of the
    nested stack from the API, and fails when the API is down.
    """
    return (for_a_last_engine(case) and case.parked != cases.SIGNAL
            and case.shape != cases.NESTED)


def samples(seed: int, hands_of: abc.Callable[[int], Hands]
            ) -> tuple[tuple[cases.Case, ...], ...]:
    """Draw the cases of a run, one sample for each stopping engine.

    :param seed: the same seed gives the same cases on every machine
    :param hands_of: returns, for a seed, the number of cases for each engine,
        and the condition of each case
    """
    block, offset = divmod(seed, BLOCK)
    chance = random.Random(f'in flight {block}')
    seen: collections.Counter[typing.Any] = collections.Counter()
    drawn: list[tuple[cases.Case, ...]] = []
    for earlier in range(seed - offset, seed + 1):
        drawn = [_sample(chance, seen, count, allowed)
                 for count, allowed in hands_of(earlier)]
    return tuple(drawn)


def _sample(chance: random.Random, seen: collections.Counter[typing.Any],
            count: int, allowed: abc.Callable[[cases.Case], bool]
            ) -> tuple[cases.Case, ...]:
    """Draw one sample.

    :param chance: decides between equally good cases
    :param seen: counts of the cases, kinds and pairs in the block; changed
    """
    left = [case for case in cases.every() if allowed(case)]
    chance.shuffle(left)
    own: collections.Counter[typing.Any] = collections.Counter()
    drawn: list[cases.Case] = []

    # The first rank that differs decides. Each kind is a separate code path
    # in Heat: all kinds come first.
    by_pair: tuple[abc.Callable[[Pair], int], ...] = (
        lambda pair: own[pair[0]],
        lambda pair: seen[pair] > 0)
    by_case: tuple[abc.Callable[[cases.Case], int], ...] = (
        lambda case: seen[case.kind, case.parked] > 0,
        lambda case: seen[case.id],
        lambda case: seen[case.kind],
        lambda case: own[case.shape] + own[case.parked],
        lambda case: (seen[case.kind, case.shape]
                      + seen[case.kind, case.parked]))

    def take(choices: abc.Sequence[cases.Case]) -> None:
        if not choices or len(drawn) >= count:
            return
        pairs = set(_least(list({(case.kind, case.shape): None
                                 for case in choices}), by_pair))
        # The shuffle decides between equals.
        case = _least([case for case in choices
                       if (case.kind, case.shape) in pairs], by_case)[0]
        left.remove(case)
        drawn.append(case)
        own.update((case.kind, case.shape, case.parked))
        seen.update((case.id, case.kind, (case.kind, case.shape),
                     (case.kind, case.parked)))

    for required in REQUIRED:
        take([case for case in left if required(case)])
    while left and len(drawn) < count:
        take(left)
    return tuple(drawn)


def _least(choices: list[T],
           ranks: abc.Sequence[abc.Callable[[T], int]]) -> list[T]:
    """Return the choices with the least ranks, compared rank by rank."""
    for rank in ranks:
        if len(choices) == 1:
            break
        ranked = [(rank(choice), choice) for choice in choices]
        least = min(number for number, _ in ranked)
        choices = [choice for number, choice in ranked if number == least]
    return choices
