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


class FlightsTest(testtools.TestCase):

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

    def flying(self, *ids):
        found = self.make(*ids)
        found.prepare()
        for flight in found.flights:
            flight.start()
        self.ledger.orders.clear()
        return found

    def status(self, flight, status):
        self.heat.stacks[flight.name] = status

    def outcome(self, flight, *, legal=False):
        return outcomes.Outcome(
            case=flight.case, disruption='graceful',
            stack_id=flight.stack_id, status='CREATE_IN_PROGRESS',
            reason='', seconds=1, legal=legal)


class PrepareTest(FlightsTest):

    def test_only_what_is_not_to_be_created_is_created_before(self):
        found = self.make('create-chain-lock', 'update-chain-lock',
                          'delete-fan-in-lock')
        found.prepare()
        self.assertEqual({found.flights[1].name, found.flights[2].name},
                         set(self.heat.stacks))

    def test_a_stack_that_fails_is_told_with_its_reason(self):
        self.heat.on_create = 'CREATE_FAILED'
        grounded, = self.make('update-chain-lock').prepare()
        self.assertEqual('update-chain-lock', grounded.case.id)
        self.assertIn('CREATE_FAILED: so', grounded.story)

    def test_a_stack_that_does_not_end_is_told(self):
        self.heat.on_create = 'CREATE_IN_PROGRESS'
        grounded, = self.make('update-chain-lock').prepare()
        self.assertIn('CREATE_IN_PROGRESS', grounded.story)
        self.assertIn('queues', grounded.evidence)

    def test_of_what_nobody_is_at_work_on_the_end_is_not_waited_for(self):
        self.heat.on_create = 'CREATE_IN_PROGRESS'
        self.useFixture(fixtures.MockPatchObject(batch, 'PREPARE_TIMEOUT',
                                                 30))
        self.useFixture(fixtures.MockPatchObject(stall_detector, 'QUIET', 0))
        grounded, = self.make('update-chain-lock').prepare()
        self.assertEqual('CREATE_IN_PROGRESS: so; nobody is at work on it',
                         grounded.story)

    def test_the_others_go_on_without_it_and_it_is_removed_too(self):
        found = self.make('create-chain-lock', 'update-chain-lock')
        self.heat.on_create = 'CREATE_FAILED'
        found.prepare()
        self.assertEqual(['create-chain-lock'],
                         [flight.case.id for flight in found.flights])
        self.assertEqual(1, len(self.heat.stacks))
        self.assertEqual([], found.remove())
        self.assertEqual({}, self.heat.stacks)


class StepsTest(FlightsTest):

    def setUp(self):
        super().setUp()
        self.useFixture(fixtures.MockPatchObject(batch, 'PREPARE_TIMEOUT',
                                                 30))

    def test_a_stack_is_prepared_step_by_step(self):
        found = self.make('restore-chain-lock', 'resume-chain-lock')
        restored, resumed = (one.name for one in found.flights)
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
        self.assertEqual([], found.prepare())
        self.assertEqual({restored: 'UPDATE_COMPLETE',
                          resumed: 'SUSPEND_COMPLETE'}, self.heat.stacks)

    def test_a_step_that_heat_refuses_is_told(self):
        self.heat.answers['POST', '/actions'] = 400, 'no suspend'
        grounded, = self.make('resume-chain-lock').prepare()
        self.assertIn('no suspend', grounded.story)


class ParkTest(FlightsTest):

    def test_it_returns_when_all_are_parked(self):
        self.heat.on_create = 'CREATE_IN_PROGRESS'
        self.ledger.in_progress = {'inflight/create-chain-lock/c',
                                   'inflight/create-nested-queued/x'}
        found = self.make('create-chain-lock', 'create-nested-queued')
        self.assertEqual([], found.park())
        self.assertEqual(2, len(self.heat.stacks))
        self.assertEqual(2, len(found.flights))

    def test_a_cancel_that_heat_refuses_is_told(self):
        found = self.make('cancel-chain-lock')
        flight, = found.flights
        found.prepare()
        self.status(flight, 'UPDATE_IN_PROGRESS')
        self.ledger.in_progress = {'inflight/cancel-chain-lock/c'}
        self.heat.answers['POST', '/actions'] = 400, 'no cancel'
        grounded, = found.park()
        self.assertIn('no cancel', grounded.story)

    def test_it_is_told_whose_engine_has_it_in_hand(self):
        self.heat.on_create = 'CREATE_IN_PROGRESS'
        self.ledger.in_progress = {'inflight/create-chain-lock/c'}
        found = self.make('create-chain-lock')
        stack_id = f'id-{found.flights[0].name}'
        self.cloud.rows['resource'] = [
            (stack_id, 1, 'c', 'CREATE', 'IN_PROGRESS', 'p', one)
            for one in ('engine-1', 'long-gone')]
        found.park()
        self.assertEqual(('node-1',), found.flights[0].held_by)

    def test_what_is_not_parked_is_told_for_each(self):
        self.heat.on_create = 'CREATE_IN_PROGRESS'
        self.ledger.in_progress = {'inflight/create-chain-lock/c'}
        found = self.make('create-chain-lock', 'create-nested-queued',
                          'create-chain-signal')
        told = {one.case.id: one.story for one in found.park()}
        self.assertEqual({
            'create-nested-queued':
                'inflight/create-nested-queued/x not held',
            'create-chain-signal': 'the wait condition is gone'}, told)
        self.assertEqual(['create-chain-lock'],
                         [flight.case.id for flight in found.flights])

    def test_what_heat_refuses_is_told_and_nothing_stays_held(self):
        self.heat.answers['POST', 'stacks'] = 500, 'broken'
        grounded, = self.make('create-chain-lock').park()
        self.assertIn('broken', grounded.story)
        self.assertEqual('release', self.ledger.orders[-1][0])


