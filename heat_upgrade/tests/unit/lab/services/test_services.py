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

"""Unit tests of Keystone, MariaDB and RabbitMQ: programs, secrets, names."""

import base64
import configparser
import os
import stat

import ddt
import fixtures
from testtools import matchers

from heat_upgrade import errors
from heat_upgrade.lab import node as nodes
from heat_upgrade.lab.services import heat
from heat_upgrade.lab.services import keystone
from heat_upgrade.lab.services import mariadb
from heat_upgrade.lab.services import rabbitmq
from heat_upgrade import process
from heat_upgrade.tests.unit.support import fakes
from heat_upgrade.tests.unit.support import services_case


class TestKeystone(services_case.ServicesCase):

    def test_keys_are_fernet_keys_of_mode_0600(self):
        self.addCleanup(os.umask, os.umask(0))
        repository = self.home / 'fernet'
        keystone.make_keys(repository)
        self.assertEqual(['0', '1'], sorted(os.listdir(repository)))
        self.assertEqual(0o700, stat.S_IMODE(repository.stat().st_mode))
        keys = [(repository / name) for name in ('0', '1')]
        for path in keys:
            text = path.read_bytes()
            self.assertThat(text, matchers.HasLength(44))
            self.assertThat(base64.urlsafe_b64decode(text),
                            matchers.HasLength(32))
            self.assertEqual(0o600, stat.S_IMODE(path.stat().st_mode))
        self.assertNotEqual(*[path.read_bytes() for path in keys])

    def test_configuration_names_existing_keys(self):
        made = keystone.Keystone(self.workspace, self.environment('keystone'),
                                 database_url=services_case.DATABASE)
        conf = configparser.ConfigParser(interpolation=None, strict=True)
        conf.read(made.config)
        for section in ('fernet_tokens', 'fernet_receipts', 'credential'):
            self.assertThat(conf[section]['key_repository'] + '/0',
                            matchers.FileExists())
        self.assertEqual(services_case.DATABASE,
                         conf['database']['connection'])
        self.assertEqual(0o600, stat.S_IMODE(made.config.stat().st_mode))


@ddt.ddt
class TestMissingPrograms(services_case.ServicesCase):

    def setUp(self):
        super().setUp()
        self.useFixture(fixtures.MonkeyPatch(
            'shutil.which', lambda name, path=None: None))

    @ddt.data('mariadbd', 'mariadb-install-db', 'mariadb-dump')
    def test_missing_mariadb_is_reported_with_its_packages(self, program):
        exc = self.assertRaises(errors.LabError, mariadb.find, program)
        self.assertThat(str(exc), matchers.MatchesAll(
            matchers.StartsWith(f'{program} is not installed'),
            matchers.Contains('mariadb-server'),
            matchers.Contains('tools/with-deps.sh')))

    def test_missing_rabbitmq_is_reported_with_its_package(self):
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.lab.services.rabbitmq._HOMES', (str(self.home), )))
        self.useFixture(fixtures.MonkeyPatch(
            'shutil.which', lambda name, path=None: f'/usr/bin/{name}'))
        exc = self.assertRaises(errors.LabError, rabbitmq.RabbitMQ,
                                self.workspace)
        self.assertThat(str(exc), matchers.StartsWith(
            'rabbitmq-server is not installed'))

    def test_missing_epmd_is_reported_with_its_package(self):
        exc = self.assertRaises(errors.LabError, rabbitmq.RabbitMQ,
                                self.workspace)
        self.assertIn('install erlang-base', str(exc))


