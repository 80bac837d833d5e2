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

"""Unit tests of a node: deployments, start and readiness."""

import types

import ddt
import testtools

from heat_upgrade import errors
from heat_upgrade.lab import node
from heat_upgrade.tests.unit.support import fakes


class Child:
    """A fake process that runs once it was started."""

    def __init__(self, name, log):
        self.name, self.log, self.started = name, log, False

    def start(self):
        self.started = True

    def running(self):
        return self.started

    def wait_ready(self, probe, *, timeout, what):
        result = probe()
        if not result:
            raise errors.WaitTimeout(f'waited for {what}', log=self.log)
        return result


class Database:
    """A fake of Heat's table of services."""

    def __init__(self):
        self.rows, self.queries = [], []

    def execute(self, statement, arguments, *, database):
        self.queries.append((arguments, database))
        return self.rows


@ddt.ddt
class TestNode(testtools.TestCase):

    def setUp(self):
        super().setUp()
        workspace = self.useFixture(fakes.Workspace()).workspace
        self.database = Database()
        self.node = node.Node(
            'node-1', workspace, types.SimpleNamespace(workers=2),
            mariadb=self.database, rabbitmq=fakes.Broker(),
            ports={'api': 5, 'cfn': 6}, extra={})

    def deploy(self, which, side='base'):
        self.node.deployed[which] = node.Deployment(
            process=Child(which, f'/logs/{which}.log'),
            environment=types.SimpleNamespace(version=f'of {side}'),
            side=side, vhost='heat')

    def start_engine(self, *ids):
        self.database.rows = [(engine,) for engine in ids]
        self.deploy('engine')
        self.node.start('engine')

    def test_urls_of_a_node_bypass_haproxy(self):
        self.assertEqual(('http://127.0.0.1:5/v1', 'http://127.0.0.1:6'),
                         (self.node.api_url, self.node.cfn_url))

    def test_release_of_a_node_is_that_of_its_api(self):
        self.deploy('engine', 'target')
        self.deploy('api', 'base')
        self.assertEqual(('base', 'of base'), (
            self.node.side, self.node.environment.version))

    def test_processes_of_a_node_are_the_deployed_ones(self):
        self.assertEqual([], self.node.processes)
        self.deploy('cfn')
        self.deploy('engine')
        self.assertEqual(['engine', 'cfn'],
                         [child.name for child in self.node.processes])

    def test_an_engine_is_up_when_all_its_workers_have_reported(self):
        self.assertRaises(errors.WaitTimeout, self.start_engine, 'a')
        self.start_engine('a', 'b')
        self.assertEqual({'a', 'b'}, self.node.engines())

    def test_only_engines_of_this_node_are_queried(self):
        self.start_engine('a', 'b')
        self.assertEqual([(('node-1',), 'heat')], self.database.queries)

    def test_earlier_engines_do_not_count_as_new(self):
        self.start_engine('a', 'b')
        self.assertRaises(errors.WaitTimeout, self.start_engine, 'a', 'b')
        self.assertRaises(errors.WaitTimeout, self.start_engine,
                          'a', 'b', 'c')
        self.start_engine('a', 'b', 'c', 'd')
        self.assertEqual({'c', 'd'}, self.node.engines())

    def test_stopped_node_has_no_engines(self):
        self.start_engine('a', 'b')
        self.node.process('engine').started = False
        self.assertEqual(set(), self.node.engines())

    def test_empty_node_has_no_engines(self):
        self.assertEqual(set(), self.node.engines())

    @ddt.unpack
    @ddt.data(('api', 5), ('cfn', 6))
    def test_an_api_is_ready_when_its_own_port_lists_versions(self, which,
                                                              port):
        calls = []

        def answers(*arguments):
            calls.append(arguments)
            return True
        self.patch(node.uwsgi, 'answers', answers)
        self.deploy(which)
        self.node.start(which)
        self.assertTrue(self.node.process(which).started)
        self.assertEqual([(port, '/', (300,))], calls)
