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

"""Private database servers for a check.

Creating an empty MariaDB takes longer than starting one. The data directory
is therefore created once and cached, by the version of the server. The server
has its own directory and logs, because the run may have another MariaDB.
"""

from collections import abc
import contextlib
import functools
import os
import pathlib
import shutil
import tempfile

from heat_upgrade.install import cache
from heat_upgrade.lab.services import mariadb
from heat_upgrade.lab.services import postgresql
from heat_upgrade.lab import workspace as workspaces
from heat_upgrade import process

# Part of the cache key: raise it when the empty server is created differently.
RECIPE = 1

VERSION_TIMEOUT = 20


class Corner:
    """A part of a workspace, with its own directories and logs.

    :param name: prefix of its directory and of its logs
    """

    def __init__(self, workspace: workspaces.Workspace, name: str) -> None:
        self._workspace = workspace
        self._name = name
        self.environment = workspace.environment
        self.port = workspace.port
        self.path = pathlib.Path(tempfile.mkdtemp(dir=workspace.data,
                                                  prefix=f'{name}-'))

    def directory(self, name: str) -> pathlib.Path:
        """Create and return a directory."""
        path = self.path / name
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        return path

    def log(self, name: str) -> pathlib.Path:
        """Return the path of the log of a process."""
        return self._workspace.log(f'{self._name}-{name}')


def version(workspace: workspaces.Workspace,
            program: str | os.PathLike[str] | None = None) -> str:
    """Return the version of an installed server.

    :param program: path of the server; that of MariaDB if None
    :raises: :class:`heat_upgrade.errors.LabError` if it is not installed
    """
    _, output = process.run(
        'the version of the database',
        [str(program or mariadb.find('mariadbd')), '--version'],
        log=workspace.log('check-database-version'),
        env=workspace.environment(), timeout=VERSION_TIMEOUT)
    return output.strip()


@contextlib.contextmanager
def mariadb_server(workspace: workspaces.Workspace,
                   name: str) -> abc.Iterator[mariadb.MariaDB]:
    """Start an empty MariaDB; kill it at the end of the context.

    :param name: prefix of its directory and of its logs
    :raises: :class:`heat_upgrade.errors.LabError` if it does not start
    """
    corner = Corner(workspace, name)
    try:
        server = mariadb.MariaDB(corner, template=_template(workspace))
        server.start()
        try:
            server.wait_ready()
            yield server
        finally:
            # Its data is not read again.
            server.process.kill()
    finally:
        shutil.rmtree(corner.path, ignore_errors=True)


@contextlib.contextmanager
def postgresql_server(workspace: workspaces.Workspace,
                      name: str) -> abc.Iterator[postgresql.PostgreSQL]:
    """Start an empty PostgreSQL; stop it at the end of the context.

    The parameters are those of :func:`mariadb_server`.
    """
    corner = Corner(workspace, name)
    try:
        server = postgresql.PostgreSQL(corner)
        server.start()
        try:
            server.wait_ready()
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(corner.path, ignore_errors=True)


def _template(workspace: workspaces.Workspace) -> pathlib.Path:
    """Return the data directory of an empty server; create it if needed."""
    key = cache.key(RECIPE, version(workspace))
    return cache.ensure(
        cache.directory() / 'databases' / f'mariadb-{key}',
        functools.partial(_make, workspace)) / 'data'


def _make(workspace: workspaces.Workspace, path: pathlib.Path) -> None:
    corner = Corner(workspace, 'empty-mariadb')
    server = mariadb.MariaDB(corner)
    # The first start creates files that each later start would create.
    server.start()
    try:
        server.wait_ready()
    finally:
        server.stop()
    shutil.move(server.data, path / 'data')
    shutil.rmtree(corner.path, ignore_errors=True)
