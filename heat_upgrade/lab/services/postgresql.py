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

"""A private PostgreSQL server."""

import os
import pathlib
import pwd
import re
import shutil

from heat_upgrade import errors
from heat_upgrade import filesystem
from heat_upgrade.lab import workspace as workspaces
from heat_upgrade import process

START_TIMEOUT = 60
INSTALL_TIMEOUT = 60
STOP_TIMEOUT = 30
PSQL_TIMEOUT = 60

# Directories of distributions that are not in PATH.
_DIRECTORIES = ('/usr/lib/postgresql/*/bin', '/usr/pgsql-*/bin')

# As with MariaDB, the data need not survive a power cut.
_OPTIONS = ('fsync=off', 'synchronous_commit=off', 'full_page_writes=off',
            'shared_buffers=32MB', 'max_connections=50')


def find(program: str) -> str:
    """Return the path of the newest version of a PostgreSQL program.

    :raises: errors.LabError that names the package to install
    """
    directories = [str(path) for pattern in _DIRECTORIES for path in sorted(
        pathlib.Path('/').glob(pattern.lstrip('/')), key=_version,
        reverse=True)]
    path = shutil.which(program, path=os.pathsep.join(
        [*directories, os.environ['PATH']]))
    if path is None:
        raise errors.LabError(
            f'{program} is not installed; install postgresql, or omit the '
            'check on PostgreSQL')
    return path


def _version(path: pathlib.Path) -> list[int]:
    """Return the numbers in a path: 9.6 is older than 16."""
    return [int(number) for number in re.findall(r'\d+', str(path))]


class PostgreSQL:
    """One server with its own data directory, on loopback.

    It refuses to run as root. The tool as root runs it as the user postgres
    or ``nobody``, with one capability: access to the run's directories.
    """

    def __init__(self, workspace: workspaces.ServiceHome) -> None:
        self.workspace = workspace
        self.home = workspace.directory('postgresql')
        self.data = self.home / 'data'
        self.port = workspace.port()
        self._as: list[str] = []
        if os.geteuid() == 0:
            user = _user()
            os.chown(self.home, user.pw_uid, user.pw_gid)
            # The run's directories belong to root. The capability
            # dac_override lets the server through them to its own directory.
            self._as = [
                'setpriv', f'--reuid={user.pw_uid}', f'--regid={user.pw_gid}',
                '--clear-groups', '--inh-caps=-all,+dac_override',
                '--ambient-caps=-all,+dac_override',
                '--bounding-set=-all,+dac_override', '--']
        self._password = workspaces.password()
        self._install()
        self.process = process.Process(
            'postgresql',
            [*self._as, find('postgres'), '-D', self.data, '-k', self.home,
             '-h', '127.0.0.1', '-p', self.port,
             *(word for option in _OPTIONS for word in ('-c', option))],
            log=workspace.log('postgresql'), env=workspace.environment(),
            cwd=self.home)

    def _install(self) -> None:
        secret = self.home / 'password'
        filesystem.write_atomically(secret, self._password)
        if self._as:
            user = _user()
            os.chown(secret, user.pw_uid, user.pw_gid)
        try:
            process.run(
                'initdb',
                [*self._as, find('initdb'), '-D', self.data, '-U', 'admin',
                 '-A', 'scram-sha-256', '--pwfile', secret, '--no-sync',
                 '-E', 'UTF8', '--no-locale'],
                log=self.workspace.log('initdb'), cwd=self.home,
                env=self.workspace.environment(), timeout=INSTALL_TIMEOUT)
        finally:
            secret.unlink()

    def start(self) -> None:
        self.process.start()

    def wait_ready(self) -> None:
        self.process.wait_ready(self._answers, timeout=START_TIMEOUT,
                                what='an answer of pg_isready')

    def stop(self) -> tuple[float, bool]:
        return self.process.stop(STOP_TIMEOUT)

    def execute(self, statement: str) -> None:
        """Execute a statement without parameters as the administrator."""
        process.run(
            'psql', [find('psql'), '-X', '-q', '-h', '127.0.0.1',
                     '-p', self.port, '-U', 'admin', '-d', 'postgres',
                     '-v', 'ON_ERROR_STOP=1', '-c', statement],
            log=self.workspace.log('psql'),
            env=self.workspace.environment(PGPASSWORD=self._password),
            timeout=PSQL_TIMEOUT)

    def database(self, name: str) -> str:
        """Make a database; return its URL for SQLAlchemy and psycopg2."""
        self.execute(f'CREATE DATABASE {name}')
        return (f'postgresql+psycopg2://admin:{self._password}'
                f'@127.0.0.1:{self.port}/{name}')

    def _answers(self) -> bool:
        status, _ = process.run(
            'pg_isready', [find('pg_isready'), '-q', '-h', '127.0.0.1',
                           '-p', self.port],
            log=self.workspace.log('pg_isready'), check=False,
            env=self.workspace.environment(), timeout=PSQL_TIMEOUT)
        if status:
            raise OSError(f'pg_isready ended with status {status}')
        return True


def _user() -> pwd.struct_passwd:
    for name in ('postgres', 'nobody'):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise errors.LabError(
        'PostgreSQL cannot run as root, and neither of the users '
        '"postgres" and "nobody" exists; create one')
