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

"""Unit tests of heat_upgrade.inflight.completion and draining."""

import fixtures
import testtools

from heat_upgrade.inflight import cases
from heat_upgrade.inflight import completion
from heat_upgrade.inflight import engine_drain
from heat_upgrade.inflight import expected_outcomes
from heat_upgrade.inflight import operation
from heat_upgrade.inflight import stall_detector
from heat_upgrade.tests.unit.support import inflight_fakes


class SettlingTest(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.heat, self.clock = inflight_fakes.Heat(), inflight_fakes.Clock()
        self.heat.on_create = 'CREATE_IN_PROGRESS'
        self.cloud = inflight_fakes.Cloud(
            self.useFixture(fixtures.TempDir()).path, self.heat
        )

    def flight(self, case_id='create-chain-lock'):
        case, = cases.by_id([case_id])
        flight = operation.InFlightOperation(
            case, self.heat, inflight_fakes.Ledger()
        )
        flight.prepare()
        flight.start()
        return flight

    def settle(
        self,
        *flights,
        disruption=expected_outcomes.GRACEFUL,
        timeout=90,
        between=None,
    ):
        return completion.Settling(
            flights, self.heat, self.cloud, disruption, between,
            clock=self.clock, sleep=self.clock.sleep).run(timeout)

    def in_database(self, flight, engine=None):
        self.cloud.rows = {
            'resource': [(flight.stack_id, 1, 'a', 'CREATE', 'IN_PROGRESS',
                          None, engine)]}

    def test_what_gets_complete_is_legal(self):
        flight = self.flight()
        self.clock.due[3] = lambda: self.heat.stacks.update(
            {flight.name: 'CREATE_COMPLETE'})
        self.in_database(flight, 'engine-1')
        outcome, = self.settle(flight)
        self.assertEqual((True, 'CREATE_COMPLETE', 3.0, ''), (
            outcome.legal, outcome.status, outcome.seconds,
            outcome.evidence))

    def test_what_is_gone_was_deleted(self):
        flight = self.flight('delete-chain-lock')
        outcome, = self.settle(flight)
        self.assertEqual('DELETE_COMPLETE', outcome.status)
        self.assertTrue(outcome.legal)

    def test_a_failure_is_legal_after_a_kill_only(self):
        for disruption in expected_outcomes.DISRUPTIONS:
            flight = self.flight()
            self.heat.stacks[flight.name] = 'CREATE_FAILED'
            outcome, = self.settle(flight, disruption=disruption)
            self.assertEqual(
                disruption == expected_outcomes.KILL, outcome.legal
            )

    def test_it_is_stuck_when_nobody_has_been_at_work_for_a_while(self):
        flight = self.flight()
        self.in_database(flight, 'engine-of-old')
        outcome, = self.settle(flight)
        self.assertTrue(outcome.stuck)
        self.assertFalse(outcome.legal)
        self.assertEqual('CREATE_IN_PROGRESS', outcome.status)
        self.assertGreaterEqual(outcome.seconds, stall_detector.QUIET)
        self.assertLess(outcome.seconds, 15)
        self.assertIn('engine-of-old is dead', outcome.evidence)

    def test_a_living_engine_at_work_is_waited_for_until_the_bound(self):
        flight = self.flight()
        self.in_database(flight, 'engine-1')
        outcome, = self.settle(flight, timeout=40)
        self.assertTrue(outcome.stuck)
        self.assertGreaterEqual(outcome.seconds, 40)

    def test_work_in_a_queue_is_waited_for(self):
        flight = self.flight()
        self.in_database(flight)
        self.cloud.broker = [inflight_fakes.queue('engine_worker', messages=1)]
        outcome, = self.settle(flight, timeout=40)
        self.assertGreaterEqual(outcome.seconds, 40)
        self.assertFalse(outcome.lost)

    def test_work_that_no_engine_listens_for_is_lost(self):
        flight = self.flight()
        self.in_database(flight)
        self.cloud.broker = [
            inflight_fakes.queue('engine_worker', vhost='target'),
            inflight_fakes.queue('engine_worker', messages=1, consumers=0)]
        outcome, = self.settle(flight)
        self.assertTrue(outcome.stuck and outcome.lost)
        self.assertLess(outcome.seconds, 15)

    def test_a_parent_that_waits_for_a_stuck_stack_is_stuck(self):
        flight = self.flight('create-group-lock')
        self.in_database(flight)
        nested = f'{flight.name}-group-x'
        self.heat.stacks[nested] = 'CREATE_IN_PROGRESS'
        self.cloud.rows['resource'] = [
            (flight.stack_id, 1, 'group', 'CREATE', 'IN_PROGRESS',
             f'id-{nested}', 'engine-1'),
            (f'id-{nested}', 2, '2', 'CREATE', 'IN_PROGRESS', 'item',
             'dead')]
        outcome, = self.settle(flight)
        self.assertLess(outcome.seconds, 15)

    def test_what_changes_now_and_then_is_not_stuck(self):
        flight = self.flight()
        self.in_database(flight)

        def row(number):
            return lambda: self.cloud.rows.update(resource=[
                (flight.stack_id, number, 'a', 'CREATE', 'COMPLETE', None,
                 None)])
        self.clock.due = {4: row(4), 8: row(8), 12: row(12)}
        outcome, = self.settle(flight)
        self.assertGreaterEqual(outcome.seconds, 12 + stall_detector.QUIET)

    def test_a_nested_stack_in_progress_is_waited_for(self):
        flight = self.flight('create-group-lock')
        self.heat.stacks[flight.name] = 'CREATE_FAILED'
        nested = f'{flight.name}-group-x'
        self.heat.stacks[nested] = 'CREATE_IN_PROGRESS'
        self.clock.due[5] = lambda: self.heat.stacks.update(
            {nested: 'CREATE_FAILED'})
        self.in_database(flight, 'engine-1')
        outcome, = self.settle(flight, disruption=expected_outcomes.KILL)
        self.assertEqual(('CREATE_FAILED', 5.0),
                         (outcome.status, outcome.seconds))

    def test_a_snapshot_in_progress_is_no_legal_end(self):
        flight = self.flight('snapshot-chain-lock')
        self.heat.stacks[flight.name] = 'SNAPSHOT_COMPLETE'
        self.heat.answers['GET', '/snapshots'] = 200, {
            'snapshots': [{'status': 'IN_PROGRESS'}]}
        outcome, = self.settle(flight)
        self.assertEqual(
            (False, 'SNAPSHOT_COMPLETE with a snapshot in progress'),
            (outcome.legal, outcome.status))

    def test_a_heat_that_does_not_tell_of_the_snapshot_is_asked_again(self):
        flight = self.flight('snapshot-chain-lock')
        self.heat.stacks[flight.name] = 'SNAPSHOT_COMPLETE'
        self.in_database(flight, 'engine-1')
        self.heat.answers['GET', '/snapshots'] = 503, 'nobody'
        self.clock.due[2] = self.heat.answers.clear
        outcome, = self.settle(flight)
        self.assertEqual((True, 2.0), (outcome.legal, outcome.seconds))

    def test_a_heat_that_does_not_answer_is_asked_again(self):
        flight = self.flight()
        self.in_database(flight, 'engine-1')
        self.heat.stacks[flight.name] = 'CREATE_COMPLETE'
        self.heat.answers['GET', 'show_nested=True'] = 503, 'nobody'
        self.clock.due[2] = self.heat.answers.clear
        outcome, = self.settle(flight)
        self.assertEqual((True, 2.0), (outcome.legal, outcome.seconds))

    def test_a_signal_that_is_still_to_be_sent_is_waited_for(self):
        flight = self.flight('create-chain-signal')
        self.in_database(flight)

        def between():
            if self.clock.now >= 20:
                flight.signalled = True
        outcome, = self.settle(flight, between=between)
        self.assertGreaterEqual(outcome.seconds, 20 + stall_detector.QUIET)


class DrainingTest(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.clock = inflight_fakes.Clock()
        self.process = inflight_fakes.Process(
            self.useFixture(fixtures.TempDir()).join('engine.log'))

    def stopping(self, *ids):
        with open(self.process.log, 'a') as log:
            for engine in ids:
                log.write(f'INFO {engine_drain.STOPPING.format(engine)}.\n')

    def drained(self):
        return engine_drain.drained(
            {self.process: {'one', 'two'}}, clock=self.clock,
            sleep=self.clock.sleep)

    def test_all_workers_must_say_so_and_their_last_poll_be_over(self):
        self.clock.due = {1: lambda: self.stopping('one'),
                          3: lambda: self.stopping('two')}
        self.assertTrue(self.drained())
        self.assertGreaterEqual(self.clock.now, 3 + engine_drain.POLL)

    def test_an_engine_that_does_not_say_so_is_not_waited_for_longer(self):
        self.stopping('one')
        self.assertFalse(self.drained())
        self.assertLess(self.clock.now, engine_drain.TIMEOUT + 1)

    def test_an_engine_that_has_ended_takes_nothing_any_more(self):
        self.process.alive = False
        self.assertTrue(self.drained())
        self.assertEqual(0, self.clock.now)
