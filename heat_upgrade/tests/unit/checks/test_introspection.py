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

"""Programs that share a process, and their failures."""

import ddt
import fixtures

from heat_upgrade.checks import introspection
from heat_upgrade import errors
from heat_upgrade.tests.unit.support import introspection_case


@ddt.ddt
class TestAttempt(introspection_case.ReadingCase):

    def requests(self, *hows, program='rows', kept=True):
        """Return a request for each way to fail; '' does not fail."""
        return [introspection.Request(program, self.given(
            *(['target'] if how else []), how=how, name=str(number)), kept)
            for number, how in enumerate(hows)]

    def attempt(self, *hows, **options):
        return introspection.attempt(
            self.target, self.requests(*hows, **options), self.context
        )

    def short(self, seconds=1.5):
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.checks.introspection.TIMEOUT', seconds))

    def test_answers_come_from_one_process(self):
        answers = self.attempt('', '')
        self.assertEqual(['0', '1'], [answer['name'] for answer in answers])
        self.assertEqual(['target 0', 'target 1'], self.ran())

    def test_a_fork_answers(self):
        self.assertEqual(
            ['well'],
            introspection.attempt(
                self.target,
                [introspection.Request('rows', self.given(how='well'))],
                self.context,
            ),
        )

    def test_answers_are_cached(self):
        self.attempt('', '')
        self.attempt('', '')
        self.assertEqual(2, len(self.ran()))

    @ddt.data(('raise', 'RuntimeError: on purpose'),
              ('exit', 'SystemExit: unknown option'),
              ('die', 'ended with status 1'),
              ('signal', 'was ended by the signal SIGKILL'))
    @ddt.unpack
    def test_failure_of_one_program_leaves_the_other_answers(self, how, text):
        first, failure, last = self.attempt('', how, '')
        self.assertEqual(('0', '2'), (first['name'], last['name']))
        self.assertIsInstance(failure, introspection.Failure)
        self.assertEqual('27.0.1', failure.name)
        self.assertIn(text, failure.text)

    @ddt.data('raise', 'die')
    def test_failing_program_is_run_again_alone(self, how):
        self.attempt('', how, '')
        self.assertEqual(2, self.ran().count('target 1'))
        self.assertEqual(1, self.ran().count('target 0'))

    @ddt.data('hang', 'fork')
    def test_hanging_program_is_reported_with_its_line(self, how):
        self.short()
        first, failure, last = self.attempt('', how, '')
        self.assertEqual(('0', '2'), (first['name'], last['name']))
        self.assertIn('did not end within 1.5 s', failure.text)
        self.assertIn('rows.py", line', failure.text)

    def test_hanging_program_is_run_once(self):
        self.short()
        self.attempt('', 'hang', '')
        self.assertEqual(1, self.ran().count('target 1'))

    def test_failure_is_remembered(self):
        self.attempt('raise')
        failure, = self.attempt('raise')
        self.assertIn('on purpose', failure.text)
        self.assertEqual(1, len(self.ran()))

    def test_failure_of_an_uncached_program_is_not_remembered(self):
        self.attempt('raise', kept=False)
        self.attempt('raise', kept=False)
        self.assertEqual(2, len(self.ran()))

    def test_process_that_does_not_begin_is_an_error_of_the_lab(self):
        (self.place / 'programs/driver.py').write_text('raise SystemExit(4)')
        self.assertRaises(errors.LabError, self.attempt, '')


class TestRead(introspection_case.ReadingCase):

    def read(self, subject, *sides):
        return introspection.read(subject, 'rows', self.context,
                                  argument=self.given(*sides))

    def test_failure_is_raised(self):
        error = self.assertRaises(introspection.ProgramsFailed, self.read,
                                  self.target, 'target')
        self.assertIn('the program rows failed in 27.0.1', str(error))

    def test_both_raise_the_failures_of_both(self):
        error = self.assertRaises(
            introspection.ProgramsFailed,
            introspection.both,
            self.base,
            self.target,
            lambda subject: self.read(subject, 'base', 'target'),
        )
        self.assertEqual({'base', 'target'}, {
            failure.subject for failure in error.failures})

    def test_both_return_the_answers_of_both(self):
        answers = introspection.both(self.base, self.target, self.read)
        self.assertEqual(['base', 'target'],
                         [answer['of'] for answer in answers])
