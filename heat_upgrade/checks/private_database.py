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

"""A private database server for a check.

Making an empty MariaDB takes longer than starting one, so it is made once and
its data directory kept, by the version of the server. It has a directory and
logs of its own: the run that a check belongs to has another MariaDB.
"""

import contextlib
import hashlib
import os
import pathlib
import shutil
import tempfile

from heat_upgrade.install import cache
from heat_upgrade.lab.services import mariadb
from heat_upgrade.lab.services import postgresql
from heat_upgrade import process

# Part of the key: raise it when the empty server is made differently.
RECIPE = 1

VERSION_TIMEOUT = 20


class Corner:
    """A part of a workspace, for one thing that others have too.

    :param workspace: :class:`heat_upgrade.lab.workspace.Workspace`
    :param name: of its directory, and before the names of its logs
    """

    def __init__(self, workspace, name):
        self._workspace = workspace
        self._name = name
        self.environment = workspace.environment
        self.port = workspace.port
        self.path = pathlib.Path(tempfile.mkdtemp(dir=workspace.data,
                                                  prefix=f'{name}-'))

    def directory(self, name):
        place = self.path / name
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        return place

    def log(self, name):
        return self._workspace.log(f'{self._name}-{name}')


def version(workspace, program=None):
    """Return what a server says of its version.

    :param program: path of the server; that of MariaDB if None
    :raises: :class:`heat_upgrade.errors.LabError` if it is not installed
    """
    return process.run(
        'the version of the database',
        [program or mariadb.find('mariadbd'), '--version'],
        log=workspace.log('check-database-version'),
        env=workspace.environment(), timeout=VERSION_TIMEOUT)[1].strip()


@contextlib.contextmanager
def mariadb_server(workspace, name):
    """Give a MariaDB that is empty and ready; it ends with the context.

    :param name: what the check calls its own things
    :returns: :class:`heat_upgrade.lab.services.mariadb.MariaDB`
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
            # Nothing of it is looked at again.
            server.process.kill()
    finally:
        shutil.rmtree(corner.path, ignore_errors=True)


@contextlib.contextmanager
def postgresql_server(workspace, name):
    """Give a PostgreSQL that is empty and ready; as :func:`mariadb_server`.

    :returns: :class:`heat_upgrade.lab.services.postgresql.PostgreSQL`
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


def _template(workspace):
    """Return the kept data directory of an empty server, made if need be."""
    key = hashlib.sha256(
        f'{RECIPE} {version(workspace)}'.encode()).hexdigest()[:16]
    place = cache.directory() / 'databases' / f'mariadb-{key}'
    with cache.Lock(place):
        if not place.is_dir():
            _make(workspace, place)
        os.utime(place)
    cache.prune(place.parent)
    return place / 'data'


def _make(workspace, place):
    corner = Corner(workspace, 'empty-mariadb')
    server = mariadb.MariaDB(corner)
    # The first start makes what each later one would.
    server.start()
    try:
        server.wait_ready()
    finally:
        server.stop()
    fresh = pathlib.Path(tempfile.mkdtemp(dir=place.parent))
    try:
        shutil.move(server.data, fresh / 'data')
        os.rename(fresh, place)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    finally:
        shutil.rmtree(corner.path, ignore_errors=True)
