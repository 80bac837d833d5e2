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
import shutil

from heat_upgrade import errors
from heat_upgrade.lab import workspace as workspaces
from heat_upgrade import process

START_TIMEOUT = 60
INSTALL_TIMEOUT = 60
STOP_TIMEOUT = 30
PSQL_TIMEOUT = 60

# Where distributions put what PATH does not name.
_PLACES = ('/usr/lib/postgresql/*/bin', '/usr/pgsql-*/bin')

# As with MariaDB: nobody loses anything by a power cut.
_OPTIONS = ('fsync=off', 'synchronous_commit=off', 'full_page_writes=off',
            'shared_buffers=32MB', 'max_connections=50')


def find(program):
    """Return the path of one of PostgreSQL's programs, the newest.

    :raises: :class:`errors.LabError` that names the package to install
    """
    places = [str(place) for pattern in _PLACES for place in sorted(
        pathlib.Path('/').glob(pattern.lstrip('/')), reverse=True)]
    path = shutil.which(program, path=os.pathsep.join(
        [*places, os.environ['PATH']]))
    if path is None:
        raise errors.LabError(
            f'{program} is not installed; install postgresql, or do without '
            'the check on PostgreSQL')
    return path


class PostgreSQL:
    """One server with its own data directory, on loopback.

    It refuses to run as root; then it runs as the user that its package made,
    or as nobody, who may pass through our directories and no more.

    :param workspace: the run's :class:`heat_upgrade.lab.workspace.Workspace`
    """

    def __init__(self, workspace):
        self.workspace = workspace
        self.place = workspace.directory('postgresql')
        self.data = self.place / 'data'
        self.port = workspace.port()
        self._as = []
        if os.geteuid() == 0:
            user = _user()
            os.chown(self.place, user.pw_uid, user.pw_gid)
            # Our own directories are closed to it: it keeps the one right of
            # root that lets it in. Its own directory is its own.
            self._as = [
                'setpriv', f'--reuid={user.pw_uid}', f'--regid={user.pw_gid}',
                '--clear-groups', '--inh-caps=-all,+dac_override',
                '--ambient-caps=-all,+dac_override',
                '--bounding-set=-all,+dac_override', '--']
        self._password = workspaces.password()
        self._install()
        self.process = process.Process(
            'postgresql',
            [*self._as, find('postgres'), '-D', self.data, '-k', self.place,
             '-h', '127.0.0.1', '-p', self.port,
             *(word for option in _OPTIONS for word in ('-c', option))],
            log=workspace.log('postgresql'), env=workspace.environment(),
            cwd=self.place)

    def _install(self):
        secret = self.place / 'password'
        workspaces.write_secret(secret, self._password)
        if self._as:
            user = _user()
            os.chown(secret, user.pw_uid, user.pw_gid)
        try:
            process.run(
                'initdb',
                [*self._as, find('initdb'), '-D', self.data, '-U', 'admin',
                 '-A', 'scram-sha-256', '--pwfile', secret, '--no-sync',
                 '-E', 'UTF8', '--no-locale'],
                log=self.workspace.log('initdb'), cwd=self.place,
                env=self.workspace.environment(), timeout=INSTALL_TIMEOUT)
        finally:
            secret.unlink()

    def start(self):
        self.process.start()

    def wait_ready(self):
        self.process.wait_ready(self._answers, timeout=START_TIMEOUT,
                                what='an answer of pg_isready')

    def stop(self):
        return self.process.stop(STOP_TIMEOUT)

    def execute(self, statement):
        """Execute a statement without parameters as the administrator."""
        process.run(
            'psql', [find('psql'), '-X', '-q', '-h', '127.0.0.1',
                     '-p', self.port, '-U', 'admin', '-d', 'postgres',
                     '-v', 'ON_ERROR_STOP=1', '-c', statement],
            log=self.workspace.log('psql'),
            env=self.workspace.environment(PGPASSWORD=self._password),
            timeout=PSQL_TIMEOUT)

    def database(self, name):
        """Make a database; returns the URL for SQLAlchemy, by psycopg2."""
        self.execute(f'CREATE DATABASE {name}')
        return (f'postgresql+psycopg2://admin:{self._password}'
                f'@127.0.0.1:{self.port}/{name}')

    def _answers(self):
        status, _ = process.run(
            'pg_isready', [find('pg_isready'), '-q', '-h', '127.0.0.1',
                           '-p', self.port],
            log=self.workspace.log('pg_isready'), check=False,
            env=self.workspace.environment(), timeout=PSQL_TIMEOUT)
        if status:
            raise OSError('pg_isready says no')
        return True


def _user():
    for name in ('postgres', 'nobody'):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise errors.LabError('there is neither a user postgres nor nobody for '
                          'PostgreSQL to run as')
