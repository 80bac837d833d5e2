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

"""Unit tests of the reconciliation, with edited ledgers."""

import dataclasses

import ddt
import testtools
from testtools import matchers

from heat_upgrade.ledger import event_log
from heat_upgrade.ledger import reconciliation
from heat_upgrade.ledger import state

STEM = reconciliation.ITEM_PREFIX


def row(item, uuid='u1', *, action='CREATE', status='COMPLETE',
        deleted=False):
    return reconciliation.Row(
        stack='s', resource='r', item=item and STEM + item, row=uuid,
        action=action, status=status, deleted=deleted)


def events(*history):
    """Return events of (item, row, operation, statuses...)."""
    return [
        event_log.Event(time=0, monotonic=0, item=STEM + item, label='a',
                        stack='s', resource='r', row=uuid, operation=operation,
                        status=status)
        for item, uuid, operation, *statuses in history
        for status in statuses]


def created(item, uuid='u1'):
    return (item, uuid, 'create', event_log.STARTED, event_log.DONE)


def failed(item, uuid='u1', operation='create'):
    return (item, uuid, operation, event_log.STARTED, event_log.FAILED)


def deleted(item, uuid='u1'):
    return (item, uuid, 'delete', event_log.STARTED, event_log.DONE)


def exist(history):
    """Return the items that exist after events."""
    numbers = {}
    for number, event in enumerate(history):
        if event.status == event_log.STARTED:
            numbers[event.item, event.operation] = number
    return list(state.State(
        dataclasses.replace(event,
                            number=numbers[event.item, event.operation])
        for event in history).items.values())


def kinds(history, rows, **options):
    return [(difference.kind, difference.item.removeprefix(STEM))
            for difference in reconciliation.differences(
                exist(history), history, rows, **options)]


LEFT = [(reconciliation.LEFT_BEHIND, 'i1')]
LOST = [(reconciliation.LOST, 'i1')]


@ddt.ddt
class TestLeftBehind(testtools.TestCase):

    @ddt.named_data(
        ('Heat has no row at all', []),
        ('its row has another', [row('i2', action='DELETE')]),
        ('its row has none and has ended', [row('', status='FAILED')]),
        ('its stack is deleted', [row('i1', deleted=True)]),
        ('its row is at work in a deleted stack',
         [row('', status='IN_PROGRESS', deleted=True)]),
        ('another row is at work', [row('', 'u2', status='IN_PROGRESS')]),
    )
    def test_orphan_is_found(self, rows):
        self.assertEqual(LEFT, kinds(events(created('i1')), rows))

    def test_item_with_a_failed_delete_is_an_orphan(self):
        history = events(created('i1'), failed('i1', operation='delete'))
        self.assertEqual(LEFT, kinds(history, []))

    def test_item_of_a_failed_create_is_an_orphan(self):
        self.assertEqual(LEFT, kinds(events(failed('i1')), []))

    @ddt.named_data(
        ('it is complete', row('i1')),
        ('its delete is under way',
         row('i1', action='DELETE', status='IN_PROGRESS')),
        ('its delete failed', row('i1', action='DELETE', status='FAILED')),
        ('its update failed', row('i1', action='UPDATE', status='FAILED')),
        ('its create is about to be recorded', row('', status='IN_PROGRESS')),
        ('a row made it and another one has it', row('i1', 'u2')),
    )
    def test_recorded_item_is_not_an_orphan(self, known):
        self.assertEqual([], kinds(events(created('i1')), [known]))

    def test_text_names_item_row_stack_and_state(self):
        difference, = reconciliation.left_behind(
            exist(events(created('i1'))), [])
        for word in (STEM + 'i1', 'row u1', 'for r of stack s', 'active'):
            self.assertThat(difference.text, matchers.Contains(word))


@ddt.ddt
class TestLost(testtools.TestCase):

    @ddt.data('CREATE', 'UPDATE', 'SUSPEND', 'RESUME', 'CHECK', 'SNAPSHOT')
    def test_complete_item_that_is_gone_is_lost(self, action):
        history = events(created('i1'), deleted('i1'))
        self.assertEqual(LOST, kinds(history, [row('i1', action=action)]))

    def test_complete_item_that_never_existed_is_lost(self):
        self.assertEqual(LOST, kinds([], [row('i1')]))

    @ddt.named_data(
        ('it is deleted', row('i1', action='DELETE')),
        ('it is being deleted',
         row('i1', action='DELETE', status='IN_PROGRESS')),
        ('its delete failed', row('i1', action='DELETE', status='FAILED')),
        ('its update failed', row('i1', action='UPDATE', status='FAILED')),
        ('it has not begun', row('i1', action='INIT')),
        ('its stack is deleted', row('i1', deleted=True)),
        ('it has no physical resource', row('')),
    )
    def test_item_without_a_promise_is_not_lost(self, promised):
        history = events(created('i1'), deleted('i1'))
        self.assertEqual([], kinds(history, [promised]))

    def test_resource_of_another_type_is_not_lost(self):
        other = dataclasses.replace(row('i1'), item='4711')
        self.assertEqual([], kinds([], [other]))

    @ddt.unpack
    @ddt.named_data(
        ('the row that deleted it', 'row u1 deleted',
         [created('i1'), deleted('i1')]),
        ('the ledger never had it', 'never had', []))
    def test_text_names_the_cause(self, word, history):
        difference, = reconciliation.lost([], events(*history), [row('i1')])
        self.assertThat(difference.text, matchers.Contains(word))