class RequireNoneTest(testtools.TestCase):

    def test_each_is_named(self):
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


class ReleaseTest(FlightsTest):

    def labels(self):
        return [label for word, label, _ in self.ledger.orders
                if word == 'release']

    def test_the_queued_go_on_when_engines_drain_all_others_before(self):
        found = self.flying('create-chain-lock', 'create-chain-queued')
        node = self.cloud.add_node('node-1', ['one'])
        self.cloud.add_node('node-2', ['two'])
        with mock.patch.object(engine_drain, 'drained',
                               autospec=True) as drained:
            drained.side_effect = lambda *words: self.assertEqual(
                ['inflight/create-chain-lock/c'], self.labels()) or True
            self.assertTrue(found.release_queued(['node-1']))
        drained.assert_called_once_with(
            {node.process('engine'): {'one'}}, engine_drain.TIMEOUT)
        self.assertEqual(['inflight/create-chain-lock/c',
                          'inflight/create-chain-queued/a'], self.labels())

    def test_the_queued_go_on_also_if_the_engines_do_not_say_that(self):
        found = self.flying('create-chain-queued')
        with mock.patch.object(engine_drain, 'drained', autospec=True,
                               return_value=False):
            self.assertFalse(found.release_queued())
        self.assertEqual(['inflight/create-chain-queued/a'], self.labels())

    def test_nothing_is_waited_for_if_none_is_queued(self):
        found = self.flying('create-chain-lock')
        with mock.patch.object(engine_drain, 'drained',
                               autospec=True) as drained:
            self.assertTrue(found.release_queued())
        drained.assert_not_called()

    def test_all_go_on_and_signals_are_sent(self):
        found = self.flying('create-fan-out-lock', 'create-chain-signal')
        found.release()
        self.assertEqual({f'inflight/create-fan-out-lock/{name}'
                          for name in 'bcd'}, set(self.labels()))
        self.assertTrue(self.heat.asked[-1][1].endswith(
            '/resources/handle/signal'))

    def test_a_heat_that_does_not_answer_keeps_nobody(self):
        found = self.flying('create-chain-signal')
        self.heat.answers['GET', 'show_nested=True'] = 503, None
        found.release()
        self.assertFalse(found.flights[0].signalled)


class AfterwardsTest(FlightsTest):

    def test_what_was_held_is_released_before_anything_is_judged(self):
        found = self.flying('create-chain-lock')
        settled, = found.settle('graceful')
        self.assertTrue(settled.legal)
        self.assertEqual('release', self.ledger.orders[0][0])

    def test_an_update_repairs(self):
        found = self.flying('create-chain-lock')
        self.status(found.flights[0], 'UPDATE_COMPLETE')
        told = found.repair([self.outcome(found.flights[0])])
        self.assertEqual([outcomes.BY_UPDATE],
                         [one.repaired for one in told])

    def test_a_delete_repairs_what_an_update_does_not(self):
        found = self.flying('create-chain-lock')
        self.status(found.flights[0], 'UPDATE_FAILED')
        told = found.repair([self.outcome(found.flights[0])])
        self.assertEqual([outcomes.BY_DELETE],
                         [one.repaired for one in told])

    def test_a_delete_repairs_what_heat_does_not_update(self):
        found = self.flying('suspend-chain-lock')
        self.heat.answers['PUT', found.flights[0].stack_id] = 400, 'no'
        told = found.repair([self.outcome(found.flights[0])])
        self.assertEqual([outcomes.BY_DELETE],
                         [one.repaired for one in told])

    def test_what_nothing_repairs_is_told(self):
        found = self.flying('create-chain-lock')
        self.status(found.flights[0], 'UPDATE_FAILED')
        self.heat.answers['DELETE', found.flights[0].stack_id] = 204, None
        told = found.repair([self.outcome(found.flights[0])])
        self.assertEqual([outcomes.NOT_AT_ALL],
                         [one.repaired for one in told])

    def test_what_ended_legally_is_left_alone(self):
        found = self.flying('create-chain-lock')
        asked = len(self.heat.asked)
        told = found.repair([self.outcome(found.flights[0], legal=True)])
        self.assertEqual([''], [one.repaired for one in told])
        self.assertEqual([], [
            words for words in self.heat.asked[asked:]
            if words[0] != 'GET'])

    def test_all_stacks_are_removed(self):
        found = self.flying('create-chain-lock', 'update-fan-in-lock')
        self.heat.stacks['another'] = 'CREATE_COMPLETE'
        self.assertEqual([], found.remove())
        self.assertEqual(['another'], list(self.heat.stacks))

    def test_what_a_lost_parent_has_left_is_removed(self):
        found = self.flying('create-nested-lock')
        inner = f'{found.flights[0].name}-inner-abc'
        self.heat.stacks[inner] = 'CREATE_COMPLETE'
        self.assertEqual([], found.remove())
        self.assertEqual({}, self.heat.stacks)

    def test_what_cannot_be_removed_is_told(self):
        found = self.flying('create-chain-lock')
        flight, = found.flights
        self.heat.answers['DELETE', flight.stack_id] = 204, None
        self.status(flight, 'DELETE_FAILED')
        self.assertEqual(
            [f'{flight.name} ({flight.stack_id}): DELETE_FAILED: so'],
            found.remove())
