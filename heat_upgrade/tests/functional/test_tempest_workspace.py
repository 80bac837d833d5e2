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

"""The plugin in a tempest workspace with other plugins; needs no lab."""

import os
import pathlib
import subprocess
import sys

import fixtures
import testtools
from testtools import content
from testtools import matchers

from heat_upgrade.tests.unit.support import tree

TIMEOUT = 600

# No test may send a request: nothing listens on port 9.
CONFIGURATION = """
[auth]
admin_username = admin
admin_password = secret
admin_project_name = admin
[identity]
uri_v3 = http://127.0.0.1:9/v3
[service_available]
neutron = false
heat = {heat}
"""


class WorkspaceTest(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.directory = pathlib.Path(
            self.useFixture(fixtures.TempDir()).path)
        self.bin = self.directory / 'venv' / 'bin'
        self.run_command(sys.executable, '-m', 'uv', 'venv', '--python',
                         sys.executable, self.bin.parent)

    def run_command(self, *words, cwd=None, env=None, status=0):
        done = subprocess.run(
            list(map(str, words)), cwd=cwd or self.directory, text=True,
            capture_output=True, check=False, timeout=TIMEOUT, env=env)
        self.addDetail(' '.join(map(str, words[:3])), content.text_content(
            done.stdout + done.stderr))
        self.assertEqual(status, done.returncode, done.stderr[-2000:])
        return done.stdout + done.stderr

    def install(self, *packages):
        self.run_command(
            sys.executable, '-m', 'uv', 'pip', 'install', '--python',
            self.bin / 'python', *packages)

    def tempest(self, *words, heat=True, status=0):
        workspace = self.directory / 'workspace'
        # Tempest lists all workspaces of a user in the home directory.
        env = {**os.environ, 'HOME': str(self.directory)}
        if not workspace.exists():
            self.run_command(self.bin / 'tempest', 'init', workspace, env=env)
        (workspace / 'etc' / 'tempest.conf').write_text(
            CONFIGURATION.format(heat=heat))
        return self.run_command(self.bin / 'tempest', *words, cwd=workspace,
                                env=env, status=status)

    def listed(self, *words):
        return [line for line in self.tempest(
            'run', '--list-tests', *words).splitlines()
            if line.startswith('heat_integrationtests.')]

    def test_plugin_next_to_heat_tempest_plugin_runs_no_phase(self):
        self.install('heat-tempest-plugin', tree.ROOT)
        plugins = self.tempest('list-plugins')
        self.assertIn('heat_upgrade.tempest_plugin', plugins)
        self.assertIn('heat_tempest_plugin.plugin', plugins)
        self.assertNotEqual([], self.listed())
        smoke = self.listed('--smoke')
        self.assertNotEqual([], smoke)
        self.assertEqual([], [name for name in smoke if not name.startswith(
            'heat_integrationtests.smoke.')])
        # Both would fail, because there is no cloud.
        self.assert_only_skipped('^heat_integrationtests.scenarios')
        self.assert_only_skipped('^heat_integrationtests', heat=False)

    def assert_only_skipped(self, regex, **options):
        # Tempest's exit status is 1 if no test was successful.
        output = self.tempest('run', '--regex', regex, status=1, **options)
        self.assertThat(output, matchers.MatchesRegex(
            r'(?s).*Passed: 0\n - Skipped: [1-9].*Failed: 0\n'))

    def test_plugin_next_to_openstack_heat_offers_no_test(self):
        self.install('openstack-heat', 'tempest')
        self.install(tree.ROOT)
        self.assertIn('heat-upgrade-tests offers no tests: openstack-heat',
                      self.tempest('list-plugins'))
        self.assertEqual([], self.listed())
