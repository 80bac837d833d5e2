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

"""The commands heat-upgrade self-test list and self-test run."""

import json
import os

import ddt
import fixtures

from heat_upgrade import errors
from heat_upgrade.self_test import catalogue
from heat_upgrade.self_test import model
from heat_upgrade.tests.unit.support import cli_case
from heat_upgrade.tests.unit.support import fakes


@ddt.ddt
class TestFaults(cli_case.CliCase):

    def setUp(self):
        super().setUp()
        self.asked = []
        self.seen = {'lost': ('ledger: LOST',), 'control': ()}
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.self_test.experiment.run', self.trial))
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.report.files.build', lambda run_dir: {}))

    def trial(self, release, bugs, run_dir, **options):
        self.asked.append((release.version, [one.name for one in bugs],
                           run_dir))
        if isinstance(self.seen, BaseException):
            raise self.seen
        return [model.Result(name, expected, (), tuple(
            model.Seen(one, f'the finding of {one}')
            for one in self.seen[name]), 2.0)
            for name, expected in (('lost', ('ledger: LOST',)),
                                   ('control', ()))]

    def run_bugs(self, *words):
        return self.call('self-test', 'run', *words, '--work-dir', self.home)

    @ddt.data('list', 'run')
    def test_each_has_help(self, command):
        self.assertEqual(0, self.call('self-test', command, '--help'))
        self.assertIn(f'heat-upgrade self-test {command}', self.out)

    def test_the_list_has_all_with_what_must_see_them(self):
        self.assertEqual(0, self.call('self-test', 'list', '-f', 'json'))
        rows = json.loads(self.out)
        self.assertEqual([one.name for one in catalogue.BUGS],
                         [row['name'] for row in rows])
        self.assertIn('ledger: LOST', [row['oracles']
                                       for row in rows])

    def test_a_table_tells_what_was_found(self):
        self.assertEqual(0, self.run_bugs('lost', '-f', 'json'))
        self.assertEqual(
            [{'bug': 'lost', 'expected': 'ledger: LOST',
              'as expected': 'yes', 'found': 'the finding of ledger: LOST',
              'seconds': 2.0},
             {'bug': 'control', 'expected': 'nothing',
              'as expected': 'yes', 'found': 'nothing', 'seconds': 2.0}],
            json.loads(self.out))

    @ddt.data({'lost': (), 'control': ()},
              {'lost': ('ledger: LOST',), 'control': ('load: stuck',)},
              {'lost': ('load: stuck',), 'control': ()})
    def test_the_status_is_1_when_anything_is_not_as_expected(self, seen):
        self.seen = seen
        self.assertEqual(1, self.run_bugs('lost'))
        self.assertIn(' no ', self.out)

    @ddt.data((errors.LabError('it broke'), 3), (KeyboardInterrupt(), 130))
    @ddt.unpack
    def test_error_has_its_exit_status(self, raised, status):
        self.seen = raised
        self.assertEqual(status, self.run_bugs('lost'))
        self.assertEqual('', self.out)

    @ddt.data((), ('--all', 'stuck'))
    def test_choice_must_be_names_or_all(self, words):
        error = self.refused('self-test', 'run', *words)
        for bug in catalogue.BUGS:
            self.assertIn(f'  {bug.name}: {bug.sentence}', error)
        self.assertEqual([], self.asked)

    def test_all_bugs_are_planted_on_a_release_that_is_whole(self):
        self.seen['lost'] = ()
        self.run_bugs('--all')
        (version, names, run_dir), = self.asked
        self.assertEqual(('25.0.2', len(catalogue.BUGS)),
                         (version, len(names)))
        self.assertEqual(self.home, run_dir.parent)
        self.assertEqual(0o700, run_dir.stat().st_mode & 0o777)

    def test_shards_share_the_bugs(self):
        self.seen['lost'] = ()
        for shard in ('1/2', '2/2'):
            self.run_bugs('--all', '--shard', shard)
        names = [bug.name for bug in catalogue.BUGS]
        self.assertEqual([names[::2], names[1::2]],
                         [asked for _, asked, _ in self.asked])

    def test_unknown_bug_is_refused_and_nothing_starts(self):
        self.assertIn('no bug is called broken; there are stuck',
                      self.refused('self-test', 'run', 'broken'))
        self.assertEqual([], self.asked)

    def test_an_unknown_release_is_refused_and_nothing_starts(self):
        self.refused('self-test', 'run', '--all', '--release', '2031.1')
        self.assertEqual([], self.asked)


class TestCutOff(cli_case.CliCase):
    """A real trial, whose cloud does not come up."""

    def call_with(self, raised):
        """Call the command; returns its status and the report."""
        def up(trial):
            raise raised
        temporary = self.home / 'tmp'
        temporary.mkdir()
        for name, value in (
                ('heat_upgrade.reaper.Reaper', fakes.Reaper),
                ('tempfile.tempdir', str(temporary)),
                ('heat_upgrade.self_test.experiment.Trial._up', up)):
            self.useFixture(fixtures.MonkeyPatch(name, value))
        status = self.call('self-test', 'run', '--all', '--work-dir',
                           self.home / 'runs')
        self.assertEqual([], os.listdir(temporary))
        run_dir, = (self.home / 'runs').iterdir()
        return status, json.loads((run_dir / 'report.json').read_text())

    def test_error_of_the_lab_is_in_the_report(self):
        status, report = self.call_with(errors.LabError('no broker\nat all'))
        self.assertEqual((3, 'lab-error'), (status, report['verdict']))
        self.assertEqual(
            [('no broker', 'at all', 'lab')],
            [(one['title'], one['evidence'], one['origin'])
             for one in report['findings']])

    def test_an_interrupted_one_has_a_report_of_what_was_done(self):
        status, report = self.call_with(KeyboardInterrupt())
        self.assertEqual((130, False), (status, report['finished']))
        self.assertEqual([], report['findings'])
        self.assertEqual('cut off', report['steps'][0]['outcome'])
