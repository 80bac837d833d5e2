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

"""Compares the ledger with Heat's records: orphans, losses, duplicates; pure.

The comparison ignores deletion_policy: it would report a retained item as
left behind, but no template of the tool retains an item.
"""

from collections import abc
import dataclasses

from heat_upgrade.ledger import event_log
from heat_upgrade.ledger import state

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

# Prefix of the ids of the ledger's items; a row of Heat's with another
# physical id is a resource of another type.
ITEM_PREFIX = 'ledger-item-'

# A row in these actions does not promise that its item exists.
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
    :ivar deleted: whether Heat has marked its stack as deleted
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
    """A difference between the ledger and Heat's records.

    :ivar kind: LEFT_BEHIND, SNAPSHOT_LEFT_BEHIND, LOST or MADE_TWICE
    :ivar item: id of the item, or of the snapshot
    :ivar label: label of the item, '' if the ledger never had it
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


def differences(items: abc.Collection[state.Item],
                events: abc.Collection[event_log.Event],
                rows: abc.Collection[Row], *,
                snapshots: abc.Iterable[state.Snapshot] = (),
                known: abc.Set[str] = frozenset(),
                busy: abc.Set[str] = frozenset()) -> list[Difference]:
    """Return all differences, in the order of the kinds.

    :param items: the items that exist
    :param events: all events
    :param rows: all rows with a stack that is not deleted, and any others
    :param snapshots: the snapshots that exist
    :param known: ids of the ledger's snapshots that Heat has recorded
    :param busy: ids of the stacks that are in progress, whose snapshots
        are not judged yet
    """
    return [*left_behind(items, rows),
            *snapshots_left_behind(snapshots, known, busy),
            *lost(items, events, rows),
            *made_twice(events)]


def left_behind(items: abc.Iterable[state.Item],
                rows: abc.Collection[Row]) -> list[Difference]:
    """Return the orphaned items: no row of a living stack has them.

    A row in progress may be about to record the item that it has made.
    """
    known = {row.item for row in rows if not row.deleted}
    in_progress = {row.row for row in rows
                   if not row.deleted and row.status == 'IN_PROGRESS'}
    return [
        _difference(
            LEFT_BEHIND, item, item.id,
            f'{item.id} ({item.label}, {item.state}) exists, made by row '
            f'{item.row} for {item.resource} of stack {item.stack}; Heat '
            'has no row with it in a stack that is not deleted')
        for item in items
        if item.id not in known and item.row not in in_progress]


def snapshots_left_behind(snapshots: abc.Iterable[state.Snapshot],
                          known: abc.Set[str],
                          busy: abc.Set[str]) -> list[Difference]:
    """Return the orphaned snapshots: Heat has not recorded them."""
    return [
        _difference(
            SNAPSHOT_LEFT_BEHIND, snapshot, snapshot.id,
            f'{snapshot.id} exists, a snapshot of {snapshot.item} '
            f'({snapshot.label}), taken for {snapshot.resource} of stack '
            f"{snapshot.stack}; none of Heat's snapshots has it")
        for snapshot in snapshots
        if snapshot.id not in known and snapshot.stack not in busy]


def lost(items: abc.Iterable[state.Item],
         events: abc.Collection[event_log.Event],
         rows: abc.Iterable[Row]) -> list[Difference]:
    """Return the items that Heat calls complete and that do not exist."""
    existing = {item.id for item in items}
    labels = {event.item: event.label for event in events}
    deletes = {event.item: event for event in events
               if (event.operation, event.status)
               == ('delete', event_log.DONE)}
    return [
        Difference(
            kind=LOST, item=row.item, label=labels.get(row.item, ''),
            stack=row.stack, resource=row.resource, row=row.row,
            text=f'row {row.row} ({row.resource} of stack {row.stack}) is '
                 f'{row.action} {row.status} with {row.item}, which '
                 + (f'row {deletes[row.item].row} deleted'
                    if row.item in deletes else
                    'the ledger never had' if row.item not in labels else
                    'does not exist'))
        for row in rows
        if row.item.startswith(ITEM_PREFIX) and row.item not in existing
        and row.status == 'COMPLETE' and row.action not in _PROMISE_NOTHING
        and not row.deleted]


def made_twice(events: abc.Iterable[event_log.Event]) -> list[Difference]:
    """Return the creates of a row while an earlier item of it existed.

    A replacement has another row. When Heat repeats a create by itself, it
    deletes the first item before.
    """
    duplicates = []
    items_of_row: dict[str, list[str]] = {}
    for event in events:
        existing = (items_of_row.setdefault(event.row, [])
                    if event.row else [])
        if (event.operation, event.status) == ('create', event_log.STARTED):
            if existing:
                duplicates.append(_difference(
                    MADE_TWICE, event, event.item,
                    f'row {event.row} ({event.resource} of stack '
                    f'{event.stack}) made {event.item} ({event.label}) '
                    f'while its {", ".join(existing)} existed'))
            existing.append(event.item)
        elif (event.operation, event.status) == ('delete', event_log.DONE):
            for items in items_of_row.values():
                if event.item in items:
                    items.remove(event.item)
    return duplicates


def _difference(kind: str,
                source: state.Item | state.Snapshot | event_log.Event,
                name: str, text: str) -> Difference:
    return Difference(kind=kind, item=name, label=source.label,
                      stack=source.stack, resource=source.resource,
                      row=source.row, text=text)
