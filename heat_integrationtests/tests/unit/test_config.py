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

"""Every option has a help text; the state directory is configurable."""

import ddt
from oslo_config import cfg
import testtools

from heat_integrationtests import config
from heat_integrationtests import plugin


@ddt.ddt
class ConfigTest(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.conf = cfg.ConfigOpts()
        self.conf.register_opts(config.OPTIONS, group=config.group.name)
        self.options = self.conf.heat_integrationtests

    def state_dir(self, environ):
        self.conf([])
        return config.state_dir(self.options, environ)

    def test_every_option_has_a_help_text(self):
        self.assertEqual(
            [], [option.name for option in config.OPTIONS
                 if not option.help])

    def test_the_password_is_secret(self):
        self.assertEqual(
            ['password'],
            [option.name for option in config.OPTIONS if option.secret])

    def test_the_plugin_registers_its_options_and_lists_them(self):
        tempest_plugin = plugin.HeatUpgradeTestsPlugin()
        conf = cfg.ConfigOpts()
        tempest_plugin.register_opts(conf)
        self.assertEqual([('heat_integrationtests', config.OPTIONS),
                          ('service_available', config.SERVICE_AVAILABLE)],
                         tempest_plugin.get_opt_lists())
        self.assertEqual(['heat_integrationtests', 'service_available'],
                         [group for group in conf
                          if group != 'config_file'
                          and group != 'config_dir'
                          and group != 'config_source'
                          and group != 'shell_completion'])

    @ddt.data(True, False)
    def test_option_of_heat_tempest_plugin_is_no_conflict(self, first):
        # As heat-tempest-plugin 3.0.0 defines it.
        theirs = cfg.BoolOpt(
            'heat', default=True,
            help='Whether or not heat is expected to be available')
        conf = cfg.ConfigOpts()
        registrations = [
            lambda: conf.register_opt(theirs, 'service_available'),
            lambda: plugin.HeatUpgradeTestsPlugin().register_opts(conf)]
        for register in registrations if first else registrations[::-1]:
            register()
        conf([])
        self.assertTrue(conf.service_available.heat)

    def test_state_directory_is_read_from_the_option(self):
        self.conf.set_override('state_dir', '/opt', config.group.name)
        self.assertEqual('/opt', self.state_dir({}))

    def test_state_directory_of_the_environment_takes_precedence(self):
        self.conf.set_override('state_dir', '/opt', config.group.name)
        self.assertEqual(
            '/env', self.state_dir({config.STATE_DIR_VARIABLE: '/env'}))

    def test_missing_state_directory_error_names_option_and_variable(self):
        error = self.assertRaises(config.NoStateDirectory, self.state_dir,
                                  {})
        self.assertIn('[heat_integrationtests]', str(error))
        self.assertIn(config.STATE_DIR_VARIABLE, str(error))
