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

"""The cases of work in flight: what is done to what, and where it waits."""

import dataclasses
import functools
import itertools
import random

from heat_upgrade import errors

# What Heat is asked to do with a stack.
CREATE, UPDATE, DELETE = 'create', 'update', 'delete'
SUSPEND, SNAPSHOT, ROLLBACK = 'suspend', 'snapshot', 'rollback'
KINDS = (CREATE, UPDATE, DELETE, SUSPEND, SNAPSHOT, ROLLBACK)

# How the stack's resources depend on each other.
CHAIN, FAN_OUT, FAN_IN = 'chain', 'fan-out', 'fan-in'
NESTED, GROUP = 'nested', 'group'
SHAPES = (CHAIN, FAN_OUT, FAN_IN, NESTED, GROUP)

# Where the operation waits while an engine goes away.
QUEUED, LOCK, RESOURCE, SIGNAL = 'queued', 'lock', 'resource', 'signal'
PARKED = (QUEUED, LOCK, RESOURCE, SIGNAL)


@dataclasses.dataclass(frozen=True)
class Case:
    """One operation on one stack, parked in one place.

    :ivar kind: one of KINDS
    :ivar shape: one of SHAPES
    :ivar parked: one of PARKED
    """

    kind: str
    shape: str
    parked: str

    @property
    def id(self):
        return f'{self.kind}-{self.shape}-{self.parked}'


@dataclasses.dataclass(frozen=True)
class Impossible:
    """Cases that cannot be made, and why.

    :ivar kinds: the kinds that it is about
    :ivar shapes: likewise
    :ivar parked: likewise
    :ivar reason: a sentence
    """

    kinds: tuple
    shapes: tuple
    parked: tuple
    reason: str

    def covers(self, case):
        return (case.kind in self.kinds and case.shape in self.shapes
                and case.parked in self.parked)


IMPOSSIBLE = (
    Impossible(
        (DELETE, SUSPEND, SNAPSHOT), SHAPES, (SIGNAL,),
        'a wait condition waits only while it is created; to delete, suspend '
        'or snapshot it takes no signal'),
    Impossible(
        (ROLLBACK,), SHAPES, (SIGNAL,),
        'a rollback puts back what was there before, and a wait condition '
        'that was there has had its signal'),
    Impossible(
        (ROLLBACK,), (NESTED,), PARKED,
        'OS::Heat::Stack hands the rollback to the stack inside, and then '
        'waits for the end of an update, which never comes'),
    Impossible(
        (SNAPSHOT,), (GROUP,), PARKED,
        'a resource group passes no snapshot on to its members'),
)


def why_not(case):
    """Return why a case cannot be made, None if it can."""
    return next((rule.reason for rule in IMPOSSIBLE if rule.covers(case)),
                None)


@functools.cache
def every():
    """Return all cases that can be made, in the order of the constants."""
    combinations = (Case(*words) for words in itertools.product(
        KINDS, SHAPES, PARKED))
    return tuple(case for case in combinations if why_not(case) is None)


def sample(seed, count, among=None):
    """Draw cases that differ from each other as much as they can.

    :param seed: same seed, same cases, on every machine
    :param count: how many; at most as many as there are
    :param among: the cases to draw from; None for all
    :returns: tuple of :class:`Case`, each at most once
    """
    left = list(every() if among is None else among)
    random.Random(f'in flight {seed}').shuffle(left)
    # How much each is like those that were drawn: by kind, and otherwise. A
    # kind is a code path of its own in Heat: all of them come first.
    likeness = {case: [0, 0] for case in left}
    drawn = []
    while likeness and len(drawn) < count:
        # min takes the first of equals: the shuffle decides.
        drawn.append(choice := min(likeness, key=likeness.get))
        del likeness[choice]
        for case, like in likeness.items():
            like[0] += case.kind == choice.kind
            like[1] += ((case.shape == choice.shape)
                        + (case.parked == choice.parked))
    return tuple(drawn)


def by_id(ids):
    """Return the cases with these ids, in their order.

    :raises: :class:`errors.UsageError` if there is no such case
    """
    known = {case.id: case for case in every()}
    unknown = [one for one in ids if one not in known]
    if unknown:
        raise errors.UsageError(
            f'no case of work in flight is called {unknown[0]}; there are '
            f'{", ".join(known)}')
    return tuple(known[one] for one in ids)
