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

"""Wires services into a cloud, and changes the release of its Heat."""

import json
import pathlib
import secrets
import shutil

from heat_upgrade import access
from heat_upgrade import beside
from heat_upgrade import errors
from heat_upgrade import guardian
from heat_upgrade import prepared
from heat_upgrade import process
from heat_upgrade.services import heat
from heat_upgrade.services import identity
from heat_upgrade.services import keystone
from heat_upgrade.services import mariadb
from heat_upgrade.services import rabbitmq
from heat_upgrade.services import uwsgi
from heat_upgrade import workspace as workspaces

DATABASE = 'heat'
STATE_FILE = 'cloud.json'

# From the start of the process to the first report in Heat's service table:
# 3 s of import, two workers, and a busy machine.
ENGINE_TIMEOUT = 90

# Of one request to a Heat that is up: RPC's own limit is 60 s.
ANSWER_TIMEOUT = 65

# An API that answers, in its version list (RFC 9110: Multiple Choices).
_VERSIONS = (300,)


class Cloud:
    """The lab's cloud: MariaDB, RabbitMQ, Keystone, and one Heat.

    :param workspace: the run's :class:`heat_upgrade.workspace.Workspace`
    :param keystone_environment: the environment with Keystone
    :param heat_environment: the environment of the Heat to start with
    """

    def __init__(self, workspace, *, keystone_environment, heat_environment):
        self.workspace = workspace
        self._keystone_environment = keystone_environment
        self._heat_environment = heat_environment
        self.mariadb = self.rabbitmq = self.keystone = self.identity = None
        self.configuration = self.heat = self.access = None
        self._seen_engines = set()

    def up(self):
        """Start all of it, side by side as far as one needs not the other.

        :raises: :class:`errors.LabError`
        """
        self.rabbitmq = rabbitmq.RabbitMQ(self.workspace)
        self.rabbitmq.start()
        state = prepared.state(self.workspace, self._keystone_environment,
                               self._heat_environment)
        self.mariadb = mariadb.MariaDB(self.workspace, template=state.data)
        self.mariadb.start()
        self.mariadb.wait_ready()
        self.keystone = keystone.Keystone(
            self.workspace, self._keystone_environment,
            database_url=self.mariadb.database('keystone'))
        self.keystone.start()
        self.configuration = heat.configure(
            self.workspace, self._heat_environment,
            transport_url=self.rabbitmq.url(),
            database_url=self.mariadb.database(DATABASE),
            keystone_url=self.keystone.url, region=keystone.REGION,
            service_password=state.service_password,
            domain_password=state.domain_password,
            encryption_key=secrets.token_hex(16))
        self.access = access.Access(
            auth_url=self.keystone.url, region=keystone.REGION,
            username=keystone.ADMIN, password=state.admin_password)
        self.deploy(self._heat_environment, side='base')
        self.start_heat()

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
            self.identity.endpoint(name, kind, url, region=keystone.REGION)
        self.identity.session.invalidate()

    @property
    def api_url(self):
        return f'http://127.0.0.1:{self.configuration.api_port}/v1'

    @property
    def cfn_url(self):
        return f'http://127.0.0.1:{self.configuration.cfn_port}'

    def deploy(self, environment, *, side):
        """Make another release the cloud's Heat; starts nothing.

        The configuration stays what it is, as the Theory of Upgrade asks:
        new code runs with the old configuration.

        :param environment: the environment of the release
        :param side: 'base' or 'target'
        """
        self.heat = heat.Heat(self.workspace, environment,
                              self.configuration, side=side)

    def start_heat(self):
        """Start the deployed Heat and wait until all of it answers.

        :raises: :class:`errors.ProcessDied`, :class:`errors.WaitTimeout`
        """
        self.heat.api.start()

        def engine():
            # An engine that finds no broker waits longer than it needs to.
            self.rabbitmq.wait_ready()
            self.heat.engine.start()

        def cfn():
            # It asks Keystone for its endpoint while it is loaded.
            if self.identity is None:
                self._register()
            self.heat.cfn.start()

        beside.run(engine, cfn)
        for which, port in ((self.heat.api, self.configuration.api_port),
                            (self.heat.cfn, self.configuration.cfn_port)):
            which.wait_ready(
                lambda port=port: uwsgi.answers(port, '/', _VERSIONS),
                timeout=uwsgi.START_TIMEOUT,
                what=f'the list of versions from port {port}')
        self._wait_for_engine()

    def _wait_for_engine(self):
        """Wait until as many new engines report as there are workers.

        An engine enters itself in Heat's table "service" when it has begun
        to listen. The API would tell the same, but a request that comes too
        early holds one of its threads for a minute.
        """
        def all_up():
            self.heat.api.check()
            up = {engine for engine, in self.mariadb.execute(
                'SELECT engine_id FROM service WHERE deleted_at IS NULL',
                database=DATABASE)} - self._seen_engines
            return up if len(up) >= heat.ENGINE_WORKERS else None
        self._seen_engines |= self.heat.engine.wait_ready(
            all_up, timeout=ENGINE_TIMEOUT,
            what=f'{heat.ENGINE_WORKERS} new engines in the service table')
        answer = self.request('stacks?limit=1', timeout=ANSWER_TIMEOUT)
        if answer.status_code != 200:
            raise errors.LabError(
                f'heat-api does not list stacks, but answers '
                f'{answer.status_code}: {answer.text[:500]}',
                log=self.heat.api.log)

    def request(self, path, *, timeout=10):
        """GET a path below the administrator's project from heat-api.

        :param timeout: seconds
        :returns: the response, whatever its status
        :raises: OSError if there is none
        """
        url = f'{self.api_url}/{self.identity.project_id()}/{path}'
        return self.identity.get(url, timeout=timeout)

    def stop_heat(self):
        """Stop Heat as an operator does: all of it, gracefully.

        :returns: {name: {'seconds', 'killed'}} of each process
        """
        results = beside.run(*(one.stop for one in self.heat.processes))
        return {one.name: {'seconds': round(seconds, 2), 'killed': killed}
                for one, (seconds, killed) in zip(self.heat.processes,
                                                  results)}

    def save_database(self, path):
        """Dump Heat's database to a file."""
        self.mariadb.dump(DATABASE, path)

    def died(self):
        """Return the processes that ended though nobody asked them to."""
        return [one for one in self._processes() if one.died() is not None]

    def _processes(self):
        """Return all that were made, Heat before what it needs."""
        backing = [one.process for one in (
            self.keystone, self.rabbitmq, self.mariadb) if one]
        return (self.heat.processes if self.heat else []) + backing

    def down(self):
        """End everything at once: nobody needs what is in hand any more."""
        for one in self._processes():
            one.kill()

    def keep(self):
        """Leave the cloud up for a person, and note how to end it."""
        workspaces.write_secret(
            self.workspace.run_dir / STATE_FILE, json.dumps({
                'marker': self.workspace.marker,
                'data': str(self.workspace.data),
                'api': self.api_url, 'keystone': self.keystone.url,
                'release': self.heat.environment.version,
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
    ended = guardian.sweep(marker, grace=process.STOP_TIMEOUT)
    left = guardian.marked(marker)
    if left:
        raise errors.LabError(
            f'these processes of the cloud did not end: {left}; is it '
            "another user's?")
    shutil.rmtree(noted['data'], ignore_errors=True)
    (pathlib.Path(run_dir) / STATE_FILE).unlink()
    return ended
