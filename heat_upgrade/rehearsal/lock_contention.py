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

"""Reads and writes that go on while a migration runs, and how long they wait.

For each table two connections of their own, one that reads a row and one that
updates it and rolls back, again and again. A migration that locks a table
shows as one of them that waits: so would Heat, which is what an operator who
migrates with the base still running wants to know.
"""

import dataclasses
import threading
import time

import pymysql

from heat_upgrade.rehearsal import loading
from heat_upgrade import waiting

# 12.5 times a second, so that ten are left on a busy machine.
INTERVAL = 0.08
START_TIMEOUT = 60

# What takes less is not noted, in seconds: an idle server answers in one
# millisecond, on a busy machine in five.
SLOW = 0.005

ACCOUNT = 'sampler'

READ, WRITE = 'read', 'write'


@dataclasses.dataclass
class Waits:
    """What was seen of one table by one of the two.

    :ivar count: how many samples
    :ivar slow: (monotonic time, seconds) of those that took SLOW or more
    :ivar seconds: from the first to the last
    :ivar error: name of the last error of the database, '' without one
    """

    table: str
    kind: str
    count: int = 0
    seconds: float = 0.0
    slow: list = dataclasses.field(default_factory=list)
    error: str = ''

    def longest(self, start, end):
        """Return (seconds of the longest between two times, its start)."""
        return max(((seconds, at) for at, seconds in self.slow
                    if at <= end and at + seconds >= start),
                   default=(0.0, start))


def statement(kind, table, columns, key):
    """Return (SQL, arguments) of a sample.

    :param columns: {column: whether it is of the primary key}
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
    """Samples tables from its start to the end of its context.

    :param connect: callable that returns a new connection, not in autocommit
    :param tables: as :func:`comparison.columns` gives them
    :ivar waits: list of :class:`Waits`, complete when the context has ended
    """

    def __init__(self, connect, tables):
        keys = _keys(connect, tables)
        self.waits = [Waits(table, kind) for table in tables
                      for kind in (READ, WRITE)]
        self._ended = threading.Event()
        self._threads = [threading.Thread(
            target=_sample, daemon=True,
            args=(connect, one, self._ended, *statement(
                one.kind, one.table, tables[one.table], keys[one.table])))
            for one in self.waits]

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self._ended.set()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(loading.TIMEOUT)

    def start(self):
        """Start, and wait until each has sampled once."""
        for thread in self._threads:
            thread.start()
        waiting.wait_until(
            lambda: all(one.count or one.error for one in self.waits),
            timeout=START_TIMEOUT, what='the first samples of all tables')


def _keys(connect, tables):
    """Return the primary key of some row of each table."""
    keys = {}
    with connect() as connection, connection.cursor() as cursor:
        for table, columns in tables.items():
            names = [name for name, primary in columns.items() if primary]
            keys[table] = {}
            if names:
                wanted = ', '.join(f'`{name}`' for name in names)
                cursor.execute(f'SELECT {wanted} FROM `{table}` LIMIT 1')
                row = cursor.fetchone()
                keys[table] = dict(zip(names, row)) if row else {}
    return keys


def _sample(connect, waits, ended, sql, arguments):
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


# The server or the connection to it is no more.
_GONE = (2006, 2013, 1927, 1053)