@ddt.ddt
class TestMadeTwice(testtools.TestCase):

    @ddt.named_data(
        ('the former exists', [created('i1'), created('i2')]),
        ('the former failed and was never deleted',
         [failed('i1'), created('i2')]),
        ('the delete of the former failed',
         [failed('i1'), failed('i1', operation='delete'), created('i2')]),
        ('the delete of the former is not done',
         [failed('i1'), ('i1', 'u1', 'delete', event_log.STARTED),
          created('i2')]),
        ('the former is made still',
         [('i1', 'u1', 'create', event_log.STARTED), created('i2')]),
        ('both are gone since',
         [created('i1'), created('i2'), deleted('i1'), deleted('i2')]),
    )
    def test_a_second_create_of_a_row_is_found(self, history):
        duplicates = reconciliation.made_twice(events(*history))
        self.assertEqual([(reconciliation.MADE_TWICE, STEM + 'i2', 'u1')],
                         [(duplicate.kind, duplicate.item, duplicate.row)
                          for duplicate in duplicates])
        self.assertThat(duplicates[0].text, matchers.Contains(STEM + 'i1'))

    def test_each_further_one_is_found(self):
        history = events(created('i1'), created('i2'), created('i3'))
        self.assertEqual([STEM + 'i2', STEM + 'i3'],
                         [duplicate.item for duplicate
                          in reconciliation.made_twice(history)])

    @ddt.named_data(
        ('a replacement', [created('i1', 'u1'), created('i2', 'u2'),
                           deleted('i1', 'u1')]),
        ('a retry after a failure',
         [failed('i1'), deleted('i1'), created('i2')]),
        ('a delete that another row did',
         [created('i1'), deleted('i1', 'u2'), created('i2')]),
        ('a snapshot and a restore',
         [created('i1'),
          ('i1', 'u1', 'snapshot', event_log.STARTED, event_log.DONE),
          ('i1', 'u1', 'restore', event_log.STARTED, event_log.DONE)]),
        ('an update', [created('i1'), ('i1', 'u1', 'update', event_log.STARTED,
                                       event_log.DONE)]),
        ('no row was given', [created('i1', ''), created('i2', '')]),
    )
    def test_similar_history_is_not_a_duplicate(self, history):
        self.assertEqual([], reconciliation.made_twice(events(*history)))


class TestSnapshots(testtools.TestCase):

    taken = state.Snapshot(id='ledger-snapshot-1', item='i', label='a',
                           value='', stack='s', resource='r', row='u')

    def kinds(self, **options):
        return [(difference.kind, difference.item)
                for difference in reconciliation.differences(
                    [], [], [], snapshots=[self.taken], **options)]

    def test_unrecorded_snapshot_is_left_behind(self):
        self.assertEqual(
            [(reconciliation.SNAPSHOT_LEFT_BEHIND, 'ledger-snapshot-1')],
            self.kinds(known={'ledger-snapshot-2'}, busy={'other'}))

    def test_recorded_snapshot_is_not_left_behind(self):
        self.assertEqual([], self.kinds(known={'ledger-snapshot-1'}))

    def test_snapshot_of_a_stack_in_progress_is_not_judged(self):
        self.assertEqual([], self.kinds(busy={'s'}))


class TestAll(testtools.TestCase):

    def test_equal_records_show_no_difference(self):
        history = events(created('i1'), created('i2', 'u2'),
                         failed('i3', 'u3'))
        self.assertEqual([], kinds(history, [
            row('i1'), row('i2', 'u2'), row('i3', 'u3', status='FAILED')]))

    def test_all_kinds_are_found_at_once(self):
        history = events(created('i1'), created('i2'))
        self.assertEqual(
            [(reconciliation.LEFT_BEHIND, 'i1'), (reconciliation.LOST, 'i9'),
             (reconciliation.MADE_TWICE, 'i2')],
            kinds(history, [row('i2'), row('i9', 'u9')]))
