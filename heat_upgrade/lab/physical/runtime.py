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

"""The processes of services beside Heat, from their start to their end.

They are of one series, the base's, and keep running while Heat is stopped and
upgraded.
"""

from collections import abc
import pathlib

from heat_upgrade.install import environments
from heat_upgrade.lab.physical import model
from heat_upgrade.lab.physical import site as sites
from heat_upgrade.lab.services import mariadb as mariadbs
from heat_upgrade.lab.services import rabbitmq as rabbitmqs
from heat_upgrade.lab.services import uwsgi
from heat_upgrade.lab import workspace as workspaces
from heat_upgrade import process

# Queues of these services are not Heat's, and so are not counted with them.
VHOST = 'services'

# From the start of the process: 3 s of imports, on a machine that starts ten
# services at once.
START_TIMEOUT = 120

THREADS = 4

# File whose existence lets the waiting programs begin.
_RELEASED = 'released'


class Runtime:
    """The services of one cloud.

    :param services: in the order of their dependencies
    :param password: of model.USER in Keystone
    """

    def __init__(self, workspace: workspaces.Workspace,
                 environment: environments.Environment,
                 services: abc.Sequence[model.Service], *,
                 mariadb: mariadbs.MariaDB, rabbitmq: rabbitmqs.RabbitMQ,
                 keystone_url: str, region: str, password: str) -> None:
        self.services = services
        self._workspace = workspace
        self._environment = environment
        self._rabbitmq = rabbitmq
        self.site = sites.make(
            workspace, environment, services, mariadb=mariadb,
            keystone_url=keystone_url, region=region, password=password,
            transport_url=rabbitmq.url(VHOST), name='services')
        self._processes = {
            program.name: self._process(service, program)
            for service in services for program in service.programs}

    @property
    def names(self) -> list[str]:
        """The names of the services."""
        return [service.name for service in self.services]

    @property
    def processes(self) -> list[process.Process]:
        """The processes of all services."""
        return list(self._processes.values())

    def process_of(self, program: str) -> process.Process:
        """Return the process of a program of a service."""
        return self._processes[program]

    def url(self, service: str) -> str:
        """Return the URL of a service's API, without a path."""
        return self.site.url(service)

    def data(self, service: str) -> pathlib.Path:
        """Return the directory of a service's data, such as its images."""
        return self.site.data / service

    def access_log(self, program: str) -> pathlib.Path:
        """Return the access log of a program, a file of JSON lines.

        See programs/lab_wsgi.py for the content of a line.
        """
        return access_log(self._workspace.logs, program)

    def endpoints(self) -> list[tuple[str, str, str]]:
        """Return (name, type, URL) of each entry of the catalog."""
        return [(endpoint.name, endpoint.type,
                 self.url(service.name) + endpoint.path)
                for service in self.services
                for endpoint in service.endpoints]

    def start(self) -> None:
        """Start all processes without waiting for an answer."""
        for child in self.processes:
            child.start()

    def wait_ready(self) -> None:
        """Wait until all services work; Keystone knows their endpoints.

        :raises: errors.ProcessDied, errors.WaitTimeout
        """
        programs = [program for service in self.services
                    for program in service.programs]
        for program in programs:
            if not program.waits:
                self._wait(program)
        self._rabbitmq.add_vhost(VHOST)
        (self.site.data / _RELEASED).touch()
        for program in programs:
            if program.waits:
                self._wait(program)

    def _wait(self, program: model.Program) -> None:
        ready = program.ready
        if isinstance(ready, model.Announced):
            announced = self._announced(program)
            self._processes[program.name].wait_ready(
                announced.exists, timeout=START_TIMEOUT,
                what=f'its report that it works, {announced}')
            return
        answer, port = ready, self.site.ports[program.port]
        self._processes[program.name].wait_ready(
            lambda: uwsgi.answers(port, answer.path, answer.statuses),
            timeout=START_TIMEOUT,
            what=f'an answer from port {port} to GET {answer.path}')

    def _announced(self, program: model.Program) -> pathlib.Path:
        return self.site.data / f'{program.name}-works'

    def _process(self, service: model.Service, program: model.Program
                 ) -> process.Process:
        words = [sites.substituted(self.site, service, word)
                 for word in program.arguments]
        variables = {name: sites.substituted(self.site, service, value)
                     for name, value in program.variables}
        env = self._workspace.environment(
            PYTHONPATH=str(model.PROGRAMS), PYTHONWARNINGS='ignore',
            LAB_RELEASED=str(self.site.data / _RELEASED),
            LAB_ANNOUNCED=str(self._announced(program)),
            LAB_ACCESS_LOG=str(self.access_log(program.name)), **variables)
        log = self._workspace.log(program.name)
        if program.script:
            return process.Process(
                program.name,
                [self._environment.bin('python'),
                 model.PROGRAMS / program.script, *words], log=log, env=env)
        return uwsgi.wsgi_process(
            program.name, self._environment, 'lab_wsgi:application',
            port=self.site.ports[program.port], log=log,
            env={**env, 'LAB_APPLICATION': program.wsgi},
            processes=1, threads=THREADS, arguments=' '.join(words) or None,
            # nova-api of 2026.1 starts threads, which do not survive a fork.
            lazy=True)


def access_log(logs: pathlib.Path, program: str) -> pathlib.Path:
    """Return the path of the access log of a program of a run.

    :param logs: the directory of the run's logs
    """
    return logs / f'access-{program}.jsonl'
