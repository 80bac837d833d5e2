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

"""Unit tests of the ledger's store: effects and times of operations."""

import pathlib

import ddt
import fixtures
import testtools
from testtools import matchers

from heat_upgrade.ledger import event_log
from heat_upgrade.ledger import state
from heat_upgrade.ledger import store


class StoreCase(testtools.TestCase):

    def setUp(self):
        super().setUp()
        home = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.path = home / 'ledger.jsonl'
        self.now = 100.0
        self.store = self.open()

    def open(self):
        log = event_log.EventLog(self.path)
        self.addCleanup(log.close)
        return store.Store(log, clock=lambda: self.now)

    def create(self, label='a', **fields):
        return self.store.start(operation='create', label=label, **fields)

    def start(self, operation, work, **fields):
        return self.store.start(operation=operation, item=work.start.item,
                                **fields)

    def item(self, work):
        return self.store.state.items.get(work.start.item)

    def status(self, work):
        return self.store.work(work.start.number).status


@ddt.ddt
class TestOperations(StoreCase):

    def test_a_create_makes_an_item(self):
        work = self.create(value='v', stack='s', resource='r', row='u')
        self.assertEqual(event_log.DONE, work.status)
        self.assertEqual(
            state.Item(work.start.item, 'a', 'v', 's', 'r', 'u',
                       state.ACTIVE), self.item(work))

    @ddt.unpack
    @ddt.data(('suspend', state.SUSPENDED), ('resume', state.ACTIVE),
              ('check', state.ACTIVE), ('snapshot', state.ACTIVE),
              ('update', state.ACTIVE))
    def test_an_operation_leaves_a_state(self, operation, left):
        work = self.create()
        self.assertEqual(event_log.DONE, self.start(operation, work).status)
        self.assertEqual(left, self.item(work).state)

    def test_a_delete_ends_the_item(self):
        work = self.create()
        self.start('delete', work)
        self.assertIsNone(self.item(work))

    def test_an_update_changes_the_value(self):
        work = self.create(value='1')
        self.start('update', work, value='2')
        self.assertEqual('2', self.item(work).value)

    def test_started_and_done_are_recorded_with_their_times(self):
        self.store.slow('a', 'create', 3)
        self.create(row='u')
        self.now += 3
        self.store.settle()
        self.assertEqual(
            [(event_log.STARTED, 100.0, 'u'), (event_log.DONE, 103.0, 'u')],
            [(event.status, event.monotonic, event.row)
             for event in self.store.events])

    def test_the_same_key_again_is_the_same_operation(self):
        first = self.create(key='k')
        self.assertEqual(first, self.create(key='k'))
        self.assertEqual(1, len(self.store.state.items))

    def test_the_same_row_again_is_another_item(self):
        self.create(row='u')
        self.create(row='u')
        self.assertEqual(2, len(self.store.state.items))

    def test_a_delete_joins_the_one_in_progress(self):
        work = self.create()
        self.store.hold('a', 'delete')
        first = self.start('delete', work, key='1')
        self.assertEqual(first, self.start('delete', work, key='2'))

    def test_a_delete_ends_other_operations_in_progress(self):
        self.store.hold('a', 'create')
        work = self.create()
        self.start('delete', work)
        ended = self.store.work(work.start.number)
        self.assertEqual((event_log.FAILED, store.GONE),
                         (ended.status, ended.reason))

    @ddt.data('update', 'delete', 'check', 'snapshot', 'suspend')
    def test_missing_item_is_not_found(self, operation):
        self.assertRaises(store.NotFound, self.store.start,
                          operation=operation, item='none')
        self.assertEqual([], self.store.events)

    def test_missing_operation_is_not_found(self):
        self.assertRaises(store.NotFound, self.store.work, 1)


