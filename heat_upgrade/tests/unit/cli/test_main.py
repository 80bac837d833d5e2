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


import contextlib
import json
import os
import signal
import stat
import subprocess
import sys

import ddt
import fixtures
from testtools import matchers

from heat_upgrade.lab import profiles
from heat_upgrade.plan import planner
from heat_upgrade.results import journal
from heat_upgrade.tests.unit.support import cli_case
from heat_upgrade.tests.unit.support import fakes
from heat_upgrade.tests.unit.support import stories
from heat_upgrade.traffic import history

COMMANDS = ('run', 'plan', 'plan shrink', 'report', 'report diff',
            'cloud up', 'cloud down', 'cloud env')
TEST = 'heat_integrationtests.scenarios.test_a.TestA.test_verify'

CliCase = cli_case.CliCase


@ddt.ddt
class TestUsage(CliCase):

    @ddt.data(*COMMANDS)
    def test_every_command_has_help(self, command):
        self.assertEqual(0, self.call(*command.split(), '--help'))
        self.assertIn(f'heat-upgrade {command}', self.out)

    def test_the_tool_has_help_that_lists_its_commands(self):
        self.assertEqual(0, self.call('--help'))
        for command in COMMANDS:
            self.assertIn(command, self.out)

    @ddt.data('run', 'plan')
    def test_unknown_release_is_refused_with_the_known_ones(self, command):
        self.assertThat(
            self.refused(command, '--from', '2031.1'),
            matchers.MatchesAll(
                matchers.StartsWith('heat-upgrade: '),
                matchers.Contains("2031.1"),
                matchers.Contains('2026.1 (26.0.2), 2026.2 (27.0.1)')))

    @ddt.data('run', 'plan')
    def test_a_downgrade_is_refused(self, command):
        self.assertIn('is older than', self.refused(
            command, '--from', '2026.2', '--to', '2026.1'))

    @ddt.data('run', 'plan')
    def test_an_upgrade_to_itself_is_refused(self, command):
        self.assertIn('same release', self.refused(
            command, '--from', '2026.2', '--to', '2026.2'))

    def test_a_missing_plan_is_refused(self):
        self.assertIn('/nowhere/plan.json',
                      self.refused('run', '--plan', '/nowhere/plan.json'))

    @ddt.data('', 'hello', '{}')
    def test_a_file_that_is_no_plan_is_refused(self, text):
        path = self.home / 'plan.json'
        path.write_text(text)
        self.assertIn('this is not a plan', self.refused(
            'run', '--plan', path, '--work-dir', self.home))

    @ddt.data('run', 'plan')
    def test_a_bad_regular_expression_is_refused(self, command):
        self.assertIn("'(' is not a regular expression: missing )",
                      self.refused(command, '--scenarios', '('))

    def test_a_selection_that_matches_nothing_lists_the_scenarios(self):
        text = self.refused('run', '--scenarios', 'sanpshot')
        self.assertIn("'sanpshot' matches no scenario; there are: ", text)
        self.assertIn('random_string', text)

    @ddt.data('hot', 'roling')
    def test_unknown_strategy_is_refused_with_the_known_ones(self, name):
        text = self.refused('plan', '--strategy', name)
        for known in planner.STRATEGIES:
            self.assertIn(known, text)

    def test_unknown_profile_is_refused_with_the_known_ones(self):
        text = self.refused('plan', '--profile', 'loud')
        for known in profiles.names():
            self.assertIn(known, text)

    def test_a_seed_that_is_no_number_is_refused(self):
        self.assertIn('--seed', self.refused('plan', '--seed', 'x'))

    def test_an_unknown_command_is_refused(self):
        self.assertEqual(2, self.call('upgrade'))

    def test_a_command_that_was_mistyped_is_refused_with_a_hint(self):
        self.assertEqual(2, self.call('rum'))
        self.assertIn('run', self.out)

    def test_an_unknown_option_is_refused(self):
        self.assertIn('--surprise', self.refused('plan', '--surprise'))

    def test_the_report_of_something_else_is_refused(self):
        self.assertIn('is not the directory of a run',
                      self.refused('report', self.home))

    @ddt.data('env', 'down')
    def test_missing_cloud_is_an_error_with_the_remedy(self, command):
        self.assertIn('heat-upgrade cloud up',
                      self.refused('cloud', command, self.home))

    def test_a_second_cloud_in_the_same_place_is_refused(self):
        (self.home / 'cloud.json').write_text('{}')
        self.assertIn('heat-upgrade cloud down',
                      self.refused('cloud', 'up', self.home))

    def test_a_work_directory_that_cannot_be_is_refused(self):
        (self.home / 'file').touch()
        self.assertIn('cannot make a run directory in', self.refused(
            'run', '--work-dir', self.home / 'file' / 'runs'))

    def test_missing_known_failures_are_refused(self):
        self.assertIn('/nowhere/known.yaml', self.refused(
            'run', '--known-failures', '/nowhere/known.yaml', '--work-dir',
            self.home))

    def test_an_environment_that_is_shared_with_heat_is_refused(self):
        from heat_integrationtests import preflight

        def check():
            raise preflight.SharedEnvironment('openstack-heat is installed')
        self.useFixture(fixtures.MonkeyPatch(
            'heat_integrationtests.preflight.check', check))
        self.assertEqual('heat-upgrade: openstack-heat is installed\n',
                         self.refused('plan'))

    def test_shared_environment_is_refused_before_any_import_from_it(self):
        # openstack-heat has a package of the same name, without our modules.
        imported = subprocess.run(
            [sys.executable, '-c',
             'import sys; import heat_upgrade.cli.main; '
             'print([name for name in sys.modules '
             'if name.startswith("heat_integrationtests")])'],
            check=True, capture_output=True, text=True).stdout
        self.assertEqual('[]', imported.strip())

    def test_a_mistake_of_ours_is_an_error_of_the_lab(self):
        def fail(*args, **options):
            raise KeyError('x')
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.cli.options.base_and_target', fail))
        self.assertEqual(3, self.call('plan'))
        self.assertIn("KeyError: 'x'", self.err)

    def test_ctrl_c_is_reported_and_has_its_status(self):
        def interrupt(*args, **options):
            raise KeyboardInterrupt
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.cli.options.base_and_target', interrupt))
        self.assertEqual(130, self.call('plan'))
        self.assertEqual('heat-upgrade: interrupted\n', self.err)

    def test_sigterm_has_the_effect_of_a_ctrl_c(self):
        def terminate(*args, **options):
            os.kill(os.getpid(), signal.SIGTERM)
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.cli.options.base_and_target', terminate))
        self.assertEqual(130, self.call('plan'))


