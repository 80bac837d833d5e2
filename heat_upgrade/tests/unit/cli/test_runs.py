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
"""Tests of the commands about earlier runs."""

import json
import os
import pathlib
import time

import fixtures
import testtools

from heat_upgrade.cli import main
from heat_upgrade.cli import runs
from heat_upgrade import errors
from heat_upgrade.report import history
from heat_upgrade.results import findings

DAY = 86400


class RunsTest(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.work_dir = pathlib.Path(self.useFixture(
            fixtures.TempDir()).path)
        self.output = self.useFixture(fixtures.StringStream('stdout')).stream
        self.useFixture(fixtures.MonkeyPatch('sys.stdout', self.output))

    def run_dir(self, name, report=None, *, age=0, files=()):
        directory = self.work_dir / name
        directory.mkdir()
        for file in ('plan.json', *files):
            (directory / file).write_text('{}')
        if report is not None:
            (directory / 'report.json').write_text(
                report if isinstance(report, str) else json.dumps(report))
        for path in directory.iterdir():
            os.utime(path, (time.time() - age,) * 2)
        return directory

    def report(self, verdict='pass', *found):
        return {'started': '2026-11-29T00:58:16.506+00:00',
                'base': {'name': '26.0.2', 'version': '26.0.2'},
                'target': {'name': '27.0.1', 'version': '27.0.1'},
                'strategy': 'cold', 'seed': 0, 'verdict': verdict,
                'duration_s': 97.5, 'findings': list(found)}

    def call(self, *words):
        status = main.main([*words, '--work-dir', str(self.work_dir)])
        self.output.seek(0)
        return status, self.output.read()

    def test_runs_are_listed_with_their_verdicts_the_latest_first(self):
        self.run_dir('20261128-cold', self.report())
        self.run_dir('20261129-cold', self.report('fail', findings.make(
            'schema.db-sync-fails', 'db_sync', 'it fails').as_dict()))
        self.run_dir('20261127-cold')
        (self.work_dir / 'cloud').mkdir()
        header, rows = runs.List(None, None).take_action(
            type('Args', (), {'work_dir': self.work_dir}))
        self.assertEqual(
            [('fail', 1, 98, '20261129-cold'), ('pass', 0, 98,
                                                '20261128-cold'),
             ('no report', 0, 0, '20261127-cold')],
            [row[5:] for row in rows])
        self.assertEqual(('2026-11-29T00:58:16', '26.0.2', '27.0.1', 'cold',
                          0), rows[0][:5])

    def test_a_damaged_report_is_named(self):
        directory = self.run_dir('20261129-cold', 'no json')
        error = self.assertRaises(errors.UsageError, history.runs,
                                  self.work_dir)
        self.assertIn(f'{directory}/report.json is damaged', str(error))

    def test_the_latest_runs_are_kept(self):
        directories = [self.run_dir(f'2026112{day}-cold', self.report())
                       for day in range(4)]
        status, output = self.call('runs', 'prune', '--keep', '3')
        self.assertEqual(0, status)
        self.assertEqual([False, True, True, True],
                         [path.exists() for path in directories])
        self.assertEqual(f'{directories[0]}\n1 run deleted\n', output)

    def test_a_dry_run_deletes_nothing(self):
        directories = [self.run_dir(f'2026112{day}-cold', self.report())
                       for day in range(2)]
        _, output = self.call('runs', 'prune', '--keep', '1', '--dry-run')
        self.assertTrue(all(path.exists() for path in directories))
        self.assertIn('1 run would be deleted', output)

    def test_a_run_that_may_be_going_on_is_kept(self):
        young = self.run_dir('20261101-cold')
        old = self.run_dir('20261102-cold', age=2 * DAY)
        self.call('runs', 'prune', '--keep', '1')
        self.assertEqual((True, False), (young.exists(), old.exists()))

    def test_a_cloud_that_is_up_is_kept(self):
        self.run_dir('20261129-cold', self.report())
        up = self.run_dir('20261128-cold', self.report(),
                          files=('cloud.json',), age=2 * DAY)
        self.call('runs', 'prune', '--keep', '1')
        self.assertTrue(up.exists())

    def test_the_latest_report_is_opened(self):
        opened = []
        self.useFixture(fixtures.MonkeyPatch('webbrowser.open',
                                             opened.append))
        directory = self.run_dir('20261128-cold', self.report())
        (directory / 'report.html').write_text('')
        self.run_dir('20261129-cold')
        status, output = self.call('runs', 'open')
        self.assertEqual((0, f'{directory}/report.html\n'), (status, output))
        self.assertEqual([(directory / 'report.html').as_uri()], opened)

    def test_a_run_without_a_report_cannot_be_opened(self):
        self.run_dir('20261129-cold')
        self.assertEqual(2, self.call('runs', 'open')[0])
        self.assertEqual(2, self.call('runs', 'open', '20261129-cold')[0])
