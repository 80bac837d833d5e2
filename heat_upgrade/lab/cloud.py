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

import json
import pathlib
import secrets

from heat_upgrade import concurrency
from heat_upgrade import errors
from heat_upgrade.lab import client_config
from heat_upgrade.lab import database_template
from heat_upgrade.lab import heat_client
from heat_upgrade.lab import node as nodes
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
from heat_upgrade import reaper

DATABASE = nodes.DATABASE
STATE_FILE = 'cloud.json'

# Of one request to a Heat that is up: RPC's own limit is 60 s.
ANSWER_TIMEOUT = heat_client.ANSWER_TIMEOUT


class Cloud:
    """The lab's cloud: the backing services, HAProxy, and nodes with Heat.

    :param workspace: the run's :class:`heat_upgrade.lab.workspace.Workspace`
    :param keystone_environment: the environment with Keystone
    :param heat_environment: the environment of the Heat to start with
    :param size: how many nodes there are
    :param variables: environment variables of Heat's services
    :param workers: of heat-engine, and processes of heat-api
    :param lender: another cloud whose Keystone and RabbitMQ this one uses, in
        a region and a virtual host of its own; it outlives this one
    :param profile: one of :data:`heat_upgrade.lab.profiles.PROFILES`
    """

    def __init__(self, workspace, *, keystone_environment, heat_environment,
                 size=1, variables=None, workers=heat.WORKERS, lender=None,
                 profile=profiles.STANDARD):
        self.workspace = workspace
        self._keystone_environment = keystone_environment
        self._heat_environment = heat_environment
        self._size = size
        self._variables = variables or {}
        self._workers = workers
        self._lender = lender
        self._profile = profile
        self._state = None
        self.region, self.vhost = keystone.REGION, 'heat'
        if lender:
            self.region = f'{lender.region}-{workspace.marker}'
            self.vhost = f'{lender.vhost}-{workspace.marker}'
        self.mariadb = self.rabbitmq = self.keystone = self.identity = None
        self.haproxy = self.ledger = self.configuration = self.access = None
        self.nodes = {}

    def up(self):
        """Start all of it, side by side as far as one needs not the other.

        :raises: :class:`errors.LabError`
        """
        self.start_backing()
        self.start_front()

    def start_backing(self):
        """Start what Heat needs; from here on it can be lent.

        :raises: :class:`errors.LabError`
        """
        if not self._lender:
            self.rabbitmq = rabbitmq.RabbitMQ(self.workspace,
                                              vhost=self.vhost)
            self.rabbitmq.start()
        self.ledger = ledger.Ledger(self.workspace)
        self.ledger.start()
        state = database_template.state(
            self.workspace, self._keystone_environment, self._heat_environment
        )
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

    def start_front(self):
        """Start HAProxy and Heat, until all of it answers.

        :raises: :class:`errors.LabError`
        """
        state = self._state
        self.configuration = heat.configure(
            self.workspace, self._heat_environment,
            transport_url=self.rabbitmq.url(self.vhost),
            database_url=self.mariadb.database(DATABASE),
            keystone_url=self.keystone.url, region=self.region,
            service_password=state.service_password,
            domain_password=state.domain_password,
            encryption_key=secrets.token_hex(16),
            plugin_dir=ledger.PLUGIN_DIR, workers=self._workers,
            profile=self._profile)
        self.access = client_config.Access(
            auth_url=self.keystone.url, region=self.region,
            username=keystone.ADMIN, password=state.admin_password)
        self._make_nodes()
        self.haproxy.start()
        self.ledger.wait_ready()
        self.haproxy.wait_ready()
        self.deploy(self._heat_environment, side='base')
        self.start_heat()

    def _make_nodes(self):
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

    def _register(self):
        """Fill Keystone's catalog, which depends on the run's ports."""
        self.keystone.wait_ready()
        self.identity = identity.Identity(
            self.keystone.url, username=self.access.username,
            password=self.access.password)
        for name, kind, url in (
                ('keystone', 'identity', self.keystone.url),
                ('heat', 'orchestration', f'{self.api_url}/$(project_id)s'),
                ('heat-cfn', 'cloudformation', f'{self.cfn_url}/v1')):
            self.identity.endpoint(name, kind, url, region=self.region)
        self.identity.session.invalidate()

    @property
    def api_url(self):
        """URL of heat-api as users find it: through HAProxy."""
        return f'http://127.0.0.1:{self.configuration.api_port}/v1'

    @property
    def cfn_url(self):
        return f'http://127.0.0.1:{self.configuration.cfn_port}'

    def deploy(self, environment, *, side, vhost=None):
        """Install a release on every node; starts nothing.

        :param environment: the environment of the release
        :param side: 'base' or 'target'
        :param vhost: RabbitMQ's virtual host, None for the first one
        """
        for node in self.nodes.values():
            for which in heat.SERVICES:
                node.deploy(which, environment, side=side,
                            vhost=vhost or self.vhost)

    def start_heat(self):
        """Start what is deployed on all nodes, until all of it answers.

        :raises: :class:`errors.ProcessDied`, :class:`errors.WaitTimeout`
        """
        everywhere = list(self.nodes.values())
        for node in everywhere:
            node.begin(heat.API)

        def engines():
            # An engine that finds no broker waits longer than it needs to.
            self.rabbitmq.wait_ready()
            if self._lender:
                self.rabbitmq.add_vhost(self.vhost)
            for node in everywhere:
                node.begin(heat.ENGINE)

        def cfns():
            # It asks Keystone for its endpoint while it is loaded.
            if self.identity is None:
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

    def check_answer(self, node):
        """Ask a node for stacks, which takes all of its services but cfn.

        :raises: :class:`errors.LabError` if it does not list them
        """
        answer = heat_client.Api(self.identity, node.api_url).call(
            'GET', 'stacks?limit=1')
        if answer.status != 200:
            raise errors.LabError(
                f'heat-api on {node.name} does not list stacks, but answers '
                f'{answer.status}: {str(answer.body)[:500]}',
                log=node.process(heat.API).log)

    def request(self, path, *, timeout=10):
        """GET a path below the administrator's project from heat-api.

        :param timeout: seconds
        :returns: the response, whatever its status
        :raises: OSError if there is none
        """
        url = f'{self.api_url}/{self.identity.project_id()}/{path}'
        return self.identity.get(url, timeout=timeout)

    def stop_heat(self, *, meanwhile=None, kill=()):
        """Stop Heat as an operator does: all of it, gracefully.

        :param meanwhile: called when all have been asked to stop
        :param kill: processes that are killed, before the others are asked
        :returns: {name: {'seconds', 'killed'}} of each process that was asked
        """
        for one in kill:
            one.kill()
        running = [one for one in self.heat_processes if one not in kill]
        for one in running:
            one.ask_to_stop()
        if meanwhile:
            meanwhile()
        results = concurrency.run_parallel(*(one.stop for one in running))
        return {one.name: {'seconds': round(seconds, 2), 'killed': killed}
                for one, (seconds, killed) in zip(running, results)}

    def manage(self, environment, *words, side, check=True):
        """Run heat-manage or heat-status of a release on the database.

        :returns: (exit status, output)
        """
        return heat.manage(self.workspace, environment, self.configuration,
                           *words, side=side, check=check)

    def save_database(self, path):
        """Dump Heat's database to a file."""
        self.mariadb.dump(DATABASE, path)

    @property
    def heat_processes(self):
        """The processes of Heat's services on all nodes."""
        return [one for node in self.nodes.values() for one in node.processes]

    def vhosts(self):
        """Return the virtual hosts that a deployed service talks through."""
        return sorted({deployed.vhost for node in self.nodes.values()
                       for deployed in node.deployed.values()}
                      | {self.vhost})

    def queues(self):
        """Return the queues of all virtual hosts, as rabbitmq.Queue."""
        return [queue for vhost in self.vhosts()
                for queue in self.rabbitmq.queues(vhost)]

    def engines(self):
        """Return the engines that live: {engine id: (node, side)}."""
        return {engine: (node.name, node.deployed[heat.ENGINE].side)
                for node in self.nodes.values() for engine in node.engines()}

    def release_of(self, node):
        """Return the version of the API on a node, '' if there is none."""
        found = self.nodes.get(node)
        return found.environment.version if found else ''

    def died(self):
        """Return the processes that ended though nobody asked them to."""
        return [one for one in self.processes() if one.died() is not None]

    def processes(self):
        """Return all that were made, Heat before what it needs."""
        own = () if self._lender else (self.keystone, self.rabbitmq)
        return self.heat_processes + [one.process for one in (
            self.haproxy, self.ledger, *own, self.mariadb) if one]

    def down(self):
        """End everything at once: nobody needs what is in hand any more."""
        for one in self.processes():
            one.kill()

    def keep(self):
        """Leave the cloud up for a person, and note how to end it."""
        workspaces.write_secret(
            self.workspace.run_dir / STATE_FILE, json.dumps({
                'marker': self.workspace.marker,
                'data': str(self.workspace.data),
                'api': self.api_url, 'keystone': self.keystone.url,
                'release': self.release_of('node-1'),
                'nodes': {name: {'api': node.api_url, 'cfn': node.cfn_url,
                                 'release': self.release_of(name)}
                          for name, node in self.nodes.items()},
            }, indent=2) + '\n')
        self.workspace.close(keep=True)


