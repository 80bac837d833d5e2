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

"""The lab behind a node: the services of Heat, and the other node."""

import contextlib
import re
import shutil
from urllib import parse

import psutil

from heat_upgrade.install import environments
from heat_upgrade.install import releases
from heat_upgrade.lab import cloud
from heat_upgrade.lab import profiles
from heat_upgrade.lab.services import heat
from heat_upgrade.lab.services import mariadb
from heat_upgrade.lab.services import messaging
from heat_upgrade import process
from heat_upgrade import waiting

CONTROLLER, SUBNODE = 'node-1', 'node-2'

# Imports, workers, the first report: 6 s alone, more beside other tests.
HEAT_TIMEOUT = 90
COMMAND_TIMEOUT = 60

_RABBITMQCTL = '/usr/lib/rabbitmq/bin/rabbitmqctl'

_UWSGI = '''\
[uwsgi]
module = heat.wsgi.{which}:application
http-socket = 127.0.0.1:{port}
procname-prefix-spaced = {name}
master = true
need-app = true
die-on-term = true
no-orphans = true
enable-threads = true
processes = 1
threads = 8
buffer-size = 65535
log-master-bufsize = 65535
disable-logging = true
add-header = Connection: close
worker-reload-mercy = 10
pyargv = --config-file {conf} --config-dir {nothing}
'''


class Lab(cloud.Cloud):
    """A cloud whose controller's Heat is run by somebody else."""

    def start_heat(self):
        """Start the processes of Heat on all nodes but the controller."""
        self.rabbitmq.wait_ready()
        self._register()
        if SUBNODE not in self.nodes:
            return
        subnode = self.nodes[SUBNODE]
        for which in heat.SERVICES:
            subnode.begin(which)
        for which in heat.SERVICES:
            subnode.wait_ready(which)
        # As in DevStack, the catalog knows the controller alone.
        self.haproxy.drain(SUBNODE)

    def elsewhere(self):
        """Return the ids of the processes on the other node, as a set."""
        if SUBNODE not in self.nodes:
            return set()
        found = {one.pid for one in self.nodes[SUBNODE].processes
                 if one.running()}
        for pid in list(found):
            with contextlib.suppress(psutil.NoSuchProcess):
                found |= {child.pid for child in
                          psutil.Process(pid).children(recursive=True)}
        return found

    def write_configuration(self, directory):
        """Write the files of /etc/heat of the controller.

        :param directory: :class:`pathlib.Path`, made here
        """
        # In DevStack Heat comes to its database as root.
        self.mariadb.execute(
            f"GRANT ALL ON *.* TO `{cloud.DATABASE}`@'127.0.0.1'")
        home = self.configuration.directory
        shutil.copytree(home, directory)
        directory.chmod(0o700)
        conf = directory / 'heat.conf'
        text = conf.read_text().replace(str(home), str(directory))
        # DevStack does not use the queue manager: all services have this one
        # file, and the two APIs would share their reply queues.
        text = text.replace(profiles.as_ini(messaging.of_all(
            profiles.parse(profiles.STANDARD))), '')
        assert 'use_queue_manager' not in text
        conf.write_text(text.replace(
            '[DEFAULT]\n', f'[DEFAULT]\nhost = {CONTROLLER}\n', 1))
        conf.chmod(0o600)
        ports = self.nodes[CONTROLLER].ports
        for which, name in ((heat.API, 'heat-api'),
                            (heat.CFN, 'heat-api-cfn')):
            (directory / f'{name}-uwsgi.ini').write_text(_UWSGI.format(
                which=which, port=ports[which], name=name, conf=conf,
                nothing=self.workspace.directory('no-more-settings')))

    def devstack_variables(self):
        """Return the variables of a local.conf for the lab's services."""
        url = parse.urlsplit(self.rabbitmq.url())
        return {
            'DATABASE_TYPE': 'mysql',
            'ADMIN_PASSWORD': self.access.password,
            'SERVICE_PASSWORD': self.access.password,
            'RABBIT_USERID': url.username,
            'RABBIT_PASSWORD': url.password,
            'RABBIT_HOST': url.hostname,
            'RABBIT_PORT': url.port,
        }

    def secrets(self):
        """Return the passwords and keys of this cloud, as a set."""
        conf = self.configuration.heat_conf.read_text()
        return {self.access.password,
                *re.findall(r'^\w*(?:password|key) = (\S+)', conf,
                            re.MULTILINE),
                *re.findall(r'://\w+:([^@]+)@', conf)}

    def wait_for_heat(self):
        """Wait until the controller's Heat answers and its engines listen."""
        controller = self.nodes[CONTROLLER]

        def answers():
            up = self.mariadb.execute(
                'SELECT COUNT(*) FROM service WHERE deleted_at IS NULL AND '
                'host = %s', (CONTROLLER,), database=cloud.DATABASE)[0][0]
            if not up:
                return False
            self.check_answer(controller)
            return True
        waiting.wait_until(answers, timeout=HEAT_TIMEOUT,
                           what='Heat on the controller',
                           log=self.workspace.logs)
        self.haproxy.ready(CONTROLLER)

    def vhosts_of_engines(self):
        """Return the virtual hosts in which engines listen, as a set."""
        listed = self.rabbitmqctl('--quiet', 'list_vhosts')[1].split()
        return {vhost for vhost in listed if any(
            queue.name == 'engine' and queue.consumers
            for queue in self.rabbitmq.queues(vhost))}

    def rabbitmqctl(self, *words):
        """Run rabbitmqctl on the private broker; (exit status, output)."""
        return process.run(
            'rabbitmqctl', [_RABBITMQCTL, *words],
            log=self.workspace.log('rabbitmqctl'),
            env=self.rabbitmq.environment, timeout=COMMAND_TIMEOUT,
            check=False)

    def mysqldump(self, *words):
        """Dump databases of the private server; (exit status, output)."""
        return process.run(
            'mysqldump',
            [mariadb.find('mariadb-dump'), '--no-defaults',
             f'--socket={self.mariadb.socket}', '--user=root', *words],
            log=self.workspace.log('mysqldump'),
            env=self.workspace.environment(), timeout=COMMAND_TIMEOUT,
            check=False)


def made(workspace):
    """Return the environments {'keystone', 'base', 'target'}."""
    base, target = releases.newest_two()
    names = ('keystone', 'base', 'target')
    return dict(zip(names, environments.ensure_all(
        [environments.keystone(base), environments.heat(base),
         environments.heat(target)],
        log_dir=workspace.logs, marker=workspace.marker)))
