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
from heat_upgrade.tests.unit.support import simulated_heat
from heat_upgrade import waiting


@ddt.ddt
class TestWaitUntil(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.clock = simulated_heat.Clock()

    def wait(self, *answers, timeout=3, **options):
        """Wait with a probe that returns these answers, the last forever."""
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

    @ddt.data(ConnectionRefusedError(), TimeoutError(),
              FileNotFoundError('x'))
    def test_an_oserror_is_not_yet(self, exc):
        self.assertEqual('yes', self.wait(exc, 'yes'))

    @ddt.data(ValueError(), errors.ProcessDied('the engine'))
    def test_any_other_error_ends_the_wait(self, exc):
        self.assertRaises(type(exc), self.wait, exc, 'yes')
        self.assertEqual(1000.0, self.clock())

    @ddt.unpack
    @ddt.data((['one engine'], "seen last: ['one engine']"),
              (ConnectionRefusedError('port 5'), "Error('port 5')"))
    def test_error_has_the_last_result(self, seen, text):
        if isinstance(seen, list):
            # A result that is false and not empty.
            class FalseList(list):
                def __bool__(self):
                    return False
            seen = FalseList(seen)
        self.assertIn(text, str(self.timeout(None, seen)))

    def test_wait_ends_at_the_deadline(self):
        self.assertIn('waited 3.0 s for a sign; ', str(self.timeout(None)))

    def test_error_has_the_path_of_the_log(self):
        log = pathlib.Path('/run/logs/heat-api.log')
        exc = self.timeout(None, log=log)
        self.assertThat(str(exc), matchers.EndsWith(f'; see {log}'))
        self.assertEqual(log, exc.log)

    def test_error_without_a_log_names_none(self):
        self.assertNotIn('; see ', str(self.timeout(None)))

    def test_timeout_is_an_error_of_the_lab(self):
        self.assertEqual(3, self.timeout(None).exit_status)
