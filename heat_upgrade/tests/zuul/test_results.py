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


"""The module of heat-upgrade-collect, without Ansible."""

import json
import os
import pathlib
import runpy
import shutil
import subprocess
import sys
from unittest import mock

import ddt
import fixtures
import testtools
from testtools import matchers

from heat_upgrade.tests.zuul import runs

TOP = pathlib.Path(__file__).parents[3]
MODULE = runpy.run_path(str(
    TOP / 'roles' / 'heat-upgrade-collect' / 'library'
    / 'heat_upgrade_results.py'))


class ResultsCase(testtools.TestCase):
    """A test with directories for results and for collected files."""

    def setUp(self):
        super().setUp()
        self.top = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.run_dir = self.top / 'save' / 'heat-upgrade-tests'
        self.dest = self.top / 'collected'
        self.tool = self.top / 'venv' / 'bin' / 'heat-upgrade'

    def make_tool(self, text):
        """Put a script of this Python where the tool is."""
        self.tool.parent.mkdir(parents=True)
        self.tool.write_text(f'#!{sys.executable}\n{text}')
        self.tool.chmod(0o755)

    def collect(self, **options):
        return MODULE['collect'](self.run_dir, self.dest, tool=self.tool,
                                 **options)


class ReportTest(ResultsCase):

    # Says in its report with what it was called.
    TOOL = ('import json, pathlib, sys\n'
            'run = pathlib.Path(sys.argv[2])\n'
            '(run / "report.html").write_text("new")\n'
            '(run / "report.json").write_text(json.dumps(\n'
            '    {"verdict": "lab-error", "finished": False}))\n')

    def report(self):
        return (self.dest / self.run_dir.name / 'report.html').read_text()

    def test_the_report_of_the_call_before_is_not_shown_for_a_later_one(self):
        self.make_tool(self.TOOL)
        runs.make(self.run_dir, verdict='pass', finished=False)
        result = self.collect()
        self.assertEqual('new', self.report())
        self.assertEqual('lab-error', result['runs'][0]['verdict'])
        self.assertIn('heat-upgrade-tests did not finish; its '
                      'report was made again', result['messages'])

    def test_the_report_of_a_run_that_came_to_its_end_stays(self):
        self.make_tool(self.TOOL)
        runs.make(self.run_dir)
        result = self.collect()
        self.assertNotEqual('new', self.report())
        self.assertEqual([], result['messages'])

    def test_a_report_that_cannot_be_made_again_is_said_to_be_old(self):
        self.make_tool('import sys\nsys.exit("the plan is damaged")\n')
        runs.make(self.run_dir, finished=False)
        result = self.collect()
        self.assertThat(result['messages'][0], matchers.EndsWith(
            'its report could not be made again: the plan is damaged'))
        self.assertEqual('pass', json.loads(self.report())['verdict'])


class EndTest(ResultsCase):

    # Ends as the tool does, once it is asked to.
    TOOL = ('import pathlib, signal, sys, time\n'
            'if sys.argv[1] == "report":\n'
            '    place = pathlib.Path(sys.argv[2])\n'
            '    text = (place / "journal.jsonl").read_text()\n'
            '    (place / "report.html").write_text(text)\n'
            '    sys.exit()\n'
            'def end(*args):\n'
            '    pathlib.Path(sys.argv[3]).write_text("cut off")\n'
            '    sys.exit(130)\n'
            'signal.signal(signal.SIGTERM, end)\n'
            'print("on its way", flush=True)\n'
            'time.sleep(600)\n')

    def start(self, tool, *words):
        """Start a tool, and wait until it is on its way; returns it."""
        started = subprocess.Popen([str(tool), *map(str, words)],
                                   stdout=subprocess.PIPE, cwd='/')
        self.addCleanup(started.communicate)
        self.addCleanup(started.kill)
        self.assertEqual(b'on its way\n', started.stdout.readline())
        return started

    def test_a_call_of_grenades_is_ended_before_the_report_is_made(self):
        self.make_tool(self.TOOL)
        runs.make(self.run_dir, finished=False)
        call = self.start(self.tool, 'gate', 'create',
                          self.run_dir / 'journal.jsonl')
        result = self.collect()
        self.assertEqual(130, call.wait(timeout=10))
        self.assertEqual('heat-upgrade gate create was still running and '
                         'was ended by SIGTERM', result['messages'][0])
        self.assertEqual('cut off', (
            self.dest / self.run_dir.name / 'report.html').read_text())

    def test_process_that_ignores_sigterm_is_killed(self):
        patch = mock.patch.dict(MODULE['end'].__globals__, END_TIMEOUT=0.2)
        patch.start()
        self.addCleanup(patch.stop)
        self.make_tool(self.TOOL.replace(
            'signal.SIGTERM, end', 'signal.SIGTERM, signal.SIG_IGN'))
        runs.make(self.run_dir)
        call = self.start(self.tool, 'gate', 'verify', 'post-upgrade')
        result = self.collect()
        self.assertEqual(-9, call.wait(timeout=10))
        self.assertEqual(['heat-upgrade gate verify was still running and '
                          'was ended by SIGKILL'], result['messages'])

    def test_the_tool_of_somebody_else_lives_on(self):
        self.make_tool(self.TOOL)
        other = self.top / 'other' / 'venv' / 'bin' / 'heat-upgrade'
        other.parent.mkdir(parents=True)
        shutil.copy(self.tool, other)
        runs.make(self.run_dir)
        theirs = self.start(other, 'gate', 'create')
        self.assertEqual([], self.collect()['messages'])
        self.assertIsNone(theirs.poll())

    def test_another_program_below_the_same_place_lives_on(self):
        self.make_tool(self.TOOL)
        runs.make(self.run_dir)
        other = self.tool.with_name('stestr')
        shutil.copy(self.tool, other)
        theirs = self.start(other, 'run', 'heat-upgrade')
        self.assertEqual([], self.collect()['messages'])
        self.assertIsNone(theirs.poll())


