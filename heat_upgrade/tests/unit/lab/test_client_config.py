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


import configparser
import dataclasses
import os
import pathlib
import stat
import subprocess

import ddt
import fixtures
import testtools
from testtools import matchers
import yaml

from heat_upgrade.lab import client_config

ACCESS = client_config.Access(
    auth_url='http://127.0.0.1:5000',
    region='RegionOne',
    username='admin',
    password='s3cr3t',
)


@ddt.ddt
class TestAccess(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.home = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.addCleanup(os.umask, os.umask(0))
        client_config.write(
            ACCESS, self.home, state_dir=self.home / 'manifest'
        )

    @ddt.data('clouds.yaml', 'openrc', 'tempest.conf')
    def test_file_with_a_password_has_mode_0600(self, name):
        path = self.home / name
        self.assertIn('s3cr3t', path.read_text())
        self.assertEqual(0o600, stat.S_IMODE(path.stat().st_mode))

    def conf(self):
        conf = configparser.ConfigParser(interpolation=None)
        conf.read(self.home / 'tempest.conf')
        return conf

    def test_tempest_conf_has_the_services_and_their_first_server(self):
        self.assertFalse(self.conf().getboolean('service_available', 'nova'))
        client_config.write(
            dataclasses.replace(ACCESS, services=('nova', 'neutron'),
                                image='I', flavor='F'),
            self.home, state_dir=self.home / 'manifest')
        conf = self.conf()
        self.assertEqual(['neutron', 'nova'], [
            name for name in ('cinder', 'glance', 'neutron', 'nova', 'swift')
            if conf.getboolean('service_available', name)])
        self.assertEqual('I', conf['compute']['image_ref'])
        self.assertEqual('F', conf['compute']['flavor_ref'])
        self.assertTrue(conf.getboolean('heat_integrationtests',
                                        'network_extensions'))

    def test_clouds_yaml_has_the_cloud(self):
        clouds = yaml.safe_load((self.home / 'clouds.yaml').read_text())
        cloud = clouds['clouds'][client_config.CLOUD]
        self.assertEqual('RegionOne', cloud['region_name'])
        self.assertThat(cloud['auth'], matchers.ContainsDict({
            'auth_url': matchers.Equals('http://127.0.0.1:5000/v3'),
            'username': matchers.Equals('admin'),
            'password': matchers.Equals('s3cr3t')}))

    def test_tempest_conf_has_the_administrator_and_the_state(self):
        conf = configparser.ConfigParser(interpolation=None, strict=True)
        conf.read(self.home / 'tempest.conf')
        self.assertEqual(
            ('admin', 's3cr3t', 'http://127.0.0.1:5000/v3',
             str(self.home / 'manifest')),
            (conf['auth']['admin_username'], conf['auth']['admin_password'],
             conf['identity']['uri_v3'],
             conf['heat_integrationtests']['state_dir']))

    def test_shell_can_read_openrc_with_a_special_password(self):
        password = 'a\'b"c$d e`f'
        client_config.write(
            client_config.Access('http://x', 'R', 'admin', password),
            self.home,
            state_dir=self.home,
        )
        self.assertEqual(password, subprocess.run(
            ['sh', '-c', '. "$0"; printf %s "$OS_PASSWORD"',
             str(self.home / 'openrc')],
            check=True, capture_output=True, text=True).stdout)

    def test_the_variables_name_the_files_that_were_written(self):
        variables = client_config.variables(self.home)
        self.assertEqual(client_config.CLOUD, variables['OS_CLOUD'])
        for name in ('OS_CLIENT_CONFIG_FILE', 'TEMPEST_CONFIG'):
            self.assertThat(variables[name], matchers.FileExists())
