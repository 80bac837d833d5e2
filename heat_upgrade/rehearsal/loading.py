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

"""Loads a dump into a private server, as rows and tables and nothing else.

Statements reach the server one at a time, by an account that is confined to
one database; see :mod:`heat_upgrade.rehearsal.statement_filter` for which do.
"""

import queue
import threading

import pymysql
from pymysql.constants import ER

from heat_upgrade import errors
from heat_upgrade.rehearsal import dump_file
from heat_upgrade.rehearsal import heat_commands
from heat_upgrade.rehearsal import row_reader
from heat_upgrade.rehearsal import statement_filter
from heat_upgrade.rehearsal import tokenizer

# What the account may do, in one database.
ACCOUNT = 'dump'
PRIVILEGES = ('SELECT, INSERT, DELETE, CREATE, DROP, ALTER, INDEX, '
              'REFERENCES')

# Of one statement with a MiB of rows: less than a second on any machine.
TIMEOUT = 600

# Statements that are read while the server stores one.
AHEAD = 3

# How often it is looked whether the other side has ended, in seconds.
INTERVAL = 0.5

_SESSION = ("SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO,"
            "STRICT_ALL_TABLES', foreign_key_checks = 0, unique_checks = 0, "
            "time_zone = '+00:00'")

# 1366 and 1300: text that is none in the character set of its column.
_ENCODING = (ER.TRUNCATED_WRONG_VALUE_FOR_FIELD, 1300)
_FULL = (ER.DISK_FULL, ER.RECORD_FILE_FULL)


def error_name(exc):
    """Return what an error of MariaDB is called: its text quotes data."""
    number = exc.args[0] if exc.args else None
    if not isinstance(number, int):
        return type(exc).__name__
    return heat_commands.error_name(number)


def load(path, server, database, *, survey, progress=lambda done, size: None):
    """Load Heat's database of a dump.

    :param server: :class:`heat_upgrade.lab.services.mariadb.MariaDB`, ready
    :param database: its name in the server, where it is made
    :param survey: :class:`heat_upgrade.rehearsal.dump_summary.Survey` of the
        dump
    :param progress: called with the bytes of the file so far, and in all
    :returns: {table: how many rows were stored}
    :raises: :class:`errors.UsageError` for what cannot be stored,
        :class:`errors.LabError` if the server breaks
    """
    try:
        server.execute(f'CREATE DATABASE `{database}` {survey.charset}')
    except pymysql.err.MySQLError as exc:
        raise errors.UsageError(
            f'{path} cannot be loaded: MariaDB has no {survey.charset}, '
            f'{error_name(exc)}') from None
    secret = server.account(ACCOUNT, database, PRIVILEGES)
    with pymysql.connect(
            host='127.0.0.1', port=server.port, user=ACCOUNT,
            password=secret, database=database, charset='utf8mb4',
            autocommit=True, local_infile=False,
            read_timeout=TIMEOUT, write_timeout=TIMEOUT) as connection:
        with connection.cursor() as cursor:
            cursor.execute(_SESSION)
            return _store(path, cursor, survey, progress)


def _store(path, cursor, survey, progress):
    counts = dict.fromkeys(survey.tables, 0)
    ahead = _Ahead(to_execute(path, survey, progress))
    try:
        for line, kind, name, text in ahead:
            try:
                cursor.execute(text)
            except pymysql.err.MySQLError as exc:
                raise _explained(path, exc, line, name) from None
            if kind is statement_filter.Kind.INSERT:
                counts[name] = counts.get(name, 0) + cursor.rowcount
    finally:
        ahead.end()
    return counts


def _explained(path, exc, line, name):
    number = exc.args[0] if exc.args else None
    where = f'line {line}, table {name}'
    if number in _ENCODING:
        return errors.UsageError(
            f'{path} has text that is not UTF-8 ({where}); make it again with '
            '--default-character-set=utf8mb4')
    if number in _FULL:
        return errors.LabError(f'the disk is full ({where}); set --work-dir '
                               'to another place')
    if isinstance(exc, pymysql.err.OperationalError) and (
            isinstance(number, int) and number >= 2000):
        return errors.LabError(
            f'the server is gone ({where}): {error_name(exc)}')
    return errors.UsageError(
        f'{path} cannot be loaded: MariaDB refuses the statement that begins '
        f'on {where}, with {error_name(exc)}')


def to_execute(path, survey, progress):
    """Give the statements of Heat's database that are executed.

    :returns: iterator of (line, :class:`grammar.Kind`, table, bytes)
    :raises: :class:`errors.UsageError`
    """
    with dump_file.opened(path) as source:
        reader = tokenizer.Reader(source)
        here = None
        for kind, name, text in row_reader.told(reader):
            progress(source.position, source.size)
            if kind is statement_filter.Kind.USE:
                here = name
            elif here == survey.database and kind in _EXECUTED:
                yield (reader.line, kind, name,
                       _checked(reader, kind, name, text))


_EXECUTED = (
    statement_filter.Kind.CREATE,
    statement_filter.Kind.DROP,
    statement_filter.Kind.INSERT,
)


def _checked(reader, kind, name, text):
    """Return a statement as it is executed."""
    if (
        kind is statement_filter.Kind.INSERT
        and not statement_filter.has_only_literals(text)
    ):
        raise reader.error('has more than rows of values')
    if kind is statement_filter.Kind.CREATE:
        text = statement_filter.definition(text)
        if text is None:
            raise reader.error(
                f'defines the table {name} by more than columns, keys and '
                'options; nothing of it was executed')
    return text


class _Ahead:
    """Gives what an iterator gives, taken from it by a thread beforehand."""

    def __init__(self, items):
        self._items = items
        self._ready = queue.Queue(AHEAD)
        self._ended = threading.Event()
        threading.Thread(target=self._read, daemon=True).start()

    def __iter__(self):
        while True:
            item, raised = self._ready.get()
            if raised is not None:
                raise raised
            if item is None:
                return
            yield item

    def end(self):
        self._ended.set()

    def _read(self):
        try:
            for item in self._items:
                if not self._put((item, None)):
                    return
            self._put((None, None))
        except BaseException as exc:
            self._put((None, exc))

    def _put(self, item):
        while not self._ended.is_set():
            try:
                self._ready.put(item, timeout=INTERVAL)
                return True
            except queue.Full:
                continue
        return False
