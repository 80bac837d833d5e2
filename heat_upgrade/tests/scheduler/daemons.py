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

"""Zuul's merger, and its scheduler for as long as it validates a tenant."""

import os
import sys

from heat_upgrade.lab import workspace as workspaces
from heat_upgrade import process
from heat_upgrade.tests.zuul import tenant
from heat_upgrade import waiting

# Measured: 10 s on two cores that are busy.
MERGER_TIMEOUT = 120
VALIDATION_TIMEOUT = 170


class Zuul:
    """A Zuul without a database, with its git repositories on this machine.

    :param workspace: :class:`heat_upgrade.lab.workspace.Workspace`
    :param repositories: directory of the git repositories
    :param tenants_file: the tenants' configuration
    :param port: of ZooKeeper
    :param certificates: :class:`certificates.Certificates`
    """

    def __init__(self, workspace, *, repositories, tenants_file, port,
                 certificates):
        self._workspace = workspace
        place = workspace.directory('zuul')
        self._config = workspace.secret_file('zuul.conf', f'''\
[zookeeper]
hosts=127.0.0.1:{port}
tls_cert={certificates.cert}
tls_key={certificates.key}
tls_ca={certificates.ca}
[keystore]
password={workspaces.password()}
[database]
dburi=sqlite:///{place}/never.db
[scheduler]
tenant_config={tenants_file}
state_dir={place}/scheduler
pidfile={place}/scheduler.pid
command_socket={place}/scheduler.socket
[merger]
git_dir={place}/merger-git
git_user_name=test
git_user_email=test@localhost
state_dir={place}/merger
pidfile={place}/merger.pid
command_socket={place}/merger.socket
[connection {tenant.HOST}]
driver=git
baseurl=file://{repositories}
canonical_hostname={tenant.HOST}
poll_delay=86400
''')

    def _process(self, name, *words):
        log = self._workspace.log(name)
        return process.Process(
            name, [os.path.join(os.path.dirname(sys.executable), words[0]),
                   '-c', self._config, *words[1:]],
            log=log, env=self._workspace.environment())

    def start_merger(self):
        """Start the merger, which reads the repositories, and return it."""
        merger = self._process('merger', 'zuul-merger', '-f', '-d')
        merger.start()
        merger.wait_ready(
            lambda: "'state': 'running'" in merger.log.read_text(),
            timeout=MERGER_TIMEOUT, what='to say that it is running')
        return merger

    def validate(self, name):
        """Let the scheduler validate all tenants.

        :param name: of the log
        :returns: (exit status, output)
        """
        scheduler = self._process(name, 'zuul-scheduler', '-f', '-d',
                                  '--validate-tenants')
        scheduler.start()
        try:
            waiting.wait_until(
                lambda: not scheduler.running(), timeout=VALIDATION_TIMEOUT,
                what='zuul-scheduler to have validated', log=scheduler.log,
                interval=0.2)
            return scheduler.died(), scheduler.log.read_text()
        finally:
            scheduler.kill()
