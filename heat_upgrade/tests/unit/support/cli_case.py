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

"""The base class of tests of the command line."""

import contextlib
import io
import pathlib
import signal
import types

import fixtures
import testtools

from heat_upgrade.cli import main
from heat_upgrade.tests.unit.support import installables


class CliCase(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.useFixture(installables.Locks())
        self.home = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.useFixture(fixtures.MonkeyPatch(
            'heat_integrationtests.preflight.check', lambda: None))
        for name in ('XDG_STATE_HOME', 'XDG_CACHE_HOME', 'HOME'):
            self.useFixture(fixtures.EnvironmentVariable(
                name, str(self.home / name)))
        self.addCleanup(signal.signal, signal.SIGTERM,
                        signal.getsignal(signal.SIGTERM))

    def replace_checks(self, run):
        """Install no release, and run a function in place of the checks.

        :param run: called as heat_upgrade.checks.registry.run
        """
        self.useFixture(fixtures.EnvironmentVariable('TMPDIR',
                                                     str(self.home)))
        self.useFixture(fixtures.MonkeyPatch('tempfile.tempdir', None))
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.install.environments.ensure_all',
            lambda specs, **options: [types.SimpleNamespace(
                version=spec.release.version, key='k') for spec in specs]))
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.checks.registry.run', run))

    def call(self, *words, app=main.App):
        """Call the command; returns its exit status, as the shell sees it."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                status = main.main([str(word) for word in words], app=app)
            except SystemExit as exc:
                status = exc.code
        self.out, self.err = out.getvalue(), err.getvalue()
        return status or 0

    def refused(self, *words):
        """Call with a usage error; returns the error message."""
        self.assertEqual(2, self.call(*words))
        self.assertNotIn('Traceback', self.err)
        return self.err
