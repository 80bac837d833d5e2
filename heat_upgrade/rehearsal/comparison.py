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

"""Compares the rows before a migration with those after it.

A table is described by its number of rows, a hash of all rows that does not
depend on their order, and a sum for each column, which shows the column that
changed. The server computes them: no row leaves it.
"""

from collections import abc
import dataclasses
import typing

from pymysql import cursors

from heat_upgrade.rehearsal import dump_summary
from heat_upgrade.rehearsal import expected_changes
from heat_upgrade.results import findings

STEP = 'compare'

# Tables that every migration changes: the tool of the migrations has them.
OURS = (dump_summary.REVISIONS, dump_summary.LEGACY)

_COLUMNS = '''
SELECT table_name, column_name, column_key = 'PRI'
FROM information_schema.columns JOIN information_schema.tables
USING (table_schema, table_name)
WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'
ORDER BY table_name, ordinal_position
'''

# Table: {column: True for a column of the primary key}.
Columns = dict[str, dict[str, bool]]


@dataclasses.dataclass(frozen=True)
class Table:
    """The description of a table.

    :ivar rows: number of rows
    :ivar digest: hash of all rows, without the columns left out
    :ivar columns: {column: sum over the rows}
    """

    rows: int
    digest: str
    columns: dict[str, str]


def columns(cursor: cursors.Cursor) -> Columns:
    """Return the columns of all tables of the database."""
    cursor.execute(_COLUMNS)
    tables: Columns = {}
    for table, column, primary in cursor.fetchall():
        tables.setdefault(table, {})[column] = bool(primary)
    return tables


def describe(cursor: cursors.Cursor,
             wanted: abc.Mapping[str, abc.Iterable[str]], *,
             without: abc.Collection[tuple[str, str | None]] = (),
             progress: abc.Callable[[str], object] = lambda table: None
             ) -> dict[str, Table]:
    """Describe the content of tables.

    :param wanted: {table: columns}; those that do not exist are left out
    :param without: (table, column)s that the hash leaves out
    :param progress: called with the name of each table
    """
    existing = columns(cursor)
    tables = {}
    for table, names in wanted.items():
        if table not in existing or table in OURS:
            continue
        progress(table)
        keys = [name for name, primary in existing[table].items() if primary]
        names = [name for name in names if name in existing[table]]
        cursor.execute(query(table, keys, names, without))
        # COUNT(*) always gives a row.
        row: tuple[typing.Any, ...] = cursor.fetchone() or ()
        rows, digest, *sums = row
        tables[table] = Table(rows, str(digest or 0), dict(zip(
            names, (str(total or 0) for total in sums))))
    return tables


def query(table: str, keys: list[str], names: list[str],
          without: abc.Collection[tuple[str, str | None]] = ()) -> str:
    """Return the SQL that describes a table in one pass."""
    hashed = [name for name in names if (table, name) not in without]
    # 15 hexadecimal digits: the sum of a billion of them is exact.
    digest = (f'SUM(CAST(CONV(LEFT(MD5({_text(hashed)}), 15), 16, 10) AS '
              'UNSIGNED))') if hashed else '0'
    sums = [f'SUM(CRC32({_text([*keys, name])}))' for name in names]
    return (f'SELECT COUNT(*), {", ".join([digest, *sums])} '
            f'FROM {_quoted(table)}')


def _text(names: list[str]) -> str:
    parts = [f"ISNULL({_quoted(name)}), IFNULL({_quoted(name)}, ''), '|'"
             for name in names]
    return f'CONCAT({", ".join(parts)})'


def _quoted(name: str) -> str:
    return '`' + name.replace('`', '``') + '`'


def compare(before: abc.Mapping[str, Table], after: abc.Mapping[str, Table],
            changes: abc.Collection[expected_changes.Change],
            wrong: abc.Mapping[tuple[str, str | None], int]
            ) -> list[findings.Finding]:
    """Return the differences that no migration announces.

    :param before: tables as the base left them
    :param after: tables, with the same columns, after the migrations
    :param changes: expected changes of the revisions in between
    :param wrong: {(table, column or None): number of rows that contradict
        the expected change}
    """
    found = []
    allowed = {(change.table, change.column) for change in changes}
    for table, was in before.items():
        if (table, None) in allowed:
            continue
        now = after.get(table)
        if now is None:
            found.append(_finding(
                'rehearsal.table-gone', table,
                f'table {table} is gone after db_sync',
                f'it had {was.rows} rows'))
        elif now.rows != was.rows:
            found.append(_finding(
                'rehearsal.rows-lost-or-added', table,
                f'table {table} has another number of rows after db_sync',
                f'before: {was.rows} rows\nafter: {now.rows} rows'))
        else:
            found += _changed(table, was, now, allowed)
    for change in changes:
        rows = wrong.get((change.table, change.column))
        if rows:
            name = '.'.join(filter(None, (change.table, change.column)))
            found.append(_finding(
                'rehearsal.not-as-stated', name,
                f'{name} differs from the statement of its migration',
                f'stated: {change.reason}\nrows that differ: {rows}'))
    return found


def _changed(table: str, was: Table, now: Table,
             allowed: set[tuple[str, str | None]]
             ) -> abc.Iterator[findings.Finding]:
    """Yield findings about columns that are gone or have other content."""
    gone = [name for name in was.columns
            if name not in now.columns and (table, name) not in allowed]
    if gone:
        yield _finding(
            'rehearsal.columns-gone', table,
            f'table {table} lost columns in db_sync: {", ".join(gone)}',
            f'rows that had them: {was.rows}')
    other = [name for name, total in was.columns.items()
             if name in now.columns and now.columns[name] != total
             and (table, name) not in allowed]
    same = set(was.columns) == set(now.columns)
    if other or (same and now.digest != was.digest):
        names = ', '.join(other) or 'unknown'
        yield _finding(
            'rehearsal.content-changed', table,
            f'table {table} has other content after db_sync',
            f'rows: {was.rows}\ncolumns that changed: {names}\n'
            'No migration in between states that it changes them.')


def _finding(rule: str, subject: str, title: str,
             evidence: str) -> findings.Finding:
    return findings.make(rule, subject, title, evidence, step=STEP)
