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

"""A private MariaDB server."""

from collections import abc
import os
import shutil
import typing
from urllib import parse

import pymysql
from pymysql import connections
from pymysql import cursors

from heat_upgrade import errors
from heat_upgrade import filesystem
from heat_upgrade.lab import workspace as workspaces
from heat_upgrade import process

START_TIMEOUT = 60
INSTALL_TIMEOUT = 60
ANSWER_TIMEOUT = 60
DUMP_TIMEOUT = 300

# A lab need not survive a power cut, and its database is small: no flush for
# each transaction, no binary log, a small redo log and small buffers.
_OPTIONS = (
    '--innodb-flush-log-at-trx-commit=0',
    '--innodb-flush-method=nosync',
    '--innodb-doublewrite=0',
    '--innodb-log-file-size=16M',
    '--innodb-buffer-pool-size=64M',
    '--skip-log-bin',
    '--skip-name-resolve',
    '--max-connections=300',
    '--character-set-server=utf8mb4',
    '--performance-schema=0',
)

# Option of a URL. PyMySQL otherwise loads the system's certificates for each
# connection, which takes 19 ms of CPU, although the server has no TLS. A run
# opens 800 connections.
CLEAR_TEXT = 'ssl_disabled=true'


def of_database(url: str, name: str) -> str:
    """Return a URL of SQLAlchemy with another database."""
    return parse.urlsplit(url)._replace(path=f'/{name}').geturl()


# A row of a result. Its columns have the types of the statement.
Row: typing.TypeAlias = tuple[typing.Any, ...]


def find(program: str) -> str:
    """Return the path of one of MariaDB's programs.

    :raises: errors.LabError that names the package to install
    """
    path = shutil.which(program, path=f'{os.environ["PATH"]}:/usr/sbin')
    if path is None:
        raise errors.LabError(
            f'{program} is not installed; install mariadb-server-core and '
            'mariadb-client, or start through tools/with-deps.sh')
    return path


class MariaDB:
    """One server with its own data directory.

    Its administrator connects only by the Unix socket, which is in a private
    directory. The services connect by TCP, each with an account and a
    password of its own.

    :param template: initial data directory; None for an empty server
    :param options: further options of the server, which override the default
        ones
    """

    def __init__(self, workspace: workspaces.ServiceHome, *,
                 template: str | os.PathLike[str] | None = None,
                 options: abc.Iterable[str] = ()) -> None:
        self.workspace = workspace
        self.data = workspace.directory('mariadb') / 'data'
        self.socket = workspace.directory('mariadb') / 'socket'
        self.port = workspace.port()
        self._urls: dict[str, str] = {}
        # mariadbd refuses to run as root without this option.
        self._user = ['--user=root'] if os.geteuid() == 0 else []
        if template is None:
            self._install()
        else:
            shutil.copytree(template, self.data)
        self.process = process.Process(
            'mariadb',
            [find('mariadbd'), '--no-defaults', *self._user, *_OPTIONS,
             f'--datadir={self.data}', f'--socket={self.socket}',
             '--bind-address=127.0.0.1', f'--port={self.port}',
             f'--pid-file={self.data}.pid', *options],
            log=workspace.log('mariadb'), env=workspace.environment())

    def _install(self) -> None:
        process.run(
            'mariadb-install-db',
            [find('mariadb-install-db'), '--no-defaults', *self._user,
             '--auth-root-authentication-method=normal', '--skip-test-db',
             # for machines that cannot resolve their own name
             '--force',
             f'--datadir={self.data}', '--innodb-log-file-size=16M'],
            log=self.workspace.log('mariadb-install-db'),
            env=self.workspace.environment(), timeout=INSTALL_TIMEOUT)

    def start(self) -> None:
        self.process.start()

    def wait_ready(self) -> None:
        def answers() -> bool:
            try:
                self.execute('SELECT 1')
            except pymysql.err.OperationalError as exc:
                raise OSError(str(exc)) from exc
            return True
        self.process.wait_ready(answers, timeout=START_TIMEOUT,
                                what='an answer on its socket')

    def stop(self) -> tuple[float, bool]:
        return self.process.stop()

    def execute(self, statement: str,
                arguments: abc.Sequence[typing.Any] | None = None, *,
                database: str | None = None) -> tuple[Row, ...]:
        """Execute a statement as the administrator; return all rows."""
        with self.connection(database) as connection:
            with connection.cursor() as cursor:
                cursor.execute(statement, arguments)
                return cursor.fetchall()

    def connection(self, database: str | None = None
                   ) -> 'connections.Connection[cursors.Cursor]':
        """Return a connection of the administrator, a context manager."""
        return pymysql.connect(
            unix_socket=str(self.socket), user='root', database=database,
            autocommit=True, ssl_disabled=True,
            connect_timeout=ANSWER_TIMEOUT,
            read_timeout=ANSWER_TIMEOUT)

    def database(self, name: str, *, also: abc.Iterable[str] = ()) -> str:
        """Make a missing database, with an account for its service.

        :param also: further databases of the same account
        :returns: the URL for SQLAlchemy, with a password made for this run
        """
        if name not in self._urls:
            secret = workspaces.password()
            self.execute(f"CREATE OR REPLACE USER `{name}`@'127.0.0.1' "
                         'IDENTIFIED BY %s', (secret,))
            for owned in (name, *also):
                self.execute(f'CREATE DATABASE IF NOT EXISTS `{owned}`')
                self.execute(f'GRANT ALL ON `{owned}`.* TO '
                             f"`{name}`@'127.0.0.1'")
            self._urls[name] = (f'mysql+pymysql://{name}:{secret}'
                                f'@127.0.0.1:{self.port}/{name}?{CLEAR_TEXT}')
        return self._urls[name]

    def account(self, name: str, database: str, privileges: str) -> str:
        """Make an account with access to one database only.

        :param privileges: in the syntax of GRANT, such as 'SELECT, INSERT'
        :returns: its password, made for this run
        """
        secret = workspaces.password()
        self.execute(f"CREATE OR REPLACE USER `{name}`@'127.0.0.1' "
                     'IDENTIFIED BY %s', (secret,))
        self.execute(f'GRANT {privileges} ON `{database}`.* TO '
                     f"`{name}`@'127.0.0.1'")
        return secret

    def dump(self, name: str, path: str | os.PathLike[str]) -> None:
        """Write a consistent dump of a database to a file of mode 0600."""
        filesystem.write_atomically(path, '')
        process.run(
            'mariadb-dump',
            [find('mariadb-dump'), '--no-defaults', f'--socket={self.socket}',
             '--user=root', '--single-transaction', f'--result-file={path}',
             name],
            log=self.workspace.log('mariadb-dump'),
            env=self.workspace.environment(), timeout=DUMP_TIMEOUT)