class TestPlan(CliCase):

    def test_plan_is_printed_as_a_tree_and_not_run(self):
        self.assertEqual(0, self.call('plan'))
        self.assertThat(self.out, matchers.StartsWith(
            'cold upgrade 2026.1 -> 2026.2, seed 0, about '))
        self.assertEqual([], list(self.home.iterdir()))

    def test_written_plan_can_be_run(self):
        path = self.home / 'plan.json'
        self.call('plan', '--from', '26.0.0', '--seed', 5, '--scenarios',
                  'random', '-o', path)
        plan = planner.from_json(path.read_text())
        self.assertEqual(('26.0.0', '2026.2', 5, 'random'),
                         (plan.base, plan.target, plan.seed, plan.scenarios))
        ran = []

        def execute(plan, *, run_dir, **options):
            ran.append(plan)
            stories.Story(run_dir).tell()
            return 0
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.run.runner.execute', execute))
        self.assertEqual(0, self.call('run', '--plan', path, '--work-dir',
                                      self.home / 'runs'))
        self.assertEqual([plan], ran)


@ddt.ddt
class TestRun(CliCase):

    def run_story(self, *words, status=0, **story):
        """Run with a journal that is given."""
        self.given = []

        def execute(plan, *, run_dir, **options):
            self.given.append(options)
            stories.Story(run_dir).tell(**story)
            if options['keep']:
                (run_dir / 'cloud.json').write_text('{}')
            return status
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.run.runner.execute', execute))
        return self.call('run', '--work-dir', self.home / 'runs', *words)

    def run_dirs(self):
        return sorted((self.home / 'runs').iterdir())

    def report(self):
        return json.loads((self.run_dirs()[0] / 'report.json').read_text())

    @ddt.unpack
    @ddt.data(
        (0, 'PASS', {}),
        (0, 'PASS WITH HAZARDS', {'found': [stories.finding(
            'verify-target', test=TEST, origin='known')]}),
        (1, 'FAIL', {'found': [stories.finding('verify-target',
                                               test=TEST)]}),
        (3, 'LAB-ERROR', {'failing': ['base-up'], 'found': [stories.finding(
            'base-up', origin='lab', failure_class=None)]}),
        (3, 'LAB-ERROR', {'until': 'db-sync'}),
    )
    def test_the_verdict_is_the_exit_status(self, status, verdict, story):
        self.assertEqual(status, self.run_story(**story))
        self.assertIn(f'verdict: {verdict}', self.out)

    @ddt.unpack
    @ddt.data((0, {}), (1, {'found': [stories.finding(
        'verify-target', test=TEST, origin='known')]}))
    def test_hazards_fail_a_strict_run(self, status, story):
        self.assertEqual(status, self.run_story('--strict', **story))

    def test_an_interrupted_run_has_its_status_and_a_report(self):
        self.assertEqual(130, self.run_story(status=130, until='db-sync'))
        self.assertFalse(self.report()['finished'])
        self.assertIn('the run was cut off', self.out)

    def test_the_default_is_the_newest_series_and_the_one_before(self):
        self.run_story()
        self.assertEqual(('2026.1', '2026.2'), (
            self.given[0]['base'].name, self.given[0]['target'].name))

    def test_run_directory_is_private(self):
        self.run_story()
        self.assertEqual(0o700, stat.S_IMODE(
            self.run_dirs()[0].stat().st_mode))

    def test_two_runs_never_share_a_directory(self):
        for _ in range(3):
            self.run_story()
        self.assertThat(self.run_dirs(), matchers.HasLength(3))

    def test_kept_cloud_is_printed_with_its_commands(self):
        self.run_story('--keep')
        self.assertTrue(self.given[0]['keep'])
        run_dir = self.run_dirs()[0].resolve()
        for word in ('env', 'down'):
            self.assertIn(f'heat-upgrade cloud {word} {run_dir}', self.out)

    def test_constraints_come_from_the_option_or_from_tox(self):
        self.useFixture(fixtures.EnvironmentVariable(
            'TOX_CONSTRAINTS_FILE', '/tmp/tox.txt'))
        self.run_story()
        self.assertEqual('/tmp/tox.txt', self.given[0]['constraints'])
        self.run_story('--constraints', '/tmp/own.txt')
        self.assertEqual('/tmp/own.txt', self.given[0]['constraints'])

    def test_a_report_can_be_made_again(self):
        self.run_story()
        run_dir = self.run_dirs()[0]
        (run_dir / 'report.json').unlink()
        self.assertEqual(0, self.call('report', run_dir))
        self.assertEqual('pass', self.report()['verdict'])

    def rejudge(self, **wait):
        """Judge a history of one update again; returns the exit status."""
        self.run_story()
        run_dir = self.run_dirs()[0]
        with contextlib.closing(history.History(run_dir)) as calls:
            common = {'client': 'client-0', 'stack': 'load-0-0', 'start': 1,
                      'end': 2, 'node': '', 'release': '', 'status': 202}
            calls.add(operation='update', result='ok',
                      detail={'value': 'v1'}, **common)
            calls.add(operation='wait', **common, **wait)
        return self.call('report', run_dir, '--rejudge')

    def test_a_history_can_be_judged_again(self):
        self.assertEqual(0, self.rejudge(result='COMPLETE', detail={
            'of': 1, 'operation': 'update', 'state': 'UPDATE_COMPLETE'}))
        self.assertIn('finds nothing wrong', self.out)

    def test_violations_in_a_history_are_shown_and_set_the_status(self):
        self.assertEqual(1, self.rejudge(result='stuck', detail={
            'of': 1, 'operation': 'update', 'state': 'UPDATE_IN_PROGRESS'}))
        self.assertThat(self.out, matchers.MatchesAll(
            matchers.Contains('stuck'), matchers.Contains('load-0-0')))

    def test_a_run_without_load_cannot_be_judged_again(self):
        self.run_story()
        self.assertIn('history.jsonl is missing', self.refused(
            'report', self.run_dirs()[0], '--rejudge'))


