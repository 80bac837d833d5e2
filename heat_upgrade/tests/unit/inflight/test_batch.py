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

"""Unit tests of heat_upgrade.inflight.batch."""

from unittest import mock

import fixtures
import testtools

from heat_upgrade import errors
from heat_upgrade.inflight import batch
from heat_upgrade.inflight import cases
from heat_upgrade.inflight import engine_drain
from heat_upgrade.inflight import outcomes
from heat_upgrade.inflight import setup_failures
from heat_upgrade.inflight import stall_detector
from heat_upgrade.tests.unit.support import inflight_fakes


class BatchCase(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.heat, self.ledger = inflight_fakes.Heat(), inflight_fakes.Ledger()
        self.cloud = inflight_fakes.Cloud(
            self.useFixture(fixtures.TempDir()).path, self.heat
        )
        for name, value in (('INTERVAL', 0), ('PREPARE_TIMEOUT', 0),
                            ('PARK_TIMEOUT', 0), ('REMOVE_TIMEOUT', 0),
                            ('REPAIR_TIMEOUT', 0), ('SIGNAL_PATIENCE', 0),
                            ('SECONDS_PER_CASE', 0)):
            self.useFixture(fixtures.MockPatchObject(batch, name, value))

    def make(self, *ids):
        return batch.Batch(cases.by_id(ids), self.heat, self.ledger,
                           self.cloud)

    def started(self, *ids):
        group = self.make(*ids)
        group.prepare()
        for operation in group.operations:
            operation.start()
        self.ledger.orders.clear()
        return group

    def status(self, operation, status):
        self.heat.stacks[operation.name] = status

    def outcome(self, operation, *, legal=False):
        return outcomes.Outcome(
            case=operation.case, disruption='graceful',
            stack_id=operation.stack_id, status='CREATE_IN_PROGRESS',
            reason='', seconds=1, legal=legal)


class PrepareTest(BatchCase):

    def test_stacks_are_created_except_for_a_create(self):
        group = self.make('create-chain-lock', 'update-chain-lock',
                          'delete-fan-in-lock')
        group.prepare()
        self.assertEqual({group.operations[1].name, group.operations[2].name},
                         set(self.heat.stacks))

    def test_failed_stack_is_returned_with_its_reason(self):
        self.heat.on_create = 'CREATE_FAILED'
        failure, = self.make('update-chain-lock').prepare()
        self.assertEqual('update-chain-lock', failure.case.id)
        self.assertIn('CREATE_FAILED: so', failure.story)

    def test_stack_in_progress_at_the_deadline_is_returned(self):
        self.heat.on_create = 'CREATE_IN_PROGRESS'
        failure, = self.make('update-chain-lock').prepare()
        self.assertIn('CREATE_IN_PROGRESS', failure.story)
        self.assertIn('queues', failure.evidence)

    def test_stuck_stack_is_abandoned_before_the_deadline(self):
        self.heat.on_create = 'CREATE_IN_PROGRESS'
        self.useFixture(fixtures.MockPatchObject(batch, 'PREPARE_TIMEOUT',
                                                 30))
        self.useFixture(fixtures.MockPatchObject(stall_detector, 'QUIET', 0))
        failure, = self.make('update-chain-lock').prepare()
        self.assertEqual('CREATE_IN_PROGRESS: so; no engine works on it',
                         failure.story)

    def test_failed_operation_leaves_the_batch_and_its_stack_is_removed(self):
        group = self.make('create-chain-lock', 'update-chain-lock')
        self.heat.on_create = 'CREATE_FAILED'
        group.prepare()
        self.assertEqual(['create-chain-lock'],
                         [operation.case.id for operation in group.operations])
        self.assertEqual(1, len(self.heat.stacks))
        self.assertEqual([], group.remove())
        self.assertEqual({}, self.heat.stacks)


class StepsTest(BatchCase):

    def setUp(self):
        super().setUp()
        self.useFixture(fixtures.MockPatchObject(batch, 'PREPARE_TIMEOUT',
                                                 30))

    def test_a_stack_is_prepared_step_by_step(self):
        group = self.make('restore-chain-lock', 'resume-chain-lock')
        restored, resumed = (operation.name for operation in group.operations)
        follows = {'CREATE_COMPLETE': {restored: 'SNAPSHOT_COMPLETE',
                                       resumed: 'SUSPEND_COMPLETE'},
                   'SNAPSHOT_COMPLETE': {restored: 'UPDATE_COMPLETE'}}

        def call(method, path, body=None, **more):
            answer = answers(method, path, body, **more)
            name = path.split('/')[1] if '/' in path else ''
            if method in ('POST', 'PUT') and name in self.heat.stacks:
                self.heat.stacks[name] = follows[self.heat.stacks[name]][name]
            return answer
        answers, self.heat.call = self.heat.call, call
        self.assertEqual([], group.prepare())
        self.assertEqual({restored: 'UPDATE_COMPLETE',
                          resumed: 'SUSPEND_COMPLETE'}, self.heat.stacks)

    def test_refused_preparation_step_is_returned(self):
        self.heat.answers['POST', '/actions'] = 400, 'no suspend'
        failure, = self.make('resume-chain-lock').prepare()
        self.assertIn('no suspend', failure.story)


class ParkTest(BatchCase):

    def test_park_returns_when_all_operations_are_parked(self):
        self.heat.on_create = 'CREATE_IN_PROGRESS'
        self.ledger.in_progress = {'inflight/create-chain-lock/c',
                                   'inflight/create-nested-queued/x'}
        group = self.make('create-chain-lock', 'create-nested-queued')
        self.assertEqual([], group.park())
        self.assertEqual(2, len(self.heat.stacks))
        self.assertEqual(2, len(group.operations))

    def test_refused_cancel_is_returned(self):
        group = self.make('cancel-chain-lock')
        operation, = group.operations
        group.prepare()
        self.status(operation, 'UPDATE_IN_PROGRESS')
        self.ledger.in_progress = {'inflight/cancel-chain-lock/c'}
        self.heat.answers['POST', '/actions'] = 400, 'no cancel'
        failure, = group.park()
        self.assertIn('no cancel', failure.story)

    def test_parked_operation_names_the_node_that_holds_it(self):
        self.heat.on_create = 'CREATE_IN_PROGRESS'
        self.ledger.in_progress = {'inflight/create-chain-lock/c'}
        group = self.make('create-chain-lock')
        stack_id = f'id-{group.operations[0].name}'
        self.cloud.rows['resource'] = [
            (stack_id, 1, 'c', 'CREATE', 'IN_PROGRESS', 'p', one)
            for one in ('engine-1', 'long-gone')]
        group.park()
        self.assertEqual(('node-1',), group.operations[0].held_by)

    def test_each_operation_that_is_not_parked_is_returned(self):
        self.heat.on_create = 'CREATE_IN_PROGRESS'
        self.ledger.in_progress = {'inflight/create-chain-lock/c'}
        group = self.make('create-chain-lock', 'create-nested-queued',
                          'create-chain-signal')
        stories = {failure.case.id: failure.story
                   for failure in group.park()}
        self.assertEqual({
            'create-nested-queued':
                'inflight/create-nested-queued/x not held',
            'create-chain-signal': 'the wait condition is gone'}, stories)
        self.assertEqual(['create-chain-lock'],
                         [operation.case.id for operation in group.operations])

    def test_refused_operation_is_returned_and_its_hold_released(self):
        self.heat.answers['POST', 'stacks'] = 500, 'broken'
        failure, = self.make('create-chain-lock').park()
        self.assertIn('broken', failure.story)
        self.assertEqual('release', self.ledger.orders[-1][0])


class RequireNoneTest(testtools.TestCase):

    def test_error_names_each_operation(self):
        one, two = cases.by_id(['create-chain-lock', 'update-chain-lock'])
        failed = self.assertRaises(
            errors.LabError,
            setup_failures.require_none,
            [
                setup_failures.NotStarted(one, 'stuck'),
                setup_failures.NotStarted(two, 'no'),
            ],
        )
        self.assertIn('create-chain-lock: stuck; update-chain-lock: no',
                      str(failed))
        setup_failures.require_none([])


class ReleaseTest(BatchCase):

    def labels(self):
        return [label for word, label, _ in self.ledger.orders
                if word == 'release']

    def test_queued_operations_are_released_after_the_drain(self):
        group = self.started('create-chain-lock', 'create-chain-queued')
        node = self.cloud.add_node('node-1', ['one'])
        self.cloud.add_node('node-2', ['two'])
        with mock.patch.object(engine_drain, 'drained',
                               autospec=True) as drained:
            drained.side_effect = lambda *words: self.assertEqual(
                ['inflight/create-chain-lock/c'], self.labels()) or True
            self.assertTrue(group.release_queued(['node-1']))
        drained.assert_called_once_with({node.process('engine'): {'one'}})
        self.assertEqual(['inflight/create-chain-lock/c',
                          'inflight/create-chain-queued/a'], self.labels())

    def test_queued_operations_are_released_without_a_drain_too(self):
        group = self.started('create-chain-queued')
        with mock.patch.object(engine_drain, 'drained', autospec=True,
                               return_value=False):
            self.assertFalse(group.release_queued())
        self.assertEqual(['inflight/create-chain-queued/a'], self.labels())

    def test_drain_is_not_awaited_without_queued_operations(self):
        group = self.started('create-chain-lock')
        with mock.patch.object(engine_drain, 'drained',
                               autospec=True) as drained:
            self.assertTrue(group.release_queued())
        drained.assert_not_called()

    def test_release_releases_all_holds_and_sends_signals(self):
        group = self.started('create-fan-out-lock', 'create-chain-signal')
        group.release()
        self.assertEqual({f'inflight/create-fan-out-lock/{name}'
                          for name in 'bcd'}, set(self.labels()))
        self.assertTrue(self.heat.asked[-1][1].endswith(
            '/resources/handle/signal'))

    def test_release_returns_without_an_answer_of_heat(self):
        group = self.started('create-chain-signal')
        self.heat.answers['GET', 'show_nested=True'] = 503, None
        group.release()
        self.assertFalse(group.operations[0].signalled)


class AfterwardsTest(BatchCase):

    def test_holds_are_released_before_outcomes_are_validated(self):
        group = self.started('create-chain-lock')
        settled, = group.settle('graceful')
        self.assertTrue(settled.legal)
        self.assertEqual('release', self.ledger.orders[0][0])

    def test_an_update_repairs(self):
        group = self.started('create-chain-lock')
        self.status(group.operations[0], 'UPDATE_COMPLETE')
        repaired = group.repair([self.outcome(group.operations[0])])
        self.assertEqual([outcomes.BY_UPDATE],
                         [outcome.repaired for outcome in repaired])

    def test_delete_repairs_after_a_failed_update(self):
        group = self.started('create-chain-lock')
        self.status(group.operations[0], 'UPDATE_FAILED')
        repaired = group.repair([self.outcome(group.operations[0])])
        self.assertEqual([outcomes.BY_DELETE],
                         [outcome.repaired for outcome in repaired])

    def test_delete_repairs_after_a_refused_update(self):
        group = self.started('suspend-chain-lock')
        self.heat.answers['PUT', group.operations[0].stack_id] = 400, 'no'
        repaired = group.repair([self.outcome(group.operations[0])])
        self.assertEqual([outcomes.BY_DELETE],
                         [outcome.repaired for outcome in repaired])

    def test_stack_without_a_repair_is_returned(self):
        group = self.started('create-chain-lock')
        self.status(group.operations[0], 'UPDATE_FAILED')
        self.heat.answers['DELETE', group.operations[0].stack_id] = 204, None
        repaired = group.repair([self.outcome(group.operations[0])])
        self.assertEqual([outcomes.NOT_AT_ALL],
                         [outcome.repaired for outcome in repaired])

    def test_legal_outcome_is_not_repaired(self):
        group = self.started('create-chain-lock')
        asked = len(self.heat.asked)
        repaired = group.repair([
            self.outcome(group.operations[0], legal=True)])
        self.assertEqual([''], [outcome.repaired for outcome in repaired])
        self.assertEqual([], [
            words for words in self.heat.asked[asked:]
            if words[0] != 'GET'])

    def test_all_stacks_are_removed(self):
        group = self.started('create-chain-lock', 'update-fan-in-lock')
        self.heat.stacks['another'] = 'CREATE_COMPLETE'
        self.assertEqual([], group.remove())
        self.assertEqual(['another'], list(self.heat.stacks))

    def test_nested_stack_of_a_lost_parent_is_removed(self):
        group = self.started('create-nested-lock')
        inner = f'{group.operations[0].name}-inner-abc'
        self.heat.stacks[inner] = 'CREATE_COMPLETE'
        self.assertEqual([], group.remove())
        self.assertEqual({}, self.heat.stacks)

    def test_stack_that_remains_is_returned(self):
        group = self.started('create-chain-lock')
        operation, = group.operations
        self.heat.answers['DELETE', operation.stack_id] = 204, None
        self.status(operation, 'DELETE_FAILED')
        self.assertEqual(
            [f'{operation.name} ({operation.stack_id}): DELETE_FAILED: so'],
            group.remove())
