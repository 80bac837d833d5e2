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

"""What exists after some events: a fold over the ledger's record."""

import dataclasses

from heat_upgrade.ledger import event_log

IN_PROGRESS = 'in-progress'

# States of an item. What is in progress besides, the operations tell.
CREATING, ACTIVE, SUSPENDED, DELETING, ERROR = (
    'creating', 'active', 'suspended', 'deleting', 'error')


@dataclasses.dataclass(frozen=True)
class Item:
    """Something that exists physically.

    :ivar id: Heat's physical resource id
    :ivar label: see :mod:`heat_upgrade.ledger.client`
    :ivar value: what it holds now
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
    """What an item held at a time; it may outlive the item."""

    id: str
    item: str
    label: str
    value: str
    stack: str
    resource: str
    row: str


@dataclasses.dataclass(frozen=True)
class Work:
    """One operation: how it started, and how it stands.

    :ivar start: the :class:`heat_upgrade.ledger.event_log.Event` that started
        it
    :ivar status: IN_PROGRESS, or DONE or FAILED of the record
    :ivar reason: of a failure
    :ivar transient: whether a failure is worth another try
    """

    start: event_log.Event
    status: str
    reason: str = ''
    transient: bool = False


class State:
    """All that the events up to now have made.

    :param events: of :class:`heat_upgrade.ledger.event_log.Event`

    :ivar items: {id: Item}
    :ivar snapshots: {id: Snapshot}
    :ivar works: {number: Work}
    :ivar keys: {key: number}
    """

    def __init__(self, events=()):
        self.items = {}
        self.snapshots = {}
        self.works = {}
        self.keys = {}
        self._open = {}
        self._values_from = {}
        for event in events:
            self.apply(event)

    def open(self):
        """Return the works that are in progress, oldest first."""
        return list(self._open.values())

    def apply(self, event):
        """Take in the next event."""
        if event.status == event_log.STARTED:
            self._start(event)
            return
        work = self.works[event.number]
        if event.status == event_log.DONE:
            self._done(event)
        elif event.operation in ('create', 'delete'):
            self._change(event.item, state=ERROR)
        # Last: who sees it done, sees what it did.
        self.works[event.number] = dataclasses.replace(
            work, status=event.status, reason=event.reason,
            transient=event.transient)
        self._open.pop(event.number, None)

    def _start(self, event):
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

    def _done(self, event):
        settled = {'create': ACTIVE, 'suspend': SUSPENDED, 'resume': ACTIVE}
        if event.operation in settled:
            self._change(event.item, state=settled[event.operation])
        elif event.operation == 'delete':
            self.items.pop(event.item, None)
        elif event.operation == 'snapshot':
            self._take(event)
        elif event.operation == 'delete-snapshot':
            self.snapshots.pop(event.snapshot, None)
        elif event.operation in ('update', 'restore'):
            self._update(event)

    def _update(self, event):
        # Of two updates the one that was asked for last is the one to stay.
        if event.number > self._values_from.get(event.item, 0):
            self._values_from[event.item] = event.number
            if event.value is not None:
                self._change(event.item, value=event.value)

    def _take(self, event):
        item = self.items[event.item]
        self.snapshots[event.snapshot] = Snapshot(
            id=event.snapshot, item=item.id, label=item.label,
            value=item.value, stack=item.stack, resource=item.resource,
            row=item.row)

    def _change(self, item, **changes):
        if item in self.items:
            self.items[item] = dataclasses.replace(self.items[item],
                                                   **changes)
