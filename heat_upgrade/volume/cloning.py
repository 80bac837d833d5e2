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

"""Clones the rows of stacks in bulk, inside the database.

A generation is one clone of each source row. For each source row, one INSERT
… SELECT from MariaDB's sequence engine writes that row of many generations:
numbers of generations take the place of a loop. The columns come from the
database, so that rows of any release are cloned; only columns that refer to
another row are computed:

* a number: each generation has a range of its own in the ids of each table;
* a UUID: the MD5 of seed, old UUID and generation;
* the numbers of resources in the JSON of a column: like all other numbers.

The database checks the foreign keys of all clones. The same seed and the same
source rows make the same clones.
"""

from collections import abc
import dataclasses
import enum
import hashlib
import re
import typing

from pymysql import connections
from pymysql import cursors

# Generations of one statement. Half a second each: the limit of an answer is
# a minute.
BATCH = 500
# Additional events of one statement: about two seconds.
EVENTS_BATCH = 50_000
# The stacks that share the additional events.
EVENT_STACKS = 10

# The owners of deleted clones: the purge on each side removes those of one of
# them, the same number of stacks.
PURGED = {'base': 'volume-purged-on-the-base',
          'target': 'volume-purged-on-the-target'}

Connection: typing.TypeAlias = 'connections.Connection[cursors.Cursor]'


class Kind(enum.Enum):
    """How the value of a column is computed for a generation."""

    UUID = enum.auto()
    # A UUID if the value is the id of a stack, else unchanged.
    NESTED = enum.auto()
    # The name of a stack.
    NAME = enum.auto()
    # JSON with ids of resources.
    RESOURCES = enum.auto()


# {table: {column: the table that its number refers to, or its kind}}, each
# table after those that it refers to. Other columns are copied.
COLUMNS: dict[str, dict[str, str | Kind]] = {
    'raw_template': {'id': 'raw_template'},
    'resource_properties_data': {'id': 'resource_properties_data'},
    'stack': {
        'id': Kind.UUID, 'owner_id': Kind.UUID, 'name': Kind.NAME,
        'current_traversal': Kind.UUID, 'current_deps': Kind.RESOURCES,
        'raw_template_id': 'raw_template',
        'prev_raw_template_id': 'raw_template'},
    'stack_tag': {'id': 'stack_tag', 'stack_id': Kind.UUID},
    'resource': {
        'id': 'resource', 'uuid': Kind.UUID, 'stack_id': Kind.UUID,
        'root_stack_id': Kind.UUID, 'physical_resource_id': Kind.NESTED,
        'nova_instance': Kind.NESTED,
        'needed_by': Kind.RESOURCES, 'requires': Kind.RESOURCES,
        'replaces': 'resource', 'replaced_by': 'resource',
        'current_template_id': 'raw_template',
        'rsrc_prop_data_id': 'resource_properties_data',
        'attr_data_id': 'resource_properties_data'},
    'resource_data': {'id': 'resource_data', 'resource_id': 'resource'},
    'event': {
        'id': 'event', 'uuid': Kind.UUID, 'stack_id': Kind.UUID,
        'physical_resource_id': Kind.NESTED,
        'rsrc_prop_data_id': 'resource_properties_data'},
}

Row = dict[str, typing.Any]
Rows = dict[str, list[Row]]


@dataclasses.dataclass(frozen=True)
class Range:
    """The ids of one table.

    :ivar first: lowest id of the source rows
    :ivar width: number of ids of a generation
    :ivar end: highest id of the table before the first clone
    """

    first: int
    width: int
    end: int

    def expression(self, number: int) -> str:
        """Return SQL for the clone of an id in generation ``seq``."""
        start = self.end + 1 + number - self.first
        return f'{start} + (seq - 1) * {self.width}'


def clone_of(seed: int, uuid: str, generation: int) -> str:
    """Return the UUID of a clone."""
    digest = hashlib.md5(f'{seed}:{uuid}:{generation}'.encode(),
                         usedforsecurity=False).hexdigest()
    return '-'.join((digest[:8], digest[8:12], digest[12:16], digest[16:20],
                     digest[20:]))


def _uuid(seed: int, uuid: str, generation: str = 'seq') -> str:
    """Return SQL for :func:`clone_of`."""
    text = f"MD5(CONCAT('{seed}:{uuid}:', {generation}))"
    for at in (21, 17, 13, 9):
        text = f"INSERT({text}, {at}, 0, '-')"
    return text


