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

"""The tempest.conf of a grenade run, and the Python that runs the phases."""

import configparser
import sys

import testtools

from heat_upgrade.grenade import tempest
from heat_upgrade.tests.unit.support import grenade_fakes


class TestTempest(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.grenade = self.useFixture(grenade_fakes.Grenade())
        self.tempest = self.grenade.root / 'old/tempest'

    def write(self):
        record = self.grenade.record()
        self.addCleanup(record.close)
        self.path = tempest.write(record, self.grenade.settings,
                                  grenade_fakes.Cloud())
        parser = configparser.ConfigParser(interpolation=None,
                                           default_section='')
        parser.read(self.path)
        return parser

    def given(self, text):
        (self.tempest / 'etc').mkdir(parents=True)
        (self.tempest / 'etc/tempest.conf').write_text(text)

    def test_configuration_without_a_tempest_comes_from_openrc(self):
        conf = self.write()
        self.assertEqual(
            ('admin', 'hidden', 'http://keystone/v3'),
            (conf['auth']['admin_username'], conf['auth']['admin_password'],
             conf['identity']['uri_v3']))
        self.assertEqual('False', conf['service_available']['neutron'])
        self.assertEqual('True', conf['heat_integrationtests']['cfn_api'])

    def test_only_we_can_read_it(self):
        self.write()
        self.assertEqual(0o600, self.path.stat().st_mode & 0o777)

    def test_configuration_of_devstack_is_copied(self):
        self.given('[identity]\nuri_v3 = http://it/v3\nregion = Two\n'
                   '[heat_integrationtests]\naccount_roles = member,owner\n'
                   'state_dir = /elsewhere\n')
        conf = self.write()
        self.assertEqual('http://it/v3', conf['identity']['uri_v3'])
        self.assertEqual('member,owner',
                         conf['heat_integrationtests']['account_roles'])
        self.assertNotIn('auth', conf)

    def test_paths_are_those_of_the_run(self):
        self.given('[DEFAULT]\nlog_file = /var/tempest.log\n'
                   '[heat_integrationtests]\nstate_dir = /elsewhere\n')
        conf = self.write()
        run_dir = self.grenade.settings.run_dir
        self.assertEqual(str(run_dir / 'manifest'),
                         conf['heat_integrationtests']['state_dir'])
        self.assertEqual((str(run_dir / 'logs'), 'tempest.log'),
                         (conf['DEFAULT']['log_dir'],
                          conf['DEFAULT']['log_file']))

    def python(self, *lines):
        path = self.tempest / tempest.PYTHON
        path.parent.mkdir(parents=True)
        path.write_text('\n'.join(['#!/bin/sh', *lines]) + '\n')
        path.chmod(0o755)
        return path

    def test_phases_run_in_tempests_environment(self):
        path = self.python('exit 0')
        self.assertEqual(path, tempest.python(self.tempest))

    def test_environment_without_the_tests_is_not_used(self):
        self.python('exit 1')
        self.assertEqual(sys.executable, str(tempest.python(self.tempest)))

    def test_missing_environment_is_replaced_by_our_own(self):
        self.assertEqual(sys.executable, str(tempest.python(self.tempest)))
