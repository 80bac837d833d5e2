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

"""The playbooks and roles, as Ansible reads them before it runs any."""

import os
import pathlib
import subprocess

import ddt
import fixtures
import testtools
from testtools import matchers

from heat_upgrade.tests.zuul import playbook_case
from heat_upgrade.tests.zuul import playbooks

TIMEOUT = 300
PLAYBOOKS = sorted(str(path.relative_to(playbook_case.PLAYBOOKS))
                   for path in playbook_case.PLAYBOOKS.glob('*/*.yaml'))
ROLES = sorted(path.name for path in (playbook_case.TOP / 'roles').iterdir())


def run(*words, **env):
    """Run a program of this environment; returns (status, output)."""
    done = subprocess.run(
        [os.path.join(playbook_case.BIN, words[0]), *words[1:]],
        cwd=playbook_case.TOP, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=TIMEOUT, env={
            **os.environ, 'PATH': os.pathsep.join(
                [playbook_case.BIN, os.environ['PATH']]), **env})
    return done.returncode, done.stdout


@ddt.ddt
class PlaybooksTest(testtools.TestCase):

    @ddt.data(*PLAYBOOKS)
    def test_ansible_finds_no_fault_in_the_syntax_of(self, playbook):
        status, said = run(
            'ansible-playbook', '--syntax-check', '-i', 'node,controller,',
            str(playbook_case.PLAYBOOKS / playbook),
            ANSIBLE_ROLES_PATH=str(playbook_case.TOP / 'roles'),
            ANSIBLE_LIBRARY=str(playbook_case.PLUGINS / 'library'),
            ANSIBLE_ACTION_PLUGINS=str(playbook_case.PLUGINS / 'action'))
        self.assertEqual(0, status, said)

    def test_ansible_lint_finds_nothing_by_its_strictest_profile(self):
        # Of its own: another ansible-lint that ends takes the mocks with it.
        home = self.useFixture(fixtures.TempDir()).path
        status, said = run('ansible-lint', '--offline', '--strict',
                           'playbooks', 'roles', ANSIBLE_HOME=home)
        self.assertEqual(0, status, said)
        self.assertThat(said, matchers.Contains("Profile 'production'"))

    def test_each_role_is_used_by_a_playbook(self):
        text = '\n'.join((playbook_case.PLAYBOOKS / one).read_text()
                         for one in PLAYBOOKS)
        used = {one for one in ROLES if one in text}
        for one in tuple(used):
            used.update(playbooks.dependencies(playbook_case.TOP, one))
        self.assertEqual(set(ROLES), used)

    @ddt.data(*ROLES)
    def test_its_readme_has_each_variable_of(self, role):
        place = playbook_case.TOP / 'roles' / role
        documented = {
            line.rpartition(' ')[2]
            for line in (place / 'README.rst').read_text().splitlines()
            if line.startswith('.. zuul:rolevar::')}
        defaults = {
            line.partition(':')[0]
            for line in pathlib.Path(
                place, 'defaults', 'main.yaml').read_text().splitlines()
            if line.startswith('heat_upgrade_')}
        # What has no default stands in the README alone.
        self.assertEqual(set(), defaults - documented)