def kept(run_dir):
    """Return what :meth:`Cloud.keep` noted of a cloud that is still up.

    :raises: :class:`errors.UsageError` if there is none
    """
    path = pathlib.Path(run_dir) / STATE_FILE
    try:
        noted = json.loads(path.read_text())
        noted['marker'], noted['data']
    except FileNotFoundError:
        raise errors.UsageError(
            f'no cloud is up in {run_dir}; start one with: '
            'heat-upgrade cloud up') from None
    except (KeyError, TypeError, ValueError) as exc:
        raise errors.UsageError(
            f'{path} is damaged, and does not tell which cloud it is '
            f'about: {exc!r}') from exc
    return noted


def end_kept(run_dir):
    """End a cloud that was kept, and remove its data.

    :returns: how many processes there were
    :raises: :class:`errors.UsageError` if there is none,
        :class:`errors.LabError` if some do not end
    """
    noted = kept(run_dir)
    marker = f'{process.RUN_MARKER}={noted["marker"]}'
    # Like down(): nobody needs what is in hand any more.
    ended = reaper.sweep(marker)
    left = reaper.marked(marker)
    if left:
        raise errors.LabError(
            f'these processes of the cloud did not end: {left}; is it '
            "another user's?")
    reaper.remove([noted['data']],
                  [workspaces.shared_memory(noted['marker'])])
    (pathlib.Path(run_dir) / STATE_FILE).unlink()
    return ended
