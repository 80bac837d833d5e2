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

"""Writes and reads a row of each mapped class, through a release's models.

Three kinds of rows: ``full`` has every column, as long as its type allows;
``bare`` has only the columns that the models demand; ``null`` has SQL's NULL
wherever the columns allow it, as rows of older releases do (LP 1383505).
Values are returned as short texts, so that two processes can compare them.
"""

import datetime
import hashlib
import json

import sqlalchemy as sa
from sqlalchemy import orm

FULL, BARE, NULL = 'full', 'bare', 'null'

# Longer than MySQL's TEXT, as templates and environments are.
LONG = 70000
# Length of a text if its type has no limit.
USUAL = 2000
WHOLE = 80

# As in schema_objects.
PROJECT = 'project'

_TIME = datetime.datetime(2026, 1, 2, 3, 4, 5)

# Columns that mark a row as encrypted; the rows here are not.
_PLAIN = ('encrypted', 'redact', 'decrypt_method')


def to_text(value: object) -> str:
    """Return a value as a text; a long one as its start and its hash."""
    text = json.dumps(value, sort_keys=True, default=str)
    if len(text) <= WHOLE:
        return text
    return (f'{text[:WHOLE // 2]}... ({len(text)} characters, '
            f'{hashlib.sha256(text.encode()).hexdigest()[:12]})')


def failure(exc: Exception) -> str:
    """Return an error as one line, without the statement."""
    inner = exc
    for _ in range(3):
        inner = (getattr(inner, 'orig', None)
                 or getattr(inner, 'inner_exception', None) or inner)
    text = ' '.join(str(inner).split())
    return f'{type(inner).__name__}: {text}'[:400]


def mappers(base):
    """Return the mappers of all classes, referred tables first."""
    by_table = {mapper.local_table.name: mapper
                for mapper in base.registry.mappers}
    return [by_table[table.name] for table in base.metadata.sorted_tables
            if table.name in by_table]


class NothingToReferTo(Exception):
    """A row references another one, whose own failure is reported."""


