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

"""Unit tests of HAProxy: its configuration, commands and members."""

import pathlib
import socket
import stat
import threading

import ddt
import testtools
from testtools import matchers

from heat_upgrade import errors
from heat_upgrade.lab.services import haproxy
from heat_upgrade.tests.unit.support import fakes

SERVICES = {'heat-api': (8004, {'node-1': 5001, 'node-2': 5003}),
            'heat-cfn': (8000, {'node-1': 5002, 'node-2': 5004})}

# As in section 9.1 of HAProxy's management guide, without most columns.
STATS = '''\
# pxname,svname,qcur,scur,status,
heat-api,FRONTEND,,3,OPEN,
heat-api,node-1,0,{sessions},{state},
heat-api,node-2,0,1,UP 1/2,
heat-api,BACKEND,0,3,UP,
heat-cfn,FRONTEND,,0,OPEN,
heat-cfn,node-1,0,0,{state},
heat-cfn,node-2,0,0,UP,
heat-cfn,BACKEND,0,0,UP,

'''


class HAProxyCase(testtools.TestCase):
    """An HAProxy with a fake admin socket."""

    def setUp(self):
        super().setUp()
        self.workspace = self.useFixture(fakes.Workspace()).workspace
        self.patch(haproxy.shutil, 'which',
                   lambda name, path=None: f'/usr/sbin/{name}')
        self.haproxy = haproxy.HAProxy(self.workspace, SERVICES)
        self.commands = []
        self.stats = [{'sessions': 0, 'state': 'UP'}]
        self.answer = ''
        self.patch(self.haproxy, '_ask', self.ask)

    def ask(self, command):
        self.commands.append(command)
        if command != 'show stat':
            return self.answer
        state = self.stats.pop(0) if len(self.stats) > 1 else self.stats[0]
        return STATS.format(**state)

    def orders(self):
        return [command for command in self.commands if command != 'show stat']


@ddt.ddt
class TestRotation(HAProxyCase):

    def test_a_member_is_a_node_of_a_service(self):
        self.stats = [{'sessions': 2, 'state': 'DRAIN'}]
        self.assertEqual({
            ('heat-api', 'node-1'): haproxy.Member('DRAIN', 2),
            ('heat-api', 'node-2'): haproxy.Member('UP', 1),
            ('heat-cfn', 'node-1'): haproxy.Member('DRAIN', 0),
            ('heat-cfn', 'node-2'): haproxy.Member('UP', 0)},
            self.haproxy.members())

    def test_a_node_is_drained_for_each_service(self):
        self.haproxy.drain('node-1')
        self.assertEqual(['set server heat-api/node-1 state drain',
                          'set server heat-cfn/node-1 state drain'],
                         self.orders())

    def test_draining_waits_for_the_last_request_to_that_node(self):
        self.stats = [{'sessions': 2, 'state': 'DRAIN'},
                      {'sessions': 1, 'state': 'DRAIN'},
                      {'sessions': 0, 'state': 'DRAIN'}]
        self.haproxy.drain('node-1')
        self.assertEqual(3, self.commands.count('show stat'))

    def test_request_that_does_not_end_is_reported(self):
        self.patch(haproxy, 'DRAIN_TIMEOUT', 0)
        self.stats = [{'sessions': 1, 'state': 'DRAIN'}]
        exc = self.assertRaises(errors.WaitTimeout, self.haproxy.drain,
                                'node-1')
        self.assertIn('the last request to node-1 to end', str(exc))
        self.assertEqual('haproxy.log', exc.log.name)

    def test_a_node_is_ready_when_all_its_services_are_up(self):
        self.stats = [{'sessions': 0, 'state': 'DOWN 1/2'},
                      {'sessions': 0, 'state': 'UP'}]
        self.haproxy.ready('node-1')
        self.assertEqual(['set server heat-api/node-1 state ready',
                          'set server heat-cfn/node-1 state ready'],
                         self.orders())
        self.assertEqual(2, self.commands.count('show stat'))

    def test_node_that_stays_down_is_reported(self):
        self.patch(haproxy, 'UP_TIMEOUT', 0)
        self.stats = [{'sessions': 0, 'state': 'DOWN'}]
        exc = self.assertRaises(errors.WaitTimeout, self.haproxy.ready,
                                'node-1')
        self.assertIn('HAProxy to mark node-1 UP', str(exc))

    @ddt.data('drain', 'ready')
    def test_refusal_is_reported_with_haproxy_s_answer(self, word):
        self.answer = 'No such server.\n'
        exc = self.assertRaises(errors.LabError,
                                getattr(self.haproxy, word), 'node-1')
        self.assertIn(f'refused to set heat-api/node-1 to {word}: '
                      'No such server.', str(exc))


class TestSocket(testtools.TestCase):

    def test_answer_to_a_command_is_read_to_its_end(self):
        workspace = self.useFixture(fakes.Workspace()).workspace
        self.patch(haproxy.shutil, 'which',
                   lambda name, path=None: f'/usr/sbin/{name}')
        made = haproxy.HAProxy(workspace, SERVICES)
        got = []
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(made._socket))
            server.listen()

            def serve():
                peer, _ = server.accept()
                with peer:
                    got.append(peer.recv(100))
                    peer.sendall(STATS.format(sessions=0,
                                              state='UP').encode())
            thread = threading.Thread(target=serve)
            thread.start()
            members = made.members()
            thread.join(10)
        self.assertEqual([b'show stat\n'], got)
        self.assertThat(members, matchers.HasLength(4))


class TestConfiguration(HAProxyCase):

    def setUp(self):
        super().setUp()
        self.path = pathlib.Path(self.haproxy.process.argv[-1])
        self.lines = [line.strip()
                      for line in self.path.read_text().splitlines()]

    def test_each_service_has_a_frontend_on_loopback(self):
        for name, (port, _) in SERVICES.items():
            number = self.lines.index(f'frontend {name}')
            self.assertEqual(f'bind 127.0.0.1:{port}',
                             self.lines[number + 1])

    def test_each_node_is_a_server_that_is_checked(self):
        servers = [line for line in self.lines if line.startswith('server ')]
        self.assertEqual(
            [f'{name} 127.0.0.1:{port}' for _, nodes in SERVICES.values()
             for name, port in nodes.items()],
            [' '.join(line.split()[1:3]) for line in servers])
        for line in servers:
            self.assertIn(' check ', line)

    def test_answer_has_the_name_of_its_node(self):
        self.assertIn('http-response set-header X-Heat-Node %s', self.lines)

    def test_request_is_retried_only_if_no_node_has_seen_it(self):
        self.assertIn('option redispatch', self.lines)
        self.assertEqual([], [line for line in self.lines
                              if line.startswith('retry-on')])

    def test_admin_socket_has_mode_0600(self):
        self.assertIn(f'stats socket {self.haproxy._socket} mode 600 level '
                      'admin', self.lines)
        self.assertEqual(0o600, stat.S_IMODE(self.path.stat().st_mode))

    def test_missing_haproxy_is_named(self):
        self.patch(haproxy.shutil, 'which', lambda name, path=None: None)
        exc = self.assertRaises(errors.LabError, haproxy.HAProxy,
                                self.workspace, SERVICES)
        self.assertThat(str(exc), matchers.StartsWith(
            'haproxy is not installed'))
