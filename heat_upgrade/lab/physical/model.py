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

"""The shape of a service whose resources Heat manages, as data.

A service is a constant of this shape in a module of its own, such as
:mod:`heat_upgrade.lab.physical.glance`. Only
:mod:`heat_upgrade.lab.physical.runtime` acts on it.
"""

from collections import abc
import dataclasses
import pathlib
import typing

# The account of all these services in Keystone.
USER = 'services'
PROJECT = 'service'

# The programs of the lab that run inside the environment of the services.
PROGRAMS = pathlib.Path(__file__).resolve().parent / 'programs'

# {section: {option: value}} of an INI file; True is written as "true".
Value: typing.TypeAlias = str | int | bool
Sections: typing.TypeAlias = abc.Mapping[str, abc.Mapping[str, Value]]


@dataclasses.dataclass(frozen=True)
class Site:
    """The values of one cloud that a service's configuration contains.

    :ivar environment: virtual environment with all services
    :ivar etc: directory of the configuration; each service has a directory
        of its name there
    :ivar data: directory for the data of all services
    :ivar keystone_url: without a version
    :ivar transport_url: RabbitMQ, for oslo.messaging
    :ivar databases: {name: URL for SQLAlchemy}
    :ivar ports: {name of a port: number, on loopback}
    """

    environment: pathlib.Path
    etc: pathlib.Path
    data: pathlib.Path
    keystone_url: str
    region: str
    password: str
    transport_url: str
    databases: abc.Mapping[str, str]
    ports: abc.Mapping[str, int]

    def url(self, port: str) -> str:
        """Return the URL of a port, without a path."""
        return f'http://127.0.0.1:{self.ports[port]}'


@dataclasses.dataclass(frozen=True)
class Endpoint:
    """An entry of Keystone's catalog.

    :ivar name: name of the service there
    :ivar type: service type, which clients look up
    :ivar path: appended to the URL of the service's port
    """

    name: str
    type: str
    path: str = ''


@dataclasses.dataclass(frozen=True)
class Answer:
    """A program is ready if it answers a GET of a path.

    :ivar statuses: HTTP statuses that show that it is ready
    """

    path: str = '/'
    statuses: tuple[int, ...] = (200, 300)


@dataclasses.dataclass(frozen=True)
class Announced:
    """A program is ready when it has called lab_program.announce()."""


@dataclasses.dataclass(frozen=True)
class Program:
    """A daemon of a service.

    A program has either a ``wsgi`` application, which runs under uWSGI with
    an access log, or a ``script`` of PROGRAMS.

    :ivar name: name of its process and of its log
    :ivar ready: the observation that ends the wait for its start
    :ivar wsgi: 'module:callable'
    :ivar script: file name of a program in PROGRAMS
    :ivar arguments: command line; ``{etc}`` is the service's directory there
    :ivar variables: environment variables, with the same substitution
    :ivar port: name of the port on which it answers
    :ivar waits: True if it starts to work only after the APIs answer and the
        catalog is complete; see lab_program.wait_released()
    """

    name: str
    ready: Answer | Announced
    wsgi: str = ''
    script: str = ''
    arguments: tuple[str, ...] = ()
    variables: tuple[tuple[str, str], ...] = ()
    port: str = ''
    waits: bool = False


@dataclasses.dataclass(frozen=True)
class Service:
    """One OpenStack service.

    :ivar name: as in ``--with``; also the name of its port
    :ivar distribution: its package on PyPI
    :ivar more_distributions: packages that it imports without requiring them
    :ivar configuration: returns {file name in the service's directory of
        Site.etc: sections}
    :ivar programs: in the order of their start
    :ivar endpoints: its entries of the catalog
    :ivar database: name of its database, and of its account there; '' for
        none
    :ivar more_databases: further databases of the same account
    :ivar fill: commands that fill the empty databases, one after the other:
        words, the first of which is a program of the environment; ``{etc}``
        is the service's directory there
    :ivar fill_sql: statements that then complete the databases
    :ivar needs: names of services without which it is of no use
    :ivar more_ports: names of further ports
    :ivar directories: directories in the service's directory of Site.data
    :ivar copied: files of the environment that are copied into the service's
        directory of Site.etc, such as ``etc/nova/api-paste.ini``
    """

    name: str
    distribution: str
    configuration: abc.Callable[[Site], abc.Mapping[str, Sections]]
    programs: tuple[Program, ...]
    endpoints: tuple[Endpoint, ...]
    database: str = ''
    more_databases: tuple[str, ...] = ()
    fill: tuple[tuple[str, ...], ...] = ()
    fill_sql: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    more_ports: tuple[str, ...] = ()
    directories: tuple[str, ...] = ()
    copied: tuple[str, ...] = ()
    more_distributions: tuple[str, ...] = ()