@ddt.ddt
class ModeTest(ResultsCase):

    def setUp(self):
        super().setUp()
        self.make_tool('')

    def collected(self):
        place = self.dest / self.run_dir.name
        return {str(path.relative_to(place)) for path in place.rglob('*')
                if path.is_file()}

    @ddt.data(0o022, 0o002, 0o027)
    def test_files_of_a_strict_umask_have_no_secret_published(self, umask):
        runs.make(self.run_dir, umask=umask)
        result = self.collect()
        self.assertEqual({*runs.PUBLIC, *runs.REPORT}, self.collected())
        self.assertEqual([], result['messages'])

    def test_where_no_mode_tells_a_secret_only_names_do(self):
        runs.make(self.run_dir, umask=0o077)
        result = self.collect()
        self.assertEqual(
            {one for one in (*runs.PUBLIC, *runs.REPORT) if '/' not in one},
            self.collected())
        self.assertIn('The umask makes heat-upgrade-tests readable only for '
                      'its owner', result['messages'][0])

    @ddt.data(0o022, 0o077)
    def test_published_files_are_readable_for_the_fetching_user(self, umask):
        self.addCleanup(os.umask, os.umask(umask))
        runs.make(self.run_dir)
        self.collect()
        self.assertEqual({0o644, 0o755}, {
            path.stat().st_mode & 0o777 for path in self.dest.rglob('*')})

    def test_files_in_a_private_directory_are_not_published(self):
        runs.make(self.run_dir)
        (self.run_dir / 'probes').chmod(0o700)
        self.collect()
        self.assertEqual(
            {one for one in (*runs.PUBLIC, *runs.REPORT)
             if not one.startswith('probes/')}, self.collected())

    def test_a_run_directory_of_its_owner_alone_is_published(self):
        # As that of a grenade run is.
        runs.make(self.run_dir).chmod(0o700)
        self.collect()
        self.assertEqual({*runs.PUBLIC, *runs.REPORT}, self.collected())

    @ddt.data(0o022, 0o027, 0o077)
    def test_secrets_are_withdrawn_with_any_umask(self, umask):
        runs.make(self.run_dir, umask=umask)
        secrets = self.top / 'secrets'
        self.collect(secrets=secrets)
        left = {str(path.relative_to(self.run_dir))
                for path in self.run_dir.rglob('*') if path.is_file()}
        self.assertEqual(set(), left & set(runs.SECRET))
        self.assertThat(left, matchers.ContainsAll(
            ['report.html', 'journal.jsonl']))
        self.assertEqual(0o700, secrets.stat().st_mode & 0o777)
        for name in runs.SECRET:
            self.assertThat(secrets / self.run_dir.name / name,
                            matchers.FileExists())

    def test_secrets_of_runs_that_were_put_aside_are_withdrawn_too(self):
        older = self.run_dir.with_name(self.run_dir.name + '-20261122-230000')
        secrets = self.top / 'secrets'
        # With no run after it, too.
        runs.make(older)
        for makes in (False, True):
            if makes:
                runs.make(self.run_dir)
            self.collect(secrets=secrets)
            self.assertFalse((older / 'tempest.conf').exists())
            self.assertThat(older / 'report.html', matchers.FileExists())
            self.assertThat(secrets / older.name / 'tempest.conf',
                            matchers.FileExists())

    def test_directory_with_a_similar_name_stays(self):
        runs.make(self.run_dir)
        for ending in ('notes', '20261122', '20261122-230000-old'):
            runs.make(self.run_dir.with_name(f'{self.run_dir.name}-{ending}'))
        self.collect(secrets=self.top / 'secrets')
        for theirs in self.run_dir.parent.glob(f'{self.run_dir.name}-*'):
            self.assertThat(theirs / 'tempest.conf', matchers.FileExists())

    def test_other_files_in_the_save_directory_stay(self):
        runs.make(self.run_dir)
        theirs = self.run_dir.parent / 'etc.heat' / 'heat.conf'
        theirs.parent.mkdir()
        theirs.write_text('theirs')
        theirs.chmod(0o600)
        self.collect(secrets=self.top / 'secrets')
        self.assertEqual('theirs', theirs.read_text())
