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


import pathlib

import ddt
import testtools
from testtools import matchers

from heat_upgrade import errors
from heat_upgrade import waiting


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self):
        self.now = 100.0
        self.sleeps = []

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.sleeps.append(seconds)
        self.now += seconds


@ddt.ddt
class TestWaitUntil(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.clock = Clock()

    def wait(self, *answers, timeout=3, **options):
        """Wait on a probe that gives these answers, the last one forever."""
        answers = list(answers)

        def probe():
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
            if isinstance(answer, Exception):
                raise answer
            return answer
        return waiting.wait_until(
            probe, timeout=timeout, what='a sign', interval=1,
            clock=self.clock, sleep=self.clock.sleep, **options)

    def timeout(self, *answers, **options):
        return self.assertRaises(errors.WaitTimeout, self.wait, *answers,
                                 **options)

    def test_the_first_true_result_is_returned(self):
        self.assertEqual('yes', self.wait(None, '', 'yes', 'later'))

    def test_what_is_true_at_once_is_not_slept_for(self):
        self.wait('yes')
        self.assertEqual([], self.clock.sleeps)

    def test_it_is_given_up_at_the_deadline(self):
        self.timeout(False)
        self.assertEqual(103.0, self.clock.now)

    def test_the_probe_is_asked_once_more_at_the_deadline(self):
        self.assertEqual('late', self.wait(0, 0, 0, 'late'))

    def test_a_wait_of_no_seconds_asks_once(self):
        self.assertEqual('yes', self.wait('yes', timeout=0))
        self.timeout(None, timeout=0)
        self.assertEqual([], self.clock.sleeps)

    @ddt.data(ConnectionRefusedError(), TimeoutError(),
              FileNotFoundError('x'))
    def test_an_oserror_is_not_yet(self, exc):
        self.assertEqual('yes', self.wait(exc, 'yes'))

    @ddt.data(ValueError(), errors.ProcessDied('the engine'))
    def test_any_other_error_ends_the_wait(self, exc):
        self.assertRaises(type(exc), self.wait, exc, 'yes')
        self.assertEqual([], self.clock.sleeps)

    @ddt.unpack
    @ddt.data((['one engine'], "saw last: ['one engine']"),
              (ConnectionRefusedError('port 5'), "Error('port 5')"))
    def test_the_error_says_what_was_seen_last(self, seen, text):
        if isinstance(seen, list):
            # a probe that says something, and is false all the same
            class Seen(list):
                def __bool__(self):
                    return False
            seen = Seen(seen)
        self.assertIn(text, str(self.timeout(None, seen)))

    def test_the_error_says_what_was_waited_for_and_how_long(self):
        self.assertIn('waited 2.5 s for a sign; ',
                      str(self.timeout(None, timeout=2.5)))

    def test_the_error_says_where_the_log_is(self):
        log = pathlib.Path('/run/logs/heat-api.log')
        exc = self.timeout(None, log=log)
        self.assertThat(str(exc), matchers.EndsWith(f'; see {log}'))
        self.assertEqual(log, exc.log)

    def test_without_a_log_none_is_named(self):
        self.assertNotIn('see', str(self.timeout(None)))

    def test_it_is_an_error_of_the_lab(self):
        self.assertEqual(3, self.timeout(None).exit_status)
