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

"""Waits end in time and report the last state; with a fake clock."""

import types

import ddt
import testtools

from heat_integrationtests import waiters


class Time:
    """A clock that only sleep() advances."""

    def __init__(self):
        self.now = 100.0
        self.slept = []

    def clock(self):
        return self.now

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds


class WaitForTest(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.time = Time()

    def wait(self, seen, **kwargs):
        looks = iter(seen)
        kwargs = {'timeout': 10, 'interval': 1, 'interval_max': 2, **kwargs}
        return waiters.wait_for(
            'the moon', lambda: next(looks), clock=self.time.clock,
            sleep=self.time.sleep, **kwargs)

    def test_an_immediate_result_needs_no_sleep(self):
        self.assertEqual('full', self.wait([('full', 'full')]))
        self.assertEqual([], self.time.slept)

    def test_the_interval_grows_up_to_its_limit(self):
        self.wait([('new', None)] * 6 + [('full', True)], timeout=60)
        self.assertEqual([1, 1.25, 1.5625, 1.953125, 2, 2], self.time.slept)

    def test_a_delay_comes_before_the_first_look(self):
        self.wait([('full', True)], delay=3)
        self.assertEqual([3], self.time.slept)

    def test_the_error_at_the_deadline_shows_the_last_state(self):
        error = self.assertRaises(
            waiters.WaitTimeout, self.wait,
            [(f'phase {number}', None) for number in range(100)])
        self.assertEqual(110, self.time.now)
        self.assertEqual(
            'waited 10.0 s for the moon; seen last: phase 7', str(error))

    def test_a_result_at_the_deadline_is_in_time(self):
        self.assertTrue(self.wait(
            [('new', None), ('full', True)], timeout=1))

    def test_a_look_that_raises_ends_the_wait(self):
        def look():
            raise waiters.WentWrong('it fell')

        error = self.assertRaises(
            waiters.WentWrong, waiters.wait_for, 'the moon', look,
            timeout=10, clock=self.time.clock, sleep=self.time.sleep)
        self.assertEqual('it fell', str(error))
        self.assertEqual([], self.time.slept)


def _stack(status):
    return types.SimpleNamespace(stack_status=status,
                                 stack_status_reason='because')


@ddt.ddt
class StackProgressTest(testtools.TestCase):

    @ddt.data('CREATE_COMPLETE', 'CREATE_FAILED', 'UPDATE_COMPLETE',
              'SUSPEND_COMPLETE', 'DELETE_COMPLETE', 'ROLLBACK_COMPLETE')
    def test_the_expected_status_ends_the_wait(self, status):
        stack = _stack(status)
        judge = waiters.stack_progress('one', status)
        self.assertEqual((f'{status} (because)', stack), judge(stack))

    @ddt.data(('CREATE_COMPLETE', 'CREATE_IN_PROGRESS'),
              ('SUSPEND_COMPLETE', 'CREATE_COMPLETE'),
              ('RESUME_COMPLETE', 'SUSPEND_COMPLETE'),
              ('UPDATE_COMPLETE', 'CREATE_FAILED'),
              ('DELETE_COMPLETE', 'CREATE_FAILED'),
              ('DELETE_COMPLETE', 'ROLLBACK_COMPLETE'),
              ('DELETE_COMPLETE', 'ROLLBACK_FAILED'))
    @ddt.unpack
    def test_an_earlier_status_is_waited_out(self, expected, status):
        seen, result = waiters.stack_progress('one', expected)(
            _stack(status))
        self.assertIsNone(result)
        self.assertEqual(f'{status} (because)', seen)

    @ddt.data(('CREATE_COMPLETE', 'CREATE_FAILED'),
              ('CREATE_FAILED', 'CREATE_COMPLETE'),
              ('UPDATE_COMPLETE', 'ROLLBACK_COMPLETE'),
              ('UPDATE_COMPLETE', 'DELETE_COMPLETE'),
              ('DELETE_COMPLETE', 'DELETE_FAILED'))
    @ddt.unpack
    def test_another_end_fails_at_once_with_the_reason(
            self, expected, status):
        error = self.assertRaises(
            waiters.WentWrong, waiters.stack_progress('one', expected),
            _stack(status))
        self.assertEqual(f'Stack one was expected to become {expected} and '
                         f'became {status} (because)', str(error))

    def test_a_stack_that_is_gone_is_deleted(self):
        judge = waiters.stack_progress('one', 'DELETE_COMPLETE')
        self.assertEqual(('gone (404)', True), judge(None))

    def test_a_stack_that_is_gone_has_no_other_status(self):
        judge = waiters.stack_progress('one', 'UPDATE_COMPLETE')
        self.assertRaises(waiters.WentWrong, judge, None)
