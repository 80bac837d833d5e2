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

"""Watches the statements of a migration, one by one.

``Watch`` hooks into SQLAlchemy below the migrations, and so sees every
statement, whether it comes from an operation of alembic, from a session or
from a text. It hooks into alembic for the name of the operation.
``algorithms`` then repeats each statement on a copy, to find the algorithm
that MariaDB uses for it.
"""

import contextlib
import re
import time

from alembic.operations import base as alembic_operations
import sqlalchemy as sa

# Statements that read, or that control a transaction or a session.
_READS = ('SELECT', 'SHOW', 'DESCRIBE', 'DESC', 'EXPLAIN', 'SET', 'BEGIN',
          'COMMIT', 'ROLLBACK', 'PRAGMA', 'USE', 'SAVEPOINT', 'RELEASE')
_ROWS = ('UPDATE', 'DELETE', 'INSERT', 'REPLACE', 'TRUNCATE', 'MERGE')

# alembic's statement at the end of a revision.
_DONE = re.compile(r"alembic_version\b.*?'(\w+)'", re.DOTALL)

# From the least to the most disturbing. COPY with LOCK=NONE is new in MariaDB
# 11.2. https://mariadb.com/kb/en/innodb-online-ddl-overview/
_WAYS = (('INSTANT', 'NONE'), ('NOCOPY', 'NONE'), ('INPLACE', 'NONE'),
         ('COPY', 'NONE'), ('INPLACE', 'SHARED'), ('COPY', 'SHARED'))

_OF_INDEX = re.compile(r'\s*(CREATE|DROP)\s+(UNIQUE\s+|FULLTEXT\s+)?INDEX',
                       re.IGNORECASE)

_DROP_INDEX = re.compile(r'^\s*DROP\s+INDEX\s+(\S+)\s+ON\s+(\S+)\s*$',
                         re.IGNORECASE)

TEXT = 2000


def verb(statement: str) -> str:
    """Return the first word of a statement."""
    words = re.sub(r'/\*.*?\*/|--[^\n]*', ' ', statement, flags=re.DOTALL)
    match = re.match(r'[\s(]*(\w+)', words)
    return match.group(1).upper() if match else ''


def changes_rows(statement: str) -> bool:
    """Return True if a statement changes rows, not tables."""
    return verb(statement) in _ROWS


class Watch:
    """Records the statements that an engine sends.

    :ivar seen: list of {'statement', 'revision', 'operation', 'seconds',
        'rows'}; for a change of tables also 'shape', 'locks', 'rewritten'
    :ivar sent: list of (statement, parameters), one for each of ``seen``
    :param shape: function that takes a function that runs a statement
    """

    def __init__(self, engine, shape):
        self._engine = engine
        self._shape = shape
        self.seen = []
        self.sent = []
        self.last = None
        self._operation = None
        self._from = 0
        self._files = None

    @contextlib.contextmanager
    def watching(self):
        """Watch within this context."""
        invoke = alembic_operations.AbstractOperations.invoke
        watch = self

        def named(self, operation):
            before = watch._operation
            watch._operation = type(operation).__name__
            try:
                return invoke(self, operation)
            finally:
                watch._operation = before
        alembic_operations.AbstractOperations.invoke = named
        sa.event.listen(self._engine, 'before_cursor_execute', self._before)
        sa.event.listen(self._engine, 'after_cursor_execute', self._after)
        try:
            yield self
        finally:
            alembic_operations.AbstractOperations.invoke = invoke
            sa.event.remove(self._engine, 'before_cursor_execute',
                            self._before)
            sa.event.remove(self._engine, 'after_cursor_execute',
                            self._after)

    def _before(self, connection, cursor, statement, parameters, context,
                executemany):
        self.last = statement
        if (self._files is None
                and connection.dialect.name == 'postgresql'):
            self._files = _files(_runner(connection.connection))
        self._started = time.monotonic()

    def _after(self, connection, cursor, statement, parameters, context,
               executemany):
        seconds = time.monotonic() - self._started
        if verb(statement) in _READS:
            return
        if 'alembic_version' in statement:
            self._revision_done(statement, parameters)
            return
        seen = {'statement': statement.strip()[:TEXT], 'revision': None,
                'operation': self._operation, 'seconds': round(seconds, 4),
                'rows': cursor.rowcount}
        if not changes_rows(statement):
            run = _runner(connection.connection)
            seen['shape'] = self._shape(run)
            seen['locks'] = seen['rewritten'] = None
            if connection.dialect.name == 'postgresql':
                seen['locks'] = _locks(run)
                files = _files(run)
                seen['rewritten'] = sorted(
                    name for name, number in self._files.items()
                    if files.get(name, number) != number)
                self._files = files
        self.seen.append(seen)
        self.sent.append((statement, parameters))

    def _revision_done(self, statement, parameters):
        values = parameters.values() if isinstance(
            parameters, dict) else parameters or ()
        match = _DONE.search(statement)
        revision = next((str(value) for value in values),
                        match.group(1) if match else None)
        if verb(statement) in ('INSERT', 'UPDATE') and revision:
            for seen in self.seen[self._from:]:
                seen['revision'] = revision
        if verb(statement) in _ROWS:
            self._from = len(self.seen)


