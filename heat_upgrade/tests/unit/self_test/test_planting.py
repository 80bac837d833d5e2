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

"""Bugs are planted behind Heat's back, at a defined moment."""

import types

import fixtures
import testtools
from testtools import matchers

from heat_upgrade import errors
from heat_upgrade.probes import definitions
from heat_upgrade.probes import probe
from heat_upgrade.self_test import corruption
from heat_upgrade.self_test import outages
from heat_upgrade.self_test import stacks
from heat_upgrade.self_test import target_stack
from heat_upgrade.tests.unit.support import ledger_backend
from heat_upgrade.traffic import history

ITEM = {'stack': 'stack-1', 'resource': 'first', 'row': 'row-1'}


class Database:
    """Records the statements, and returns the given answers."""

    def __init__(self, **answers):
        self.executed = []
        self._answers = answers

    def execute(self, statement, arguments=None, *, database=None):
        statement = ' '.join(statement.split())
        self.executed.append((statement.split()[0], arguments, database))
        return next((answer for word, answer in self._answers.items()
                     if word in statement), [])


class PlantingCase(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.backend = self.useFixture(ledger_backend.Backend())
        self.database = Database()
        self.cloud = types.SimpleNamespace(
            mariadb=self.database, release_of=lambda node: '25.0.2',
            ledger=types.SimpleNamespace(client=self.backend.client))


class TestCorruption(PlantingCase):

    def test_requested_operations_are_done_by_the_ledger(self):
        made = corruption.operate(self.cloud, 'create', label='a', value='v',
                                  **ITEM)
        corruption.operate(self.cloud, 'update', item=made['item'], value='w')
        self.assertEqual(
            [('a', 'w', 'row-1')],
            [(one.label, one.value, one.row)
             for one in self.backend.client.items()])

    def test_operation_refused_by_the_ledger_is_a_lab_error(self):
        refused = self.assertRaises(
            errors.LabError, corruption.operate, self.cloud, 'delete',
            item='ledger-item-unknown')
        self.assertIn('404', str(refused))

    def test_sync_points_are_forgotten_only_where_there_are_some(self):
        self.database = self.cloud.mariadb = Database(COUNT=[(2,)])
        corruption.forget_sync_points(self.cloud, 'stack-1')
        self.assertEqual(('DELETE', ('stack-1',), 'heat'),
                         self.database.executed[-1])
        self.cloud.mariadb = Database(COUNT=[(0,)])
        self.assertRaises(errors.LabError, corruption.forget_sync_points,
                          self.cloud, 'stack-1')
        self.assertEqual(1, len(self.cloud.mariadb.executed))


class FakeStack:
    """Creates its items in the ledger, and waits for their ends.

    :ivar done: operations that have ended
    """

    id, state = 'stack-1', 'CREATE_FAILED'

    def __init__(self, cloud, label):
        self.done = []
        self._cloud = cloud
        self._label = label
        self.outcome = history.COMPLETE

    def do(self, operation):
        if operation == history.CREATE:
            corruption.operate(self._cloud, 'create', value='v1',
                               label=self._label, **ITEM)
        parked = True
        while parked:
            parked = self._cloud.ledger.client.parked(self._label)
        self.done.append(operation)
        return self.outcome


class TestTargetStack(PlantingCase):

    def setUp(self):
        super().setUp()
        self.target = target_stack.TargetStack('lost', self.cloud, None, None)
        self.target.stack = FakeStack(self.cloud, self.target.label('first'))

    def test_stack_is_known_by_its_name_and_its_id(self):
        self.assertEqual({'planted-lost'}, self.target.marks)
        self.target.do(history.CREATE)
        self.assertEqual({'planted-lost', 'stack-1'}, self.target.marks)

    def test_operation_with_another_result_is_a_lab_error(self):
        self.target.stack.outcome = history.FAILED
        refused = self.assertRaises(errors.LabError, self.target.do,
                                    history.CREATE)
        self.assertThat(str(refused), matchers.Contains(
            'create of planted-lost ended as FAILED; expected COMPLETE'))

    def test_held_operation_has_not_ended_within_the_context(self):
        with self.target.midst(history.CREATE, 'first'):
            self.assertEqual('v1', self.target.item('first').value)
            self.assertEqual([], self.target.stack.done)
        self.assertEqual([history.CREATE], self.target.stack.done)

    def test_the_end_of_an_operation_can_be_waited_for_later(self):
        with self.target.midst(history.CREATE, 'first', expected=history.STUCK,
                               wait=False) as create:
            self.target.stack.outcome = history.STUCK
        create.join()
        self.assertEqual([history.CREATE], self.target.stack.done)

    def test_error_in_the_background_is_raised(self):
        self.target.stack.outcome = history.GONE
        with testtools.ExpectedException(errors.LabError, '.*ended as gone'):
            with self.target.midst(history.CREATE, 'first'):
                pass

    def test_items_change_and_go_behind_heats_back(self):
        self.target.do(history.CREATE)
        self.target.rewrite(first='another')
        self.assertEqual('another', self.target.item('first').value)
        self.target.remove('first')
        self.assertEqual([], self.backend.client.items())

    def test_one_of_two_items_of_a_row_is_deleted(self):
        self.target.stack = FakeStack(self.cloud, self.target.label('second'))
        stacks.make_twice(self.target)
        rows = [event.row for event in self.backend.client.events()
                if (event.operation, event.status) == ('create', 'started')]
        self.assertEqual(['row-1', 'row-1'], rows)
        self.assertEqual(1, len(self.backend.client.items()))


class TestWatch(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.answers = {}
        self.probes = {}
        for name in (definitions.STACK_LIST, definitions.SIGNAL):
            self.answers[name] = True
            self.probes[name] = probe.Probe(
                name, lambda name=name: self.answers[name], interval=0.005)
            self.probes[name].start()
            self.addCleanup(self.probes[name].stop)
        self.watch = outages.Watch(self.probes)

    def test_wait_ends_when_each_probe_has_a_bad_answer(self):
        self.answers.update(dict.fromkeys(self.answers, False))
        self.watch.wait_until_bad(*self.answers)
        for one in self.probes.values():
            self.assertIn(False, [sample.good for sample in one.samples])

    def test_wait_does_not_end_before_all_probes_have_a_bad_answer(self):
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.self_test.outages.MET_TIMEOUT', 0.05))
        self.answers[definitions.SIGNAL] = False
        late = self.assertRaises(errors.WaitTimeout,
                                 self.watch.wait_until_bad, *self.answers)
        self.assertIn('a bad answer to each of', str(late))

    def test_wait_until_whole_ends_with_a_good_answer(self):
        self.answers[definitions.SIGNAL] = False
        self.watch.wait_until_bad(definitions.SIGNAL)
        self.answers[definitions.SIGNAL] = True
        self.watch.wait_until_whole([definitions.SIGNAL])
        self.assertIn(True, [sample.good for sample in
                             self.probes[definitions.SIGNAL].samples])

    def test_gap_is_as_long_as_requested(self):
        self.watch.wait_until_whole([definitions.SIGNAL])
        self.answers[definitions.SIGNAL] = False
        self.watch.wait_for_gap(0.05, definitions.SIGNAL)
        samples = self.probes[definitions.SIGNAL].samples
        good = max(one.end for one in samples if one.good)
        self.assertGreater(samples[-1].end - good, 0.03)
