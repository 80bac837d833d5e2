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

"""The files of services: directories, configuration and ports of a cloud."""

from collections import abc
import pathlib
import shutil

from heat_upgrade.install import environments
from heat_upgrade.lab.physical import model
from heat_upgrade.lab.physical import oslo_options
from heat_upgrade.lab.services import mariadb as mariadbs
from heat_upgrade.lab import workspace as workspaces


def make(workspace: workspaces.Workspace,
         environment: environments.Environment,
         services: abc.Iterable[model.Service], *,
         mariadb: mariadbs.MariaDB, keystone_url: str, region: str,
         password: str, transport_url: str, name: str) -> model.Site:
    """Make the databases, ports and configuration of services.

    :param password: of model.USER
    :param name: name of the directory in the workspace
    """
    services = list(services)
    site = model.Site(
        environment=environment.path, etc=workspace.directory(f'{name}/etc'),
        data=workspace.directory(f'{name}/data'), keystone_url=keystone_url,
        region=region, password=password, transport_url=transport_url,
        databases=_databases(mariadb, services),
        ports={port: workspace.port() for service in services
               for port in (service.name, *service.more_ports)})
    for service in services:
        home = workspace.directory(f'{name}/etc/{service.name}')
        for inner in ('', *service.directories):
            workspace.directory(f'{name}/data/{service.name}/{inner}')
        for copied in service.copied:
            shutil.copy(environment.path / copied, home)
        for file, sections in service.configuration(site).items():
            workspace.secret_file(f'{name}/etc/{service.name}/{file}',
                                  oslo_options.text(sections))
    return site


def _databases(mariadb: mariadbs.MariaDB,
               services: abc.Iterable[model.Service]) -> dict[str, str]:
    urls: dict[str, str] = {}
    for service in services:
        if service.database:
            own = mariadb.database(service.database,
                                   also=service.more_databases)
            urls[service.database] = own
            for further in service.more_databases:
                urls[further] = mariadbs.of_database(own, further)
    return urls


def substituted(site: model.Site, service: model.Service, word: str) -> str:
    """Return a word of a command line or variable with its paths."""
    return word.replace('{etc}', str(etc(site, service)))


def etc(site: model.Site, service: model.Service) -> pathlib.Path:
    """Return the directory of a service's configuration."""
    return site.etc / service.name
