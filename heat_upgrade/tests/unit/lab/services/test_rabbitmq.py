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

"""Unit tests of RabbitMQ: virtual hosts, queues and connections."""

import json

import testtools
from testtools import matchers

from heat_upgrade.lab.services import rabbitmq
from heat_upgrade.tests.unit.support import fakes


class RabbitCase(testtools.TestCase):
    """A broker with a fake rabbitmqctl."""

    def setUp(self):
        super().setUp()
        workspace = self.useFixture(fakes.Workspace()).workspace
        home = workspace.directory('bin')
        (home / 'rabbitmq-server').touch(mode=0o755)
        self.patch(rabbitmq, '_HOMES', (str(home),))
        self.patch(rabbitmq.shutil, 'which',
                   lambda name, path=None: f'/bin/{name}')
        self.patch(rabbitmq.process, 'run', self.run_command)
        self.commands, self.output = [], ''
        self.broker = rabbitmq.RabbitMQ(workspace)

    def run_command(self, name, argv, **options):
        program, *words = map(str, argv)
        self.assertThat(program, matchers.EndsWith('/rabbitmqctl'))
        self.commands.append(' '.join(words))
        return 0, self.output


class TestVhosts(RabbitCase):

    def test_default_virtual_host_exists_from_the_start(self):
        self.assertEqual('heat', self.broker.vhost)
        self.assertThat(self.broker.url(), matchers.EndsWith('/heat'))

    def test_another_virtual_host_has_its_own_url(self):
        first, other = self.broker.url(), self.broker.url('heat-target')
        self.assertEqual(first.removesuffix('/heat'),
                         other.removesuffix('/heat-target'))

    def test_another_virtual_host_has_permissions_for_heat(self):
        self.broker.add_vhost('heat-target')
        self.assertEqual(
            ['--silent add_vhost heat-target',
             '--silent set_permissions --vhost heat-target heat .* .* .*'],
            self.commands)


class TestQueues(RabbitCase):

    def test_queues_are_those_of_a_virtual_host(self):
        self.output = json.dumps([
            {'name': 'engine', 'messages_ready': 2,
             'messages_unacknowledged': 1, 'consumers': 4}])
        self.assertEqual(
            [rabbitmq.Queue('heat-target', 'engine', 2, 1, 4)],
            self.broker.queues('heat-target'))
        self.assertThat(self.commands[0], matchers.MatchesRegex(
            '--silent list_queues --vhost heat-target --formatter json '))

    def test_default_is_the_first_virtual_host(self):
        self.output = '[]'
        self.assertEqual([], self.broker.queues())
        self.assertIn('--vhost heat ', self.commands[0])

    def test_no_output_is_no_queue(self):
        self.assertEqual([], self.broker.queues())


class TestCut(RabbitCase):

    def test_the_connections_of_a_virtual_host_are_closed(self):
        self.broker.cut('heat-target')
        self.broker.cut()
        self.assertEqual(
            [f'--silent close_all_connections --vhost {vhost} cut by '
             'heat-upgrade' for vhost in ('heat-target', 'heat')],
            self.commands)
