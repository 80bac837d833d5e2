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

"""The initial databases of a cloud, made once and cached by content.

Filling the databases of Keystone and Heat takes three times as long as
starting the services; the result depends only on the releases. So the data
directory of a stopped MariaDB is made once, and copied into each run.
"""

import dataclasses
import functools
import json
import pathlib
import shutil

from heat_upgrade import concurrency
from heat_upgrade import errors
from heat_upgrade import filesystem
from heat_upgrade.install import cache
from heat_upgrade.install import environments
from heat_upgrade.lab.physical import model
from heat_upgrade.lab.physical import preparation
from heat_upgrade.lab.services import heat
from heat_upgrade.lab.services import identity
from heat_upgrade.lab.services import keystone as keystones
from heat_upgrade.lab.services import mariadb
from heat_upgrade.lab import workspace as workspaces
from heat_upgrade import process

# Part of the key: raise it when a state is made differently.
RECIPE = 1

VERSION_TIMEOUT = 20

# Number of lines that are shown of a failed db_sync.
LAST_LINES = 40


class HeatFails(errors.LabError):
    """Heat's own migrations fail on an empty database."""


@dataclasses.dataclass(frozen=True)
class State:
    """The initial state of a cloud.

    :ivar data: MariaDB's data directory
    :ivar admin_password: of Keystone's administrator
    :ivar service_password: of Heat's own user
    :ivar domain_password: of the stack domain's administrator
    :ivar services_password: of the account of the other services, '' if
        there are none
    """

    data: pathlib.Path
    admin_password: str
    service_password: str
    domain_password: str
    services_password: str = ''


def state(workspace: workspaces.Workspace,
          keystone_environment: environments.Environment,
          heat_environment: environments.Environment,
          further: preparation.Preparation | None = None) -> State:
    """Return the initial state for two releases, made if necessary.

    :param keystone_environment: the environment with Keystone
    :param heat_environment: the environment with the base release of Heat
    :param further: other services of the cloud
    :raises: HeatFails if Heat cannot fill its database, errors.LabError if
        another service or command fails
    """
    _, version = process.run(
        'mariadbd --version', [mariadb.find('mariadbd'), '--version'],
        log=workspace.log('mariadb'), env=workspace.environment(),
        timeout=VERSION_TIMEOUT)
    key = cache.key(RECIPE, version, keystone_environment.key,
                    heat_environment.key, *([further.key] if further else ()))
    path = cache.ensure(
        cache.directory() / 'prepared' / key,
        functools.partial(_make, workspace, keystone_environment,
                          heat_environment, further))
    secrets = json.loads((path / 'secrets.json').read_text())
    return State(data=path / 'data', **secrets)


def _make(workspace: workspaces.Workspace,
          keystone_environment: environments.Environment,
          heat_environment: environments.Environment,
          further: preparation.Preparation | None, path: pathlib.Path
          ) -> None:
    """Fill the databases, and move them into a directory."""
    secrets = {name: workspaces.password() for name in (
        'admin_password', 'service_password', 'domain_password',
        *(('services_password',) if further else ()))}
    database = mariadb.MariaDB(workspace)
    database.start()
    try:
        database.wait_ready()
        concurrency.run_parallel(
            lambda: _fill_keystone(workspace, keystone_environment, secrets,
                                   database.database('keystone')),
            lambda: _fill_heat(workspace, heat_environment,
                               database.database('heat')),
            *((lambda: further.fill(workspace, database),)
              if further else ()))
    finally:
        database.stop()
    shutil.move(database.data, path / 'data')
    filesystem.write_atomically(path / 'secrets.json', json.dumps(secrets))


def _fill_keystone(workspace: workspaces.Workspace,
                   environment: environments.Environment,
                   secrets: dict[str, str], url: str) -> None:
    """Make Keystone's schema, its administrator, and Heat's accounts."""
    keystone = keystones.Keystone(workspace, environment, database_url=url)
    keystone.bootstrap(secrets['admin_password'])
    keystone.start()
    try:
        keystone.wait_ready()
        admin = identity.Identity(keystone.url, username=keystones.ADMIN,
                                  password=secrets['admin_password'])
        admin.prepare_heat(service_password=secrets['service_password'],
                           domain_password=secrets['domain_password'])
        if 'services_password' in secrets:
            admin.service_user(model.USER, secrets['services_password'])
    finally:
        keystone.stop()


def _fill_heat(workspace: workspaces.Workspace,
               environment: environments.Environment, url: str) -> None:
    """Create the schema of a release in Heat's database."""
    config = workspace.secret_file('prepare-heat.conf',
                                   f'[database]\nconnection = {url}\n')
    status, output = process.run(
        'heat-manage db_sync',
        [environment.bin('heat-manage'), '--config-file', config,
         *heat.nothing_else(workspace), 'db_sync'],
        log=workspace.log('prepare-heat-manage'),
        env=workspace.environment(), timeout=heat.MANAGE_TIMEOUT,
        check=False)
    if status:
        # Its last line names the error.
        last = next((line for line in reversed(output.splitlines())
                     if line.strip()), '')
        raise HeatFails(
            f'heat-manage db_sync fails on an empty database: {last}\n'
            + '\n'.join(output.splitlines()[-LAST_LINES:]),
            log=workspace.log('prepare-heat-manage'))
