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

"""Databases of a check on an existing server.

A machine that runs Heat already has a server of the kind and version that the
upgrade will meet. It may be MySQL, for which there is no private server.
Existing databases are not touched: the temporary ones have new names, and are
dropped after the check.
"""

from collections import abc
import contextlib
import os
import secrets
import typing
from urllib import parse

from oslo_config import cfg
import pymysql

from heat_upgrade import errors
from heat_upgrade.lab.services import mariadb

PREFIX = 'heat_upgrade_check'

CONNECT_TIMEOUT = 20
ANSWER_TIMEOUT = 60

_PORT = 3306

_Connection: typing.TypeAlias = 'pymysql.Connection[pymysql.cursors.Cursor]'


def url_of(path: str | os.PathLike[str]) -> str:
    """Return [database] connection of a configuration file of Heat.

    :raises: :class:`heat_upgrade.errors.UsageError` if the file has none
    """
    sections: dict[str, dict[str, list[str]]] = {}
    try:
        cfg.ConfigParser(str(path), sections).parse()
    except (OSError, cfg.ParseError) as exc:
        raise errors.UsageError(f'cannot read {path}: {exc}') from exc
    values = sections.get('database', {}).get('connection')
    if not values:
        raise errors.UsageError(f'{path} has no [database] connection')
    return values[-1]


def version(url: str) -> str:
    """Return the version of a server.

    :param url: SQLAlchemy URL of any database on the server
    :raises: :class:`heat_upgrade.errors.LabError` if there is no connection
    """
    with _connection(url) as connection, connection.cursor() as cursor:
        cursor.execute('SELECT VERSION(), @@version_comment')
        row = cursor.fetchone()
        assert row is not None
        return ' '.join(row)


@contextlib.contextmanager
def databases(url: str,
              names: abc.Iterable[str]) -> abc.Iterator[dict[str, str]]:
    """Create empty databases; drop them at the end of the context.

    :param url: SQLAlchemy URL of any database on the server, with a user who
        may create databases
    :param names: the check's names of the databases
    :returns: {name: URL}
    :raises: :class:`heat_upgrade.errors.LabError` if they cannot be created
    """
    run = f'{PREFIX}_{secrets.token_hex(4)}'
    names = list(names)
    created: dict[str, str] = {}
    try:
        with _connection(url) as connection:
            for name in names:
                database = f'{run}_{name}'
                _execute(connection, f'CREATE DATABASE `{database}` '
                                     'CHARACTER SET utf8mb4')
                created[database] = mariadb.of_database(url, database)
        yield dict(zip(names, created.values()))
    finally:
        if created:
            with _connection(url) as connection:
                for database in created:
                    _execute(connection, f'DROP DATABASE `{database}`')


@contextlib.contextmanager
def reader(url: str) -> abc.Iterator[pymysql.cursors.Cursor]:
    """Yield a cursor of an existing database that only reads.

    :raises: :class:`heat_upgrade.errors.LabError` if there is no connection
    """
    with _connection(url, parse.urlsplit(url).path.lstrip('/')) as connection:
        _execute(connection, 'SET SESSION TRANSACTION READ ONLY')
        with connection.cursor() as cursor:
            yield cursor


@contextlib.contextmanager
def _connection(url: str, database: str | None = None
                ) -> abc.Iterator[_Connection]:
    parts = parse.urlsplit(url)
    if not parts.scheme.startswith('mysql') or not parts.hostname:
        raise errors.LabError(
            'a check can use only a MySQL or MariaDB server that is reached '
            f'by TCP, not {parts.scheme}://')
    try:
        connection = pymysql.connect(
            host=parts.hostname, port=parts.port or _PORT,
            user=parse.unquote(parts.username or ''),
            password=parse.unquote(parts.password or ''), autocommit=True,
            database=database or None,
            connect_timeout=CONNECT_TIMEOUT, read_timeout=ANSWER_TIMEOUT)
    except pymysql.MySQLError as exc:
        raise errors.LabError(
            f'the database server at {parts.hostname}:{parts.port or _PORT} '
            f'refuses the user {parts.username}: {exc}') from exc
    with connection:
        yield connection


def _execute(connection: _Connection, statement: str) -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
    except pymysql.MySQLError as exc:
        raise errors.LabError(
            f'the database server refuses "{statement}": {exc}; the schema is '
            'checked in temporary databases, which the user of [database] '
            'connection must be allowed to create') from exc
