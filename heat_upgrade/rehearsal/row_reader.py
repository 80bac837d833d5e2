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

"""Reads the rows of one table of a dump, one after the other."""

from collections import abc
import pathlib
import re

from heat_upgrade import errors
from heat_upgrade.rehearsal import dump_file
from heat_upgrade.rehearsal import statement_filter
from heat_upgrade.rehearsal import tokenizer

# Tables that Heat has had since its first releases; no other service has all
# of them.
OF_HEAT = frozenset(('event', 'raw_template', 'resource', 'stack'))

Value = str | bytes | int | float | None
Row = dict[str, Value]

_TOKEN = re.compile(
    rb"\s*+(?:(,)|(\()|(\))|(_binary\s?|[xXbB])?'((?:[^'\\]++|\\.|'')*+)'"
    rb"|(?:_utf8(?:mb[34])?\s?)'((?:[^'\\]++|\\.|'')*+)'|([^\s,()']++))",
    re.DOTALL)
_ESCAPE = re.compile(rb"\\(.)|''", re.DOTALL)
_ESCAPED = {b'0': b'\0', b'b': b'\b', b'n': b'\n', b'r': b'\r', b't': b'\t',
            b'Z': b'\x1a'}
_COLUMN = re.compile(rb'^\s*+`((?:[^`]|``)++)`', re.MULTILINE)


def rows(path: pathlib.Path | str, table: str, *, database: str | None = None
         ) -> abc.Iterator[Row]:
    """Yield the rows of a table, in the order of the dump.

    The longest statement limits the memory, not the size of the dump.

    :param database: its database, if the dump has several; if None, the one
        with the tables of Heat
    :returns: iterator of {column: value}; a binary string that is not UTF-8
        is bytes
    :raises: :class:`errors.UsageError` if it is not a complete dump
    """
    if database is None and _has_databases(path):
        database = heat_database(path)
    columns: list[str] = []
    with dump_file.opened(path) as source:
        reader = tokenizer.Reader(source)
        current = None
        for kind, name, text in classified(reader):
            if kind is statement_filter.Kind.USE:
                current = name
            elif database not in (None, current):
                continue
            elif kind is statement_filter.Kind.CREATE and name == table:
                columns = columns_of(text)
            elif kind is statement_filter.Kind.INSERT and name == table:
                if not statement_filter.has_only_literals(text):
                    raise reader.error('contains more than rows of values')
                yield from rows_of(text, columns)
        check_completed(path, reader)


def classified(reader: tokenizer.Reader
               ) -> abc.Iterator[tuple[statement_filter.Kind, str, bytes]]:
    """Yield each statement of a reader with its kind, without comments.

    :returns: iterator of (kind, name, bytes), see
        :func:`statement_filter.classify`
    :raises: :class:`errors.UsageError` for a statement that no dump has
    """
    for statement in reader:
        if statement.comment:
            continue
        if statement.delimited:
            yield (
                statement_filter.Kind.SKIPPED,
                'triggers, routines or events',
                statement.text,
            )
            continue
        text = statement.text
        if not statement_filter.INSERT.match(text):
            text = statement_filter.plain(text)
        kind, name = statement_filter.classify(text)
        if kind is statement_filter.Kind.REFUSED:
            raise reader.error(
                'is not a statement that mysqldump writes; it was not '
                'executed')
        yield kind, name, text


def check_completed(path: pathlib.Path | str,
                    reader: tokenizer.Reader) -> None:
    """Refuse a dump without the mark at its end.

    :raises: :class:`errors.UsageError`
    """
    if not reader.completed:
        raise errors.UsageError(
            f'{path} is cut off: it does not end with "-- Dump completed"; '
            'make it again, without --compact or --skip-comments, which '
            'remove that line')


def heat_database(path: pathlib.Path | str) -> str | None:
    """Return the name of Heat's database in a dump with several.

    :raises: :class:`errors.UsageError` if there are none or several
    """
    tables: dict[str | None, set[str]] = {}
    with dump_file.opened(path) as source:
        current = None
        for kind, name, _ in classified(tokenizer.Reader(source)):
            if kind is statement_filter.Kind.USE:
                current = name
            elif kind is statement_filter.Kind.CREATE:
                tables.setdefault(current, set()).add(name)
    return choose(path, tables)


def choose(path: pathlib.Path | str,
           tables: abc.Mapping[str | None, set[str]]) -> str | None:
    """Return the database with Heat's tables.

    :param tables: {database: names of its tables}
    :raises: :class:`errors.UsageError` if there are none or several
    """
    matching = [name for name, names in tables.items() if OF_HEAT <= names]
    if len(matching) == 1:
        return matching[0]
    known = ', '.join(sorted(map(str, matching or filter(None, tables))))
    if matching:
        raise errors.UsageError(
            f'{path} has several databases of Heat: {known}; name one with '
            '--database')
    raise errors.UsageError(
        f'{path} has no database of Heat, with the tables '
        f'{", ".join(sorted(OF_HEAT))}'
        + (f'; it has {known}' if known else ''))


def _has_databases(path: pathlib.Path | str) -> bool:
    """Return True if a dump selects a database before its first table."""
    with dump_file.opened(path) as source:
        for kind, _, _ in classified(tokenizer.Reader(source)):
            if kind in (
                statement_filter.Kind.USE,
                statement_filter.Kind.CREATE,
            ):
                return kind is statement_filter.Kind.USE
    return False


def columns_of(text: bytes) -> list[str]:
    """Return the names of the columns of a CREATE TABLE."""
    return [name.replace(b'``', b'`').decode()
            for name in _COLUMN.findall(text.partition(b'(')[2])]


def rows_of(text: bytes, columns: list[str]) -> abc.Iterator[Row]:
    """Yield the rows of one INSERT."""
    insert = statement_filter.INSERT.match(text)
    if insert is None:
        return
    if insert[2]:
        columns = statement_filter.names(insert[2])
    row: list[Value] = []
    for token in _TOKEN.finditer(text, insert.end()):
        comma, opening, closing, binary, string, utf8, bare = token.groups()
        if comma:
            continue
        if opening:
            row = []
        elif closing:
            yield dict(zip(columns, row))
        elif bare is not None:
            row.append(_bare(bare))
        else:
            row.append(_string(binary, utf8 if string is None else string))


def _string(prefix: bytes | None, text: bytes) -> Value:
    if prefix in (b'x', b'X'):
        return _decoded(bytes.fromhex(text.decode('ascii')))
    if prefix in (b'b', b'B'):
        return int(text or b'0', 2)
    if b'\\' in text or b"''" in text:
        text = _ESCAPE.sub(
            lambda match: _ESCAPED.get(match[1], match[1] or b"'"), text)
    return _decoded(text)


def _bare(text: bytes) -> Value:
    if text.upper() == b'NULL':
        return None
    if text.lower().startswith(b'0x'):
        return _decoded(bytes.fromhex(text[2:].decode('ascii')))
    if text.upper() in (b'TRUE', b'FALSE'):
        return int(text.upper() == b'TRUE')
    try:
        return int(text)
    except ValueError:
        return float(text)


def _decoded(text: bytes) -> str | bytes:
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text
