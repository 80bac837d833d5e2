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

"""The message of a job, by the exit status of the tool that it ran."""

import subprocess

import ddt

from heat_upgrade.tests.zuul import playbook_case

RUN = 'heat-upgrade-lab/run.yaml'
# The end of what heat-upgrade run prints.
SUMMARY = '''\
Heat 26.0.2 -> 27.1.0.dev5, cold upgrade, seed 0
verdict: {verdict}

1. [error; heat, class 1: the database] in migrate:
   the migration has failed
   | Traceback

report:  /x/report.html
again:   heat-upgrade run --from 2026.1 --to {target} \
--constraints {uc} --seed 3
'''


@ddt.ddt
class RunTest(playbook_case.PlaybookCase):

    def setUp(self):
        super().setUp()
        self.heat = self.node.home / 'src' / playbook_case.HEAT
        self.node.add_project(playbook_case.HEAT, self.node.job_dir)
        self.node.add_project(playbook_case.REQUIREMENTS, self.node.job_dir)
        self.node.change(playbook_case.HEAT, 912345)
        self.constraints = (self.node.home / 'src'
                            / playbook_case.REQUIREMENTS
                            / 'upper-constraints.txt')

    def make_tool(self, status, text):
        """Put a script where the tool is; it leaves its words in a file."""
        tool = self.node.work_dir / 'bin' / 'heat-upgrade'
        tool.parent.mkdir(parents=True)
        (self.node.work_dir / 'text').write_text(text)
        tool.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > '
                        f'{self.node.work_dir}/words\n'
                        f'cat {self.node.work_dir}/text\nexit {status}\n')
        tool.chmod(0o755)

    def summary(self, verdict):
        return SUMMARY.format(verdict=verdict, target=self.heat,
                              uc=self.constraints)

    def words(self):
        return (self.node.work_dir / 'words').read_text().splitlines()

    def end_of(self, said):
        """Return the lines that the role has said of it at the end."""
        lines = said.split('[heat-upgrade-run : Report the result]')[1]
        first, *lines = lines.split('TASK [')[0].strip().splitlines()
        self.assertEqual('ok:', first)
        return lines

    def test_the_tool_is_told_what_zuul_has_prepared(self):
        self.make_tool(0, self.summary('PASS'))
        self.passes(RUN, {})
        self.assertEqual(
            ['run', '--strategy', 'cold', '--to', str(self.heat),
             '--constraints', str(self.constraints),
             '--work-dir', str(self.node.work_dir / 'results')],
            self.words())

    def make_branches(self, *branches):
        """Make Heat and its requirements with branches, as Zuul does."""
        for name in (playbook_case.HEAT, playbook_case.REQUIREMENTS):
            top = self.node.home / name.rpartition('/')[2]
            git = ['git', '-C', str(top), '-c', 'user.name=test', '-c',
                   'user.email=t@t']
            top.mkdir()
            subprocess.run([*git, 'init', '-q', '-b', 'master'], check=True)
            for branch in (*branches, 'master'):
                (top / 'upper-constraints.txt').write_text(f'# {branch}\n')
                for words in (['checkout', '-q', '-B', branch],
                              ['add', '-A'], ['commit', '-q', '-m', branch]):
                    subprocess.run([*git, *words], check=True)
            (self.node.home / 'src' / name).unlink()
            self.node.add_project(name, top)

    @ddt.data(('master', 'stable/2026.2'),
              ('stable/2026.2', 'stable/2026.1'))
    @ddt.unpack
    def test_base_is_the_branch_before_that_zuul_prepared(self, branch, base):
        self.make_branches('stable/2026.1', 'stable/2026.2')
        self.node.zuul['projects'][playbook_case.HEAT]['checkout'] = branch
        place = self.node.work_dir / 'base' / base
        self.make_tool(1, self.summary('FAIL').replace(
            '--from 2026.1', f'--from {place}/heat --base-constraints '
                             f'{place}/upper-constraints.txt'))
        lines = self.end_of(self.fails(RUN, {}))
        words = self.words()
        self.assertEqual(
            ['--from', f'{place}/heat', '--base-constraints',
             f'{place}/upper-constraints.txt', '--to'], words[3:8])
        self.assertEqual(f'# {base}\n', (
            place / 'heat' / 'upper-constraints.txt').read_text())
        self.assertEqual(f'# {base}\n', (
            place / 'upper-constraints.txt').read_text())
        self.assertIn(
            'heat-upgrade run --from ~/heat-base --base-constraints '
            'https://opendev.org/openstack/requirements/raw/branch/'
            f'{base}/upper-constraints.txt --to ~/heat ', lines[-1])

    def test_base_without_an_older_branch_is_a_release(self):
        self.make_branches('stable/2026.2')
        self.node.zuul['projects'][playbook_case.HEAT]['checkout'] = (
            'stable/2026.2')
        self.make_tool(0, self.summary('PASS'))
        self.passes(RUN, {})
        self.assertNotIn('--from', self.words())

    def test_the_tool_is_told_what_the_job_wants(self):
        self.make_tool(0, self.summary('PASS'))
        self.passes(RUN, {
            'heat_upgrade_strategy': 'rolling', 'heat_upgrade_base': '2025.2',
            'heat_upgrade_target': '2026.1',
            'heat_upgrade_target_constraints': '',
            'heat_upgrade_options': ['--seed', 7, '--scenarios', 'a|b']})
        self.assertEqual(
            ['run', '--strategy', 'rolling', '--from', '2025.2', '--to',
             '2026.1', '--work-dir', str(self.node.work_dir / 'results'),
             '--seed', '7', '--scenarios', 'a|b'], self.words())

    def test_an_unsafe_upgrade_fails_with_its_verdict_and_the_command(self):
        self.make_tool(1, self.summary('FAIL (this upgrade is NOT safe)'))
        said = self.fails(RUN, {})
        lines = self.end_of(said)
        self.assertEqual('This upgrade of Heat is NOT safe (status 1).',
                         lines[0])
        self.assertIn('verdict: FAIL (this upgrade is NOT safe)', lines)
        self.assertIn('1. [error; heat, class 1: the database] in migrate:',
                      lines)
        self.assertIn('   the migration has failed', lines)
        # Something that a laptop has, in place of the node's paths.
        self.assertEqual(
            'heat-upgrade run --from 2026.1 --to ~/heat --constraints '
            'https://opendev.org/openstack/requirements/raw/branch/master/'
            'upper-constraints.txt --seed 3', lines[-1])
        self.assertIn(f'"msg": "{lines[0]} Again: {lines[-1]}"', said)
        self.assertIn('openstack/heat 912345,1', '\n'.join(lines))

    def test_a_broken_lab_fails_as_something_that_is_not_heats(self):
        self.make_tool(3, self.summary('LAB-ERROR (we could not tell)'))
        lines = self.end_of(self.fails(RUN, {}))
        self.assertIn('Nothing is known about this upgrade', lines[0])
        self.assertIn('(status 3)', lines[0])
        self.assertIn('verdict: LAB-ERROR (we could not tell)', lines)

    @ddt.data((2, 'arguments of heat-upgrade are invalid'),
              (130, 'status 130'))
    @ddt.unpack
    def test_another_status_fails_with_what_the_tool_has_said(
            self, status, expected):
        self.make_tool(status, 'heat-upgrade: no such series\n')
        lines = self.end_of(self.fails(RUN, {}))
        self.assertIn(expected, lines[0])
        self.assertIn('heat-upgrade: no such series', lines)
        self.assertEqual('heat-upgrade run --strategy cold --to ~/heat',
                         lines[-1])

    def test_a_node_without_the_tool_fails_with_a_reason(self):
        self.node.work_dir.mkdir()
        lines = self.end_of(self.fails(RUN, {}))
        self.assertIn('No such file or directory', '\n'.join(lines))
