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

"""Unit tests of the search for tracebacks and deaths in logs."""

import pathlib

import fixtures
import testtools

from heat_upgrade.lab import log_errors
from heat_upgrade import process

STAMP = '2026-11-22 13:05:15.734 13902'
OSLO = f'''\
{STAMP} INFO heat.engine starting
{STAMP} ERROR heat.engine Traceback (most recent call last):
{STAMP} ERROR heat.engine   File "x", line 1
{STAMP} ERROR heat.engine ValueError: one
{STAMP} INFO heat.engine more
'''
PLAIN = '''\
starting
Traceback (most recent call last):
  File "x", line 1
KeyError: 'two'

more
'''


class TestTracebacks(testtools.TestCase):

    def test_log_without_a_traceback_has_none(self):
        self.assertEqual('', log_errors.of_start('INFO starting\n'))

    def test_traceback_of_a_request_is_not_of_the_start(self):
        stamp = '2026-11-22 17:14:00.726 22871 ERROR heat.engine.worker'
        user, project = 'a' * 32, 'b' * 32
        log = (f'{stamp} [None req-{"0" * 36} {user} {project} - -] Oh\n'
               '2026-11-22 17:14:00.726 22872 INFO heat [-] another\n'
               f'{stamp} {log_errors.SIGN}:\n{stamp} ValueError: no\n')
        self.assertEqual('', log_errors.of_start(log))
        self.assertIn("KeyError: 'two'", log_errors.of_start(log + PLAIN))
        # As heat-api shows the error of an engine.
        self.assertEqual('', log_errors.of_start(
            log.splitlines()[0] + f'\n{log_errors.SIGN}:\n  File\nOh: no\n'))
        # The context of Heat's own work has no project.
        self.assertIn('ValueError: no', log_errors.of_start(
            log.replace(f'{user} {project}', '- -')))

    def test_first_traceback_is_shown(self):
        self.assertIn('ValueError: one', log_errors.of_start(OSLO + PLAIN))

    def test_the_error_is_its_conclusion(self):
        self.assertEqual("KeyError: 'two'", log_errors.conclusion(
            PLAIN.replace('starting\n', '')))
        self.assertEqual('no traceback', log_errors.conclusion(
            'no traceback\n  File "x", line 1'))
        self.assertEqual('', log_errors.conclusion(''))

    def test_an_assertion_shows_both_sides(self):
        text = (f'{log_errors.SIGN}:\n  File "x", line 1, in test\n'
                '    self.assertEqual(1, 2)\n'
                'MismatchError: !=:\nreference = 1\nactual    = 2\n')
        self.assertEqual(
            'MismatchError: !=:\nreference = 1\nactual    = 2',
            log_errors.message(text))
        self.assertEqual('MismatchError: !=:', log_errors.conclusion(text))

    def test_a_long_message_is_cut(self):
        lines = log_errors.message(
            f'{log_errors.SIGN}:\n  File "x", line 1\nOh:'
            + '\nmore' * 50).splitlines()
        self.assertEqual((log_errors.MESSAGE + 1, '...'),
                         (len(lines), lines[-1]))

    def test_traceback_ends_at_the_next_record(self):
        for log in (OSLO, PLAIN):
            shown = log_errors.of_start(log).splitlines()
            self.assertEqual(3, len(shown))
            self.assertIn(log_errors.SIGN, shown[0])
            self.assertIn('Error', shown[-1])

    def test_long_traceback_keeps_its_head_and_its_end(self):
        log = PLAIN.replace('  File "x", line 1\n', '  File "x"\n' * 500)
        shown = log_errors.of_start(log).splitlines()
        self.assertEqual(log_errors.HEAD + log_errors.END + 1, len(shown))
        self.assertIn(log_errors.SIGN, shown[0])
        self.assertEqual("KeyError: 'two'", shown[-1])


class TestLoggedSince(testtools.TestCase):

    def setUp(self):
        super().setUp()
        log = pathlib.Path(self.useFixture(fixtures.TempDir()).join('log'))
        self.process = process.Process('heat-engine', ['true'], log=log,
                                       env={})

    def test_earlier_traceback_is_not_reported(self):
        self.process.log.write_text(OSLO)
        before = log_errors.sizes([self.process])
        self.assertEqual('', log_errors.of_start_since(before))

    def test_new_traceback_is_reported_with_the_process(self):
        self.process.log.write_text(OSLO)
        before = log_errors.sizes([self.process])
        with open(self.process.log, 'a') as log:
            log.write(PLAIN)
        shown = log_errors.of_start_since(before)
        self.assertIn('new in the log of heat-engine:\nTraceback', shown)
        self.assertIn("KeyError: 'two'", shown)

    def test_a_process_without_a_log_is_left_out(self):
        self.assertEqual({}, log_errors.sizes([self.process]))

    def test_death_of_a_worker_is_reported(self):
        self.process.log.write_text(OSLO)
        before = log_errors.sizes([self.process])
        with open(self.process.log, 'a') as log:
            log.write('DAMN ! worker 1 (pid: 7) died, killed by signal 9\n'
                      f'{STAMP} INFO oslo_service Child 8 killed by signal 9\n'
                      f'{STAMP} INFO heat.engine a child of a stack\n')
        self.assertEqual(2, len(log_errors.deaths_since(before)))