class Cloner:
    """Clones all stacks of a project.

    :param connection: to Heat's database, in autocommit
    :param project: id of the project that owns the source stacks
    :ivar stacks: number of stacks of a generation
    :ivar shown: (id, name) of the source stack of a name
    """

    def __init__(self, connection: Connection, *, project: str,
                 seed: int) -> None:
        self._connection = connection
        self._seed = seed
        self._rows = self._read(project)
        self._ranges = {table: self._range(table, rows)
                        for table, rows in self._rows.items()
                        if table != 'stack' and rows}
        self._ids = {row['id'] for row in self._rows['stack']}
        self._resources = {row['id'] for row in self._rows['resource']}

    @property
    def stacks(self) -> int:
        """The number of stacks of a generation."""
        return len(self._ids)

    def source(self, name: str) -> str:
        """Return the id of a source stack."""
        id_, = (row['id'] for row in self._rows['stack']
                if row['name'] == name)
        return str(id_)

    def clone(self, generations: int) -> dict[str, int]:
        """Write generations 1 to that number; returns {table: new rows}."""
        for first in range(1, generations + 1, BATCH):
            last = min(first + BATCH - 1, generations)
            for table, rows in self._rows.items():
                for row in rows:
                    self._execute(self.statement(table, row, first, last))
        return {table: len(rows) * generations
                for table, rows in self._rows.items()}

    def add_events(self, stack: str, events: int, generations: int) -> None:
        """Write additional events of the first clones of a stack.

        :param stack: id of a source stack
        :param generations: number of clones of that stack
        """
        row = next(row for row in self._rows['event']
                   if row['stack_id'] == stack)
        columns = [name for name in row if name != 'id']
        owners = min(EVENT_STACKS, generations)
        values = {
            **{name: self._literal(row[name]) for name in columns},
            'uuid': _uuid(self._seed, f'event-{row["uuid"]}'),
            'stack_id': _uuid(self._seed, stack, f'seq % {owners} + 1'),
            'rsrc_prop_data_id': 'NULL'}
        for first in range(1, events + 1, EVENTS_BATCH):
            last = min(first + EVENTS_BATCH - 1, events)
            self._execute(_insert('event', columns,
                                  [values[name] for name in columns],
                                  first, last))

    def statement(self, table: str, row: Row, first: int, last: int) -> str:
        """Return the statement that clones a row in a range."""
        return _insert(table, list(row), [
            self._expression(table, name, value, row)
            for name, value in row.items()], first, last)

    def _expression(self, table: str, name: str, value: typing.Any,
                    row: Row) -> str:
        """Return SQL for the value of a column in generation ``seq``."""
        if table == 'stack' and name == 'tenant' and row['deleted_at']:
            return (f"IF(seq % 2, '{PURGED['base']}', "
                    f"'{PURGED['target']}')")
        kind = COLUMNS[table].get(name)
        if kind is None or value is None:
            return self._literal(value)
        if isinstance(kind, str):
            return self._ranges[kind].expression(value)
        if kind is Kind.UUID or (kind is Kind.NESTED and value in self._ids):
            return _uuid(self._seed, value)
        if kind is Kind.NAME:
            return f"CONCAT({self._literal(value)}, '-', seq)"
        if kind is Kind.RESOURCES:
            return self._json(value)
        return self._literal(value)

    def _json(self, text: str) -> str:
        """Return SQL for JSON whose numbers are ids of resources."""
        parts = [
            self._ranges['resource'].expression(int(part))
            if part.isdigit() and int(part) in self._resources
            else self._literal(part)
            for part in re.split(r'(\d+)', text) if part]
        return f'CONCAT({", ".join(parts)})'

    def _literal(self, value: typing.Any) -> str:
        literal: str = self._connection.literal(value)
        return literal

    def _read(self, project: str) -> Rows:
        rows: Rows = dict.fromkeys(COLUMNS, [])

        def ids(table: str, *names: str) -> list[typing.Any]:
            return sorted({row[name] for row in rows[table] for name in names
                           if row.get(name) is not None})
        rows['stack'] = self._select('stack', 'tenant', [project])
        stacks = ids('stack', 'id')
        for table in ('stack_tag', 'resource', 'event'):
            rows[table] = self._select(table, 'stack_id', stacks)
        rows['resource_data'] = self._select(
            'resource_data', 'resource_id', ids('resource', 'id'))
        rows['raw_template'] = self._select('raw_template', 'id', sorted({
            *ids('stack', 'raw_template_id', 'prev_raw_template_id'),
            *ids('resource', 'current_template_id')}))
        rows['resource_properties_data'] = self._select(
            'resource_properties_data', 'id', sorted({
                *ids('resource', 'rsrc_prop_data_id', 'attr_data_id'),
                *ids('event', 'rsrc_prop_data_id')}))
        return rows

    def _select(self, table: str, column: str,
                values: abc.Sequence[typing.Any]) -> list[Row]:
        if not values:
            return []
        with self._connection.cursor(cursors.DictCursor) as cursor:
            cursor.execute(f'SELECT * FROM `{table}` WHERE `{column}` IN %s',
                           (tuple(values),))
            return list(cursor.fetchall())

    def _range(self, table: str, rows: list[Row]) -> Range:
        numbers = [row['id'] for row in rows]
        with self._connection.cursor() as cursor:
            cursor.execute(f'SELECT MAX(id) FROM `{table}`')
            (end,), = cursor.fetchall()
        return Range(min(numbers), max(numbers) - min(numbers) + 1, end)

    def _execute(self, statement: str) -> None:
        with self._connection.cursor() as cursor:
            cursor.execute(statement)


def _insert(table: str, columns: abc.Iterable[str],
            values: abc.Iterable[str], first: int, last: int) -> str:
    names = ', '.join(f'`{name}`' for name in columns)
    return (f'INSERT INTO `{table}` ({names}) SELECT {", ".join(values)} '
            f'FROM seq_{first}_to_{last}')