def _runner(connection):
    """Return a function that runs statements beneath all hooks."""
    def run(statement):
        cursor = connection.cursor()
        try:
            cursor.execute(statement)
            return cursor.fetchall()
        finally:
            cursor.close()
    return run


def _locks(run):
    """Return {table: modes} of the locks that this transaction holds."""
    held = {}
    for table, mode in run("""
            SELECT c.relname, l.mode
            FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
            JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE l.pid = pg_backend_pid() AND l.granted
              AND n.nspname = 'public' AND c.relkind = 'r'"""):
        held.setdefault(table, []).append(mode)
    return {table: sorted(modes) for table, modes in held.items()}


def _files(run):
    """Return {table: number of its file}; a rewrite changes the number."""
    return dict(run("""
        SELECT c.relname, pg_relation_filenode(c.oid)
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'public' AND c.relkind = 'r'"""))


def structure(engine):
    """Return the statements that create the tables of a MariaDB.

    :returns: list of (table, statement)
    """
    with engine.connect() as connection:
        names = [row[0] for row in connection.exec_driver_sql(
            'SHOW FULL TABLES WHERE table_type = "BASE TABLE"')]
        return [(name, connection.exec_driver_sql(
            f'SHOW CREATE TABLE `{name}`').fetchone()[1]) for name in names]


def rebuild(engine, tables, *, rows_from=None):
    """Drop and create the tables of a MariaDB.

    :param tables: the result of :func:`structure`
    :param rows_from: name of the database to copy rows from; if None, keep
        the table of alembic, and create the others without rows
    """
    # A connection of its own: the setting ends with it.
    with engine.connect() as connection:
        run = connection.exec_driver_sql
        run('SET SESSION foreign_key_checks = 0')
        for row in run('SHOW TABLES').fetchall():
            if rows_from or row[0] != 'alembic_version':
                run(f'DROP TABLE IF EXISTS `{row[0]}`')
        for name, statement in tables:
            if not rows_from and name == 'alembic_version':
                continue
            run(statement)
            if rows_from:
                run(f'INSERT INTO `{name}` SELECT * '
                    f'FROM `{rows_from}`.`{name}`')
        connection.commit()
        connection.invalidate()


def algorithms(engine, sent):
    """Return the algorithm and lock that MariaDB uses for statements.

    Each statement is executed in the least disturbing way that the server
    accepts. The tables need rows, because an empty table can be changed in
    more ways. Statements that change rows are executed, too, because later
    ones may depend on them.

    :param engine: engine of a database as before the migration
    :param sent: list of (statement, parameters)
    :returns: list of {'algorithm', 'lock', 'refused', 'failed'}: refused is
        the error for the best way, failed is that for the last one if the
        server accepted none
    """
    answers = []
    with engine.connect() as connection:
        for statement, parameters in sent:
            # DROP INDEX takes no ALGORITHM; this statement is equivalent.
            statement = _DROP_INDEX.sub(
                r'ALTER TABLE \2 DROP INDEX \1', statement)
            alter = verb(statement) == 'ALTER'
            if not alter and not _OF_INDEX.match(statement):
                answers.append(_execute(connection, statement, '', parameters))
                continue
            comma = ',' if alter else ''
            refused = None
            for algorithm, lock in _WAYS:
                answer = _execute(
                    connection, statement,
                    f'{comma} ALGORITHM={algorithm}{comma} LOCK={lock}',
                    parameters)
                if not answer['failed']:
                    answer.update(algorithm=algorithm, lock=lock)
                    break
                refused = refused or answer['failed']
            else:
                answer = _execute(connection, statement, '', parameters)
                answer['lock'] = 'EXCLUSIVE'
            answer['refused'] = refused
            answers.append(answer)
        connection.connection.commit()
    return answers


def _execute(connection, statement, clauses, parameters):
    cursor = connection.connection.cursor()
    answer = {'algorithm': None, 'lock': None, 'refused': None,
              'failed': None}
    try:
        cursor.execute(statement.strip().rstrip(';') + clauses,
                       parameters or None)
    except Exception as exc:
        answer['failed'] = str(exc)[:300]
    finally:
        cursor.close()
    return answer
