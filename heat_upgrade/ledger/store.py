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

"""The backend's book: what is asked of it is recorded, then done."""

import dataclasses
import threading
import time
import uuid

from heat_upgrade.ledger import behaviours
from heat_upgrade.ledger import event_log
from heat_upgrade.ledger import reconciliation
from heat_upgrade.ledger import state

# By this a physical id of Heat's is known to be one of the ledger's.
ITEM_PREFIX = reconciliation.ITEM_PREFIX
SNAPSHOT_PREFIX = 'ledger-snapshot-'

GONE = 'the item is gone'


class NotFound(Exception):
    """There is no such item, snapshot or operation."""


@dataclasses.dataclass(frozen=True)
class _Course:
    """How an operation in progress will go."""

    due: float = 0.0
    failure: str = ''
    transient: bool = False
    freed: bool = False


class Book:
    """Items and operations, with their record.

    Changes come one after the other and are durable when they are seen;
    reading takes no lock, so that a poll never waits for a disk.

    :param durable: the :class:`heat_upgrade.ledger.event_log.Record`; what was
        in progress in it is done at once, as nothing holds it any more
    :param clock: monotonic seconds, for tests
    """

    def __init__(self, durable, *, clock=time.monotonic):
        self._record = durable
        self._clock = clock
        self.state = state.State(durable.events)
        self.orders = behaviours.Orders()
        self._courses = {}
        self._changed = threading.Condition()
        with self._changed:
            self._settle()

    @property
    def events(self):
        return list(self._record.events)

    def start(self, *, operation, key='', item='', label='', value=None,
              snapshot='', stack='', resource='', row=''):
        """Begin an operation, and end it too if nothing delays it.

        The same key again gives the same operation; deleting what is being
        deleted joins the delete in progress.

        :returns: :class:`heat_upgrade.ledger.state.Work`
        :raises: :class:`NotFound`
        """
        with self._changed:
            number = self.state.keys.get(key) if key else None
            if number is None:
                number = self._begin(operation, dict(
                    key=key, item=item, label=label, value=value,
                    snapshot=snapshot, stack=stack, resource=resource,
                    row=row))
            self._settle()
            self._changed.notify_all()
            return self.state.works[number]

    def _begin(self, operation, asked):
        if operation == 'create':
            asked['item'] = f'{ITEM_PREFIX}{uuid.uuid4().hex}'
        elif operation == 'delete-snapshot':
            asked = self._about_snapshot(asked)
        else:
            asked = self._about_item(operation, asked)
            for work in self.state.open():
                if (operation == work.start.operation == 'delete'
                        and work.start.item == asked['item']):
                    return work.start.number
        number = len(self.state.works) + 1
        failure = self.orders.take_failure(asked['label'], operation)
        self._courses[number] = _Course(
            due=self._clock() + self.orders.seconds(asked['label'],
                                                    operation),
            failure='it was ordered to fail' if failure else '',
            transient=bool(failure and failure.transient))
        self._write(event_log.Event(
            time=time.time(), monotonic=self._clock(), operation=operation,
            status=event_log.STARTED, number=number, **asked))
        return number

    def _about_item(self, operation, asked):
        item = self.state.items.get(asked['item'])
        if item is None:
            raise NotFound(f'no item {asked["item"]!r}')
        changes = {'label': item.label}
        if operation == 'snapshot':
            changes['snapshot'] = f'{SNAPSHOT_PREFIX}{uuid.uuid4().hex}'
        elif operation == 'restore':
            if asked['snapshot'] not in self.state.snapshots:
                raise NotFound(f'no snapshot {asked["snapshot"]!r}')
            changes['value'] = self.state.snapshots[asked['snapshot']].value
        return {**asked, **changes}

    def _about_snapshot(self, asked):
        taken = self.state.snapshots.get(asked['snapshot'])
        if taken is None:
            raise NotFound(f'no snapshot {asked["snapshot"]!r}')
        # Heat has no row for it: the item's may be gone long since.
        return {**asked, 'item': taken.item, 'label': taken.label,
                'stack': asked['stack'] or taken.stack,
                'resource': asked['resource'] or taken.resource}

    def work(self, number):
        """Return an operation; :raises: :class:`NotFound`."""
        try:
            return self.state.works[number]
        except KeyError:
            raise NotFound(f'no operation {number}') from None

    def hold(self, label, operation):
        with self._changed:
            self.orders.hold(label, operation)

    def release(self, label=None, operation=None):
        """Drop holds, and let go what they held.

        A narrower pattern than the hold's lets go what is parked now and
        leaves the hold for what comes.

        :returns: numbers of the operations that were let go
        """
        with self._changed:
            freed = [
                work.start.number for work in self.parked(label)
                if operation in (None, work.start.operation)]
            self.orders.release(label, operation)
            for number in freed:
                self._courses[number] = dataclasses.replace(
                    self._courses[number], freed=True)
            self._settle()
            self._changed.notify_all()
            return freed

    def parked(self, label=None):
        """Return the works that a hold keeps in progress."""
        return [work for work in self.state.open()
                if behaviours.covers(label, work.start.label)
                and self._is_held(work)]

    def fail(self, label, operation, times, transient):
        with self._changed:
            self.orders.fail(label, operation, times, transient)

    def slow(self, label, operation, seconds):
        with self._changed:
            self.orders.slow(label, operation, seconds)

    def settle(self):
        """End what is due.

        :returns: seconds until something else will be, None if nothing will
        """
        with self._changed:
            self._settle()
            due = [self._course(work).due for work in self.state.open()
                   if not self._is_held(work)]
            return max(0, min(due) - self._clock()) if due else None

    def keep_time(self):
        """End what is slow when it is due; never returns."""
        with self._changed:
            while True:
                self._changed.wait(self.settle())

    def _course(self, work):
        return self._courses.get(work.start.number, _Course())

    def _is_held(self, work):
        course = self._courses.get(work.start.number)
        return (course is not None and not course.freed
                and self.orders.held(work.start.label, work.start.operation))

    def _settle(self):
        """End every operation that nothing delays any more, in order."""
        opened = None
        # Again after an end: that of an item ends what was in progress on it.
        while opened != len(self.state.open()):
            opened = len(self.state.open())
            self._settle_once()

    def _settle_once(self):
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

    def _end(self, work, failure, transient):
        self._write(dataclasses.replace(
            work.start, time=time.time(), monotonic=self._clock(), key='',
            status=event_log.FAILED if failure else event_log.DONE,
            reason=failure, transient=transient))

    def _write(self, event):
        self._record.append(event)
        self.state.apply(event)
