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

"""Databases of a check's own on a server that somebody else runs.

A machine on which Heat runs already has a server, of the very kind and
version that is to be upgraded; perhaps MySQL, for which there is no private
one. What is there is not touched: the names are new, and go with the check.
"""

import contextlib
import secrets
from urllib import parse

from oslo_config import cfg
import pymysql

from heat_upgrade import errors

PREFIX = 'heat_upgrade_check'

CONNECT_TIMEOUT = 20
ANSWER_TIMEOUT = 60

_PORT = 3306


def url_of(path):
    """Return [database] connection of a configuration file of Heat.

    :raises: :class:`heat_upgrade.errors.UsageError` if it has none
    """
    sections = {}
    try:
        cfg.ConfigParser(str(path), sections).parse()
    except (OSError, cfg.ParseError) as exc:
        raise errors.UsageError(f'cannot read {path}: {exc}') from exc
    values = sections.get('database', {}).get('connection')
    if not values:
        raise errors.UsageError(f'{path} has no [database] connection')
    return values[-1]


def version(url):
    """Return what a server says of its version.

    :param url: of any database on it, as SQLAlchemy has it
    :raises: :class:`heat_upgrade.errors.LabError` if it cannot be asked
    """
    with _connection(url) as connection, connection.cursor() as cursor:
        cursor.execute('SELECT VERSION(), @@version_comment')
        return ' '.join(cursor.fetchone())


@contextlib.contextmanager
def databases(url, names):
    """Give empty databases; they are dropped at the end of the context.

    :param url: of any database on the server, with a user who may make some
    :param names: what the check calls them
    :returns: {name: URL}
    :raises: :class:`heat_upgrade.errors.LabError` if they cannot be made
    """
    run = f'{PREFIX}_{secrets.token_hex(4)}'
    parts = parse.urlsplit(url)
    made = {}
    try:
        with _connection(url) as connection:
            for name in names:
                real = f'{run}_{name}'
                _execute(connection, f'CREATE DATABASE `{real}` '
                                     'CHARACTER SET utf8mb4')
                made[real] = parse.urlunsplit(
                    parts._replace(path=f'/{real}'))
        yield dict(zip(names, made.values()))
    finally:
        if made:
            with _connection(url) as connection:
                for real in made:
                    _execute(connection, f'DROP DATABASE `{real}`')


@contextlib.contextmanager
def _connection(url):
    parts = parse.urlsplit(url)
    if not parts.scheme.startswith('mysql') or not parts.hostname:
        raise errors.LabError(
            'the schema can be checked on a server of MySQL or MariaDB that '
            f'is reached by TCP, not on {parts.scheme}://')
    try:
        connection = pymysql.connect(
            host=parts.hostname, port=parts.port or _PORT,
            user=parse.unquote(parts.username or ''),
            password=parse.unquote(parts.password or ''), autocommit=True,
            connect_timeout=CONNECT_TIMEOUT, read_timeout=ANSWER_TIMEOUT)
    except pymysql.MySQLError as exc:
        raise errors.LabError(
            f'the database server at {parts.hostname}:{parts.port or _PORT} '
            f'does not let {parts.username} in: {exc}') from exc
    with connection:
        yield connection


def _execute(connection, statement):
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
    except pymysql.MySQLError as exc:
        raise errors.LabError(
            f'the database server refuses "{statement}": {exc}; the schema '
            'is checked in databases of its own, which the user of '
            '[database] connection must be allowed to make') from exc
