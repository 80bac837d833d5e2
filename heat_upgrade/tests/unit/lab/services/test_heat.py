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

"""The configuration of Heat's services, and their command lines."""

import configparser
import os
import pathlib
import stat

import ddt
import testtools
from testtools import matchers
import yaml

from heat_upgrade import errors
from heat_upgrade.inflight import cases
from heat_upgrade.lab import cloud
from heat_upgrade.lab import node as nodes
from heat_upgrade.lab import profiles
from heat_upgrade.lab.services import heat
from heat_upgrade.lab.services import messaging
from heat_upgrade.tests.unit.support import fakes
from heat_upgrade.tests.unit.support import services_case


class TestConfiguration(services_case.ServicesCase):

    def setUp(self):
        super().setUp()
        self.configuration = self.configure(self.environment('base'))
        self.conf = self.read(self.configuration)

    def read(self, configuration):
        # Old spellings of options are tested with the profiles.
        conf = configparser.ConfigParser(interpolation=None, strict=True)
        conf.read(configuration.heat_conf)
        return conf

    def test_heat_conf_has_the_urls_of_all_services(self):
        ports = self.configuration
        self.assertEqual(
            (services_case.DATABASE, 'http://127.0.0.1:3', 'k' * 32, '2',
             f'http://127.0.0.1:{ports.cfn_port}/v1/waitcondition'),
            (self.conf['database']['connection'],
             self.conf['keystone_authtoken']['auth_url'],
             self.conf['DEFAULT']['auth_encryption_key'],
             self.conf['DEFAULT']['num_engine_workers'],
             self.conf['DEFAULT']['heat_waitcondition_server_url']))

    def test_engine_can_hold_all_in_flight_operations(self):
        # Each operation holds a thread; group cases hold several.
        per_worker = int(self.conf['DEFAULT']['rpc_thread_pool_size'])
        self.assertGreater(per_worker, 2 * len(cases.every()))

    def test_each_account_is_complete(self):
        conf = self.read(self.configure(self.environment('base'),
                                        profile='limits'))
        for section in ('keystone_authtoken', 'ec2authtoken', 'trustee'):
            self.assertEqual(
                ('password', 'heat', 'servicepass', 'default'),
                tuple(conf[section][name] for name in (
                    'auth_type', 'username', 'password', 'user_domain_id')))

    def test_a_profile_changes_the_configuration(self):
        conf = self.read(self.configure(
            self.environment('base'), domain_id='domain-1',
            profile='key-16,domain-by-id,strict-policy'))
        self.assertEqual('k' * 16, conf['DEFAULT']['auth_encryption_key'])
        self.assertEqual('domain-1', conf['DEFAULT']['stack_user_domain_id'])
        self.assertNotIn('stack_user_domain_name', conf['DEFAULT'])
        self.assertEqual({'stacks:global_index': '!'}, yaml.safe_load(
            pathlib.Path(conf['oslo_policy']['policy_file']).read_text()))

    def test_the_configuration_knows_the_key(self):
        self.assertEqual('k' * 16, self.configure(
            self.environment('base'), profile='key-16').encryption_key)

    def test_heat_conf_has_mode_0600(self):
        path = self.configuration.heat_conf
        self.assertEqual(0o600, stat.S_IMODE(path.stat().st_mode))

    def test_files_of_the_release_are_copied(self):
        self.assertEqual('of base', (
            self.configuration.directory / 'api-paste.ini').read_text())

    def test_an_engine_that_stops_deletes_no_queue(self):
        self.assertTrue(self.conf.getboolean('oslo_messaging_rabbit',
                                             'use_queue_manager'))

    def test_stock_profile_does_not_configure_messaging(self):
        path = self.configure(self.environment('stock'),
                              profile='stock-messaging').heat_conf
        conf = configparser.ConfigParser(interpolation=None, strict=True)
        conf.read(path)
        self.assertNotIn('oslo_messaging_rabbit', conf)
        self.assertNotIn('default_log_levels', conf['DEFAULT'])

    def test_api_and_cfn_have_different_ports(self):
        self.assertNotEqual(self.configuration.api_port,
                            self.configuration.cfn_port)


