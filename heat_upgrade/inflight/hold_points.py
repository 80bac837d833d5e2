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

"""Which items a case is made of, and which of them are held where.

An operation goes over a stack's items level by level: a level begins when the
one before it is complete. Heat creates, updates and snapshots in the order of
the dependencies, and deletes and suspends in the opposite one.
"""

import dataclasses

from heat_upgrade.inflight import cases

# A group's members, and how many of them are made or changed at a time.
MEMBERS = 4
BATCH = 2

# The wait condition, where a case has one, and its handle.
GATE, HANDLE = 'gate', 'handle'

# What comes after the whole of a nested stack or of a group.
AFTER = 'after'

# The end of two that nothing comes before or after.
_OTHER_END = 'b'

_LEVELS = {
    cases.CHAIN: (('a',), ('b',), ('c',)),
    cases.FAN_OUT: (('a',), ('b', 'c', 'd')),
    cases.FAN_IN: (('a', 'b'), ('c',)),
    cases.TWO_ENDS: (('a',), ('c',)),
    cases.NESTED: (('x',), ('y',), (AFTER,)),
    cases.DEEP: (('x',), ('y',), (AFTER,)),
}

# With a wait condition: it stands where it holds up as much as it can.
_GATED_LEVELS = {
    cases.CHAIN: (('a',), (GATE,), ('c',)),
    cases.FAN_OUT: (('a',), (GATE,), ('b', 'c', 'd')),
    cases.FAN_IN: (('a', GATE), ('c',)),
    cases.TWO_ENDS: (('a',), (GATE,), ('c',)),
    cases.NESTED: (('x',), (GATE,), ('y',), (AFTER,)),
    cases.DEEP: (('x',), (GATE,), ('y',), (AFTER,)),
}

# Heat's operation on an item, in the ledger's words.
_OPERATIONS = {kind: kind for kind in cases.KINDS} | {
    # What failed in an update is not changed back by the rollback, but
    # replaced: Resource.needs_replace_failed in heat/engine/resource.py.
    cases.ROLLBACK: cases.CREATE,
    # A cancelled update is finished for the resource that is being updated;
    # the rollback of that resource begins afterwards.
    cases.CANCEL: cases.UPDATE}


@dataclasses.dataclass(frozen=True)
class Layout:
    """Where a case is held.

    :ivar operation: the ledger's operation that is held, None for a signal
    :ivar held: names of the items whose operation is held
    :ivar beside: names of resources of the same level that are complete
        when the case is parked
    :ivar fails: name of the item whose update is made to fail, or None
    """

    operation: str | None
    held: tuple
    beside: tuple = ()
    fails: str | None = None


def label(case, name):
    """Return the label of an item in the ledger."""
    return f'inflight/{case.id}/{name}'


def member(index):
    """Return the name of a member of a group."""
    return f'member-{index}'


def has_after(case):
    """Tell whether something comes after a nested stack or a group.

    Nothing does where the case is to be parked in what comes last.
    """
    return case.parked != cases.LOCK


def levels(case):
    """Return the names of a case's items, level by level, as they are held.

    Of two ends that do not depend on each other it is the one that is held,
    and the item before it; the other end is on no level.

    :returns: tuple of tuples of names
    """
    if case.shape == cases.GROUP:
        found = _group(case)
    elif case.parked == cases.SIGNAL:
        found = _GATED_LEVELS[case.shape]
    else:
        found = _LEVELS[case.shape]
    if not has_after(case):
        found = tuple(level for level in found if level != (AFTER,))
    return found[::-1] if case.kind in cases.BACKWARDS else found


def _group(case):
    indices = list(range(MEMBERS))
    batch = BATCH
    if not cases.is_batched(case):
        batch = MEMBERS
    elif case.kind != cases.CREATE:
        # Higher indices first: ResourceGroup._assemble_for_rolling_update.
        indices.reverse()
    batches = tuple(tuple(member(index) for index in
                          indices[start:start + batch])
                    for start in range(0, MEMBERS, batch))
    gate = ((GATE,),) if case.parked == cases.SIGNAL else ()
    return (*gate, *batches, (AFTER,))


def items(case):
    """Return the names of all of a case's items."""
    other = (_OTHER_END,) if case.shape == cases.TWO_ENDS else ()
    return (*(name for level in levels(case) for name in level
              if name != GATE), *other)


def layout(case):
    """Return the :class:`Layout` of a case."""
    order = levels(case)
    other = (_OTHER_END,) if case.shape == cases.TWO_ENDS else ()
    if case.parked == cases.SIGNAL:
        level = next(level for level in order if GATE in level)
        return Layout(None, (), beside=(*_others(level, GATE), *other))
    if case.parked == cases.LOCK:
        held, beside = order[-1], other
    elif case.shape == cases.GROUP:
        held, beside = order[0], ()
    else:
        held = order[0][-1:]
        beside = (*_others(order[0], held[0]), *other)
    if case.kind != cases.ROLLBACK:
        return Layout(_operation(case), held, beside)
    # What failed is made anew; what had succeeded is changed back.
    return Layout(_operation(case), held[-1:], beside, fails=held[-1])


def _operation(case):
    if case.kind == cases.RESTORE and case.shape in cases.INNER:
        # The inner stack is updated to the template of the snapshot.
        return cases.UPDATE
    return _OPERATIONS[case.kind]


def _others(level, name):
    return tuple(other for other in level if other != name)
