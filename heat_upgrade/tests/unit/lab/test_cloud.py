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


import json
import os
import pathlib
import stat
import types

import ddt
import fixtures
import testtools
from testtools import matchers

from heat_upgrade import errors
from heat_upgrade.lab import cloud as clouds
from heat_upgrade.lab import kept_cloud
from heat_upgrade.lab import node as nodes
from heat_upgrade.lab import workspace as workspaces
from heat_upgrade import process
from heat_upgrade.tests.unit.support import children
from heat_upgrade.tests.unit.support import fakes


class Child:
    """A fake process that stops on request, or has died."""

    def __init__(self, name, died=None, calls=None):
        self.name, self._died = name, died
        self._calls = [] if calls is None else calls

    def died(self):
        return self._died

    def ask_to_stop(self):
        self._calls.append('ask')

    def stop(self):
        self._calls.append('stop')
        return 1.234, False

    def kill(self):
        self._calls.append('kill')


def service(name, died=None):
    return types.SimpleNamespace(process=Child(name, died))


def node(name, *, engine=None, calls=None, side='base', vhost='heat',
         engines=()):
    """Return a node.

    :param engine: exit status of a dead engine; None for a live one
    """
    environment = types.SimpleNamespace(version=f'of {side}')
    made = nodes.Node(
        name, None, None, mariadb=None, rabbitmq=None, extra={},
        ports={'api': 5, 'cfn': 6})
    made.deployed = {which: nodes.Deployment(
        process=Child(f'{which} on {name}', died, calls), side=side,
        environment=environment, vhost=vhost)
        for which, died in (('engine', engine), ('api', None))}
    made.engines = lambda: set(engines)
    return made


