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

"""Executes a runbook on a cloud of the lab, command by command.

The lab has no systemd, package manager or file that all services of a node
read: systemctl, the installation and the configuration of a node are
substituted. HAProxy has another socket and other names. tox runs one scenario,
in this environment. All other commands run in a shell as the runbook prints
them, except those of heat-upgrade, which have tests of their own.
"""

import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys

import fixtures
import testtools

from heat_upgrade.inflight import evidence
from heat_upgrade.install import environments
from heat_upgrade.install import releases
from heat_upgrade.lab import client_config
from heat_upgrade.lab import cloud_start
from heat_upgrade.lab.services import heat
from heat_upgrade.runbook import before
from heat_upgrade.runbook import deployment as deployments
from heat_upgrade.runbook import evidence as evidences
from heat_upgrade.runbook import model
from heat_upgrade.runbook import node_changes
from heat_upgrade.runbook import procedure
from heat_upgrade import waiting

SERVICES = {name: which for which, name in heat.NAMES.items()}
VHOST = 'heat'
# Not the wrapper in /usr/sbin, which changes to the user rabbitmq.
RABBITMQ = '/usr/lib/rabbitmq/bin:/usr/lib/rabbitmq/lib'

# Environments of tox: the module and its arguments, see tox.ini.
_ONE = ('--scenarios', 'random_string')
TOX = {
    'pre-upgrade': ('phases', 'pre-upgrade', *_ONE),
    'during-upgrade': ('phases', 'during-upgrade', *_ONE),
    'mixed-upgrade': ('phases', 'mixed', *_ONE),
    'post-upgrade': ('phases', 'post-upgrade', *_ONE),
    'smoke': ('phases', 'smoke', 'smoke.test_service'),
    'destroy': ('destroy',),
}
COUNT = ('mysql heat -N -e "SELECT count(*) FROM stack '
         'WHERE deleted_at IS NULL"')
ROTATION = re.compile(r'echo "set server [a-z-]+/(\S+) state (\w+)"')
TIMEOUT = 120
QUEUES_TIMEOUT = 60