class TestInterrupted(CliCase):
    """A real runner, whose third step is interrupted."""

    def setUp(self):
        super().setUp()
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.reaper.Reaper', fakes.Reaper))
        self.temporary = self.home / 'tmp'
        self.temporary.mkdir()
        self.useFixture(fixtures.MonkeyPatch('tempfile.tempdir',
                                             str(self.temporary)))
        plan = planner.make('cold', base='2026.1', target='2026.2')
        self.steps = [step.name for step in plan.steps]
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.run.actions.registry.BY_NAME',
            {step.action: self.action for step in plan.steps}))
        self.runs = []

    def action(self, run, step):
        self.runs.append(run)
        if step.name == 'stop-base':
            raise KeyboardInterrupt
        return {}

    def test_finished_steps_are_reported_and_no_process_is_left(self):
        self.assertEqual(130, self.call('run', '--work-dir',
                                        self.home / 'runs'))
        run_dir, = (self.home / 'runs').iterdir()
        report = json.loads((run_dir / 'report.json').read_text())
        outcomes = {step['name']: step['outcome']
                    for step in report['steps']}
        self.assertEqual(
            ('ok', 'cut off', 'not reached'),
            (outcomes['base-up'], outcomes['stop-base'], outcomes['down']))
        self.assertEqual([], os.listdir(self.temporary))

    def test_events_after_the_interrupt_are_not_evidence(self):
        self.call('run', '--work-dir', self.home / 'runs')
        run_dir, = (self.home / 'runs').iterdir()
        before = journal.read(run_dir)
        self.runs[0].finding(stories.finding('stop-base'))
        self.assertEqual(before, journal.read(run_dir))
