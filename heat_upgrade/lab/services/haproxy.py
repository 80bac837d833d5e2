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

"""HAProxy in front of the nodes, and the nodes in its rotation."""

from collections import abc
import csv
import dataclasses
import io
import os
import shutil
import socket
import typing

from heat_upgrade import errors
from heat_upgrade.lab import heat_client
from heat_upgrade.lab import workspace as workspaces
from heat_upgrade import process
from heat_upgrade import waiting

START_TIMEOUT = 20
COMMAND_TIMEOUT = 5

# Seconds. A pending request may take as long as Heat's RPC, 60 s.
DRAIN_TIMEOUT = 65
# Seconds. HAProxy marks a node that answers UP at the next health check.
UP_TIMEOUT = 20

# A health check every half second, and a backend is DOWN after two failures:
# like DevStack and Kolla, but faster.
_CHECK = 'check inter 500ms fastinter 200ms downinter 200ms rise 1 fall 2'


@dataclasses.dataclass(frozen=True)
class Member:
    """One node of one service, as HAProxy sees it.

    :ivar state: 'UP', 'DOWN', 'DRAIN', 'MAINT' and so on
    :ivar sessions: number of its present connections
    """

    state: str
    sessions: int


Services: typing.TypeAlias = abc.Mapping[
    str, tuple[int, abc.Mapping[str, int]]]


class HAProxy:
    """One HAProxy: a frontend for each service, a server for each node.

    :param services: {name: (port, {node: port of the service there})}
    """

    def __init__(self, workspace: workspaces.Workspace, services: Services
                 ) -> None:
        self._services = services
        home = workspace.directory('haproxy')
        self._socket = home / 'admin'
        config = workspace.secret_file(
            'haproxy/haproxy.cfg', _configuration(self._socket, services))
        program = shutil.which('haproxy',
                               path=f'{os.environ["PATH"]}:/usr/sbin')
        if program is None:
            raise errors.LabError(
                'haproxy is not installed; install it, or start through '
                'tools/with-deps.sh')
        self.process = process.Process(
            'haproxy', [program, '-db', '-f', config],
            log=workspace.log('haproxy'), env=workspace.environment())

    def start(self) -> None:
        self.process.start()

    def wait_ready(self) -> None:
        self.process.wait_ready(self.members, timeout=START_TIMEOUT,
                                what='an answer on its admin socket')

    def _ask(self, command: str) -> str:
        """Send a command to the admin socket; return the answer."""
        with socket.socket(socket.AF_UNIX) as peer:
            peer.settimeout(COMMAND_TIMEOUT)
            peer.connect(str(self._socket))
            peer.sendall(f'{command}\n'.encode())
            parts = []
            while part := peer.recv(65536):
                parts.append(part)
        return b''.join(parts).decode()

    def members(self) -> dict[tuple[str, str], Member]:
        """Return the members by service and node."""
        text = self._ask('show stat').removeprefix('# ')
        return {
            (row['pxname'], row['svname']): Member(
                state=row['status'].split()[0], sessions=int(row['scur']))
            for row in csv.DictReader(io.StringIO(text))
            if row['svname'] not in ('FRONTEND', 'BACKEND', '')}

    def drain(self, node: str) -> None:
        """Take a node out of the rotation, and wait for its last request.

        :raises: errors.WaitTimeout if its requests do not end
        """
        self._set_state(node, 'drain')
        waiting.wait_until(
            lambda: not any(member.sessions for (_, name), member
                            in self.members().items() if name == node),
            timeout=DRAIN_TIMEOUT, what=f'the last request to {node} to end',
            log=self.process.log)

    def ready(self, node: str) -> None:
        """Take a node back into the rotation, and wait until it is UP.

        :raises: errors.WaitTimeout if its health check fails
        """
        self._set_state(node, 'ready')
        waiting.wait_until(
            lambda: all(member.state == 'UP' for (_, name), member
                        in self.members().items() if name == node),
            timeout=UP_TIMEOUT, what=f'HAProxy to mark {node} UP',
            log=self.process.log)

    def _set_state(self, node: str, state: str) -> None:
        for service in self._services:
            answer = self._ask(
                f'set server {service}/{node} state {state}').strip()
            if answer:
                raise errors.LabError(
                    f'HAProxy refused to set {service}/{node} to {state}: '
                    f'{answer}',
                    log=self.process.log)


def _configuration(admin: os.PathLike[str], services: Services) -> str:
    text = f'''\
global
    stats socket {admin} mode 600 level admin
    maxconn 500
    log stdout format raw local0
defaults
    mode http
    log global
    option httplog
    # Ten successful requests a second are not worth a line each.
    option dontlog-normal
    # A node that refuses a connection has not seen the request.
    option redispatch
    retries 3
    timeout connect 2s
    timeout client 90s
    timeout server 90s
    timeout check 5s
'''
    for name, (port, nodes) in services.items():
        text += f'''\
frontend {name}
    bind 127.0.0.1:{port}
    default_backend {name}
backend {name}
    balance roundrobin
    option httpchk GET /
    http-response set-header {heat_client.NODE_HEADER} %s
'''
        for node, node_port in nodes.items():
            text += f'    server {node} 127.0.0.1:{node_port} {_CHECK}\n'
    return text
