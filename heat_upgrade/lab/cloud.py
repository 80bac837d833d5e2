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

"""Wires services into a cloud of one or more nodes."""

from collections import abc
import dataclasses
import os
import secrets
import typing

from heat_upgrade import concurrency
from heat_upgrade import errors
from heat_upgrade.install import environments
from heat_upgrade.lab import client_config
from heat_upgrade.lab import database_template
from heat_upgrade.lab import heat_client
from heat_upgrade.lab import kept_cloud
from heat_upgrade.lab import node as nodes
from heat_upgrade.lab.physical import first_server
from heat_upgrade.lab.physical import preparation
from heat_upgrade.lab.physical import runtime
from heat_upgrade.lab import profiles
from heat_upgrade.lab.services import haproxy
from heat_upgrade.lab.services import heat
from heat_upgrade.lab.services import identity
from heat_upgrade.lab.services import keystone
from heat_upgrade.lab.services import ledger
from heat_upgrade.lab.services import mariadb
from heat_upgrade.lab.services import rabbitmq
from heat_upgrade.lab import workspace as workspaces
from heat_upgrade import process

if typing.TYPE_CHECKING:
    import requests

DATABASE = nodes.DATABASE

# Seconds of one request to a Heat that is up: RPC's own limit is 60 s.
ANSWER_TIMEOUT = heat_client.ANSWER_TIMEOUT


