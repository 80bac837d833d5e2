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

"""One node of a cloud: its Heat services, each of the base or the target."""

from collections import abc
import dataclasses
import pathlib

from heat_upgrade.install import environments
from heat_upgrade.lab import profiles
from heat_upgrade.lab.services import heat
from heat_upgrade.lab.services import mariadb as mariadbs
from heat_upgrade.lab.services import messaging
from heat_upgrade.lab.services import rabbitmq as rabbitmqs
from heat_upgrade.lab.services import uwsgi
from heat_upgrade.lab import workspace as workspaces
from heat_upgrade import process

# From the start of the process to the first report in Heat's service table:
# 3 s of import, two workers, and a busy machine.
ENGINE_TIMEOUT = 90

DATABASE = 'heat'

# The side of the release that the cloud is upgraded to.
TARGET = 'target'

# An API that is up, in its version list (RFC 9110: Multiple Choices).
VERSIONS = (300,)


@dataclasses.dataclass(frozen=True)
class Deployment:
    """A release of one service that is installed on a node.

    :ivar side: 'base' or 'target'
    :ivar vhost: RabbitMQ's virtual host of the service
    """

    process: process.Process
    environment: environments.Environment
    side: str
    vhost: str


class Node:
    """heat-engine, heat-api and heat-api-cfn on one node.

    :param name: also the ``host`` of its services in Heat's own tables
    :param configuration: shared by all nodes
    :param ports: {heat.API: port, heat.CFN: port} of this node
    :param extra: environment variables of its services
    """

    def __init__(self, name: str, workspace: workspaces.Workspace,
                 configuration: heat.Configuration, *,
                 mariadb: mariadbs.MariaDB, rabbitmq: rabbitmqs.RabbitMQ,
                 ports: abc.Mapping[str, int],
                 extra: abc.Mapping[str, str]) -> None:
        self.name = name
        self._workspace = workspace
        self._configuration = configuration
        self._mariadb = mariadb
        self._rabbitmq = rabbitmq
        self.ports = ports
        self._extra = extra
        self.deployed: dict[str, Deployment] = {}
        self._seen_engines: set[str] = set()
        self._engine_ids: set[str] = set()

    @property
    def api_url(self) -> str:
        """URL of this node's heat-api, past HAProxy."""
        return f'http://127.0.0.1:{self.ports[heat.API]}/v1'

    @property
    def cfn_url(self) -> str:
        return f'http://127.0.0.1:{self.ports[heat.CFN]}'

    @property
    def side(self) -> str:
        """The side of its API, which is the side that a user meets."""
        return self.deployed[heat.API].side

    @property
    def environment(self) -> environments.Environment:
        """The environment of its API."""
        return self.deployed[heat.API].environment

    @property
    def processes(self) -> list[process.Process]:
        return [self.deployed[service].process for service in heat.SERVICES
                if service in self.deployed]

    def process(self, which: str) -> process.Process:
        """Return the process of a service, one of heat.SERVICES."""
        return self.deployed[which].process

    def config(self, which: str) -> pathlib.Path:
        """Return a service's own configuration file."""
        return self._configuration.directory / self._file(
            which, self.deployed[which].side)

    def _file(self, which: str, side: str) -> str:
        return f'{self.name}-{side}-{which}.conf'

    def deploy(self, which: str, environment: environments.Environment, *,
               side: str, vhost: str) -> None:
        """Install a release of a service, without starting it.

        The configuration stays unchanged, as the Theory of Upgrade asks,
        unless a profile changes an option with the upgrade. Nodes differ in
        their name, in the names of their queues and, as Heat's guide for
        rolling upgrades requires, in the virtual host.

        :param which: one of heat.SERVICES
        :param side: 'base' or 'target'
        """
        profile = self._configuration.profile
        sections = profiles.merged(
            {'DEFAULT': {'host': self.name,
                         'transport_url': self._rabbitmq.url(vhost)}},
            messaging.of_service(
                profile, heat.NAMES[which],
                self._workspace.host(f'{self.name}-{side}')),
            profile.at_upgrade if side == TARGET else {})
        own = self._workspace.secret_file(
            f'heat/{self._file(which, side)}',
            profiles.as_ini(sections))
        self.deployed[which] = Deployment(
            heat.service(
                which, self._workspace, environment, name=self.name,
                side=side, configs=(self._configuration.heat_conf, own),
                port=self.ports.get(which), extra=self._extra,
                workers=self._configuration.workers),
            environment=environment, side=side, vhost=vhost)

    def start(self, which: str) -> None:
        """Start the deployed release of a service, and wait for an answer.

        :raises: errors.ProcessDied, errors.WaitTimeout
        """
        self.begin(which)
        self.wait_ready(which)

    def begin(self, which: str) -> None:
        """Start the deployed release of a service without waiting."""
        self.process(which).start()

    def wait_ready(self, which: str) -> None:
        """Wait until a started service answers."""
        if which == heat.ENGINE:
            self._engine_ids = self._wait_for_engine()
            self._seen_engines |= self._engine_ids
            return
        port = self.ports[which]
        self.process(which).wait_ready(
            lambda: uwsgi.answers(port, '/', VERSIONS),
            timeout=uwsgi.START_TIMEOUT,
            what=f'the list of versions from port {port}')

    def _wait_for_engine(self) -> set[str]:
        """Wait until as many new engines report as there are workers.

        An engine enters itself in Heat's table "service" when it has begun
        to listen. The API returns the same table, but a request that comes
        too early holds one of its threads for a minute.
        """
        workers = self._configuration.workers

        def all_up() -> set[str] | None:
            up = {engine for engine, in self._mariadb.execute(
                'SELECT engine_id FROM service WHERE deleted_at IS NULL '
                'AND host = %s', (self.name,), database=DATABASE)}
            up -= self._seen_engines
            return up if len(up) >= workers else None
        return self.process(heat.ENGINE).wait_ready(
            all_up, timeout=ENGINE_TIMEOUT,
            what=f'{workers} new engines in the service table')

    def engines(self) -> set[str]:
        """Return the ids of the engines that live here now."""
        alive = (heat.ENGINE in self.deployed
                 and self.process(heat.ENGINE).running())
        return set(self._engine_ids) if alive else set()
