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

"""A private RabbitMQ node with its own epmd."""

import dataclasses
import json
import os
import pathlib
import shutil
import socket
import threading

from heat_upgrade import errors
from heat_upgrade.lab import workspace as workspaces
from heat_upgrade import process

START_TIMEOUT = 90
CTL_TIMEOUT = 60
USER = 'heat'

# Directories of the real programs. The wrappers in /usr/sbin change to the
# user rabbitmq, or refuse to run.
_HOMES = ('/usr/lib/rabbitmq/bin', '/usr/lib/rabbitmq/lib')

# The protocol header of AMQP 0-9-1, section 4.2.2: a broker that is ready
# answers it with Connection.Start, a method frame (type 1).
_AMQP_HEADER = b'AMQP\x00\x00\x09\x01'
_METHOD_FRAME = b'\x01'


def _server() -> pathlib.Path:
    for home in _HOMES:
        server = pathlib.Path(home) / 'rabbitmq-server'
        if os.access(server, os.X_OK):
            return server
    raise errors.LabError(
        'rabbitmq-server is not installed; install it, or start through '
        'tools/with-deps.sh')


@dataclasses.dataclass(frozen=True)
class Queue:
    """A queue, as the broker lists it.

    :ivar vhost: its virtual host
    :ivar messages: number of messages that are ready for delivery
    :ivar unacknowledged: number of delivered messages without an
        acknowledgement
    :ivar consumers: number of consumers
    """

    vhost: str
    name: str
    messages: int
    unacknowledged: int
    consumers: int


class RabbitMQ:
    """One node with its own name, cookie, database and port mapper.

    :param vhost: the virtual host that exists from the start
    """

    def __init__(self, workspace: workspaces.Workspace, *, vhost: str = 'heat'
                 ) -> None:
        self.workspace = workspace
        self.vhost = vhost
        self.port = workspace.port()
        self._password = workspaces.password()
        # Commands that run at the same time would read each other's output
        # from their log.
        self._ctl_lock = threading.Lock()
        home = workspace.directory('rabbitmq')
        config = workspace.secret_file('rabbitmq/rabbitmq.conf', f'''\
listeners.tcp.1 = 127.0.0.1:{self.port}
default_user = {USER}
default_pass = {self._password}
default_vhost = {vhost}
log.console = true
log.console.level = info
log.file = false
disk_free_limit.absolute = 50MB
''')
        epmd_port = workspace.port()
        self.environment = workspace.environment(
            HOME=str(home),
            ERL_EPMD_PORT=str(epmd_port),
            ERL_EPMD_ADDRESS='127.0.0.1',
            # exec the Erlang VM instead of waiting for it in a shell
            RUNNING_UNDER_SYSTEMD='true',
            RABBITMQ_NODENAME=f'heat-{workspace.marker}@localhost',
            RABBITMQ_DIST_PORT=str(workspace.port()),
            RABBITMQ_MNESIA_BASE=str(home / 'mnesia'),
            RABBITMQ_LOG_BASE=str(home / 'log'),
            RABBITMQ_CONFIG_FILE=str(config),
            RABBITMQ_CONF_ENV_FILE='/dev/null',
            RABBITMQ_ENABLED_PLUGINS_FILE=str(
                workspace.secret_file('rabbitmq/enabled_plugins', '[].\n')),
            RABBITMQ_GENERATED_CONFIG_DIR=str(home / 'config'),
            # No busy waiting: other processes need the CPUs.
            RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=(
                '-noinput +sbwt none +sbwtdcpu none +sbwtdio none '
                '-kernel inet_dist_use_interface {127,0,0,1}'))
        epmd = shutil.which('epmd')
        if epmd is None:
            raise errors.LabError('epmd is not installed; install erlang-base')
        self._epmd = process.Process(
            'epmd', [epmd, '-address', '127.0.0.1', '-port', epmd_port],
            log=workspace.log('epmd'), env=self.environment)
        self.process = process.Process(
            'rabbitmq', [_server()], log=workspace.log('rabbitmq'),
            env=self.environment)

    def start(self) -> None:
        self._epmd.start()
        self.process.start()

    def wait_ready(self) -> None:
        self.process.wait_ready(self._answers, timeout=START_TIMEOUT,
                                what=f'AMQP on port {self.port}')

    def _answers(self) -> bool:
        with socket.create_connection(('127.0.0.1', self.port), 5) as peer:
            peer.sendall(_AMQP_HEADER)
            return peer.recv(1) == _METHOD_FRAME

    def stop(self) -> tuple[float, bool]:
        result = self.process.stop()
        self._epmd.stop()
        return result

    def url(self, vhost: str | None = None) -> str:
        """Return the transport URL of a virtual host for oslo.messaging."""
        return (f'rabbit://{USER}:{self._password}@127.0.0.1:{self.port}'
                f'/{vhost or self.vhost}')

    def _ctl(self, *words: str) -> str:
        """Run rabbitmqctl, which takes 0.4 s of CPU; return its output."""
        with self._ctl_lock:
            _, output = process.run(
                f'rabbitmqctl {words[0]}',
                [_server().with_name('rabbitmqctl'), '--silent', *words],
                log=self.workspace.log('rabbitmqctl'), env=self.environment,
                timeout=CTL_TIMEOUT)
        return output

    def add_vhost(self, name: str) -> None:
        """Make a virtual host, as in Heat's guide for rolling upgrades."""
        self._ctl('add_vhost', name)
        self._ctl('set_permissions', '--vhost', name, USER, '.*', '.*', '.*')

    def queues(self, vhost: str | None = None) -> list[Queue]:
        """Return the queues of a virtual host."""
        vhost = vhost or self.vhost
        rows = json.loads(self._ctl(
            'list_queues', '--vhost', vhost, '--formatter', 'json', 'name',
            'messages_ready', 'messages_unacknowledged', 'consumers') or '[]')
        return [Queue(
            vhost=vhost, name=row['name'], messages=row['messages_ready'],
            unacknowledged=row['messages_unacknowledged'],
            consumers=row['consumers']) for row in rows]

    def cut(self, vhost: str | None = None) -> None:
        """Close every connection to a virtual host; clients may reconnect."""
        self._ctl('close_all_connections', '--vhost', vhost or self.vhost,
                  'cut by heat-upgrade')
