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

"""Fills the databases of services, for the cached initial state."""

from collections import abc
import dataclasses

from heat_upgrade import concurrency
from heat_upgrade.install import environments
from heat_upgrade.lab.physical import model
from heat_upgrade.lab.physical import site as sites
from heat_upgrade.lab.services import mariadb as mariadbs
from heat_upgrade.lab import workspace as workspaces
from heat_upgrade import process

# Seconds of one command. nova-manage takes 5 s of CPU.
FILL_TIMEOUT = 300

# A preparation runs no service: no command connects to these.
_NOWHERE = 'http://127.0.0.1:9'
_NO_BROKER = 'rabbit://none:none@127.0.0.1:9/none'


@dataclasses.dataclass(frozen=True)
class Preparation:
    """The services whose databases are filled.

    :ivar environment: contains all of the services
    """

    environment: environments.Environment
    services: tuple[model.Service, ...]

    @property
    def key(self) -> list[object]:
        """The content of the databases is a function of this."""
        return [self.environment.key,
                *((service.name, service.fill, service.fill_sql)
                  for service in self.services)]

    def fill(self, workspace: workspaces.Workspace,
             mariadb: mariadbs.MariaDB) -> None:
        """Fill the databases of all services on a running server.

        :raises: errors.LabError if a command fails
        """
        site = sites.make(
            workspace, self.environment, self.services, mariadb=mariadb,
            keystone_url=_NOWHERE, region='none',
            password=workspaces.password(),
            transport_url=_NO_BROKER, name='prepare-services')

        def lane(service: model.Service) -> abc.Callable[[], None]:
            return lambda: self._fill(workspace, mariadb, site, service)
        concurrency.run_parallel(*map(lane, self.services))

    def _fill(self, workspace: workspaces.Workspace,
              mariadb: mariadbs.MariaDB, site: model.Site,
              service: model.Service) -> None:
        for program, *words in service.fill:
            process.run(
                f'{program} of {service.name}',
                [self.environment.bin(program),
                 *(sites.substituted(site, service, word)
                   for word in words)],
                log=workspace.log(f'prepare-{service.name}'),
                env=workspace.environment(), timeout=FILL_TIMEOUT)
        for statement in service.fill_sql:
            mariadb.execute(statement)
