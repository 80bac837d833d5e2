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

"""The settings that the environment of a grenade run describes."""

import pathlib

import ddt
import testtools

from heat_upgrade import errors
from heat_upgrade.grenade import environment
from heat_upgrade.tests.unit.support import grenade_fakes


@ddt.ddt
class TestSettings(testtools.TestCase):

    def settings(self, **variables):
        return self.useFixture(grenade_fakes.Grenade(**variables)).settings

    def test_results_stand_below_what_grenade_saves(self):
        settings = self.settings()
        self.assertEqual(settings.save_dir / 'heat-upgrade-tests',
                         settings.run_dir)

    @ddt.data('SAVE_DIR', 'BASE_RELEASE_DIR', 'TARGET_RELEASE_DIR')
    def test_missing_variables_are_named(self, name):
        environ = self.useFixture(grenade_fakes.Grenade()).environ
        del environ[name]
        error = self.assertRaises(errors.UsageError, environment.read,
                                  environ)
        self.assertIn(name, str(error))

    def test_a_timeout_that_is_no_number_is_refused(self):
        error = self.assertRaises(errors.UsageError, self.settings,
                                  SERVICE_TIMEOUT='soon')
        self.assertIn('SERVICE_TIMEOUT', str(error))

    @ddt.data(('heat-upgrade-tests', False, False),
              ('heat heat-upgrade-tests', True, True),
              ('heat-upgrade-tests heat', True, False),
              ('keystone heat nova heat-upgrade-tests', True, True))
    @ddt.unpack
    def test_heats_plugin_and_its_order_are_recognized(
            self, projects, registered, first):
        settings = self.settings(UPGRADE_PROJECTS=projects)
        self.assertEqual((registered, first), (
            settings.heat_registered, settings.heat_comes_first))

    @ddt.data(('', '', False), ('multinode', 'primary', True),
              ('multinode', '', True), ('multinode', 'subnode', False))
    @ddt.unpack
    def test_the_cloud_is_mixed_after_the_first_of_several_nodes(
            self, topology, role, partial):
        settings = self.settings(HOST_TOPOLOGY=topology,
                                 HOST_TOPOLOGY_ROLE=role)
        self.assertEqual(partial, settings.partial)

    @ddt.data(('True', pathlib.Path('/opt/venv')), ('False', None),
              ('', None))
    @ddt.unpack
    def test_the_global_environment_counts_where_it_is_used(
            self, used, venv):
        settings = self.settings(GLOBAL_VENV=used, DEVSTACK_VENV='/opt/venv')
        self.assertEqual(venv, settings.venv)

    def test_commands_may_be_several_words(self):
        settings = self.settings(SYSTEMCTL='sudo -n systemctl')
        self.assertEqual(('sudo', '-n', 'systemctl'), settings.systemctl)

    def test_secrets_are_not_shown(self):
        self.assertNotIn('hidden', repr(self.settings()))
