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


import io

import ddt
from rich import console
import testtools
from testtools import matchers

from heat_upgrade.report import progress
from heat_upgrade.results import journal
from heat_upgrade.tests.unit.support import stories


def event(kind, step=None, **data):
    return {'kind': kind, 'step': step, 'data': data}


def finding(title, **more):
    return event(journal.FINDING, 'db-sync', finding={'title': title,
                                                      **more})


class Terminal(io.StringIO):

    def isatty(self):
        return True


@ddt.ddt
class TestLines(testtools.TestCase):

    def shown(self, *events):
        stream = io.StringIO()
        with progress.display(stories.PLAN, stream) as show:
            for one in events:
                show(one)
        return stream.getvalue()

    @ddt.unpack
    @ddt.data(
        (event(journal.STEP_START, 'db-sync', title='migrate'),
         'db-sync: migrate'),
        (event(journal.STEP_END, 'db-sync', outcome='failed', seconds=2.5),
         'db-sync: failed, 2.5 s'),
        (event(journal.STEP_END, 'pre-upgrade', outcome='ok', seconds=9,
               passed=3, failed=0, skipped=1),
         'pre-upgrade: ok, 9 s (3 passed, 0 failed, 1 skipped)'),
        (finding('no such column'), 'db-sync: finding: no such column'),
        (finding('it is slow', severity='warning'),
         'db-sync: warning: it is slow'),
    )
    def test_important_event_is_one_plain_line(self, one, text):
        self.assertThat(self.shown(one), matchers.MatchesRegex(
            r'^\[ +\d+\.\d s\] ' + text.replace('(', r'\(').replace(
                ')', r'\)') + r'\n$'))

    @ddt.data(journal.RUN_START, journal.RUN_END, journal.TESTS,
              journal.PROBE, journal.MEASURE)
    def test_unimportant_event_is_not_a_line(self, kind):
        self.assertEqual('', self.shown(event(kind)))


class TestList(testtools.TestCase):
    """The list on a terminal, rendered."""

    def rendered(self, *events):
        shown = progress._List(stories.PLAN)
        for one in events:
            shown.show(one)
        out = console.Console(file=io.StringIO(), width=100)
        out.print(shown)
        return out.file.getvalue()

    def line(self, name, *events):
        line, = [line for line in self.rendered(*events).splitlines()
                 if f' {name}: ' in line]
        return line.split()

    def test_list_has_every_step_from_the_start(self):
        lines = self.rendered().splitlines()
        self.assertEqual(
            [step.name for step in stories.PLAN.steps],
            [line.split(':')[0].strip() for line in lines])

    def test_running_step_is_marked(self):
        line = self.line('db-sync', event(journal.STEP_START, 'db-sync',
                                          title='migrate'))
        self.assertEqual('...', line[0])

    def test_finished_step_has_its_outcome_and_time(self):
        line = self.line('pre-upgrade', event(
            journal.STEP_END, 'pre-upgrade', outcome='ok', seconds=9.04,
            passed=3, failed=0, skipped=1))
        self.assertEqual(['ok', '9.0', 's'], line[:3])
        self.assertIn('(ok, 9.04 s (3 passed, 0 failed, 1 skipped))',
                      ' '.join(line))

    def test_findings_are_below_the_steps(self):
        self.assertIn('no such column',
                      self.rendered(finding('no such column')))

    def test_warning_is_called_a_warning(self):
        self.assertEqual(['warning', 'it', 'is', 'slow'], self.rendered(
            finding('it is slow', severity='warning')
            ).splitlines()[-1].split())

    def test_markup_in_a_finding_is_text(self):
        title = 'test_x[/etc/heat] failed: [red]!'
        self.assertIn(title, self.rendered(finding(title)))

    def test_terminal_keeps_the_list_at_the_end(self):
        terminal = Terminal()
        with progress.display(stories.PLAN, terminal) as show:
            show(event(journal.STEP_END, 'db-sync', outcome='failed',
                       seconds=1))
        self.assertIn('failed', terminal.getvalue())
