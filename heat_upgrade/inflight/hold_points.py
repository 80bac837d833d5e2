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

"""The items of each case, and those of them that are held.

An operation processes the items of a stack level by level: a level begins
when the previous one is complete. Heat creates, updates and snapshots in the
order of the dependencies, and deletes and suspends in the opposite order.
"""

import dataclasses

from heat_upgrade.inflight import cases

# Number of members of a group, and of those created or changed at a time.
MEMBERS = 4
BATCH = 2

# The optional wait condition and its handle.
GATE, HANDLE = 'gate', 'handle'

# The item after the whole of a nested stack or of a group.
AFTER = 'after'

# The independent one of two ends.
_OTHER_END = 'b'

# The names of the items, level by level.
_Levels = tuple[tuple[str, ...], ...]

_LEVELS: dict[str, _Levels] = {
    cases.CHAIN: (('a',), ('b',), ('c',)),
    cases.FAN_OUT: (('a',), ('b', 'c', 'd')),
    cases.FAN_IN: (('a', 'b'), ('c',)),
    cases.TWO_ENDS: (('a',), ('c',)),
    cases.NESTED: (('x',), ('y',), (AFTER,)),
    cases.DEEP: (('x',), ('y',), (AFTER,)),
}

# With a wait condition, which blocks as many items as possible.
_GATED_LEVELS: dict[str, _Levels] = {
    cases.CHAIN: (('a',), (GATE,), ('c',)),
    cases.FAN_OUT: (('a',), (GATE,), ('b', 'c', 'd')),
    cases.FAN_IN: (('a', GATE), ('c',)),
    cases.TWO_ENDS: (('a',), (GATE,), ('c',)),
    cases.NESTED: (('x',), (GATE,), ('y',), (AFTER,)),
    cases.DEEP: (('x',), (GATE,), ('y',), (AFTER,)),
}

# Heat's operation on an item, in the ledger's words.
_OPERATIONS = {kind: kind for kind in cases.KINDS} | {
    # The rollback replaces a resource that failed in the update:
    # Resource.needs_replace_failed in heat/engine/resource.py.
    cases.ROLLBACK: cases.CREATE,
    # Heat finishes the cancelled update of the current resource, then begins
    # its rollback.
    cases.CANCEL: cases.UPDATE}


@dataclasses.dataclass(frozen=True)
class Layout:
    """The hold point of a case.

    :ivar operation: the held operation of the ledger, None for a signal
    :ivar held: names of the items whose operation is held
    :ivar complete: names of resources of the same level that are complete
        when the case is parked
    :ivar fails: name of the item whose update must fail, or None
    """

    operation: str | None
    held: tuple[str, ...]
    complete: tuple[str, ...] = ()
    fails: str | None = None


def label(case: cases.Case, name: str) -> str:
    """Return the label of an item in the ledger."""
    return f'inflight/{case.id}/{name}'


def member(index: int | str) -> str:
    """Return the name of a member of a group."""
    return f'member-{index}'


def has_after(case: cases.Case) -> bool:
    """Return True if an item follows a nested stack or a group.

    A case held at its last resource has no such item.
    """
    return case.parked != cases.LOCK


def levels(case: cases.Case) -> _Levels:
    """Return the names of a case's items, in the order of the operation.

    Of two independent ends, only the held one and its predecessor are on a
    level.
    """
    if case.shape == cases.GROUP:
        order = _group(case)
    elif case.parked == cases.SIGNAL:
        order = _GATED_LEVELS[case.shape]
    else:
        order = _LEVELS[case.shape]
    if not has_after(case):
        order = tuple(level for level in order if level != (AFTER,))
    return order[::-1] if case.kind in cases.BACKWARDS else order


def _group(case: cases.Case) -> _Levels:
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
    gate: _Levels = ((GATE,),) if case.parked == cases.SIGNAL else ()
    return (*gate, *batches, (AFTER,))


def items(case: cases.Case) -> tuple[str, ...]:
    """Return the names of all of a case's items."""
    other = _other_end(case)
    return (*(name for level in levels(case) for name in level
              if name != GATE), *other)


def _other_end(case: cases.Case) -> tuple[str, ...]:
    return (_OTHER_END,) if case.shape == cases.TWO_ENDS else ()


def layout(case: cases.Case) -> Layout:
    """Return the hold point of a case."""
    order = levels(case)
    other = _other_end(case)
    if case.parked == cases.SIGNAL:
        level = next(level for level in order if GATE in level)
        return Layout(None, (), complete=(*_others(level, GATE), *other))
    if case.parked == cases.LOCK:
        held, complete = order[-1], other
    elif case.shape == cases.GROUP:
        held, complete = order[0], ()
    else:
        held = order[0][-1:]
        complete = (*_others(order[0], held[0]), *other)
    if case.kind != cases.ROLLBACK:
        return Layout(_operation(case), held, complete)
    # Heat replaces the failed item, and changes the others back.
    return Layout(_operation(case), held[-1:], complete, fails=held[-1])


def _operation(case: cases.Case) -> str:
    if case.kind == cases.RESTORE and case.shape in cases.INNER:
        # The inner stack is updated to the template of the snapshot.
        return cases.UPDATE
    return _OPERATIONS[case.kind]


def _others(level: tuple[str, ...], name: str) -> tuple[str, ...]:
    return tuple(other for other in level if other != name)
