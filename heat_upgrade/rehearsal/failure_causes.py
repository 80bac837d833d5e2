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

"""States in words why the server refused a statement of a migration.

Only names and collations of the schema are quoted, never a row. The errors are
those of MariaDB's documentation, "MariaDB Error Code Reference".
"""

from collections import abc
import dataclasses
import re
import typing

from pymysql.constants import ER

from heat_upgrade.lab.services import mariadb

_REFERENCE = re.compile(
    r'FOREIGN KEY\s*\(`?(\w+)`?\)\s*REFERENCES\s*`?(\w+)`?\s*\(`?(\w+)`?\)',
    re.IGNORECASE)
_TABLE = re.compile(r'(?:CREATE|ALTER)\s+TABLE\s+`?(\w+)`?', re.IGNORECASE)

_HALF = ('an earlier db_sync stopped half way, and MariaDB does not undo '
         'definitions; restore the backup from before it, or remove its '
         'additions, and run db_sync again')

# 1005 and 1215: a foreign key that cannot be made.
_KEYS = (ER.CANT_CREATE_TABLE, ER.CANNOT_ADD_FOREIGN)
_CAUSES: dict[int, str] = {
    ER.TABLE_EXISTS_ERROR: f'the table is there already: {_HALF}',
    ER.DUP_FIELDNAME: f'the column is there already: {_HALF}',
    ER.DUP_KEYNAME: f'the index is there already: {_HALF}',
    ER.CANT_DROP_FIELD_OR_KEY:
        'the migration removes a key or column that this database does not '
        'have: it was renamed by hand, or the dump was made without it',
    ER.NO_SUCH_TABLE:
        'a table is missing: it was left out of the dump, or removed by hand',
    ER.TOO_LONG_KEY:
        'an index is longer than the row format or the storage engine allows: '
        'ALTER TABLE ... ENGINE=InnoDB, ROW_FORMAT=DYNAMIC, before db_sync',
    ER.TOO_BIG_ROWSIZE:
        'a row is longer than the row format allows: ALTER TABLE ... '
        'ROW_FORMAT=DYNAMIC, before db_sync',
    ER.DUP_ENTRY:
        'two rows have one value that must be unique after the migration',
    ER.NO_REFERENCED_ROW_2:
        'rows refer to rows that do not exist: the dump or the database was '
        'made without a check of foreign keys',
    ER.ROW_IS_REFERENCED_2: 'rows that the migration removes are referred to',
    ER.INVALID_USE_OF_NULL:
        'rows have NULL in a column that may not have it after the migration',
    ER.TRUNCATED_WRONG_VALUE:
        'rows have values that the strict SQL mode of Heat refuses, such as '
        "the date '0000-00-00'",
    ER.LOCK_WAIT_TIMEOUT: 'another connection holds a lock on the table',
}


@dataclasses.dataclass(frozen=True)
class Schema:
    """The facts about a database that explain a failure.

    :ivar default: its default collation
    :ivar collations: {(table, column): collation} of columns of text
    :ivar engines: {table: storage engine}
    """

    default: str
    collations: abc.Mapping[tuple[str, str], str]
    engines: abc.Mapping[str, str]


def schema_of(server: mariadb.MariaDB, database: str) -> Schema:
    """Return the facts about a database of a server."""
    (default,), = server.execute(
        'SELECT DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA '
        'WHERE SCHEMA_NAME = %s', (database,))
    columns = server.execute(
        'SELECT TABLE_NAME, COLUMN_NAME, COLLATION_NAME FROM '
        'information_schema.COLUMNS WHERE TABLE_SCHEMA = %s AND '
        'COLLATION_NAME IS NOT NULL', (database,))
    engines = server.execute(
        'SELECT TABLE_NAME, ENGINE FROM information_schema.TABLES WHERE '
        'TABLE_SCHEMA = %s AND ENGINE IS NOT NULL', (database,))
    return Schema(
        str(default),
        {(str(table), str(column)): str(collation)
         for table, column, collation in columns},
        {str(table): str(engine) for table, engine in engines})


def explain(failure: abc.Mapping[str, typing.Any], server: mariadb.MariaDB,
            database: str) -> str:
    """Return the cause of a failure of checks/inspectors/rehearse_migrate.

    :returns: as :func:`cause`
    """
    return cause(failure['number'], failure['statement'],
                 schema_of(server, database))


def cause(number: int | None, statement: str, schema: Schema) -> str:
    """Return the cause of a failure and its remedy; '' if it is not known.

    :param number: of the error
    :param statement: without literals
    """
    if number in _KEYS:
        return next(filter(None, (
            _of_key(*match, schema=schema)
            for match in _REFERENCE.findall(statement))), '')
    words = _CAUSES.get(number, '') if number else ''
    table = _TABLE.search(statement)
    return f'table {table[1]}: {words}' if words and table else words


def _of_key(_: str, table: str, column: str, *, schema: Schema) -> str:
    """Return the reason that a new table cannot refer to a column."""
    engine = schema.engines.get(table)
    if engine is None:
        return f'table {table} is missing: it was left out of the dump'
    if engine != 'InnoDB':
        return (f'table {table} is {engine}, and a key of a new table, which '
                f'is InnoDB, cannot refer to it: ALTER TABLE {table} '
                'ENGINE=InnoDB, before db_sync')
    collation = schema.collations.get((table, column))
    if collation and collation != schema.default:
        return default_differs(table, column, collation, schema.default)
    return ''


def default_differs(table: str, column: str, collation: str,
                    default: str) -> str:
    """Return the words for a default that does not fit to a column."""
    return (f'{table}.{column} is {collation}, and new tables get the '
            f'default of the database, {default}: ALTER DATABASE heat '
            f'CHARACTER SET {collation.partition("_")[0]} COLLATE '
            f'{collation}, before db_sync')
