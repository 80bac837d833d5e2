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

"""Unit tests of heat_upgrade.inflight.stall_detector."""

import fixtures
import testtools

from heat_upgrade.inflight import cases
from heat_upgrade.inflight import operation
from heat_upgrade.inflight import stall_detector
from heat_upgrade.tests.unit.support import inflight_fakes

# Seconds within which a lost operation has to be found.
BOUND = 15


class QuietTest(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.heat, self.clock = inflight_fakes.Heat(), inflight_fakes.Clock()
        self.heat.on_create = 'CREATE_IN_PROGRESS'
        self.cloud = inflight_fakes.Cloud(
            self.useFixture(fixtures.TempDir()).path, self.heat
        )
        case, = cases.by_id(['create-chain-lock'])
        self.started = operation.InFlightOperation(
            case, self.heat, inflight_fakes.Ledger()
        )
        self.started.start()
        self.detector = stall_detector.StallDetector(
            self.cloud, clock=self.clock)

    def hold(self, engine, number=1):
        self.cloud.rows['resource'] = [
            (self.started.stack_id, number, 'a', 'CREATE', 'IN_PROGRESS',
             None, engine)]

    def busy(self, messages=7, unacknowledged=0):
        """Let messages of other stacks wait in the queue."""
        self.cloud.broker = [inflight_fakes.queue('engine_worker', messages,
                                                  unacknowledged)]

    def idle(self):
        self.cloud.broker = [inflight_fakes.queue('engine_worker')]

    def look(self, seconds, before=lambda number: None, step=None, **more):
        """Look for some seconds; returns when it was found to be stuck."""
        step = step or stall_detector.LOOK_INTERVAL
        for number in range(int(seconds / step) + 1):
            before(number)
            for _, _, stuck in self.detector.look([self.started], **more):
                if stuck:
                    return self.clock.now
            self.clock.sleep(step)
        return None

    def test_lost_operation_is_detected_in_time(self):
        self.hold('engine-of-old')
        self.assertLess(self.look(60), BOUND)

    def test_busy_queue_that_was_empty_once_does_not_delay_the_detection(self):
        self.hold('engine-of-old')
        self.assertLess(self.look(60, lambda number: (
            self.idle() if number == 2 else self.busy())), BOUND)

    def test_slow_looks_detect_a_stuck_operation_in_time(self):
        self.hold('engine-of-old')
        found = self.look(60, lambda number: (
            self.idle() if number % 2 else self.busy()),
            step=stall_detector.LOOK_INTERVAL + 1.5)
        self.assertLess(found, BOUND)

    def test_a_queue_that_is_never_empty_may_hold_its_message(self):
        self.hold(None)
        self.assertIsNone(self.look(60, lambda number: self.busy()))

    def test_a_message_that_no_thread_has_taken_may_be_its_own(self):
        self.hold(None)
        self.assertIsNone(self.look(
            60, lambda number: self.busy(0, unacknowledged=1)))

    def test_an_empty_queue_before_a_change_proves_nothing(self):
        def before(number):
            self.hold(None, number=min(number, 3))
            if number <= 3:
                self.idle()
            else:
                self.busy()
        self.assertIsNone(self.look(60, before))

    def test_the_time_counts_from_the_last_change(self):
        found = self.look(60, lambda number: self.hold(
            None, number=min(number, 3)))
        self.assertGreaterEqual(
            found, 3 * stall_detector.LOOK_INTERVAL + stall_detector.QUIET
        )

    def test_a_working_engine_is_never_taken_for_stuck(self):
        self.hold('engine-1')
        self.assertIsNone(self.look(600))

    def test_engine_that_returns_the_work_is_not_stuck(self):
        moments = iter(range(1000))

        def before(number):
            # Held, free, held by turns: the rows change at each look.
            self.hold('engine-1' if next(moments) % 2 else None)
        self.assertIsNone(self.look(600, before))

    def test_operation_that_waits_for_the_tool_is_not_stuck(self):
        self.hold(None)
        self.assertIsNone(self.look(60, waited_for=[self.started]))

    def test_a_stack_s_lock_of_a_living_engine_is_work(self):
        self.cloud.rows['stack_lock'] = [(self.started.stack_id, 'engine-1')]
        self.assertIsNone(self.look(60))

    def test_a_stack_s_lock_of_a_dead_engine_is_not_work(self):
        self.cloud.rows['stack_lock'] = [(self.started.stack_id, 'old')]
        self.assertLess(self.look(60), BOUND)

    def test_another_operation_s_change_does_not_count(self):
        self.hold('engine-of-old')
        case, = cases.by_id(['create-fan-in-lock'])
        other = operation.InFlightOperation(
            case, self.heat, inflight_fakes.Ledger()
        )
        other.start()
        for number in range(6):
            self.cloud.rows['resource'].append(
                (other.stack_id, number, 'b', 'CREATE', 'COMPLETE', None,
                 None))
            verdicts = {started: stuck for started, _, stuck
                        in self.detector.look([self.started, other])}
            if verdicts[self.started]:
                break
            self.clock.sleep(stall_detector.LOOK_INTERVAL)
        self.assertLess(self.clock.now, BOUND)
        self.assertFalse(verdicts[other])
