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

"""The collected files of a run, for each way in which it may end."""

import subprocess
import sys

import ddt
from testtools import matchers

from heat_upgrade.tests.zuul import playbook_case
from heat_upgrade.tests.zuul import runs

POST = 'heat-upgrade-lab/post.yaml'
AGAIN = runs.REPRODUCE.format(heat='~/heat')
NAME = '20261122-205026-cold-26.0.2-27.0.1'

# Of a run that was cut off, the tool's own.
REPORTS = f'''
import pathlib, sys
sys.path.insert(0, {str(playbook_case.TOP)!r})
from heat_upgrade.tests.zuul import runs
assert sys.argv[1] == "report"
runs.write_report(pathlib.Path(sys.argv[2]), "lab-error")
'''


def make_tool(path, text):
    """Write a script of this Python."""
    path.parent.mkdir(parents=True)
    path.write_text(f'#!{sys.executable}\n{text}')
    path.chmod(0o755)


def last_lines(said):
    """Return the lines of the last task of a playbook."""
    return said[:said.index('PLAY RECAP')].rstrip().splitlines()


@ddt.ddt
class CollectTest(playbook_case.PlaybookCase):

    def setUp(self):
        super().setUp()
        self.run_dir = self.node.work_dir / 'results' / NAME
        for project in (playbook_case.HEAT, playbook_case.REQUIREMENTS):
            self.node.add_project(project, self.node.job_dir)

    def collected(self):
        """Return the collected files of the run, by name."""
        prefix = f'heat-upgrade/{NAME}/'
        self.assertEqual([], [one for one in self.node.collected()
                              if not one.startswith(prefix)])
        return {one.removeprefix(prefix) for one in self.node.collected()}

    def assert_no_secret(self):
        for path in self.node.logs.rglob('*'):
            if path.is_file():
                self.assertNotIn(runs.PASSWORD, path.read_text(), path)

    def make_tool(self, text):
        """Put a script where the tool is."""
        make_tool(self.node.work_dir / 'bin' / 'heat-upgrade', text)

    def test_reports_streams_and_logs_are_fetched_and_no_secret_is(self):
        runs.make(self.run_dir)
        self.passes(POST, {})
        self.assertEqual({*runs.PUBLIC, *runs.REPORT}, self.collected())
        self.assert_no_secret()

    def test_the_reports_are_artifacts_of_the_build(self):
        runs.make(self.run_dir)
        self.passes(POST, {})
        returned = self.node.returned()
        self.assertEqual([], returned['warnings'])
        self.assertEqual(
            [('Heat upgrade report', 'report.html'),
             ('Heat upgrade report (JSON)', 'report.json'),
             ('Heat upgrade tests (JUnit)', 'junit.xml')],
            [(one['name'], one['url'].rpartition('/')[2])
             for one in returned['artifacts']])
        for one in returned['artifacts']:
            self.assertThat(self.node.logs / one['url'],
                            matchers.FileExists())
            self.assertIn('type', one['metadata'])

    @ddt.data('fail', 'lab-error')
    def test_the_review_is_told_the_command_after(self, verdict):
        self.node.change(playbook_case.HEAT, 912345)
        runs.make(self.run_dir, verdict=verdict,
                  heat=self.node.home / 'src' / playbook_case.HEAT)
        said = self.passes(POST, {}, success=False)
        # With the path of a laptop.
        self.assertEqual([f'{verdict}: {AGAIN}'],
                         self.node.returned()['warnings'])
        self.assertEqual(
            [f'{NAME}: {verdict}. To repeat it on a laptop, with Heat in '
             '~/heat and these changes:',
             '  opendev.org/openstack/heat 912345,1 '
             '(https://review.opendev.org/912345)', AGAIN],
            last_lines(said)[-3:])

    def test_a_run_without_a_report_gets_one(self):
        runs.make(self.run_dir, report=False)
        self.make_tool(REPORTS)
        said = self.passes(POST, {}, success=False)
        self.assertIn(f'{NAME} ended without a report; a report was made',
                      said)
        self.assertEqual({*runs.PUBLIC, *runs.REPORT}, self.collected())
        self.assertEqual(3, len(self.node.returned()['artifacts']))

    def test_results_are_collected_if_no_report_can_be_made(self):
        runs.make(self.run_dir, report=False)
        self.make_tool('import sys\nsys.exit("the plan is damaged")\n')
        said = self.passes(POST, {}, success=False)
        self.assertIn('none could be made: the plan is damaged', said)
        self.assertEqual({*runs.PUBLIC}, self.collected())
        self.assertEqual([], self.node.returned()['artifacts'])

    def test_a_job_that_died_before_any_run_has_that_said(self):
        said = self.passes(POST, {}, success=False)
        self.assertIn('the job ended before a run of heat-upgrade began',
                      said)
        self.assertEqual([], self.node.collected())
        self.assertThat(self.node.returned()['warnings'],
                        matchers.HasLength(1))

    def test_a_run_that_the_timeout_has_left_behind_is_ended(self):
        runs.make(self.run_dir, report=False)
        self.make_tool('import sys, time\n'
                       'if sys.argv[1] == "report":\n'
                       '    sys.exit("too late")\n'
                       'print("on its way", flush=True)\n'
                       'time.sleep(600)\n')
        tool = subprocess.Popen(
            [str(self.node.work_dir / 'bin' / 'heat-upgrade'), 'run'],
            stdout=subprocess.PIPE)
        self.addCleanup(tool.communicate)
        self.addCleanup(tool.kill)
        self.assertEqual(b'on its way\n', tool.stdout.readline())
        said = self.passes(POST, {}, success=False)
        self.assertIn('heat-upgrade run was still running and was ended '
                      'by SIGTERM', said)
        self.assertEqual(-15, tool.wait(timeout=10))

    def test_of_several_runs_each_is_an_artifact(self):
        other = self.run_dir.with_name(NAME + '-2')
        runs.make(self.run_dir)
        runs.make(other, verdict='fail')
        self.passes(POST, {}, success=False)
        self.assertEqual(
            {f'heat-upgrade/{one.name}/report.html'
             for one in (self.run_dir, other)},
            {one['url'] for one in self.node.returned()['artifacts']
             if one['name'].startswith('Heat upgrade report ')
             and 'JSON' not in one['name']})

    def test_the_run_of_a_control_is_collected_too_without_its_secrets(self):
        runs.make(self.run_dir)
        runs.make(self.run_dir / 'control')
        self.passes(POST, {})
        self.assertIn('control/report.json', self.collected())
        self.assertNotIn('control/tempest.conf', self.collected())
        self.assert_no_secret()