@ddt.ddt
class TestFailures(StoreCase):

    @ddt.unpack
    @ddt.data(('create', state.ERROR), ('delete', state.ERROR),
              ('update', state.ACTIVE), ('suspend', state.ACTIVE))
    def test_a_failure_leaves_the_item(self, operation, left):
        self.store.fail('*', operation, 1, False)
        work = self.create(value='1')
        if operation != 'create':
            self.assertEqual(event_log.FAILED,
                             self.start(operation, work, value='2').status)
        self.assertEqual((left, '1'),
                         (self.item(work).state, self.item(work).value))

    def test_a_failed_item_can_be_deleted(self):
        self.store.fail('a', 'create', 1, False)
        work = self.create()
        self.start('delete', work)
        self.assertIsNone(self.item(work))

    def test_a_failed_snapshot_was_never_taken(self):
        self.store.fail('a', 'snapshot', 1, False)
        self.start('snapshot', self.create())
        self.assertEqual({}, self.store.state.snapshots)

    def test_operations_fail_as_often_as_set(self):
        self.store.fail('a*', 'create', 2, False)
        self.assertEqual(
            [
                event_log.DONE,
                event_log.FAILED,
                event_log.FAILED,
                event_log.DONE,
            ],
            [self.create(label).status for label in ('b', 'a1', 'a2', 'a3')],
        )

    def test_a_failure_rule_can_be_dropped(self):
        self.store.fail('a', 'create', 1, False)
        self.store.fail('a', 'create', 0, False)
        self.assertEqual(event_log.DONE, self.create().status)

    @ddt.data(True, False)
    def test_a_failure_is_transient_if_it_was_set_so(self, transient):
        self.store.fail('a', 'create', 1, transient)
        self.assertEqual(transient, self.create().transient)
        self.store = self.open()
        self.assertEqual(transient, self.store.work(1).transient)


@ddt.ddt
class TestHolds(StoreCase):

    def setUp(self):
        super().setUp()
        self.store.hold('a/*', 'create')

    def held(self, label='a/b'):
        work = self.create(label)
        self.assertEqual(state.IN_PROGRESS, self.status(work))
        return work

    def test_held_create_exists_and_is_parked(self):
        work = self.held()
        self.assertEqual(state.CREATING, self.item(work).state)
        self.assertEqual([work], self.store.parked('a/b'))
        self.assertEqual([work], self.store.parked())
        self.assertEqual([], self.store.parked('a/c'))

    @ddt.data((), ('a/*',), ('*',), ('a/*', 'create'), (None, 'create'))
    def test_a_release_ends_the_hold(self, release):
        work = self.held()
        self.store.release(*release)
        self.assertEqual(event_log.DONE, self.status(work))
        self.assertEqual(event_log.DONE, self.create('a/b').status)

    def test_a_narrow_release_frees_parked_operations_only(self):
        work, other = self.held('a/b'), self.held('a/c')
        self.store.release('a/b')
        self.assertEqual([event_log.DONE, state.IN_PROGRESS],
                         [self.status(work), self.status(other)])
        self.held('a/b')

    @ddt.data(('b/*',), ('a/*', 'delete'), ('a',))
    def test_a_release_of_another_pattern_frees_nothing(self, release):
        work = self.held()
        self.store.release(*release)
        self.assertEqual(state.IN_PROGRESS, self.status(work))

    def test_another_hold_still_holds(self):
        self.store.hold('*', 'update')
        self.store.release('a/*', 'create')
        work = self.start('update', self.create('a/b'))
        self.assertEqual([work], self.store.parked())

    @ddt.data(('b/b', 'create'), ('a', 'create'))
    @ddt.unpack
    def test_operation_without_a_hold_is_not_held(self, label, operation):
        self.assertEqual(event_log.DONE, self.create(label).status)

    def test_released_operations_end_in_the_order_of_their_start(self):
        self.store.release()
        work = self.create()
        self.store.hold('a', 'update')
        self.start('update', work, value='2')
        self.start('update', work, value='3')
        self.store.release()
        self.assertEqual('3', self.item(work).value)

    def test_a_held_operation_can_fail_when_it_is_released(self):
        self.store.fail('a/*', 'create', 1, False)
        work = self.held()
        self.store.release()
        self.assertEqual(event_log.FAILED, self.status(work))


