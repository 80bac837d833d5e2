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

"""An ordinary user, with a tool from its wheel and empty caches."""

import os
import pathlib
import pwd
import shutil
import subprocess
import sys
import unittest
import zipfile

import fixtures
import uv

from heat_upgrade.install import releases
from heat_upgrade.tests.functional import base

USER = 'nobody'
INSTALL_TIMEOUT = 300


def python_for_all():
    """Return an interpreter that every user can execute.

    Ours may belong to root alone (pyenv in /root); then the system's.
    """
    ours = pathlib.Path(sys.base_prefix)
    private = any(not part.stat().st_mode & 0o001
                  for part in (ours, *ours.parents))
    return '/usr/bin/python3' if private else sys.executable


class OrdinaryUserTest(base.ToolTestCase):

    @unittest.skipIf(os.geteuid(), 'only root can become another user')
    def test_an_installed_tool_works_for_an_ordinary_user(self):
        self._install()
        user = pwd.getpwnam(USER)
        home = self.work_dir / 'home'
        for directory in (self.work_dir, self.tmp, home):
            directory.mkdir(exist_ok=True)
            os.chown(directory, user.pw_uid, user.pw_gid)
        for name in ('HOME', 'XDG_CACHE_HOME', 'XDG_STATE_HOME',
                     'UV_CACHE_DIR'):
            self.useFixture(fixtures.EnvironmentVariable(name, str(home)))
        self._check_commands()
        status, output = self.run_tool('cloud', 'up')
        self.assertEqual(0, status, output)
        self.assertIn(' is up after ', output)
        run_dir = home / 'heat-upgrade' / 'cloud'
        self.assertEqual(user.pw_uid, (run_dir / 'clouds.yaml').stat().st_uid)
        status, output = self.run_tool('cloud', 'down')
        self.assertEqual(0, status, output)
        self.assertNotIn('0 processes', output.split()[:1])
        self.assertEqual([], [path.name for path in self.tmp.iterdir()
                              if path.name.startswith('heat-upgrade-')])

    def _check_commands(self):
        """Call the commands that need no cloud, outside a checkout."""
        for words, expected in (
                (('--version',), 'heat-upgrade 1.'),
                (('--help',), 'runbook'),
                (('run', '--help'), '--strategy'),
                (('scenario', 'list', '-f', 'csv'), '"random_string"'),
                (('profile', 'list', '-f', 'csv'), '"key-16"'),
                (('plan',), 'cold upgrade ')):
            status, output = self.run_tool(*words)
            self.assertEqual(0, status, output)
            self.assertIn(expected, output)

    def _wheel(self, source):
        """Build the wheel; returns its path.

        The wheel has each file of the packages in the repository.
        """
        self._uv('build', '--wheel', '--out-dir', str(self.work_dir),
                 str(source))
        wheel, = self.work_dir.glob('heat_upgrade_tests-1.*.whl')
        listed = subprocess.run(
            ['git', 'ls-files', 'heat_upgrade', 'heat_integrationtests'],
            cwd=source, check=True, capture_output=True, text=True,
            timeout=INSTALL_TIMEOUT).stdout.splitlines()
        with zipfile.ZipFile(wheel) as archive:
            self.assertEqual(set(), set(listed) - set(archive.namelist()))
        return wheel

    def _install(self):
        """Install the tool where every user can read it."""
        place = self.work_dir / 'installed'
        source = self.work_dir / 'source'
        tree = releases.lock_dir().parent
        # What pbr writes while it builds belongs to nobody's checkout.
        subprocess.run(['git', 'clone', '--quiet', str(tree), str(source)],
                       check=True, timeout=INSTALL_TIMEOUT)
        self._uv('venv', '--python', python_for_all(), str(place))
        python = str(place / 'bin' / 'python')
        self._uv('pip', 'install', '--python', python,
                 '--constraints', str(tree / 'constraints' / 'tool.txt'),
                 '--requirements', str(tree / 'requirements.txt'))
        self._uv('pip', 'install', '--python', python, '--no-deps',
                 str(self._wheel(source)))
        shutil.rmtree(source)
        self.command = [str(place / 'bin' / 'heat-upgrade')]
        self.user = USER

    def _uv(self, *words):
        subprocess.run([uv.find_uv_bin(), '--quiet', *words], check=True,
                       timeout=INSTALL_TIMEOUT, cwd=self.work_dir,
                       env={**os.environ, 'UV_PYTHON_DOWNLOADS': 'never'})