class Rows:
    """The rows of one side, in one database.

    :param base: the declarative base of the models
    :param known: {table: {kind: {column: value}}} of the primary keys of
        existing rows
    """

    def __init__(self, engine, base, known=None):
        self._engine = engine
        self._base = base
        self.known = known or {}

    def write(self, side, kinds=(FULL, BARE, NULL)):
        """Write a row of each class and kind.

        :param side: name of the writer, part of the kind and of each value
        :returns: {table: {kind: failure or None}}
        """
        failures = {}
        for mapper in mappers(self._base):
            table = mapper.local_table
            for kind in kinds:
                name = f'{side}-{kind}'
                try:
                    key = self._write(mapper, kind, name)
                except Exception as exc:
                    failures.setdefault(table.name, {})[name] = failure(exc)
                else:
                    failures.setdefault(table.name, {})[name] = None
                    self.known.setdefault(table.name, {})[name] = key
        return failures

    def read(self, side):
        """Read the rows that a side wrote, through the models.

        :returns: {table: {kind: {'values': {column: text}} or {'failed':
            failure}}}
        """
        answers = {}
        for mapper in mappers(self._base):
            table = mapper.local_table
            for name, key in self.known.get(table.name, {}).items():
                if name.startswith(side):
                    answers.setdefault(table.name, {})[name] = self._read(
                        mapper, key)
        return answers

    def change(self, side):
        """Change a column of each row that a side wrote.

        :returns: {table: {kind: failure or None}}
        """
        return self._each(side, self._change, mappers(self._base))

    def delete(self, side):
        """Delete the rows that a side wrote, referencing rows first.

        :returns: {table: {kind: failure or None}}
        """
        return self._each(side, self._delete, mappers(self._base)[::-1])

    def _each(self, side, act, classes):
        failures = {}
        for mapper in classes:
            table = mapper.local_table.name
            for name, key in self.known.get(table, {}).items():
                if name.startswith(side):
                    try:
                        act(mapper, key)
                    except Exception as exc:
                        problem = failure(exc)
                    else:
                        problem = None
                    failures.setdefault(table, {})[name] = problem
        return failures

    def _write(self, mapper, kind, name):
        columns = {attribute.key: attribute.columns[0]
                   for attribute in mapper.column_attrs}
        values = {}
        for key, column in columns.items():
            if kind == FULL or _demanded(column):
                value = self._value(column, name)
                if value is not None:
                    values[key] = value
        if kind == NULL:
            return self._write_null(mapper, columns, values)
        with orm.Session(self._engine) as session:
            row = mapper.class_()
            for key, value in values.items():
                setattr(row, key, value)
            session.add(row)
            session.commit()
            return _key(mapper, row)

    def _write_null(self, mapper, columns, values):
        given = {}
        for key, column in columns.items():
            if key in values:
                given[column] = values[key]
            elif column.nullable and not column.primary_key:
                given[column] = sa.null()
        with self._engine.begin() as connection:
            done = connection.execute(mapper.local_table.insert().values(
                {column.key: value for column, value in given.items()}))
            return {column.name: value for column, value in zip(
                mapper.local_table.primary_key, done.inserted_primary_key)}

    def _read(self, mapper, key):
        try:
            with orm.Session(self._engine) as session:
                row = session.get(mapper.class_, [
                    key[column.name] for column in mapper.primary_key])
                if row is None:
                    return {'failed': 'the row is gone'}
                return {'values': {
                    attribute.columns[0].name: to_text(
                        getattr(row, attribute.key))
                    for attribute in mapper.column_attrs}}
        except Exception as exc:
            return {'failed': failure(exc)}

    def _change(self, mapper, key):
        table = mapper.local_table
        for column in table.columns:
            if (isinstance(column.type, sa.String) and not column.primary_key
                    and not column.foreign_keys and not column.unique):
                with self._engine.begin() as connection:
                    connection.execute(
                        table.update().where(*_where(table, key)).values(
                            {column.key: _text('changed', 30)}))
                return

    def _delete(self, mapper, key):
        table = mapper.local_table
        with self._engine.begin() as connection:
            connection.execute(table.delete().where(*_where(table, key)))

    def _value(self, column, name):
        """Return the value of a column in a row; None to omit it."""
        for foreign in column.foreign_keys:
            value = self._referred(foreign.column, name)
            if value is None and _demanded(column):
                raise NothingToReferTo(foreign.column.table.name)
            return value
        if column.primary_key and isinstance(column.type, sa.Integer):
            return None
        if column.name in _PLAIN or column.name.endswith('_encrypted'):
            return None if column.nullable else False
        if column.name == 'tenant':
            return PROJECT
        return _of_type(column.type, f'{name} {column.table.name}.'
                                     f'{column.name}', column)

    def _referred(self, column, name):
        rows = self.known.get(column.table.name, {})
        key = rows.get(name) or next(reversed(rows.values()), None)
        return key and key.get(column.name)


def _demanded(column):
    return not (column.nullable or column.default is not None
                or column.server_default is not None)


def _key(mapper, row):
    return {column.name: getattr(row, mapper.get_property_by_column(
        column).key) for column in mapper.primary_key}


def _where(table, key):
    return [table.columns[name] == value for name, value in key.items()]


def _text(seed: str, length: int, plain: bool = False) -> str:
    # The hash keeps the text unique under every collation.
    start = hashlib.sha256(seed.encode()).hexdigest()[:12]
    # Characters of at most three bytes: oslo.db uses utf8mb3 with MariaDB.
    filling = 'x' if plain else 'h\u00e9\u20ac '
    return (start + filling * length)[:length]


def _of_type(kind, seed, column):
    """Return the largest value of a type."""
    if isinstance(kind, sa.TypeDecorator) and kind.__class__.__module__ \
            .startswith('heat.'):
        if type(kind).__name__ == 'List':
            return [seed, 'b']
        if type(kind).__name__ == 'Json':
            return {'what': seed, 'text': 'x' * LONG, 'list': [1, None, {}]}
    if isinstance(kind, sa.TypeDecorator):
        kind = kind.impl
    for types, value in (
            (sa.Enum, lambda: kind.enums[0]),
            (sa.Boolean, lambda: True),
            (sa.SmallInteger, lambda: 2**15 - 1),
            (sa.BigInteger, lambda: 2**63 - 1),
            (sa.Integer, lambda: 2**31 - 1),
            (sa.String, lambda: _text(seed, kind.length or USUAL,
                                      column.primary_key)),
            (sa.DateTime, lambda: _TIME), (sa.Date, lambda: _TIME.date()),
            (sa.JSON, lambda: {'what': seed}),
            (sa.PickleType, lambda: {'what': seed}),
            (sa.LargeBinary, lambda: seed.encode()),
            (sa.Numeric, lambda: 1)):
        if isinstance(kind, types):
            return value()
    return None if column.nullable else seed
