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

"""Whether a migration left the rows as they were.

A table is described by its number of rows, a hash of all of them that does
not depend on their order, and a sum for each column, which tells what changed
when the hash does. The server computes them: no row leaves it.
"""

import dataclasses

from heat_upgrade.rehearsal import dump_summary
from heat_upgrade.results import findings

STEP = 'compare'

# Changes with each migration, as it should.
OURS = (dump_summary.REVISIONS, dump_summary.LEGACY)

_COLUMNS = '''
SELECT table_name, column_name, column_key = 'PRI'
FROM information_schema.columns JOIN information_schema.tables
USING (table_schema, table_name)
WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'
ORDER BY table_name, ordinal_position
'''


@dataclasses.dataclass(frozen=True)
class Table:
    """What is compared of a table.

    :ivar rows: how many
    :ivar digest: hash of all rows and those columns
    :ivar columns: {column: sum over the rows}
    """

    rows: int
    digest: str
    columns: dict


def columns(cursor):
    """Return {table: {column: whether it is of the primary key}}."""
    cursor.execute(_COLUMNS)
    found = {}
    for table, column, primary in cursor.fetchall():
        found.setdefault(table, {})[column] = bool(primary)
    return found


def describe(cursor, wanted, *, without=(), progress=lambda table: None):
    """Describe the content of tables.

    :param cursor: of a connection to the database
    :param wanted: {table: columns to look at}; those that are not there (any
        more) are left out
    :param without: (table, column)s that the hash leaves out
    :param progress: called with the name of each table
    :returns: {table: :class:`Table`}
    """
    there = columns(cursor)
    found = {}
    for table, names in wanted.items():
        if table not in there or table in OURS:
            continue
        progress(table)
        keys = [name for name, primary in there[table].items() if primary]
        names = [name for name in names if name in there[table]]
        cursor.execute(query(table, keys, names, without))
        rows, digest, *sums = cursor.fetchone()
        found[table] = Table(rows, str(digest or 0), dict(zip(
            names, (str(one or 0) for one in sums))))
    return found


def query(table, keys, names, without=()):
    """Return the SQL that describes a table in one pass."""
    hashed = [name for name in names if (table, name) not in without]
    # 15 hexadecimal digits: the sum of a billion of them is exact.
    digest = (f'SUM(CAST(CONV(LEFT(MD5({_text(hashed)}), 15), 16, 10) AS '
              'UNSIGNED))') if hashed else '0'
    sums = [f'SUM(CRC32({_text([*keys, name])}))' for name in names]
    return (f'SELECT COUNT(*), {", ".join([digest, *sums])} '
            f'FROM {_quoted(table)}')


def _text(names):
    parts = [f"ISNULL({_quoted(name)}), IFNULL({_quoted(name)}, ''), '|'"
             for name in names]
    return f'CONCAT({", ".join(parts)})'


def _quoted(name):
    return '`' + name.replace('`', '``') + '`'


def compare(before, after, changes, wrong):
    """Return what differs that is not stated to.

    :param before: {table: :class:`Table`} as the base left it
    :param after: likewise, of the same columns, as the target found it
    :param changes: :class:`heat_upgrade.rehearsal.expected_changes.Change`s of
        the revisions in between
    :param wrong: {(table, column or None): rows that are not as stated}
    :returns: list of :class:`heat_upgrade.results.findings.Finding`
    """
    found = []
    allowed = {(one.table, one.column) for one in changes}
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
                f'{name} is not what its migration states',
                f'stated: {change.reason}\nrows that are not: {rows}'))
    return found


def _changed(table, was, now, allowed):
    """Return findings of columns that are gone or have other content."""
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
        columns_ = ', '.join(other) or 'cannot be told'
        yield _finding(
            'rehearsal.content-changed', table,
            f'table {table} has other content after db_sync',
            f'rows: {was.rows}\ncolumns that changed: {columns_}\n'
            'No migration in between is stated to change them.')


def _finding(rule, subject, title, evidence):
    return findings.make(rule, subject, title, evidence, step=STEP)