class RunbookCase(testtools.TestCase):
    """Starts a cloud, and executes the actions of a runbook on it.

    :ivar installed: {node: side of its installed code}
    :ivar configured: {node: side of its configuration}
    """

    def setUp(self):
        super().setUp()
        self.home = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.base, self.target = releases.newest_two()
        self.chosen = deployments.Deployment(
            model.SYSTEMD, self.base.version, self.target.version, VHOST)

    def runbook(self, strategy, nodes):
        return procedure.make(
            evidences.Evidence(
                base=self.base.series, base_version=self.base.version,
                target=self.target.series,
                target_version=self.target.version, strategy=strategy,
                verdict='pass', nodes=nodes, seconds={}, downtime_s=None,
                hazards=()),
            strategy=strategy, deployment=model.SYSTEMD, vhost=VHOST)

    def start_cloud(self, workspace, nodes):
        """Start the base, and configure clients as an operator has them."""
        self.environments = {'target': environments.ensure(
            environments.heat(self.target), log_dir=workspace.logs)}
        self.cloud = cloud_start.start(workspace, self.base, size=nodes)
        self.assertEqual(VHOST, self.cloud.vhost)
        self.environments['base'] = (
            self.cloud.nodes['node-1'].environment)
        self.installed = dict.fromkeys(self.cloud.nodes, model.BASE)
        self.configured = dict(self.installed)
        client_config.write(self.cloud.access, self.home,
                            state_dir=self.home / 'state')
        (self.home / 'logs').mkdir()
        (self.home / '.heat').mkdir()
        (self.home / '.heat' / 'heat.conf').symlink_to(
            self.cloud.configuration.heat_conf)
        (self.home / '.my.cnf').write_text(
            f'[client]\nuser=root\nsocket={self.cloud.mariadb.socket}\n')
        self.variables = {
            **workspace.environment(), 'HOME': str(self.home),
            **client_config.variables(self.home)}
        self.write_rabbitmqctl()

    def write_rabbitmqctl(self):
        """Write a rabbitmqctl that reaches the broker of the cloud."""
        variables = shlex.join(
            f'{name}={value}' for name, value
            in self.cloud.rabbitmq.environment.items())
        program = shutil.which('rabbitmqctl', path=RABBITMQ)
        script = self.home / 'bin' / 'rabbitmqctl'
        script.parent.mkdir()
        script.write_text(f'#!/bin/sh\nexec env {variables} {program} "$@"\n')
        script.chmod(0o755)

    def sides(self):
        """Return the side that each node serves."""
        return {name: node.side for name, node in self.cloud.nodes.items()}

    def count(self):
        """Return the number of stacks in the database."""
        return self.shell(COUNT, model.DATABASE)

    def perform(self, section):
        """Execute the commands of a section, and check their output."""
        for action in section.actions:
            self.substitute(action)
            for command in action.commands:
                self.check(command, action.where)

    def substitute(self, action):
        """Do the manual part of an action: install or configure a node."""
        for side, install in ((model.TARGET, self.chosen.install),
                              (model.BASE, self.chosen.reinstall)):
            if action == install(action.where):
                self.installed.update(dict.fromkeys(
                    self.nodes(action.where), side))
            if action == node_changes.configure(
                    self.chosen, action.where, side):
                self.configured[action.where] = side

    def nodes(self, where):
        """Return the names of the nodes of an action."""
        return [where] if where in self.installed else list(self.installed)

    def check(self, command, where):
        """Execute a command, and assert that its output is as expected."""
        if command.startswith(node_changes.QUEUES.partition('{')[0]):
            waiting.wait_until(
                lambda: self.queues_are_empty(command, where),
                timeout=QUEUES_TIMEOUT, what='empty queues')
            return
        output = self.execute(command, where)
        if command == before.BUSY:
            self.assertEqual('', output)
        elif command.startswith('tail '):
            self.assertThat(output, testtools.matchers.StartsWith(
                '-- Dump completed'))
        elif command == 'heat-manage --version':
            self.assertEqual(self.environment(where).version, output)
        elif command == 'heat-manage db_version':
            self.assertNotEqual('', output)
        elif command == node_changes.ENGINES:
            for node in self.nodes(where):
                self.assertIn(f'{node} up', output.splitlines())

    def queues_are_empty(self, command, where):
        messages = dict(line.split('\t') for line
                        in self.execute(command, where).splitlines())
        return {'0'} == {messages[name] for name in evidence.WORK_QUEUES}

    def execute(self, command, where):
        """Execute a command; returns its output."""
        program, *words = shlex.split(command)
        rotation = ROTATION.match(command)
        if rotation:
            node, state = rotation.groups()
            getattr(self.cloud.haproxy, state)(node)
            return ''
        if program == 'systemctl':
            for node in self.nodes(where):
                self.systemctl(self.cloud.nodes[node], *words)
            return ''
        if program == 'tox':
            module, *rest = TOX[words[-1]]
            return self.shell(shlex.join(
                [sys.executable, '-m', f'heat_integrationtests.{module}',
                 *rest]), where)
        if command.startswith(('heat-upgrade ',
                               'mysqldump --single-transaction heat > '
                               'heat.sql')):
            return ''
        return self.shell(command, where)

    def systemctl(self, node, verb, *names):
        """Stop or start services on a node, as systemd does."""
        if verb == 'stop':
            for name in names:
                _, killed = node.process(SERVICES[name]).stop()
                self.assertFalse(killed, name)
            return
        self.assertEqual('start', verb)
        vhost = (self.chosen.target_vhost
                 if self.configured[node.name] == model.TARGET else VHOST)
        for name in names:
            node.deploy(SERVICES[name], self.environment(node.name),
                        side=self.installed[node.name], vhost=vhost)
            node.begin(SERVICES[name])
        for name in names:
            node.wait_ready(SERVICES[name])

    def environment(self, where):
        """Return the code of Heat that a machine has."""
        sides = {self.installed[node] for node in self.nodes(where)}
        if where == model.SPARE:
            sides = {model.TARGET}
        # Clients need no code of Heat, those of the base or the target.
        return self.environments[min(sides)]

    def shell(self, command, where):
        """Run a command in a shell; returns its standard output."""
        path = os.pathsep.join(map(str, (
            self.home / 'bin', self.environment(where).path / 'bin',
            pathlib.Path(sys.executable).parent, os.environ['PATH'])))
        done = subprocess.run(
            ['bash', '-c', command], cwd=self.home, timeout=TIMEOUT,
            env={**self.variables, 'PATH': path}, text=True,
            stdin=subprocess.DEVNULL, capture_output=True)
        self.assertEqual(0, done.returncode,
                         f'{command}\n{done.stdout}{done.stderr}')
        return done.stdout.strip()
