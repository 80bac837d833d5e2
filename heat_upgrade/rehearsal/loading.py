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

"""Loads a dump into a private server: tables and rows only.

Statements reach the server one at a time, through an account that is confined
to one database; :mod:`heat_upgrade.rehearsal.statement_filter` selects them.
"""

from collections import abc
import pathlib
import queue
import threading

import pymysql
from pymysql.constants import ER
from pymysql import cursors

from heat_upgrade import errors
from heat_upgrade.lab.services import mariadb
from heat_upgrade.rehearsal import dump_file
from heat_upgrade.rehearsal import dump_summary
from heat_upgrade.rehearsal import heat_commands
from heat_upgrade.rehearsal import row_reader
from heat_upgrade.rehearsal import statement_filter
from heat_upgrade.rehearsal import tokenizer

# The privileges of the account, in one database.
ACCOUNT = 'dump'
PRIVILEGES = ('SELECT, INSERT, DELETE, CREATE, DROP, ALTER, INDEX, '
              'REFERENCES')

# Seconds for one statement with a MiB of rows, which takes less than one.
TIMEOUT = 600

# Statements that are read while the server stores one.
AHEAD = 3

# Interval, in seconds, of the check whether the other thread has ended.
INTERVAL = 0.5

# Line, kind of statement, table, text.
Statement = tuple[int, statement_filter.Kind, str, bytes]

_SESSION = ("SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO,"
            "STRICT_ALL_TABLES', foreign_key_checks = 0, unique_checks = 0, "
            "time_zone = '+00:00'")

# 1366 and 1300: text that is invalid in the character set of its column.
_ENCODING = (ER.TRUNCATED_WRONG_VALUE_FOR_FIELD, 1300)
_FULL = (ER.DISK_FULL, ER.RECORD_FILE_FULL)


def error_name(exc: Exception) -> str:
    """Return the name of an error of MariaDB, because its text quotes data."""
    number = exc.args[0] if exc.args else None
    if not isinstance(number, int):
        return type(exc).__name__
    return heat_commands.error_name(number)


def load(path: pathlib.Path | str, server: mariadb.MariaDB, database: str, *,
         survey: dump_summary.Survey,
         progress: abc.Callable[[int, int], object]
         = lambda done, size: None) -> dict[str, int]:
    """Load Heat's database from a dump.

    :param server: a server that is ready
    :param database: name of the new database in the server
    :param survey: from the same dump
    :param progress: called with the bytes read so far, and those of the file
    :returns: {table: number of rows stored}
    :raises: :class:`errors.UsageError` if a statement cannot be stored,
        :class:`errors.LabError` if the server fails
    """
    try:
        server.execute(f'CREATE DATABASE `{database}` {survey.charset}')
    except pymysql.err.MySQLError as exc:
        raise errors.UsageError(
            f'{path} cannot be loaded: MariaDB does not support '
            f'{survey.charset}, {error_name(exc)}') from None
    secret = server.account(ACCOUNT, database, PRIVILEGES)
    with pymysql.connect(
            host='127.0.0.1', port=server.port, user=ACCOUNT,
            password=secret, database=database, charset='utf8mb4',
            autocommit=True, local_infile=False,
            read_timeout=TIMEOUT, write_timeout=TIMEOUT) as connection:
        with connection.cursor() as cursor:
            cursor.execute(_SESSION)
            return _store(path, cursor, survey, progress)


def _store(path: pathlib.Path | str, cursor: cursors.Cursor,
           survey: dump_summary.Survey,
           progress: abc.Callable[[int, int], object]) -> dict[str, int]:
    counts = dict.fromkeys(survey.tables, 0)
    ahead = _Ahead(to_execute(path, survey, progress))
    try:
        for line, kind, name, text in ahead:
            try:
                # PyMySQL sends bytes unchanged.
                cursor.execute(text)  # type: ignore[call-overload]  # stubs
            except pymysql.err.MySQLError as exc:
                raise _explained(path, exc, line, name) from None
            if kind is statement_filter.Kind.INSERT:
                counts[name] = counts.get(name, 0) + cursor.rowcount
    finally:
        ahead.end()
    return counts


def _explained(path: pathlib.Path | str, exc: Exception, line: int,
               name: str) -> errors.HeatUpgradeError:
    number = exc.args[0] if exc.args else None
    where = f'line {line}, table {name}'
    if number in _ENCODING:
        return errors.UsageError(
            f'{path} has text that is not UTF-8 ({where}); make it again with '
            '--default-character-set=utf8mb4')
    if number in _FULL:
        return errors.LabError(f'the disk is full ({where}); set --work-dir '
                               'to a directory on another disk')
    if isinstance(exc, pymysql.err.OperationalError) and (
            isinstance(number, int) and number >= 2000):
        return errors.LabError(
            f'the connection to MariaDB is lost ({where}): '
            f'{error_name(exc)}')
    return errors.UsageError(
        f'{path} cannot be loaded: MariaDB refuses the statement that begins '
        f'on {where}, with {error_name(exc)}')


def to_execute(path: pathlib.Path | str, survey: dump_summary.Survey,
               progress: abc.Callable[[int, int], object]
               ) -> abc.Iterator[Statement]:
    """Yield the statements of Heat's database that are executed.

    :raises: :class:`errors.UsageError`
    """
    with dump_file.opened(path) as source:
        reader = tokenizer.Reader(source)
        current = None
        for kind, name, text in row_reader.classified(reader):
            progress(source.position, source.size)
            if kind is statement_filter.Kind.USE:
                current = name
            elif current == survey.database and kind in _EXECUTED:
                yield (reader.line, kind, name,
                       _checked(reader, kind, name, text))


_EXECUTED = (
    statement_filter.Kind.CREATE,
    statement_filter.Kind.DROP,
    statement_filter.Kind.INSERT,
)


def _checked(reader: tokenizer.Reader, kind: statement_filter.Kind, name: str,
             text: bytes) -> bytes:
    """Return a statement in the form that is executed."""
    if (
        kind is statement_filter.Kind.INSERT
        and not statement_filter.has_only_literals(text)
    ):
        raise reader.error('contains more than rows of values')
    if kind is statement_filter.Kind.CREATE:
        definition = statement_filter.definition(text)
        if definition is None:
            raise reader.error(
                f'defines the table {name} with more than columns, keys and '
                'options; it was not executed')
        return definition
    return text


class _Ahead:
    """Reads items from an iterator in a thread, before they are needed."""

    def __init__(self, items: abc.Iterator[Statement]) -> None:
        self._items = items
        self._ready: queue.Queue[
            tuple[Statement | None, BaseException | None]
        ] = queue.Queue(AHEAD)
        self._ended = threading.Event()
        threading.Thread(target=self._read, daemon=True).start()

    def __iter__(self) -> abc.Iterator[Statement]:
        while True:
            item, raised = self._ready.get()
            if raised is not None:
                raise raised
            if item is None:
                return
            yield item

    def end(self) -> None:
        self._ended.set()

    def _read(self) -> None:
        try:
            for item in self._items:
                if not self._put((item, None)):
                    return
            self._put((None, None))
        except BaseException as exc:
            self._put((None, exc))

    def _put(self, item: tuple[Statement | None, BaseException | None]
             ) -> bool:
        while not self._ended.is_set():
            try:
                self._ready.put(item, timeout=INTERVAL)
                return True
            except queue.Full:
                continue
        return False
