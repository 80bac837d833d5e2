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

"""Items and snapshots that exist after some events: a fold over the log."""

from collections import abc
import dataclasses

from heat_upgrade.ledger import event_log

# The resource type of the plugin.
ITEM = 'HeatUpgrade::Ledger::Item'

IN_PROGRESS = 'in-progress'

# States of an item. Other operations in progress, such as an update, leave
# the state as it is; see State.works.
CREATING, ACTIVE, SUSPENDED, DELETING, ERROR = (
    'creating', 'active', 'suspended', 'deleting', 'error')


@dataclasses.dataclass(frozen=True)
class Item:
    """Something that exists physically.

    :ivar id: Heat's physical resource id
    :ivar label: see :mod:`heat_upgrade.ledger.client`
    :ivar value: its present value
    :ivar stack: id of the stack that made it
    :ivar resource: logical name
    :ivar row: uuid of Heat's resource row that made it
    :ivar state: CREATING, ACTIVE, SUSPENDED, DELETING or ERROR
    """

    id: str
    label: str
    value: str
    stack: str
    resource: str
    row: str
    state: str


@dataclasses.dataclass(frozen=True)
class Snapshot:
    """A snapshot of an item; it may outlive the item."""

    id: str
    item: str
    label: str
    value: str
    stack: str
    resource: str
    row: str


@dataclasses.dataclass(frozen=True)
class Work:
    """An operation: its first event and its present status.

    :ivar start: the event that started it
    :ivar status: IN_PROGRESS, event_log.DONE or event_log.FAILED
    :ivar reason: reason of a failure
    :ivar transient: whether a retry can succeed after a failure
    """

    start: event_log.Event
    status: str
    reason: str = ''
    transient: bool = False


class State:
    """The result of all events up to now.

    :ivar items: {id: Item}
    :ivar snapshots: {id: Snapshot}
    :ivar works: {number: Work}
    :ivar keys: {key: number}
    """

    def __init__(self, events: abc.Iterable[event_log.Event] = ()) -> None:
        self.items: dict[str, Item] = {}
        self.snapshots: dict[str, Snapshot] = {}
        self.works: dict[int, Work] = {}
        self.keys: dict[str, int] = {}
        self._open: dict[int, Work] = {}
        self._values_from: dict[str, int] = {}
        for event in events:
            self.apply(event)

    def open(self) -> list[Work]:
        """Return the operations in progress, oldest first."""
        return list(self._open.values())

    def apply(self, event: event_log.Event) -> None:
        """Apply the next event."""
        if event.status == event_log.STARTED:
            self._start(event)
            return
        work = self.works[event.number]
        if event.status == event_log.DONE:
            self._done(event)
        elif event.operation in ('create', 'delete'):
            self._change(event.item, state=ERROR)
        # Last: a reader that sees the operation done also sees its result.
        self.works[event.number] = dataclasses.replace(
            work, status=event.status, reason=event.reason,
            transient=event.transient)
        self._open.pop(event.number, None)

    def _start(self, event: event_log.Event) -> None:
        if event.operation == 'create':
            self.items[event.item] = Item(
                id=event.item, label=event.label, value=event.value or '',
                stack=event.stack, resource=event.resource, row=event.row,
                state=CREATING)
        elif event.operation == 'delete':
            self._change(event.item, state=DELETING)
        self.works[event.number] = Work(event, IN_PROGRESS)
        self._open[event.number] = self.works[event.number]
        if event.key:
            self.keys[event.key] = event.number

    def _done(self, event: event_log.Event) -> None:
        settled = {'create': ACTIVE, 'suspend': SUSPENDED, 'resume': ACTIVE}
        if event.operation in settled:
            self._change(event.item, state=settled[event.operation])
        elif event.operation == 'delete':
            self.items.pop(event.item, None)
        elif event.operation == 'snapshot':
            self._snapshot(event)
        elif event.operation == 'delete-snapshot':
            self.snapshots.pop(event.snapshot, None)
        elif event.operation in ('update', 'restore'):
            self._update(event)

    def _update(self, event: event_log.Event) -> None:
        # Of two updates, the value of the one requested last stays.
        if event.number > self._values_from.get(event.item, 0):
            self._values_from[event.item] = event.number
            if event.value is not None:
                self._change(event.item, value=event.value)

    def _snapshot(self, event: event_log.Event) -> None:
        item = self.items[event.item]
        self.snapshots[event.snapshot] = Snapshot(
            id=event.snapshot, item=item.id, label=item.label,
            value=item.value, stack=item.stack, resource=item.resource,
            row=item.row)

    def _change(self, item: str, **changes: str) -> None:
        if item in self.items:
            self.items[item] = dataclasses.replace(self.items[item],
                                                   **changes)