class Cloud:
    """The lab's cloud: the backing services, HAProxy, and nodes with Heat.

    :param keystone_environment: the environment with Keystone
    :param heat_environment: the environment of the first release of Heat
    :param size: number of nodes
    :param variables: environment variables of Heat's services
    :param workers: workers of heat-engine, and processes of heat-api
    :param lender: another cloud that shares its Keystone and RabbitMQ, and
        outlives this cloud, which has its own region and virtual host
    :param profile: names of profiles, with commas
    :param further: other services, whose resources Heat manages; not with a
        lender
    """

    def __init__(self, workspace: workspaces.Workspace, *,
                 keystone_environment: environments.Environment,
                 heat_environment: environments.Environment,
                 size: int = 1,
                 variables: abc.Mapping[str, str] | None = None,
                 workers: int = heat.WORKERS,
                 lender: typing.Self | None = None,
                 profile: str = profiles.STANDARD,
                 further: preparation.Preparation | None = None) -> None:
        self.workspace = workspace
        self._keystone_environment = keystone_environment
        self._heat_environment = heat_environment
        self._size = size
        self._variables = variables or {}
        self._workers = workers
        self._lender = lender
        self._profile = profile
        self._further = further
        self.region, self.vhost = keystone.REGION, 'heat'
        if lender:
            self.region = f'{lender.region}-{workspace.marker}'
            self.vhost = f'{lender.vhost}-{workspace.marker}'
        # Attributes that start_backing() and start_front() set.
        self._state: database_template.State
        self.mariadb: mariadb.MariaDB
        self.rabbitmq: rabbitmq.RabbitMQ
        self.keystone: keystone.Keystone
        self.identity: identity.Identity
        self.haproxy: haproxy.HAProxy
        self.ledger: ledger.Ledger
        self.configuration: heat.Configuration
        self.access: client_config.Access
        self.nodes: dict[str, nodes.Node] = {}
        self.services: runtime.Runtime | None = None

    def up(self) -> None:
        """Start the whole cloud, in parallel as far as possible.

        :raises: errors.LabError
        """
        self.start_backing()
        self.start_front()

    def start_backing(self) -> None:
        """Start the services that Heat needs; then the cloud can lend them.

        :raises: errors.LabError
        """
        if not self._lender:
            self.rabbitmq = rabbitmq.RabbitMQ(self.workspace,
                                              vhost=self.vhost)
            self.rabbitmq.start()
        self.ledger = ledger.Ledger(self.workspace)
        self.ledger.start()
        state = database_template.state(
            self.workspace, self._keystone_environment,
            self._heat_environment, self._further)
        self.mariadb = mariadb.MariaDB(self.workspace, template=state.data)
        self.mariadb.start()
        self.mariadb.wait_ready()
        if self._lender:
            self._state = self._lender._state
            self.rabbitmq = self._lender.rabbitmq
            self.keystone = self._lender.keystone
            return
        self._state = state
        self.keystone = keystone.Keystone(
            self.workspace, self._keystone_environment,
            database_url=self.mariadb.database('keystone'))
        self.keystone.start()
        if self._further:
            self.services = runtime.Runtime(
                self.workspace, self._further.environment,
                self._further.services, mariadb=self.mariadb,
                rabbitmq=self.rabbitmq, keystone_url=self.keystone.url,
                region=self.region, password=state.services_password)
            self.services.start()

    def start_front(self) -> None:
        """Start HAProxy and Heat, and wait until all services answer.

        :raises: errors.LabError
        """
        self.configuration = heat.configure(
            self.workspace, self._heat_environment,
            transport_url=self.rabbitmq.url(self.vhost),
            database_url=self.mariadb.database(DATABASE),
            keystone_url=self.keystone.url, region=self.region,
            service_password=self._state.service_password,
            domain_password=self._state.domain_password,
            encryption_key=secrets.token_hex(16),
            plugin_dir=ledger.PLUGIN_DIR, workers=self._workers,
            profile=self._profile, domain_id=keystone.domain_id(
                (self._lender or self).mariadb, heat.STACK_DOMAIN))
        self.access = client_config.Access(
            auth_url=self.keystone.url, region=self.region,
            username=keystone.ADMIN, password=self._state.admin_password)
        self._make_nodes()
        self.haproxy.start()
        self.ledger.wait_ready()
        self.haproxy.wait_ready()
        self.deploy(self._heat_environment, side='base')
        self.start_heat()
        if self.services:
            self.services.wait_ready()
            self.access = dataclasses.replace(
                self.access, **first_server.values(
                    self.identity.session, self.region, self.services.names))

    def _make_nodes(self) -> None:
        for number in range(1, self._size + 1):
            name = f'node-{number}'
            self.nodes[name] = nodes.Node(
                name, self.workspace, self.configuration,
                mariadb=self.mariadb, rabbitmq=self.rabbitmq,
                ports={which: self.workspace.port()
                       for which in (heat.API, heat.CFN)},
                extra={**self._variables, **self.ledger.environment})
        self.haproxy = haproxy.HAProxy(self.workspace, {
            f'heat-{which}': (port, {
                name: node.ports[which] for name, node in self.nodes.items()})
            for which, port in ((heat.API, self.configuration.api_port),
                                (heat.CFN, self.configuration.cfn_port))})

    def _register(self) -> None:
        """Fill Keystone's catalog, which depends on the run's ports."""
        self.keystone.wait_ready()
        self.identity = identity.Identity(
            self.keystone.url, username=self.access.username,
            password=self.access.password)
        for name, kind, url in (
                ('keystone', 'identity', self.keystone.url),
                ('heat', 'orchestration', f'{self.api_url}/$(project_id)s'),
                ('heat-cfn', 'cloudformation', f'{self.cfn_url}/v1'),
                *(self.services.endpoints() if self.services else ())):
            self.identity.endpoint(name, kind, url, region=self.region)
        self.identity.session.invalidate()

    def user(self, name: str) -> identity.Identity:
        """Return a new user, a member of a new project of the same name.

        Heat lists the stacks of all projects to an administrator, and those
        of its own project to a member.
        """
        password = workspaces.password()
        self.identity.grant(self.identity.user(name, password),
                            identity.MEMBER_ROLE,
                            project=self.identity.project(name))
        return identity.Identity(self.keystone.url, username=name,
                                 password=password)

    @property
    def api_url(self) -> str:
        """URL of heat-api for users, through HAProxy."""
        return f'http://127.0.0.1:{self.configuration.api_port}/v1'

    @property
    def cfn_url(self) -> str:
        """URL of heat-api-cfn for users, through HAProxy."""
        return f'http://127.0.0.1:{self.configuration.cfn_port}'

    def deploy(self, environment: environments.Environment, *, side: str,
               vhost: str | None = None) -> None:
        """Install a release on every node, without starting it.

        :param environment: the environment of the release
        :param side: 'base' or 'target'
        :param vhost: RabbitMQ's virtual host, None for the first one
        """
        for node in self.nodes.values():
            for which in heat.SERVICES:
                node.deploy(which, environment, side=side,
                            vhost=vhost or self.vhost)

    def start_heat(self) -> None:
        """Start the deployed services of all nodes; wait until they answer.

        :raises: errors.ProcessDied, errors.WaitTimeout
        """
        everywhere = list(self.nodes.values())
        for node in everywhere:
            node.begin(heat.API)

        def engines() -> None:
            # An engine waits longer than necessary for a missing broker.
            self.rabbitmq.wait_ready()
            if self._lender:
                self.rabbitmq.add_vhost(self.vhost)
            for node in everywhere:
                node.begin(heat.ENGINE)

        def cfns() -> None:
            # It asks Keystone for its endpoint while it is loaded.
            if not hasattr(self, 'identity'):
                self._register()
            for node in everywhere:
                node.begin(heat.CFN)

        concurrency.run_parallel(engines, cfns)
        for which in (heat.API, heat.CFN, heat.ENGINE):
            for node in everywhere:
                node.wait_ready(which)
        for node in everywhere:
            self.haproxy.ready(node.name)
            self.check_answer(node)

    def check_answer(self, node: nodes.Node) -> None:
        """List the stacks of a node, which needs all its services but cfn.

        :raises: errors.LabError if the node does not list them
        """
        answer = heat_client.Api(self.identity, node.api_url).call(
            'GET', 'stacks?limit=1')
        if answer.status != 200:
            raise errors.LabError(
                f'heat-api on {node.name} does not list stacks; it answers '
                f'{answer.status}: {str(answer.body)[:500]}',
                log=node.process(heat.API).log)

    def request(self, path: str, *, timeout: float = 10
                ) -> 'requests.Response':
        """GET a path below the administrator's project from heat-api.

        :param timeout: seconds
        :returns: the response, also with an HTTP status of 400 or above
        :raises: OSError without a response in time
        """
        url = f'{self.api_url}/{self.identity.project_id()}/{path}'
        return self.identity.get(url, timeout=timeout)

    def stop_heat(self, *,
                  after_signal: abc.Callable[[], object] | None = None,
                  kill: abc.Collection[process.Process] = ()
                  ) -> dict[str, dict[str, typing.Any]]:
        """Stop all services of Heat gracefully, as an operator does.

        ``after_signal`` is called after all services got the stop signal.

        :param kill: processes that are killed before the others are stopped
        :returns: {name: {'seconds', 'killed'}} of each stopped process
        """
        for victim in kill:
            victim.kill()
        running = [child for child in self.heat_processes
                   if child not in kill]
        for child in running:
            child.ask_to_stop()
        if after_signal:
            after_signal()
        results = concurrency.run_parallel(*(child.stop for child in running))
        return {child.name: {'seconds': round(seconds, 2), 'killed': killed}
                for child, (seconds, killed) in zip(running, results)}

    def manage(self, environment: environments.Environment, *words: str,
               side: str, check: bool = True, rpc: bool = False
               ) -> tuple[int, str]:
        """Run heat-manage or heat-status of a release on the database.

        :param rpc: whether the command calls an engine, which has a virtual
            host of its own
        :returns: (exit status, output)
        """
        configs = [self.configuration.heat_conf]
        if rpc:
            configs.append(next(iter(self.nodes.values())).config(
                heat.ENGINE))
        return heat.manage(self.workspace, environment, configs, *words,
                           side=side, check=check)

    def save_database(self, path: str | os.PathLike[str]) -> None:
        """Dump Heat's database to a file."""
        self.mariadb.dump(DATABASE, path)

    @property
    def heat_processes(self) -> list[process.Process]:
        """The processes of Heat's services on all nodes."""
        return [child for node in self.nodes.values()
                for child in node.processes]

    def vhosts(self) -> list[str]:
        """Return the virtual hosts of all deployed services."""
        return sorted({deployed.vhost for node in self.nodes.values()
                       for deployed in node.deployed.values()}
                      | {self.vhost})

    def queues(self) -> list[rabbitmq.Queue]:
        """Return the queues of all virtual hosts."""
        return [queue for vhost in self.vhosts()
                for queue in self.rabbitmq.queues(vhost)]

    def engines(self) -> dict[str, tuple[str, str]]:
        """Return the live engines: {engine id: (node, side)}."""
        return {engine: (node.name, node.deployed[heat.ENGINE].side)
                for node in self.nodes.values() for engine in node.engines()}

    def release_of(self, node: str) -> str:
        """Return the version of the API on a node, '' for an unknown node."""
        known = self.nodes.get(node)
        return known.environment.version if known else ''

    def died(self) -> list[process.Process]:
        """Return the processes that ended without a request."""
        return [child for child in self.processes()
                if child.died() is not None]

    def processes(self) -> list[process.Process]:
        """Return all started processes, Heat's before the services it needs.

        Those of the lender are not included.
        """
        names = ['haproxy', 'ledger', 'mariadb'] if self._lender else [
            'haproxy', 'ledger', 'keystone', 'rabbitmq', 'mariadb']
        return [*self.heat_processes,
                *(self.services.processes if self.services else ()),
                *(getattr(self, name).process for name in names
                  if hasattr(self, name))]

    def down(self) -> None:
        """Kill all processes: in-flight operations are not needed."""
        for child in self.processes():
            child.kill()

    def keep(self) -> None:
        """Leave the cloud up for a person, and record how to end it."""
        kept_cloud.write(self.workspace.run_dir, {
            'marker': self.workspace.marker,
            'data': str(self.workspace.data),
            'api': self.api_url, 'keystone': self.keystone.url,
            'release': self.release_of('node-1'),
            'nodes': {name: {'api': node.api_url, 'cfn': node.cfn_url,
                             'release': self.release_of(name)}
                      for name, node in self.nodes.items()},
        })
        self.workspace.close(keep=True)
