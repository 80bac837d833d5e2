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

"""Chooses which cases a run takes along: seeds that complete each other.

Four seeds in a row (0 to 3, 4 to 7, ...) make a block. A sample avoids the
pairs of kind and place, and of kind and shape, that earlier samples of its
block have had: so the four together have all pairs.
"""

import collections
from collections.abc import Callable
from collections.abc import Sequence
import random
from typing import TypeVar

from heat_upgrade.inflight import cases

T = TypeVar('T')

# A kind and a shape.
Pair = tuple[str, str]

# How many seeds have all pairs together.
BLOCK = 4

# For each engine that stops, how many cases it has, and which.
Hands = tuple[tuple[int, Callable[[cases.Case], bool]], ...]

# A case of each of these is in every sample that may have one.
REQUIRED: tuple[Callable[[cases.Case], bool], ...] = (
    cases.is_two_sided,
    cases.is_batched,
    lambda case: case.shape == cases.TWO_ENDS,
    lambda case: case.shape == cases.DEEP,
    lambda case: case.shape == cases.NESTED,
    lambda case: case.shape == cases.CHAIN,
)


def everywhere(case: cases.Case) -> bool:
    """Return True: any case may be drawn."""
    return True


def for_a_last_engine(case: cases.Case) -> bool:
    """Return True if the operation needs no other engine to read the queue."""
    return not cases.waits_for_messages(case)


def for_a_cold_stop(case: cases.Case) -> bool:
    """Return True if the operation survives a stop of all of Heat.

    A signal cannot be delivered without an API, and the engine waits for it
    until its grace period is over. OS::Heat::Stack asks the API how the stack
    inside does, and fails when that is down.
    """
    return (for_a_last_engine(case) and case.parked != cases.SIGNAL
            and case.shape != cases.NESTED)


def samples(seed: int, hands_of: Callable[[int], Hands]
            ) -> tuple[tuple[cases.Case, ...], ...]:
    """Draw the cases of a run, one sample for each engine that stops.

    :param seed: the same seed gives the same cases on every machine
    :param hands_of: returns, for a seed, the number of cases for each engine,
        and a predicate that each of them fulfils
    """
    block, place = divmod(seed, BLOCK)
    chance = random.Random(f'in flight {block}')
    seen: collections.Counter = collections.Counter()
    drawn: list[tuple[cases.Case, ...]] = []
    for earlier in range(seed - place, seed + 1):
        drawn = [_sample(chance, seen, count, allowed)
                 for count, allowed in hands_of(earlier)]
    return tuple(drawn)


def _sample(chance: random.Random, seen: collections.Counter, count: int,
            allowed: Callable[[cases.Case], bool]
            ) -> tuple[cases.Case, ...]:
    """Draw one sample.

    :param chance: decides between cases that are equally good
    :param seen: how often the block had each case, kind and pair; changed
    """
    left = [case for case in cases.every() if allowed(case)]
    chance.shuffle(left)
    own: collections.Counter = collections.Counter()
    drawn: list[cases.Case] = []

    # The first of these that tells two cases apart decides. A kind is a code
    # path of its own in Heat: all of them come first.
    by_pair: tuple[Callable[[Pair], int], ...] = (
        lambda pair: own[pair[0]],
        lambda pair: seen[pair] > 0)
    by_case: tuple[Callable[[cases.Case], int], ...] = (
        lambda case: seen[case.kind, case.parked] > 0,
        lambda case: seen[case.id],
        lambda case: seen[case.kind],
        lambda case: own[case.shape] + own[case.parked],
        lambda case: (seen[case.kind, case.shape]
                      + seen[case.kind, case.parked]))

    def take(choices: Sequence[cases.Case]) -> None:
        if not choices or len(drawn) >= count:
            return
        pairs = set(_least(list({(case.kind, case.shape): None
                                 for case in choices}), by_pair))
        # Of equals the first: the shuffle decides.
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


def _least(choices: list[T], ranks: Sequence[Callable[[T], int]]) -> list[T]:
    """Return those that come first by all ranks, one rank after the other."""
    for rank in ranks:
        if len(choices) == 1:
            break
        ranked = [(rank(choice), choice) for choice in choices]
        least = min(number for number, _ in ranked)
        choices = [choice for number, choice in ranked if number == least]
    return choices
