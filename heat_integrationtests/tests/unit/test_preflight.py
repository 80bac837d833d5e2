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

"""The tests refuse to start if openstack-heat is installed."""

from importlib import metadata
import types

import fixtures
import testtools

from heat_integrationtests import preflight


def _nothing_installed(name):
    raise metadata.PackageNotFoundError(name)


class PreflightTest(testtools.TestCase):

    def test_an_environment_without_heat_is_accepted(self):
        preflight.check(distribution=_nothing_installed)

    def test_an_environment_with_heat_is_refused_with_advice(self):
        error = self.assertRaises(
            preflight.SharedEnvironment, preflight.check,
            distribution=lambda name: types.SimpleNamespace(
                version='26.0.2'))
        self.assertIn('openstack-heat 26.0.2', str(error))
        self.assertIn('environment of its own', str(error))

    def test_a_package_that_shadows_ours_is_refused(self):
        elsewhere = self.useFixture(fixtures.TempDir()).path
        error = self.assertRaises(
            preflight.SharedEnvironment, preflight.check,
            distribution=_nothing_installed, package_dir=elsewhere)
        self.assertIn(elsewhere, str(error))
