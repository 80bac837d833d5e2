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

"""The backend's store: it logs each operation, then does it."""

from collections import abc
import dataclasses
import threading
import time
import typing
import uuid

from heat_upgrade.ledger import behaviours
from heat_upgrade.ledger import event_log
from heat_upgrade.ledger import reconciliation
from heat_upgrade.ledger import state

ITEM_PREFIX = reconciliation.ITEM_PREFIX
SNAPSHOT_PREFIX = 'ledger-snapshot-'

GONE = 'the item is gone'


class NotFound(Exception):
    """The item, snapshot or operation does not exist."""


@dataclasses.dataclass(frozen=True)
class _Course:
    """The planned end of an operation in progress.

    :ivar due: monotonic seconds of its end
    :ivar failure: reason if it will fail, else ''
    :ivar released: whether it was released from a hold
    """

    due: float = 0.0
    failure: str = ''
    transient: bool = False
    released: bool = False


class Store:
    """Items, snapshots and operations, with their event log.

    Changes are serialized, and durable before a reader sees them. Reading
    takes no lock, so that a poll never waits for a disk.

    :param log: its operations in progress finish at once, because no hold
        outlives the backend
    :param clock: monotonic seconds, for tests
    """

    def __init__(self, log: event_log.EventLog, *,
                 clock: abc.Callable[[], float] = time.monotonic) -> None:
        self._log = log
        self._clock = clock
        self.state = state.State(log.events)
        self.behaviours = behaviours.Behaviours()
        self._courses: dict[int, _Course] = {}
        self._changed = threading.Condition()
        with self._changed:
            self._settle()

    @property
    def events(self) -> list[event_log.Event]:
        return list(self._log.events)

    def start(self, *, operation: str, key: str = '', item: str = '',
              label: str = '', value: str | None = None, snapshot: str = '',
              stack: str = '', resource: str = '',
              row: str = '') -> state.Work:
        """Begin an operation, and finish it unless something delays it.

        A repeated key returns the same operation; a second delete of an item
        joins the delete in progress.

        :raises: NotFound
        """
        with self._changed:
            number = self.state.keys.get(key) if key else None
            if number is None:
                number = self._begin(operation, {
                    'key': key, 'item': item, 'label': label, 'value': value,
                    'snapshot': snapshot, 'stack': stack,
                    'resource': resource, 'row': row})
            self._settle()
            self._changed.notify_all()
            return self.state.works[number]

    def _begin(self, operation: str, fields: dict[str, typing.Any]) -> int:
        """Log the start of an operation; returns its number.

        :param fields: fields of its event
        """
        if operation == 'create':
            fields['item'] = f'{ITEM_PREFIX}{uuid.uuid4().hex}'
        elif operation == 'delete-snapshot':
            fields = self._with_snapshot(fields)
        else:
            fields = self._with_item(operation, fields)
            for work in self.state.open():
                if (operation == work.start.operation == 'delete'
                        and work.start.item == fields['item']):
                    return work.start.number
        number = len(self.state.works) + 1
        failure = self.behaviours.take_failure(fields['label'], operation)
        self._courses[number] = _Course(
            due=self._clock() + self.behaviours.seconds(fields['label'],
                                                        operation),
            failure='it was ordered to fail' if failure else '',
            transient=bool(failure and failure.transient))
        self._write(event_log.Event(
            time=time.time(), monotonic=self._clock(), operation=operation,
            status=event_log.STARTED, number=number, **fields))
        return number

    def _with_item(self, operation: str,
                   fields: dict[str, typing.Any]) -> dict[str, typing.Any]:
        """Return the fields, completed with those of the item."""
        item = self.state.items.get(fields['item'])
        if item is None:
            raise NotFound(f'no item {fields["item"]!r}')
        changes = {'label': item.label}
        if operation == 'snapshot':
            changes['snapshot'] = f'{SNAPSHOT_PREFIX}{uuid.uuid4().hex}'
        elif operation == 'restore':
            if fields['snapshot'] not in self.state.snapshots:
                raise NotFound(f'no snapshot {fields["snapshot"]!r}')
            changes['value'] = self.state.snapshots[fields['snapshot']].value
        return {**fields, **changes}

    def _with_snapshot(self, fields: dict[str, typing.Any]) -> dict[
            str, typing.Any]:
        """Return the fields, completed with those of the snapshot."""
        snapshot = self.state.snapshots.get(fields['snapshot'])
        if snapshot is None:
            raise NotFound(f'no snapshot {fields["snapshot"]!r}')
        # Heat has no row for a snapshot, and may have deleted the item's.
        return {**fields, 'item': snapshot.item, 'label': snapshot.label,
                'stack': fields['stack'] or snapshot.stack,
                'resource': fields['resource'] or snapshot.resource}

    def work(self, number: int) -> state.Work:
        """Return an operation; :raises: NotFound."""
        try:
            return self.state.works[number]
        except KeyError:
            raise NotFound(f'no operation {number}') from None

    def hold(self, label: str, operation: str) -> None:
        with self._changed:
            self.behaviours.hold(label, operation)

    def release(self, label: str | None = None,
                operation: str | None = None) -> list[int]:
        """Drop holds, and release the operations that they held.

        A pattern narrower than the hold's releases the operations that are
        parked now, and leaves the hold for later ones.

        :returns: numbers of the released operations
        """
        with self._changed:
            released = [
                work.start.number for work in self.parked(label)
                if operation in (None, work.start.operation)]
            self.behaviours.release(label, operation)
            for number in released:
                self._courses[number] = dataclasses.replace(
                    self._courses[number], released=True)
            self._settle()
            self._changed.notify_all()
            return released

    def parked(self, label: str | None = None) -> list[state.Work]:
        """Return the operations that a hold keeps in progress."""
        return [work for work in self.state.open()
                if behaviours.covers(label, work.start.label)
                and self._is_held(work)]

    def fail(self, label: str, operation: str, times: int,
             transient: bool) -> None:
        with self._changed:
            self.behaviours.fail(label, operation, times, transient)

    def slow(self, label: str, operation: str, seconds: float) -> None:
        with self._changed:
            self.behaviours.slow(label, operation, seconds)

    def settle(self) -> float | None:
        """Finish the operations that are due.

        :returns: seconds until the next one is due, None without one
        """
        with self._changed:
            self._settle()
            due = [self._course(work).due for work in self.state.open()
                   if not self._is_held(work)]
            return max(0, min(due) - self._clock()) if due else None

    def keep_time(self) -> typing.NoReturn:
        """Finish each slow operation when it is due; never returns."""
        with self._changed:
            while True:
                self._changed.wait(self.settle())

    def _course(self, work: state.Work) -> _Course:
        return self._courses.get(work.start.number, _Course())

    def _is_held(self, work: state.Work) -> bool:
        course = self._courses.get(work.start.number)
        return (course is not None and not course.released
                and self.behaviours.held(work.start.label,
                                         work.start.operation))

    def _settle(self) -> None:
        """Finish every operation that is neither held nor slow, in order."""
        opened = None
        # Repeat after an end: a delete also ends the other operations on its
        # item.
        while opened != len(self.state.open()):
            opened = len(self.state.open())
            self._settle_once()

    def _settle_once(self) -> None:
        for work in self.state.open():
            start = work.start
            gone = (start.operation != 'delete-snapshot'
                    and start.item not in self.state.items)
            if gone:
                self._end(work, GONE, False)
            elif (not self._is_held(work)
                  and self._course(work).due <= self._clock()):
                course = self._course(work)
                self._end(work, course.failure, course.transient)

    def _end(self, work: state.Work, failure: str, transient: bool) -> None:
        self._write(dataclasses.replace(
            work.start, time=time.time(), monotonic=self._clock(), key='',
            status=event_log.FAILED if failure else event_log.DONE,
            reason=failure, transient=transient))

    def _write(self, event: event_log.Event) -> None:
        self._log.append(event)
        self.state.apply(event)
