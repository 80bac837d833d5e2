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

"""Reads and updates rows while a migration runs, and measures the waits.

Two connections use each table: one reads a row again and again, the other
updates it and rolls back. A connection that waits shows that a migration locks
the table. Heat would wait too, if an operator migrated with the base running.
"""

from collections import abc
import dataclasses
import threading
import time
import typing

import pymysql

from heat_upgrade.rehearsal import loading
from heat_upgrade import waiting

# Seconds: 12.5 samples a second, so that ten remain on a busy machine.
INTERVAL = 0.08
START_TIMEOUT = 60

# Seconds; shorter waits are not recorded. An idle server answers in one
# millisecond, one on a busy machine in five.
SLOW = 0.005

ACCOUNT = 'sampler'

READ, WRITE = 'read', 'write'

Connect = abc.Callable[[], pymysql.Connection]


@dataclasses.dataclass
class Waits:
    """The waits of one connection at one table.

    :ivar count: number of samples
    :ivar seconds: from the first sample to the last
    :ivar slow: (monotonic time, seconds) of samples that took SLOW or more
    :ivar error: name of the last error of the database, '' without one
    """

    table: str
    kind: str
    count: int = 0
    seconds: float = 0.0
    slow: list[tuple[float, float]] = dataclasses.field(default_factory=list)
    error: str = ''

    def longest(self, start: float, end: float) -> tuple[float, float]:
        """Return (seconds, start) of the longest wait between two times."""
        return max(((seconds, at) for at, seconds in self.slow
                    if at <= end and at + seconds >= start),
                   default=(0.0, start))


def statement(kind: str, table: str, columns: abc.Mapping[str, bool],
              key: abc.Mapping[str, object]
              ) -> tuple[str, tuple[object, ...]]:
    """Return (SQL, arguments) of a sample.

    :param columns: {column: True for a column of the primary key}
    :param key: {column: value} of the row, {} for an empty table
    """
    condition = ' AND '.join(f'`{name}` = %s' for name in key) or 'FALSE'
    arguments = tuple(key.values())
    if kind == READ:
        return f'SELECT 1 FROM `{table}` WHERE {condition}', arguments
    column = next((name for name, primary in columns.items() if not primary),
                  next(iter(columns)))
    return (f'UPDATE `{table}` SET `{column}` = `{column}` '
            f'WHERE {condition}', arguments)


class Sampling:
    """Samples tables in threads, until its context ends.

    :param connect: returns a new connection that is not in autocommit
    :param tables: columns, as :func:`comparison.columns` returns them
    :ivar waits: complete when the context has ended
    """

    def __init__(self, connect: Connect,
                 tables: abc.Mapping[str, abc.Mapping[str, bool]]) -> None:
        keys = _keys(connect, tables)
        self.waits = [Waits(table, kind) for table in tables
                      for kind in (READ, WRITE)]
        self._ended = threading.Event()
        self._threads = [threading.Thread(
            target=_sample, daemon=True,
            args=(connect, waits, self._ended, *statement(
                waits.kind, waits.table, tables[waits.table],
                keys[waits.table])))
            for waits in self.waits]

    def __enter__(self) -> typing.Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._ended.set()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(loading.TIMEOUT)

    def start(self) -> None:
        """Start, and wait until each connection has sampled once."""
        for thread in self._threads:
            thread.start()
        waiting.wait_until(
            lambda: all(waits.count or waits.error for waits in self.waits),
            timeout=START_TIMEOUT, what='the first samples of all tables')


def _keys(connect: Connect, tables: abc.Mapping[str, abc.Mapping[str, bool]]
          ) -> dict[str, dict[str, object]]:
    """Return the primary key of some row of each table."""
    keys: dict[str, dict[str, object]] = {}
    with connect() as connection, connection.cursor() as cursor:
        for table, columns in tables.items():
            names = [name for name, primary in columns.items() if primary]
            keys[table] = {}
            if names:
                selected = ', '.join(f'`{name}`' for name in names)
                cursor.execute(f'SELECT {selected} FROM `{table}` LIMIT 1')
                row = cursor.fetchone()
                keys[table] = dict(zip(names, row)) if row else {}
    return keys


def _sample(connect: Connect, waits: Waits, ended: threading.Event, sql: str,
            arguments: tuple[object, ...]) -> None:
    try:
        with connect() as connection, connection.cursor() as cursor:
            first = time.monotonic()
            while not ended.is_set():
                started = time.monotonic()
                try:
                    cursor.execute(sql, arguments)
                    connection.rollback()
                except pymysql.err.OperationalError as exc:
                    if exc.args and exc.args[0] in _GONE:
                        raise
                    waits.error = loading.error_name(exc)
                    connection.rollback()
                except pymysql.err.MySQLError as exc:
                    waits.error = loading.error_name(exc)
                    connection.rollback()
                seconds = time.monotonic() - started
                waits.count += 1
                waits.seconds = started - first
                if seconds >= SLOW:
                    waits.slow.append((started, seconds))
                ended.wait(max(0, INTERVAL - seconds))
    except (pymysql.err.MySQLError, OSError) as exc:
        waits.error = loading.error_name(exc)


# Errors that mean that the server or the connection to it has ended.
_GONE = (2006, 2013, 1927, 1053)