class CollectGrenadeTest(playbook_case.PlaybookCase):

    host = 'controller'

    def setUp(self):
        super().setUp()
        self.stack = self.node.home / 'stack'
        self.run_dir = self.stack / 'save' / 'heat-upgrade-tests'
        self.variables = {'devstack_bases': {
            'shared': str(self.stack), 'new': str(self.stack / 'new')}}
        # As devstack/lib/heat-upgrade-tests has it.
        self.tool = (self.stack / 'data' / 'heat-upgrade-tests' / 'venv'
                     / 'bin' / 'heat-upgrade')

    def play(self):
        return self.passes('heat-upgrade-grenade/post.yaml', self.variables)

    def test_the_phases_are_collected_beside_the_logs_of_grenade(self):
        runs.make(self.run_dir, verdict='fail')
        self.play()
        place = 'controller/heat-upgrade/heat-upgrade-tests'
        self.assertEqual(
            sorted(f'{place}/{one}' for one in (*runs.PUBLIC, *runs.REPORT)),
            self.node.collected())
        self.assertEqual(f'{place}/report.html',
                         self.node.returned()['artifacts'][0]['url'])
        self.assertEqual([f'fail: {AGAIN}'],
                         self.node.returned()['warnings'])

    def test_a_grenade_that_was_cut_off_has_a_report(self):
        runs.make(self.run_dir, report=False)
        make_tool(self.tool, REPORTS)
        said = self.play()
        self.assertIn('ended without a report; a report was made', said)
        self.assertThat(
            self.node.logs / self.node.returned()['artifacts'][0]['url'],
            matchers.FileExists())

    def test_the_command_has_the_paths_of_a_laptop_and_names_changes(self):
        new = self.stack / 'new'
        self.node.add_project(playbook_case.HEAT, self.node.job_dir)
        self.node.change(playbook_case.HEAT, 912345)
        runs.make(
            self.run_dir, verdict='fail', heat=f'{new}/heat --constraints '
            f'{new}/requirements/upper-constraints.txt')
        *_, change, again = last_lines(self.play())
        self.assertIn('openstack/heat 912345,1', change)
        self.assertEqual(runs.REPRODUCE.format(
            heat='~/heat --constraints https://opendev.org/openstack/'
            'requirements/raw/branch/master/upper-constraints.txt'), again)

    def test_secrets_are_gone_from_what_grenade_itself_collects(self):
        runs.make(self.run_dir)
        self.play()
        left = {str(path.relative_to(self.run_dir))
                for path in self.run_dir.rglob('*') if path.is_file()}
        self.assertEqual({*runs.PUBLIC, *runs.REPORT, *runs.UNLISTED}, left)
        kept = self.stack / 'heat-upgrade-secrets'
        self.assertThat(kept / self.run_dir.name / 'tempest.conf',
                        matchers.FileExists())

    def test_a_grenade_that_died_before_our_first_phase_has_that_said(self):
        said = self.play()
        self.assertIn('the job ended before a run of heat-upgrade began',
                      said)
        self.assertEqual([], self.node.collected())
