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

"""Unit tests of heat_upgrade.inflight.completion and engine_drain."""

import fixtures
import testtools

from heat_upgrade.inflight import cases
from heat_upgrade.inflight import completion
from heat_upgrade.inflight import engine_drain
from heat_upgrade.inflight import expected_outcomes
from heat_upgrade.inflight import operation
from heat_upgrade.inflight import stall_detector
from heat_upgrade.tests.unit.support import inflight_fakes


class CompletionWaitTest(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.heat, self.clock = inflight_fakes.Heat(), inflight_fakes.Clock()
        self.heat.on_create = 'CREATE_IN_PROGRESS'
        self.cloud = inflight_fakes.Cloud(
            self.useFixture(fixtures.TempDir()).path, self.heat
        )

    def begin(self, case_id='create-chain-lock'):
        case, = cases.by_id([case_id])
        started = operation.InFlightOperation(
            case, self.heat, inflight_fakes.Ledger()
        )
        started.prepare()
        started.start()
        return started

    def settle(
        self,
        *operations,
        disruption=expected_outcomes.GRACEFUL,
        timeout=90,
        between=None,
    ):
        return completion.CompletionWait(
            operations, self.heat, self.cloud, disruption, between,
            clock=self.clock, sleep=self.clock.sleep).run(timeout)

    def in_database(self, started, engine=None):
        self.cloud.rows = {
            'resource': [(started.stack_id, 1, 'a', 'CREATE', 'IN_PROGRESS',
                          None, engine)]}

    def test_complete_stack_is_legal(self):
        started = self.begin()
        self.clock.due[3] = lambda: self.heat.stacks.update(
            {started.name: 'CREATE_COMPLETE'})
        self.in_database(started, 'engine-1')
        outcome, = self.settle(started)
        self.assertEqual((True, 'CREATE_COMPLETE', 3.0, ''), (
            outcome.legal, outcome.status, outcome.seconds,
            outcome.evidence))

    def test_missing_stack_counts_as_deleted(self):
        started = self.begin('delete-chain-lock')
        outcome, = self.settle(started)
        self.assertEqual('DELETE_COMPLETE', outcome.status)
        self.assertTrue(outcome.legal)

    def test_a_failure_is_legal_after_a_kill_only(self):
        for disruption in expected_outcomes.DISRUPTIONS:
            started = self.begin()
            self.heat.stacks[started.name] = 'CREATE_FAILED'
            outcome, = self.settle(started, disruption=disruption)
            self.assertEqual(
                disruption == expected_outcomes.KILL, outcome.legal
            )

    def test_stack_without_a_working_engine_is_stuck(self):
        started = self.begin()
        self.in_database(started, 'engine-of-old')
        outcome, = self.settle(started)
        self.assertTrue(outcome.stuck)
        self.assertFalse(outcome.legal)
        self.assertEqual('CREATE_IN_PROGRESS', outcome.status)
        self.assertGreaterEqual(outcome.seconds, stall_detector.QUIET)
        self.assertLess(outcome.seconds, 15)
        self.assertIn('engine-of-old is dead', outcome.evidence)

    def test_a_living_engine_at_work_is_waited_for_until_the_bound(self):
        started = self.begin()
        self.in_database(started, 'engine-1')
        outcome, = self.settle(started, timeout=40)
        self.assertTrue(outcome.stuck)
        self.assertGreaterEqual(outcome.seconds, 40)

    def test_work_in_a_queue_is_waited_for(self):
        started = self.begin()
        self.in_database(started)
        self.cloud.broker = [inflight_fakes.queue('engine_worker', messages=1)]
        outcome, = self.settle(started, timeout=40)
        self.assertGreaterEqual(outcome.seconds, 40)
        self.assertFalse(outcome.lost)

    def test_work_without_a_consumer_is_lost(self):
        started = self.begin()
        self.in_database(started)
        self.cloud.broker = [
            inflight_fakes.queue('engine_worker', vhost='target'),
            inflight_fakes.queue('engine_worker', messages=1, consumers=0)]
        outcome, = self.settle(started)
        self.assertTrue(outcome.stuck and outcome.lost)
        self.assertLess(outcome.seconds, 15)

    def test_a_parent_that_waits_for_a_stuck_stack_is_stuck(self):
        started = self.begin('create-group-lock')
        self.in_database(started)
        nested = f'{started.name}-group-x'
        self.heat.stacks[nested] = 'CREATE_IN_PROGRESS'
        self.cloud.rows['resource'] = [
            (started.stack_id, 1, 'group', 'CREATE', 'IN_PROGRESS',
             f'id-{nested}', 'engine-1'),
            (f'id-{nested}', 2, '2', 'CREATE', 'IN_PROGRESS', 'item',
             'dead')]
        outcome, = self.settle(started)
        self.assertLess(outcome.seconds, 15)

    def test_stack_with_occasional_changes_is_not_stuck(self):
        started = self.begin()
        self.in_database(started)

        def row(number):
            return lambda: self.cloud.rows.update(resource=[
                (started.stack_id, number, 'a', 'CREATE', 'COMPLETE', None,
                 None)])
        self.clock.due = {4: row(4), 8: row(8), 12: row(12)}
        outcome, = self.settle(started)
        self.assertGreaterEqual(outcome.seconds, 12 + stall_detector.QUIET)

    def test_a_nested_stack_in_progress_is_waited_for(self):
        started = self.begin('create-group-lock')
        self.heat.stacks[started.name] = 'CREATE_FAILED'
        nested = f'{started.name}-group-x'
        self.heat.stacks[nested] = 'CREATE_IN_PROGRESS'
        self.clock.due[5] = lambda: self.heat.stacks.update(
            {nested: 'CREATE_FAILED'})
        self.in_database(started, 'engine-1')
        outcome, = self.settle(started, disruption=expected_outcomes.KILL)
        self.assertEqual(('CREATE_FAILED', 5.0),
                         (outcome.status, outcome.seconds))

    def test_snapshot_in_progress_is_not_legal(self):
        started = self.begin('snapshot-chain-lock')
        self.heat.stacks[started.name] = 'SNAPSHOT_COMPLETE'
        self.heat.answers['GET', '/snapshots'] = 200, {
            'snapshots': [{'status': 'IN_PROGRESS'}]}
        outcome, = self.settle(started)
        self.assertEqual(
            (False, 'SNAPSHOT_COMPLETE with a snapshot in progress'),
            (outcome.legal, outcome.status))

    def test_snapshot_is_read_again_after_an_error(self):
        started = self.begin('snapshot-chain-lock')
        self.heat.stacks[started.name] = 'SNAPSHOT_COMPLETE'
        self.in_database(started, 'engine-1')
        self.heat.answers['GET', '/snapshots'] = 503, 'no server'
        self.clock.due[2] = self.heat.answers.clear
        outcome, = self.settle(started)
        self.assertEqual((True, 2.0), (outcome.legal, outcome.seconds))

    def test_list_of_stacks_is_read_again_after_an_error(self):
        started = self.begin()
        self.in_database(started, 'engine-1')
        self.heat.stacks[started.name] = 'CREATE_COMPLETE'
        self.heat.answers['GET', 'show_nested=True'] = 503, 'no server'
        self.clock.due[2] = self.heat.answers.clear
        outcome, = self.settle(started)
        self.assertEqual((True, 2.0), (outcome.legal, outcome.seconds))

    def test_operation_that_waits_for_a_signal_is_not_stuck(self):
        started = self.begin('create-chain-signal')
        self.in_database(started)

        def between():
            if self.clock.now >= 20:
                started.signalled = True
        outcome, = self.settle(started, between=between)
        self.assertGreaterEqual(outcome.seconds, 20 + stall_detector.QUIET)


class DrainingTest(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.clock = inflight_fakes.Clock()
        self.process = inflight_fakes.Process(
            self.useFixture(fixtures.TempDir()).join('engine.log'))

    def stopping(self, *ids):
        with open(self.process.log, 'a') as log:
            log.writelines(
                f'INFO {engine_drain.STOPPING.format(engine)}.\n'
                for engine in ids)

    def drained(self):
        return engine_drain.drained(
            {self.process: {'one', 'two'}}, clock=self.clock,
            sleep=self.clock.sleep)

    def test_drained_waits_for_all_workers_and_their_last_poll(self):
        self.clock.due = {1: lambda: self.stopping('one'),
                          3: lambda: self.stopping('two')}
        self.assertTrue(self.drained())
        self.assertGreaterEqual(self.clock.now, 3 + engine_drain.POLL)

    def test_engine_without_the_log_line_is_not_drained(self):
        self.stopping('one')
        self.assertFalse(self.drained())
        self.assertLess(self.clock.now, engine_drain.TIMEOUT + 1)

    def test_ended_engine_is_drained(self):
        self.process.alive = False
        self.assertTrue(self.drained())
        self.assertEqual(0, self.clock.now)
