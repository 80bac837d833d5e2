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

"""What physically exists, compared with what Heat knows; pure.

Does not know of deletion_policy: what Heat retains on purpose it would call
left behind, and no template of the tool's retains an item.
"""

import dataclasses

from heat_upgrade.ledger import event_log

LEFT_BEHIND = 'LEFT_BEHIND'
SNAPSHOT_LEFT_BEHIND = 'SNAPSHOT_LEFT_BEHIND'
LOST = 'LOST'
MADE_TWICE = 'MADE_TWICE'

# {kind: slug of its rule}
RULES = {
    LEFT_BEHIND: 'ledger.left-behind',
    SNAPSHOT_LEFT_BEHIND: 'ledger.snapshot-left-behind',
    LOST: 'ledger.lost',
    MADE_TWICE: 'ledger.made-twice',
}

# Of what the ledger makes; a row of Heat's with another physical id is about
# a resource of another type.
ITEM_PREFIX = 'ledger-item-'

# A row in these actions promises nothing to exist.
_PROMISE_NOTHING = ('INIT', 'DELETE')


@dataclasses.dataclass(frozen=True)
class Row:
    """A row of Heat's table "resource".

    :ivar stack: id of its stack
    :ivar resource: logical name
    :ivar item: physical id, '' if it has none
    :ivar row: uuid
    :ivar action: such as CREATE
    :ivar status: IN_PROGRESS, COMPLETE or FAILED
    :ivar deleted: whether Heat takes its stack for deleted
    """

    stack: str
    resource: str
    item: str
    row: str
    action: str
    status: str
    deleted: bool = False


@dataclasses.dataclass(frozen=True)
class Difference:
    """Something that is not as Heat says.

    :ivar kind: LEFT_BEHIND, SNAPSHOT_LEFT_BEHIND, LOST or MADE_TWICE
    :ivar item: id of the item, or of the snapshot
    :ivar label: of the item, '' if the ledger never had it
    :ivar stack: id of the stack
    :ivar resource: logical name
    :ivar row: uuid of the row that made it, or has it
    :ivar text: one sentence for a person
    """

    kind: str
    item: str
    label: str
    stack: str
    resource: str
    row: str
    text: str


def differences(items, events, rows, *, snapshots=(), known=frozenset(),
                busy=frozenset()):
    """Return all differences, in the order of the kinds.

    :param items: what exists: :class:`heat_upgrade.ledger.state.Item`
    :param events: all of :class:`heat_upgrade.ledger.event_log.Event`
    :param rows: all of :class:`Row` with a stack that is not deleted, and
        any others
    :param snapshots: what exists: :class:`heat_upgrade.ledger.state.Snapshot`
    :param known: ids of the ledger's snapshots that are in Heat's
    :param busy: ids of the stacks that are in progress, whose snapshots
        are not judged yet
    :returns: list of :class:`Difference`
    """
    return [*left_behind(items, rows),
            *snapshots_left_behind(snapshots, known, busy),
            *lost(items, events, rows),
            *made_twice(events)]


def left_behind(items, rows):
    """Return what exists and no row of a living stack has.

    While a row is in progress, it may be about to note what it has made.
    """
    known = {row.item for row in rows if not row.deleted}
    at_work = {row.row for row in rows
               if not row.deleted and row.status == 'IN_PROGRESS'}
    return [
        _about(LEFT_BEHIND, item, item.id,
               f'{item.id} ({item.label}, {item.state}) exists, made by row '
               f'{item.row} for {item.resource} of stack {item.stack}; Heat '
               'has no row with it in a stack that is not deleted')
        for item in items
        if item.id not in known and item.row not in at_work]


def snapshots_left_behind(snapshots, known, busy):
    """Return the ledger's snapshots that are in none of Heat's."""
    return [
        _about(SNAPSHOT_LEFT_BEHIND, one, one.id,
               f'{one.id} exists, a snapshot of {one.item} ({one.label}), '
               f'taken for {one.resource} of stack {one.stack}; none of '
               "Heat's snapshots has it")
        for one in snapshots
        if one.id not in known and one.stack not in busy]


def lost(items, events, rows):
    """Return what Heat says it has, complete, and does not exist."""
    there = {item.id for item in items}
    labels = {event.item: event.label for event in events}
    ends = {event.item: event for event in events
            if (event.operation, event.status) == ('delete', event_log.DONE)}
    return [
        Difference(
            kind=LOST, item=row.item, label=labels.get(row.item, ''),
            stack=row.stack, resource=row.resource, row=row.row,
            text=f'row {row.row} ({row.resource} of stack {row.stack}) is '
                 f'{row.action} {row.status} with {row.item}, which '
                 + (f'row {ends[row.item].row} deleted'
                    if row.item in ends else
                    'the ledger never had' if row.item not in labels else
                    'does not exist'))
        for row in rows
        if row.item.startswith(ITEM_PREFIX) and row.item not in there
        and row.status == 'COMPLETE' and row.action not in _PROMISE_NOTHING
        and not row.deleted]


def made_twice(events):
    """Return the creates of a row while an earlier item of it existed.

    A replacement is another row; a create that Heat repeats by itself comes
    after a delete.
    """
    found = []
    of_row = {}
    for event in events:
        existing = of_row.setdefault(event.row, []) if event.row else []
        if (event.operation, event.status) == ('create', event_log.STARTED):
            if existing:
                found.append(_about(
                    MADE_TWICE, event, event.item,
                    f'row {event.row} ({event.resource} of stack '
                    f'{event.stack}) made {event.item} ({event.label}) '
                    f'while its {", ".join(existing)} existed'))
            existing.append(event.item)
        elif (event.operation, event.status) == ('delete', event_log.DONE):
            for made in of_row.values():
                if event.item in made:
                    made.remove(event.item)
    return found


def _about(kind, thing, name, text):
    return Difference(kind=kind, item=name, label=thing.label,
                      stack=thing.stack, resource=thing.resource,
                      row=thing.row, text=text)