class TestSecrets(services_case.ServicesCase):
    """Command lines, which any user can see (ps), contain no secret."""

    def setUp(self):
        super().setUp()
        self.argvs, self.secrets = [], []
        original = process.Process.__init__

        def spy(child, name, argv, **options):
            original(child, name, argv, **options)
            self.argvs.append(child.argv)

        def run(name, argv, **options):
            self.argvs.append([str(word) for word in argv])
            return 0, ''

        def password():
            self.secrets.append(f'S3CRET{len(self.secrets)}')
            return self.secrets[-1]

        def execute(*arguments, **options):
            return ()
        home = self.home / 'rabbitmq'
        home.mkdir()
        server = home / 'rabbitmq-server'
        server.touch(mode=0o755)
        for name, value in {
                'heat_upgrade.process.Process.__init__': spy,
                'heat_upgrade.process.run': run,
                'heat_upgrade.lab.workspace.password': password,
                'heat_upgrade.lab.services.rabbitmq._HOMES': (str(home), ),
                'shutil.which': lambda name, path=None: f'/bin/{name}',
                'heat_upgrade.lab.services.mariadb.MariaDB.execute': execute,
        }.items():
            self.useFixture(fixtures.MonkeyPatch(name, value))

    def test_no_secret_is_on_any_command_line(self):
        broker = rabbitmq.RabbitMQ(self.workspace)
        database = mariadb.MariaDB(self.workspace)
        environment = self.environment('base', 'heat/wsgi/api.py')
        identity = keystone.Keystone(
            self.workspace, environment,
            database_url=database.database('keystone'))
        identity.bootstrap('S3CRET-admin')
        configuration = heat.configure(
            self.workspace, environment, transport_url=broker.url(),
            database_url=database.database('heat'),
            keystone_url=identity.url, region='R',
            service_password='S3CRET-service',
            domain_password='S3CRET-domain', encryption_key='S3CRET' * 5)
        self.deploy(environment, configuration, broker)
        heat.manage(self.workspace, environment, [configuration.heat_conf],
                    'heat-manage', 'db_sync', side='base')
        database.dump('heat', self.home / 'dump.sql')
        self.assertThat(self.argvs, matchers.AfterPreprocessing(
            len, matchers.GreaterThan(8)))
        self.assertThat(self.secrets, matchers.HasLength(3))
        self.assertNotIn('S3CRET', str(self.argvs))

    def deploy(self, environment, configuration, broker):
        node = nodes.Node(
            'node-1', self.workspace, configuration, mariadb=None,
            rabbitmq=broker, ports={'api': 5, 'cfn': 6}, extra={})
        for which in heat.SERVICES:
            node.deploy(which, environment, side='base', vhost='heat')

    def test_files_with_secrets_have_mode_0600(self):
        self.addCleanup(os.umask, os.umask(0))
        broker = rabbitmq.RabbitMQ(self.workspace)
        environment = self.environment('base')
        self.deploy(environment, self.configure(environment), broker)
        self.assertIn(self.secrets[0], broker.url())
        held = [path for path in self.workspace.data.rglob('*')
                if path.is_file() and any(
                    word in path.read_text()
                    for word in (*self.secrets, 'servicepass'))]
        self.assertThat(held, matchers.HasLength(5))
        self.assertEqual({0o600}, {stat.S_IMODE(path.stat().st_mode)
                                   for path in held})

    def test_dump_has_mode_0600(self):
        self.addCleanup(os.umask, os.umask(0))
        path = self.home / 'dump.sql'
        mariadb.MariaDB(self.workspace).dump('heat', path)
        self.assertEqual(0o600, stat.S_IMODE(path.stat().st_mode))


class TestNames(services_case.ServicesCase):

    def test_two_runs_have_different_broker_nodes(self):
        home = self.home / 'rabbitmq'
        home.mkdir()
        (home / 'rabbitmq-server').touch(mode=0o755)
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.lab.services.rabbitmq._HOMES', (str(home), )))
        self.useFixture(fixtures.MonkeyPatch(
            'shutil.which', lambda name, path=None: f'/bin/{name}'))
        other = self.useFixture(fakes.Workspace()).workspace
        one, two = (rabbitmq.RabbitMQ(workspace).environment
                    for workspace in (self.workspace, other))
        for name in ('RABBITMQ_NODENAME', 'ERL_EPMD_PORT',
                     'RABBITMQ_DIST_PORT', 'RABBITMQ_MNESIA_BASE', 'HOME'):
            self.assertNotEqual(one[name], two[name])
