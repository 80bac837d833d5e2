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

"""The rows of one table of a dump, one after the other."""

import re

from heat_upgrade import errors
from heat_upgrade.rehearsal import dump_file
from heat_upgrade.rehearsal import statement_filter
from heat_upgrade.rehearsal import tokenizer

# Tables that Heat has had since its first releases and that together no
# other service has.
OF_HEAT = frozenset(('event', 'raw_template', 'resource', 'stack'))

_TOKEN = re.compile(
    rb"\s*+(?:(,)|(\()|(\))|(_binary\s?|[xXbB])?'((?:[^'\\]++|\\.|'')*+)'"
    rb"|(?:_utf8(?:mb[34])?\s?)'((?:[^'\\]++|\\.|'')*+)'|([^\s,()']++))",
    re.DOTALL)
_ESCAPE = re.compile(rb"\\(.)|''", re.DOTALL)
_ESCAPED = {b'0': b'\0', b'b': b'\b', b'n': b'\n', b'r': b'\r', b't': b'\t',
            b'Z': b'\x1a'}
_COLUMN = re.compile(rb'^\s*+`((?:[^`]|``)++)`', re.MULTILINE)


def rows(path, table, *, database=None):
    """Give the rows of a table as dicts, in the order of the dump.

    Memory is bounded by the longest statement, whatever the size of the dump.

    :param path: of the dump; plain, gzip or zstd
    :param table: its name
    :param database: in which, if the dump has several; if None, the one with
        the tables of Heat
    :returns: iterator of {column: value}; text is str, a binary string that
        is no UTF-8 bytes, numbers are int or float, NULL is None
    :raises: :class:`errors.UsageError` if it is no dump, or no complete one
    """
    if database is None and _has_databases(path):
        database = heat_database(path)
    columns = []
    with dump_file.opened(path) as source:
        reader = tokenizer.Reader(source)
        here = None
        for kind, name, text in told(reader):
            if kind is statement_filter.Kind.USE:
                here = name
            elif database not in (None, here):
                continue
            elif kind is statement_filter.Kind.CREATE and name == table:
                columns = columns_of(text)
            elif kind is statement_filter.Kind.INSERT and name == table:
                if not statement_filter.has_only_literals(text):
                    raise reader.error('has more than rows of values')
                yield from rows_of(text, columns)
        check_completed(path, reader)


def told(reader):
    """Give each statement of a reader with what it is.

    :returns: iterator of (kind, name, bytes) as :func:`grammar.classify` has
        them, without comments
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
                'is none of those that mysqldump writes; nothing of it was '
                'executed')
        yield kind, name, text


def check_completed(path, reader):
    """Refuse a dump without the mark that it is complete.

    :raises: :class:`errors.UsageError`
    """
    if not reader.completed:
        raise errors.UsageError(
            f'{path} is cut off: it does not end with "-- Dump completed"; '
            'make it again, without --compact or --skip-comments, which '
            'leave that out')


def heat_database(path):
    """Return which database of a dump with several is Heat's.

    :raises: :class:`errors.UsageError` if there is none, or more than one
    """
    tables = {}
    with dump_file.opened(path) as source:
        here = None
        for kind, name, _ in told(tokenizer.Reader(source)):
            if kind is statement_filter.Kind.USE:
                here = name
            elif kind is statement_filter.Kind.CREATE:
                tables.setdefault(here, set()).add(name)
    return choose(path, tables)


def choose(path, tables):
    """Return the database with Heat's tables.

    :param tables: {database: names of its tables}
    :raises: :class:`errors.UsageError` if there is none, or more than one
    """
    found = [name for name, known in tables.items() if OF_HEAT <= known]
    if len(found) == 1:
        return found[0]
    known = ', '.join(sorted(map(str, found or filter(None, tables))))
    if found:
        raise errors.UsageError(
            f'{path} has several databases of Heat: {known}; name one with '
            '--database')
    raise errors.UsageError(
        f'{path} has no database of Heat: none with the tables '
        f'{", ".join(sorted(OF_HEAT))}'
        + (f'; it has {known}' if known else ''))


def _has_databases(path):
    """Tell whether a dump chooses a database before its first table."""
    with dump_file.opened(path) as source:
        for kind, _, _ in told(tokenizer.Reader(source)):
            if kind in (
                statement_filter.Kind.USE,
                statement_filter.Kind.CREATE,
            ):
                return kind is statement_filter.Kind.USE
    return False


def columns_of(text):
    """Return the names of the columns of a CREATE TABLE."""
    return [name.replace(b'``', b'`').decode()
            for name in _COLUMN.findall(text.partition(b'(')[2])]


def rows_of(text, columns):
    """Give the rows of one INSERT as dicts."""
    found = statement_filter.INSERT.match(text)
    if found[2]:
        columns = statement_filter.names(found[2])
    row = []
    for token in _TOKEN.finditer(text, found.end()):
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


def _string(prefix, text):
    if prefix in (b'x', b'X'):
        return _decoded(bytes.fromhex(text.decode('ascii')))
    if prefix in (b'b', b'B'):
        return int(text or b'0', 2)
    if b'\\' in text or b"''" in text:
        text = _ESCAPE.sub(
            lambda found: _ESCAPED.get(found[1], found[1] or b"'"), text)
    return _decoded(text)


def _bare(text):
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


def _decoded(text):
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text