class TestSlowness(StoreCase):

    def test_slow_operation_ends_when_it_is_due(self):
        self.store.slow('a', 'create', 5)
        work = self.create()
        self.now += 4
        self.assertEqual(1, self.store.settle())
        self.assertEqual(state.IN_PROGRESS, self.status(work))
        self.now += 1
        self.assertIsNone(self.store.settle())
        self.assertEqual(event_log.DONE, self.status(work))

    def test_of_two_updates_the_last_request_stays(self):
        work = self.create()
        self.store.slow('a', 'update', 5)
        slow = self.start('update', work, value='2')
        self.store.slow('a', 'update', 0)
        self.start('update', work, value='3')
        self.assertEqual(state.IN_PROGRESS, self.status(slow))
        self.now += 5
        self.store.settle()
        self.assertEqual((event_log.DONE, '3'),
                         (self.status(slow), self.item(work).value))

    def test_slow_operation_is_not_parked(self):
        self.store.slow('a', 'create', 5)
        self.create()
        self.assertEqual([], self.store.parked())

    def test_held_object_is_not_due(self):
        self.store.slow('a', 'create', 5)
        self.store.hold('a', 'create')
        work = self.create()
        self.assertIsNone(self.store.settle())
        self.store.release()
        self.assertEqual(state.IN_PROGRESS, self.status(work))

    def test_the_newest_rule_counts_and_can_be_dropped(self):
        self.store.slow('*', 'create', 5)
        self.store.slow('a', 'create', 1)
        self.create()
        self.assertEqual(1, self.store.settle())
        self.store.slow('a', 'create', 0)
        self.create()
        self.now += 1
        self.assertEqual(4, self.store.settle())


class TestSnapshots(StoreCase):

    def snapshot(self):
        self.work = self.create(value='1')
        return self.start('snapshot', self.work).start.snapshot

    def test_a_restore_brings_the_value_back(self):
        taken = self.snapshot()
        self.start('update', self.work, value='2')
        self.assertEqual('1', self.store.state.snapshots[taken].value)
        self.start('restore', self.work, snapshot=taken)
        self.assertEqual('1', self.item(self.work).value)

    def test_a_snapshot_outlives_its_item_and_ends_by_its_delete(self):
        taken = self.snapshot()
        self.start('delete', self.work)
        self.assertThat(self.store.state.snapshots, matchers.Contains(taken))
        self.store.hold('a', 'delete-snapshot')
        work = self.store.start(operation='delete-snapshot', snapshot=taken)
        self.assertEqual(state.IN_PROGRESS, work.status)
        self.store.release()
        self.assertEqual({}, self.store.state.snapshots)

    def test_missing_snapshot_is_not_found(self):
        self.assertRaises(store.NotFound, self.store.start,
                          operation='delete-snapshot', snapshot='none')
        self.assertRaises(store.NotFound, self.start, 'restore',
                          self.create(), snapshot='none')


class TestRestart(StoreCase):

    def test_a_restart_restores_the_state(self):
        work = self.create(value='1', key='k')
        self.start('snapshot', work)
        self.start('update', work, value='2')
        self.start('suspend', work)
        self.start('delete', self.create('b'))
        before = self.store
        self.store = self.open()
        for name in ('items', 'snapshots', 'works', 'keys'):
            self.assertEqual(getattr(before.state, name),
                             getattr(self.store.state, name))
        self.assertEqual(work, self.create(key='k'))

    def test_a_restart_drops_holds_and_ends_held_operations(self):
        self.store.hold('a', 'create')
        work = self.create()
        self.store = self.open()
        self.assertEqual(event_log.DONE, self.status(work))
        self.assertEqual(event_log.DONE, event_log.read(self.path)[-1].status)
        self.assertEqual([], self.store.parked())

    def test_a_restart_continues_the_numbers(self):
        first = self.create()
        self.store = self.open()
        self.assertEqual(first.start.number + 1,
                         self.create().start.number)
