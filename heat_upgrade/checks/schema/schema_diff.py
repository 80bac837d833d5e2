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

"""Compares two database shapes, read by ``inspectors/schema_shape.py``.

Pure functions over data.
"""

from collections import abc
import dataclasses
import re
import typing

ADDED, REMOVED, CHANGED = 'added', 'removed', 'changed'

TABLE, COLUMN, INDEX = 'table', 'column', 'index'
FOREIGN_KEY, CHECK, OPTION = 'foreign key', 'check', 'option'

_GROUPS = ((INDEX, 'indexes'), (FOREIGN_KEY, 'foreign_keys'),
           (CHECK, 'checks'))

# A shape, a table of it, or a part of a table.
Shape = dict[str, typing.Any]


@dataclasses.dataclass(frozen=True)
class Difference:
    """A difference between two shapes.

    :ivar kind: TABLE, COLUMN, INDEX, FOREIGN_KEY, CHECK or OPTION
    :ivar change: ADDED, REMOVED or CHANGED
    :ivar table: name
    :ivar name: of the part of the table; '' for the table itself
    :ivar before: part of the shape (a check is a text); None if it is added
    :ivar after: part of the shape; None if it is removed
    """

    kind: str
    change: str
    table: str
    name: str
    before: typing.Any
    after: typing.Any

    @property
    def location(self) -> str:
        """Return the table, table.column, or table with index(columns)."""
        if not self.name:
            return self.table
        if self.kind == COLUMN:
            return f'{self.table}.{self.name}'
        return f'{self.table} {self.kind} {self.name}'

    def __str__(self) -> str:
        if self.change == ADDED:
            return f'{self.location} is added: {shown(self.after)}'
        if self.change == REMOVED:
            return f'{self.location} is removed: {shown(self.before)}'
        return (f'{self.location} changes from {shown(self.before)} to '
                f'{shown(self.after)}')


def shown(part: object) -> str:
    """Return a column, an index or another part of a shape as a text."""
    if not isinstance(part, dict):
        return str(part)
    if 'nullable' in part:
        words = [part['type'], 'NULL' if part['nullable'] else 'NOT NULL']
        if part['default'] is not None:
            words.append(f'DEFAULT {part["default"]}')
        words += filter(None, (part['collation'], part['extra']))
        return ' '.join(words)
    if 'referred' in part:
        return (f'({", ".join(part["columns"])}) to {part["table"]}'
                f'({", ".join(part["referred"])})'
                + (f' on delete {part["delete"]}'
                   if part['delete'] else ''))
    if 'unique' in part:
        return (('unique ' if part['unique'] else '')
                + f'({", ".join(part["columns"])})')
    if 'columns' in part:
        return ', '.join(part['columns'])
    return ', '.join(f'{key} {value}' for key, value in part.items())


def differences(before: Shape, after: Shape, *,
                names: bool = True) -> list[Difference]:
    """Return the differences between two shapes.

    :param names: whether the names of indexes and constraints count; if not,
        they are identified by their content
    """
    found: list[Difference] = []
    for table in sorted({*before, *after}):
        if table not in after:
            found.append(Difference(TABLE, REMOVED, table, '',
                                    before[table], None))
        elif table not in before:
            found.append(Difference(TABLE, ADDED, table, '', None,
                                    after[table]))
        elif before[table] != after[table]:
            found += _in_table(table, before[table], after[table], names)
    return found


def _in_table(table: str, before: Shape, after: Shape,
              names: bool) -> list[Difference]:
    found = []
    if before['options'] != after['options']:
        found.append(Difference(OPTION, CHANGED, table, '',
                                before['options'], after['options']))
    found += _in_group(COLUMN, table, before['columns'], after['columns'])
    for kind, group in _GROUPS:
        old, new = before[group], after[group]
        if not names:
            old, new = _by_content(old), _by_content(new)
        found += [
            difference for difference in _in_group(kind, table, old, new)
            if not (kind == INDEX and _covered(difference, old, new))]
    return found


def _covered(difference: Difference, before: Shape, after: Shape) -> bool:
    """Return True if another index covers the one that is missing.

    MariaDB makes an index for a foreign key, and drops that again when
    another one begins with its columns.
    """
    index = difference.after or difference.before
    others = after if difference.change == REMOVED else before
    count = len(index['columns'])
    return (difference.change != CHANGED and not index['unique'] and any(
        other['columns'][:count] == index['columns']
        for other in others.values()))


def _in_group(kind: str, table: str, before: Shape,
              after: Shape) -> abc.Iterator[Difference]:
    for name in [*before, *(name for name in after if name not in before)]:
        old, new = before.get(name), after.get(name)
        if old != new:
            change = (ADDED if old is None else
                      REMOVED if new is None else CHANGED)
            yield Difference(kind, change, table, name, old, new)


def _by_content(group: Shape) -> Shape:
    return {shown(part): part for part in group.values()}


# The types of MySQL and PostgreSQL of each kind, from narrow to wide. Lengths
# in bytes of texts; https://mariadb.com/kb/en/data-types/
_INTEGERS = ('tinyint', 'smallint', 'mediumint', 'int', 'bigint')
_TEXTS = {'tinytext': 255, 'text': 65535, 'mediumtext': 2**24 - 1,
          'longtext': 2**32 - 1}
_BLOBS = {'tinyblob': 255, 'blob': 65535, 'mediumblob': 2**24 - 1,
          'longblob': 2**32 - 1}
_SYNONYMS = {'integer': 'int', 'character varying': 'varchar',
             'character': 'char'}


def holds_all(before: str, after: str) -> bool:
    """Return True if a column type holds all values of another one.

    :param before: the server's name of the type, such as varchar(255)
    :param after: the name of the type that replaces it
    """
    if before == after:
        return True
    old, new = _size(before), _size(after)
    return old is not None and new is not None and (
        old[0] == new[0] and old[1] <= new[1])


def _size(name: str) -> tuple[str, int] | None:
    """Return (family, size) of a type, None if it is not known."""
    match = re.fullmatch(r'([a-z ]+?)(?:\((\d+)\))?( unsigned)?',
                         name.lower())
    if not match:
        return None
    name = _SYNONYMS.get(match.group(1), match.group(1))
    if name in _INTEGERS:
        return f'whole{match.group(3) or ""}', _INTEGERS.index(name)
    if name == 'varchar':
        # Up to four bytes a character; PostgreSQL has one without a length.
        return 'text', int(match.group(2) or 2**30 // 4) * 4
    if name in _TEXTS:
        # PostgreSQL's text has no limit, and is its only text type.
        return 'text', _TEXTS[name]
    if name in _BLOBS:
        return 'blob', _BLOBS[name]
    return None