class TestCloud(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.workspace = self.useFixture(fakes.Workspace()).workspace
        self.cloud = clouds.Cloud(self.workspace, keystone_environment=None,
                                  heat_environment=None)
        self.cloud.rabbitmq = fakes.Broker()
        self.cloud.rabbitmq.process = Child('rabbitmq')
        self.calls = []

    def test_no_process_has_died_before_the_start(self):
        self.assertEqual([], self.cloud.died())

    def test_process_that_ended_by_itself_has_died(self):
        self.cloud.mariadb = service('mariadb', died=1)
        self.cloud.keystone = service('keystone')
        self.cloud.nodes = {
            'node-1': node('node-1', engine=0), 'node-2': node('node-2')}
        self.assertEqual({'mariadb', 'engine on node-1'},
                         {child.name for child in self.cloud.died()})

    def test_every_process_of_the_cloud_is_watched(self):
        for name in ('mariadb', 'rabbitmq', 'keystone', 'haproxy', 'ledger'):
            setattr(self.cloud, name, service(name, died=1))
        self.assertEqual(
            {'mariadb', 'rabbitmq', 'keystone', 'haproxy', 'ledger'},
            {child.name for child in self.cloud.died()})

    def test_borrower_does_not_watch_the_services_of_the_lender(self):
        other = self.useFixture(fakes.Workspace()).workspace
        borrower = clouds.Cloud(other, keystone_environment=None,
                                heat_environment=None, lender=self.cloud)
        for name in ('mariadb', 'rabbitmq', 'keystone', 'haproxy', 'ledger'):
            setattr(borrower, name, service(name, died=1))
        self.assertEqual({'mariadb', 'haproxy', 'ledger'},
                         {child.name for child in borrower.died()})

    def test_borrower_has_its_own_region_and_virtual_host(self):
        other = self.useFixture(fakes.Workspace()).workspace
        borrower = clouds.Cloud(other, keystone_environment=None,
                                heat_environment=None, lender=self.cloud)
        self.assertNotEqual(self.cloud.region, borrower.region)
        self.assertNotEqual(self.cloud.vhost, borrower.vhost)

    def test_stop_returns_the_seconds_of_each_service(self):
        self.cloud.nodes = {name: node(name)
                            for name in ('node-1', 'node-2')}
        stopped = {'seconds': 1.23, 'killed': False}
        self.assertEqual(
            {f'{which} on {name}': stopped for name in ('node-1', 'node-2')
             for which in ('engine', 'api')}, self.cloud.stop_heat())

    def test_all_services_get_the_signal_before_the_first_wait(self):
        self.cloud.nodes = {name: node(name, calls=self.calls)
                            for name in ('node-1', 'node-2')}
        self.cloud.stop_heat(
            after_signal=lambda: self.calls.append('after_signal'))
        self.assertEqual(
            ['ask'] * 4 + ['after_signal'] + ['stop'] * 4, self.calls)

    def test_live_engines_have_their_node_and_side(self):
        self.cloud.nodes = {
            'node-1': node('node-1', side='target', engines={'a', 'b'}),
            'node-2': node('node-2', engines={'c'})}
        self.assertEqual(
            {'a': ('node-1', 'target'), 'b': ('node-1', 'target'),
             'c': ('node-2', 'base')}, self.cloud.engines())

    def test_virtual_hosts_are_the_first_and_those_of_services(self):
        self.assertEqual(['heat'], self.cloud.vhosts())
        self.cloud.nodes = {
            'node-1': node('node-1', vhost='heat-target'),
            'node-2': node('node-2', vhost='heat-target')}
        self.assertEqual(['heat', 'heat-target'], self.cloud.vhosts())

    def test_queues_are_those_of_all_virtual_hosts(self):
        self.cloud.nodes = {'node-1': node('node-1', vhost='heat-target')}
        self.cloud.rabbitmq.looks = [['of heat'], ['of heat-target']]
        self.assertEqual(['of heat', 'of heat-target'], self.cloud.queues())

    def test_the_release_of_a_node_is_that_of_its_api(self):
        self.cloud.nodes = {'node-1': node('node-1', side='target')}
        self.assertEqual(('of target', ''), (
            self.cloud.release_of('node-1'), self.cloud.release_of('')))

    def test_an_unfinished_cloud_can_be_stopped(self):
        self.cloud.down()


@ddt.ddt
class TestKept(testtools.TestCase):
    """A cloud that outlives the tool."""

    def setUp(self):
        super().setUp()
        self.run_dir = pathlib.Path(
            self.useFixture(fixtures.TempDir()).path)

    def keep(self):
        workspace = workspaces.Workspace(self.run_dir)
        child = process.Process('child', ['sleep', '600'],
                                log=workspace.log('child'),
                                env=workspace.environment())
        self.addCleanup(child.kill)
        child.start()
        cloud = clouds.Cloud(workspace, keystone_environment=None,
                             heat_environment=None)
        cloud.configuration = types.SimpleNamespace(api_port=5, cfn_port=6)
        cloud.keystone = types.SimpleNamespace(url='http://keystone')
        cloud.nodes = {
            'node-1': node('node-1', side='target'), 'node-2': node('node-2')}
        cloud.keep()
        return workspace, child

    def test_kept_cloud_stays_and_is_recorded_until_its_end(self):
        workspace, child = self.keep()
        shared = pathlib.Path('/dev/shm', workspace.host('node-1'))
        shared.write_text('1')
        self.addCleanup(shared.unlink, missing_ok=True)
        self.assertTrue(children.alive(child.pid))
        self.assertThat(kept_cloud.read(self.run_dir), matchers.ContainsDict({
            'api': matchers.Equals('http://127.0.0.1:5/v1'),
            'release': matchers.Equals('of target'),
            'nodes': matchers.Equals({name: {
                'api': 'http://127.0.0.1:5/v1', 'cfn': 'http://127.0.0.1:6',
                'release': release} for name, release in (
                    ('node-1', 'of target'), ('node-2', 'of base'))})}))
        self.assertEqual(0o600, stat.S_IMODE(os.stat(
            self.run_dir / kept_cloud.FILE).st_mode))
        self.assertEqual(1, kept_cloud.end(self.run_dir))
        children.gone(child.pid)
        for path in (workspace.data, shared):
            self.assertThat(str(path),
                            matchers.Not(matchers.PathExists()))
        self.assertRaises(errors.UsageError, kept_cloud.read, self.run_dir)

    @ddt.data(kept_cloud.read, kept_cloud.end)
    def test_error_without_a_cloud_names_the_command(self, function):
        exc = self.assertRaises(errors.UsageError, function, self.run_dir)
        self.assertIn('heat-upgrade cloud up', str(exc))

    @ddt.data('', '{', '{}', '[]')
    def test_damaged_record_is_named(self, text):
        path = self.run_dir / kept_cloud.FILE
        path.write_text(text)
        exc = self.assertRaises(errors.UsageError, kept_cloud.end,
                                self.run_dir)
        self.assertIn(str(path), str(exc))

    def test_removed_data_is_accepted(self):
        (self.run_dir / kept_cloud.FILE).write_text(json.dumps(
            {'marker': 'nobody', 'data': '/nowhere/data'}))
        self.assertEqual(0, kept_cloud.end(self.run_dir))
