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

import dataclasses
import re

ADDED, REMOVED, CHANGED = 'added', 'removed', 'changed'

TABLE, COLUMN, INDEX = 'table', 'column', 'index'
FOREIGN_KEY, CHECK, OPTION = 'foreign key', 'check', 'option'

_GROUPS = ((INDEX, 'indexes'), (FOREIGN_KEY, 'foreign_keys'),
           (CHECK, 'checks'))


@dataclasses.dataclass(frozen=True)
class Difference:
    """One thing that is not alike.

    :ivar what: TABLE, COLUMN, INDEX, FOREIGN_KEY, CHECK or OPTION
    :ivar how: ADDED, REMOVED or CHANGED
    :ivar table: name
    :ivar name: what of the table; '' for the table itself
    :ivar before: as the shape has it; None if it was not there
    :ivar after: likewise
    """

    what: str
    how: str
    table: str
    name: str
    before: dict | None
    after: dict | None

    @property
    def place(self):
        """Where it is: table.column, or table with index(columns)."""
        if not self.name:
            return self.table
        if self.what == COLUMN:
            return f'{self.table}.{self.name}'
        return f'{self.table} {self.what} {self.name}'

    def __str__(self):
        if self.how == ADDED:
            return f'{self.place} is added: {shown(self.after)}'
        if self.how == REMOVED:
            return f'{self.place} is removed: {shown(self.before)}'
        return (f'{self.place} changes from {shown(self.before)} to '
                f'{shown(self.after)}')


def shown(thing):
    """Return a column, an index or another part of a shape as a text."""
    if not isinstance(thing, dict):
        return str(thing)
    if 'nullable' in thing:
        words = [thing['type'], 'NULL' if thing['nullable'] else 'NOT NULL']
        if thing['default'] is not None:
            words.append(f'DEFAULT {thing["default"]}')
        words += filter(None, (thing['collation'], thing['extra']))
        return ' '.join(words)
    if 'referred' in thing:
        return (f'({", ".join(thing["columns"])}) to {thing["table"]}'
                f'({", ".join(thing["referred"])})'
                + (f' on delete {thing["delete"]}'
                   if thing['delete'] else ''))
    if 'unique' in thing:
        return (('unique ' if thing['unique'] else '')
                + f'({", ".join(thing["columns"])})')
    if 'columns' in thing:
        return ', '.join(thing['columns'])
    return ', '.join(f'{key} {value}' for key, value in thing.items())


def differences(before, after, *, names=True):
    """Return what is different in two shapes.

    :param names: whether the names of indexes and constraints count; if not,
        they go by what they are on
    :returns: list of :class:`Difference`
    """
    found = []
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


def _in_table(table, before, after, names):
    found = []
    if before['options'] != after['options']:
        found.append(Difference(OPTION, CHANGED, table, '',
                                before['options'], after['options']))
    found += _in_group(COLUMN, table, before['columns'], after['columns'])
    for what, group in _GROUPS:
        old, new = before[group], after[group]
        if not names:
            old, new = _by_content(old), _by_content(new)
        found += [
            difference for difference in _in_group(what, table, old, new)
            if not (what == INDEX and _covered(difference, old, new))]
    return found


def _covered(difference, before, after):
    """Tell whether another index does what the one that is missing did.

    MariaDB makes an index for a foreign key, and drops that again when
    another one begins with its columns.
    """
    index = difference.after or difference.before
    others = after if difference.how == REMOVED else before
    count = len(index['columns'])
    return (difference.how != CHANGED and not index['unique'] and any(
        other['columns'][:count] == index['columns']
        for other in others.values()))


def _in_group(what, table, before, after):
    for name in [*before, *(name for name in after if name not in before)]:
        old, new = before.get(name), after.get(name)
        if old != new:
            how = ADDED if old is None else REMOVED if new is None else CHANGED
            yield Difference(what, how, table, name, old, new)


def _by_content(group):
    return {shown(thing): thing for thing in group.values()}


# What MySQL and PostgreSQL have of each kind, from narrow to wide. Lengths in
# bytes of texts; https://mariadb.com/kb/en/data-types/
_WHOLE = ('tinyint', 'smallint', 'mediumint', 'int', 'bigint')
_TEXTS = {'tinytext': 255, 'text': 65535, 'mediumtext': 2**24 - 1,
          'longtext': 2**32 - 1}
_BLOBS = {'tinyblob': 255, 'blob': 65535, 'mediumblob': 2**24 - 1,
          'longblob': 2**32 - 1}
_ALIKE = {'integer': 'int', 'character varying': 'varchar',
          'character': 'char'}


def holds_all(before, after):
    """Tell whether a column type holds all that another one held.

    :param before: type as the server says it, such as varchar(255)
    :param after: likewise
    """
    if before == after:
        return True
    old, new = _size(before), _size(after)
    return old is not None and new is not None and (
        old[0] == new[0] and old[1] <= new[1])


def _size(kind):
    """Return (family, size) of a type, None if it is not known."""
    found = re.fullmatch(r'([a-z ]+?)(?:\((\d+)\))?( unsigned)?',
                         kind.lower())
    if not found:
        return None
    name = _ALIKE.get(found.group(1), found.group(1))
    if name in _WHOLE:
        return f'whole{found.group(3) or ""}', _WHOLE.index(name)
    if name == 'varchar':
        # Up to four bytes a character; PostgreSQL has one without a length.
        return 'text', int(found.group(2) or 2**30 // 4) * 4
    if name in _TEXTS:
        # PostgreSQL's text has no limit, and no other beside it.
        return 'text', _TEXTS[name]
    if name in _BLOBS:
        return 'blob', _BLOBS[name]
    return None