class TestOldConfiguration(services_case.ServicesCase):
    """New code runs with the old configuration (Theory of Upgrade)."""

    def setUp(self):
        super().setUp()
        base = self.environment('base')
        self.cloud = cloud.Cloud(self.workspace, keystone_environment=None,
                                 heat_environment=base)
        self.cloud.configuration = self.configure(base)
        self.cloud.rabbitmq = fakes.Broker()
        self.cloud.nodes = {name: nodes.Node(
            name, self.workspace, self.cloud.configuration, mariadb=None,
            rabbitmq=self.cloud.rabbitmq, extra={},
            ports={'api': number, 'cfn': number + 1})
            for name, number in (('node-1', 5001), ('node-2', 5003))}

    def deploy(self, side, *modules, **options):
        self.cloud.deploy(self.environment(side, *modules), side=side,
                          **options)

    def snapshot(self):
        return {path: (path.read_bytes(), path.stat().st_mtime_ns)
                for path in self.workspace.data.rglob('*')
                if path.is_file()}

    def test_deploying_another_release_rewrites_nothing(self):
        self.deploy('base')
        before = self.snapshot()
        self.deploy('target', 'heat/wsgi/api.py')
        after = self.snapshot()
        self.assertEqual(before, {path: after[path] for path in before})
        self.assertEqual(
            {f'{node}-target-{which}.conf' for node in ('node-1', 'node-2')
             for which in ('engine', 'api', 'cfn')},
            {path.name for path in after.keys() - before.keys()})

    def own(self, name):
        """Return the parsed own file of a service."""
        own = configparser.ConfigParser(interpolation=None, strict=True,
                                        default_section='')
        own.read(self.cloud.configuration.directory / f'{name}.conf')
        return own

    def test_own_file_of_a_service_has_its_names_and_virtual_host(self):
        self.deploy('target', vhost='heat-target')
        own = self.own('node-2-target-api')
        self.assertEqual(
            {'host': 'node-2', 'transport_url': 'rabbit://heat-target'},
            dict(own['DEFAULT']))
        self.assertEqual(
            {'hostname': f'{self.workspace.marker}-node-2-target',
             'processname': 'heat-api'}, dict(own['oslo_messaging_rabbit']))
        self.assertEqual(['DEFAULT', 'oslo_messaging_rabbit'],
                         own.sections())

    def test_no_two_services_share_the_names_of_queues(self):
        self.deploy('base')
        self.deploy('target')
        names = [tuple(self.own(path.stem)['oslo_messaging_rabbit'].values())
                 for path in self.cloud.configuration.directory.glob(
                     'node-*.conf')]
        self.assertThat(names, matchers.HasLength(12))
        self.assertThat(set(names), matchers.HasLength(12))

    def test_the_title_of_an_engine_has_no_space_where_it_is_cut(self):
        # Otherwise oslo.messaging's QManager misreads /proc/PID/stat.
        self.deploy('base')
        for node in self.cloud.nodes.values():
            link = pathlib.Path(node.process('engine').argv[0])
            self.assertNotIn(' ', f'{link.name}: master'[:15])
            self.assertEqual(str(self.home / 'base' / 'bin' / 'heat-engine'),
                             os.readlink(link))

    def test_default_virtual_host_is_the_first_one(self):
        self.deploy('target')
        self.assertEqual({'heat'}, {
            deployed.vhost for node in self.cloud.nodes.values()
            for deployed in node.deployed.values()})

    def test_deployed_release_replaces_the_other(self):
        for side in ('base', 'target'):
            self.deploy(side)
            self.assertThat(self.cloud.heat_processes, matchers.HasLength(6))
            for name, node in self.cloud.nodes.items():
                self.assertEqual(side, node.side)
                for child in node.processes:
                    program = pathlib.Path(child.argv[0])
                    if program.is_symlink():
                        program = os.readlink(program)
                    self.assertThat(str(program), matchers.StartsWith(
                        str(self.home / side)))
                    self.assertThat(child.log.name, matchers.StartsWith(
                        f'{name}-{side}-'))

    def test_both_releases_share_their_file_and_ports(self):
        seen = []
        for side in ('base', 'target'):
            self.deploy(side)
            seen.append([[word.replace(f'-{side}-', '-')
                          for word in child.argv
                          if '.conf' in word or '127.0.0.1:' in word]
                         for child in self.cloud.heat_processes])
        self.assertEqual(seen[0], seen[1])
        for argv in seen[0]:
            self.assertIn(str(self.cloud.configuration.heat_conf), str(argv))

    def test_a_node_s_own_file_takes_precedence_and_nothing_else_is_read(
            self):
        self.deploy('base')
        common = str(self.cloud.configuration.heat_conf)
        for child in self.cloud.heat_processes:
            self.assertThat(' '.join(child.argv), matchers.MatchesRegex(
                f'.*--config-file {common} '
                r'--config-file \S*/node-\d-base-(engine|api|cfn)\.conf '
                r'--config-dir \S*/no-more-settings$'))


class TestMessaging(testtools.TestCase):

    def own(self, name):
        conf = configparser.ConfigParser(interpolation=None, strict=True)
        conf.read_string(profiles.as_ini(messaging.of_service(
            profiles.parse(profiles.STOCK_MESSAGING), name,
            'x-node-1-base')))
        return conf

    def test_stock_messaging_logs_the_messages_of_an_engine(self):
        conf = self.own('heat-engine')
        self.assertEqual([], conf.sections())
        levels = dict(word.split('=') for word in
                      conf['DEFAULT']['default_log_levels'].split(','))
        for name in ('oslo_messaging._drivers.amqpdriver',
                     'oslo_messaging.rpc.server'):
            self.assertEqual('DEBUG', levels[name])

    def test_stock_messaging_changes_nothing_of_an_api(self):
        self.assertEqual({}, dict(self.own('heat-api')['DEFAULT']))


@ddt.ddt
class TestHeat(services_case.ServicesCase):

    def api(self, *modules):
        environment = self.environment('base', *modules)
        return heat.service(
            'api', self.workspace, environment, name='node-1', side='base',
            configs=[self.configure(environment).heat_conf], port=5).argv

    def test_release_with_wsgi_modules_is_started_by_them(self):
        self.assertIn('heat.wsgi.api:application',
                      self.api('heat/wsgi/api.py'))

    def test_older_release_is_started_by_its_script(self):
        argv = self.api()
        self.assertThat(argv[argv.index('--wsgi-file') + 1],
                        matchers.EndsWith('base/bin/heat-wsgi-api'))

    @ddt.unpack
    @ddt.data((True, errors.LabError), (False, None))
    def test_failed_command_is_raised_unless_check_is_false(
            self, check, exc):
        environment = self.environment('base')
        program = environment.bin('heat-manage')
        program.write_text('#!/bin/sh\necho no such column; exit 1\n')
        program.chmod(0o755)
        arguments = (self.workspace, environment,
                     [self.configure(environment).heat_conf], 'heat-manage',
                     'db_sync')
        options = {'side': 'target', 'check': check}
        if exc:
            raised = self.assertRaises(exc, heat.manage, *arguments,
                                       **options)
            self.assertIn('no such column', str(raised))
            self.assertEqual('target-heat-manage.log', raised.log.name)
        else:
            self.assertEqual((1, 'no such column\n'),
                             heat.manage(*arguments, **options))
