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

"""The errors that Heat's units have logged."""

import testtools

from heat_upgrade import errors
from heat_upgrade.grenade import logs
from heat_upgrade.tests.unit.support import grenade_fakes

RED = '\x1b[01;31m'
DEVSTACK = f"""\
DEBUG heat.engine [None req-1 demo] before
{RED}ERROR heat.engine.service [None req-1 demo] it broke: KeyError: 'x'
{RED}ERROR heat.engine.service Traceback (most recent call last):
{RED}ERROR heat.engine.service   File "service.py", line 1, in update
{RED}ERROR heat.engine.service KeyError: 'x'
DEBUG heat.engine [None req-2 demo] after
"""
OSLO = """\
2026-11-22 12:00:00.001 7 ERROR heat.engine Traceback (most recent call last):
2026-11-22 12:00:00.001 7 ERROR heat.engine   File "service.py", line 1
2026-11-22 12:00:00.002 7 ERROR heat.engine ValueError: y
2026-11-22 12:00:00.003 7 INFO heat.engine after
"""
PLAIN = """\
Traceback (most recent call last):
  File "/venv/bin/heat-engine", line 8, in <module>
ImportError: z
systemd: Failed
"""


class TestTraceback(testtools.TestCase):

    def assertEnds(self, last, text):
        shown = logs.last_traceback(text).splitlines()
        self.assertIn('Traceback', shown[0])
        self.assertTrue(shown[-1].endswith(last), shown)

    def test_traceback_in_devstacks_format_is_whole(self):
        self.assertEnds("KeyError: 'x'", DEVSTACK)
        self.assertNotIn(RED, logs.last_traceback(DEVSTACK))

    def test_traceback_in_oslos_format_is_whole(self):
        self.assertEnds('ValueError: y', OSLO)

    def test_traceback_of_python_is_whole(self):
        self.assertEnds('ImportError: z', PLAIN)

    def test_last_of_several_tracebacks_is_returned(self):
        self.assertEnds('ImportError: z', OSLO + PLAIN)

    def test_text_without_a_traceback_has_none(self):
        self.assertEqual('', logs.last_traceback('INFO all is well'))

    def test_long_traceback_is_shortened_in_the_middle(self):
        text = PLAIN.replace('ImportError', '  File "x"\n' * 90
                             + 'ImportError')
        self.assertLess(len(logs.last_traceback(text).splitlines()), 50)
        self.assertEnds('ImportError: z', text)


class TestLastTracebacks(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.grenade = self.useFixture(grenade_fakes.Grenade())
        self.record = self.grenade.record()
        self.addCleanup(self.record.close)
        self.ran = []

    def tracebacks(self, answer):
        def run(name, argv, **options):
            self.ran.append(argv)
            return answer(argv[-1])
        return logs.last_tracebacks(self.record, self.grenade.settings,
                                    12.7, run=run)

    def test_journal_of_each_unit_is_read_since_the_time(self):
        self.tracebacks(lambda unit: (0, ''))
        self.assertEqual(
            ['sudo', 'journalctl', '--no-pager', '--output=cat',
             '--since=@12', '-u', 'devstack@h-eng.service'], self.ran[0])
        self.assertEqual(3, len(self.ran))

    def test_traceback_has_the_name_of_its_unit(self):
        said = self.tracebacks(lambda unit: (
            0, DEVSTACK if 'h-eng' in unit else ''))
        self.assertTrue(said.startswith(
            'devstack@h-eng.service logged:\n'), said)
        self.assertNotIn('h-api', said)

    def test_a_journal_that_cannot_be_read_explains_nothing(self):
        def refuse(unit):
            raise errors.LabError('no sudo')
        self.assertEqual('', self.tracebacks(refuse))


class TestBelonging(testtools.TestCase):

    def test_records_of_other_requests_are_left_out(self):
        shown = logs.belonging(DEVSTACK.replace(RED, ''), ['req-1'])
        self.assertIn("KeyError: 'x'", shown)
        self.assertNotIn('after', shown)
        self.assertEqual('', logs.belonging(DEVSTACK, ['req-9']))

    def test_no_line_belongs_without_marks(self):
        self.assertEqual('', logs.belonging(DEVSTACK, []))
