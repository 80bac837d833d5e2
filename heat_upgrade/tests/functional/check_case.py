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

"""The base class of tests of the static checks: installed releases."""

import pathlib

import fixtures
import testtools

from heat_upgrade.checks import check_context
from heat_upgrade.install import environments
from heat_upgrade.install import releases
from heat_upgrade.lab import workspace


class CheckCase(testtools.TestCase):
    """A test with a workspace of its own.

    :ivar place: a directory that ends with the test
    :ivar workspace: in it
    :ivar context: of checks that are asked about nothing of an operator's
    """

    def setUp(self):
        super().setUp()
        self.place = pathlib.Path(
            self.useFixture(fixtures.TempDir()).path).resolve()
        self.workspace = workspace.Workspace(self.place / 'run')
        self.addCleanup(self.workspace.close)
        self.context = check_context.Context(self.workspace)

    def subject(self, name):
        """Return a release by its name, installed."""
        release = releases.parse(name)
        return check_context.InstalledRelease(release, environments.ensure(
            environments.heat(release), log_dir=self.workspace.logs))
