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

"""The cases of in-flight operations: kind, shape and hold point."""

from collections import abc
import dataclasses
import functools
import itertools

from heat_upgrade import errors

# The operations on a stack.
CREATE, UPDATE, DELETE = 'create', 'update', 'delete'
SUSPEND, RESUME, CHECK = 'suspend', 'resume', 'check'
SNAPSHOT, RESTORE = 'snapshot', 'restore'
ROLLBACK, CANCEL = 'rollback', 'cancel'
KINDS = (CREATE, UPDATE, DELETE, SUSPEND, RESUME, SNAPSHOT, RESTORE, CHECK,
         ROLLBACK, CANCEL)

# How the stack's resources depend on each other.
CHAIN, FAN_OUT, FAN_IN, TWO_ENDS = 'chain', 'fan-out', 'fan-in', 'two-ends'
NESTED, DEEP, GROUP = 'nested', 'deep', 'group'
SHAPES = (CHAIN, FAN_OUT, FAN_IN, TWO_ENDS, NESTED, DEEP, GROUP)

# Shapes whose resources are in a nested stack: one thread of one engine waits
# for its end.
INNER = (NESTED, DEEP, GROUP)

# The point at which the operation is held while an engine stops.
QUEUED, LOCK, RESOURCE, SIGNAL = 'queued', 'lock', 'resource', 'signal'
PARKED = (QUEUED, LOCK, RESOURCE, SIGNAL)

# Kinds that process the resources of a stack from the last to the first.
BACKWARDS = (DELETE, SUSPEND)

# Kinds that change a group's members batch by batch.
_IN_BATCHES = (CREATE, UPDATE, RESTORE, ROLLBACK, CANCEL)

# Kinds that send no message about a complete resource. The others visit each
# resource again, to delete replaced ones.
_WITHOUT_CLEANUP = (CREATE, DELETE, SUSPEND)


@dataclasses.dataclass(frozen=True)
class Case:
    """One operation on one stack, held at one point.

    :ivar kind: one of KINDS
    :ivar shape: one of SHAPES
    :ivar parked: one of PARKED
    """

    kind: str
    shape: str
    parked: str

    @functools.cached_property
    def id(self) -> str:
        return f'{self.kind}-{self.shape}-{self.parked}'


@dataclasses.dataclass(frozen=True)
class Impossible:
    """The cases of some kinds, shapes and points that are impossible.

    :ivar reason: a sentence
    """

    kinds: tuple[str, ...]
    shapes: tuple[str, ...]
    parked: tuple[str, ...]
    reason: str

    def covers(self, case: Case) -> bool:
        return (case.kind in self.kinds and case.shape in self.shapes
                and case.parked in self.parked)


IMPOSSIBLE = (
    Impossible(
        (DELETE, SUSPEND, RESUME, SNAPSHOT, CHECK), SHAPES, (SIGNAL,),
        'a wait condition waits only while it is created; to delete, '
        'suspend, resume, snapshot or check it needs no signal'),
    Impossible(
        (RESTORE,), SHAPES, (SIGNAL,),
        'a restore waits for a signal only if it creates a wait condition '
        'that was deleted since the snapshot, as the kind create does'),
    Impossible(
        (ROLLBACK,), SHAPES, (SIGNAL,),
        'a rollback restores the resources of the previous template, whose '
        'wait condition has received its signal'),
    Impossible(
        (ROLLBACK,), (NESTED,), PARKED,
        'OS::Heat::Stack passes the rollback to the nested stack, and then '
        'waits for the end of an update, which never comes'),
    Impossible(
        (SNAPSHOT,), (DEEP, GROUP), PARKED,
        'StackResource, the class behind groups and template resources, has '
        'no snapshot: the nested items are never reached'),
)


def why_not(case: Case) -> str | None:
    """Return the reason why a case is impossible, None if it is possible."""
    return next((rule.reason for rule in IMPOSSIBLE if rule.covers(case)),
                None)


@functools.cache
def every() -> tuple[Case, ...]:
    """Return all possible cases, in the order of the constants."""
    combinations = (Case(*words) for words in itertools.product(
        KINDS, SHAPES, PARKED))
    return tuple(case for case in combinations if why_not(case) is None)


def by_id(ids: abc.Sequence[str]) -> tuple[Case, ...]:
    """Return the cases with these ids, in their order.

    :raises: errors.UsageError if a case does not exist
    """
    known = {case.id: case for case in every()}
    unknown = [case_id for case_id in ids if case_id not in known]
    if unknown:
        raise errors.UsageError(
            f'unknown case of an in-flight operation: {unknown[0]}; expected '
            f'one of {", ".join(known)}')
    return tuple(known[case_id] for case_id in ids)


def is_two_sided(case: Case) -> bool:
    """Return True if one side of a fan-in is complete before the stop."""
    return (case.shape == FAN_IN and case.kind not in BACKWARDS
            and case.parked in (RESOURCE, QUEUED))


def is_batched(case: Case) -> bool:
    """Return True if the operation changes a group batch by batch."""
    return case.shape == GROUP and case.kind in _IN_BATCHES


def waits_for_messages(case: Case) -> bool:
    """Return True if a thread waits for messages about a nested stack.

    An engine that stops reads no message, but waits for its threads. If no
    other engine reads the queue, such a thread never ends: the engine ends
    after its grace period of 60 s, and the operation is lost. Every release
    of Heat does so, see doc/source/findings/nested-at-stop.rst.
    """
    return case.shape in INNER and not (
        case.parked == LOCK and case.kind in _WITHOUT_CLEANUP)
