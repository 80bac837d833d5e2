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

"""What is in a dump, before anything is started for it."""

import collections
import dataclasses

from heat_upgrade import errors
from heat_upgrade.rehearsal import dump_file
from heat_upgrade.rehearsal import row_reader
from heat_upgrade.rehearsal import statement_filter
from heat_upgrade.rehearsal import tokenizer

REVISIONS = 'alembic_version'
LEGACY = 'migrate_version'
STACKS = 'stack'

# What other services call a table that nobody else has.
_SERVICES = {
    'instances': 'Nova', 'instance_extra': 'Nova', 'cell_mappings': 'Nova',
    'local_user': 'Keystone', 'assignment': 'Keystone', 'ports': 'Neutron',
    'ml2_port_bindings': 'Neutron', 'volumes': 'Cinder', 'images': 'Glance',
    'secrets': 'Barbican', 'load_balancer': 'Octavia', 'nodes': 'Ironic',
    'zones': 'Designate', 'shares': 'Manila', 'cluster': 'Magnum',
}


@dataclasses.dataclass(frozen=True)
class Survey:
    """What a dump has.

    :ivar database: which of its databases is Heat's; None if it names none
    :ivar revision: what alembic_version says, None if nothing
    :ivar legacy: whether sqlalchemy-migrate managed it
    :ivar tables: names of Heat's tables, in their order
    :ivar size: bytes of the statements of Heat's database
    :ivar bytes: of the whole dump, unpacked
    :ivar skipped: {what is not executed: how often}
    :ivar charset: SQL of the character set that new tables get: the
        database's own if the dump says it, else that of its stacks
    """

    database: str | None
    revision: str | None
    legacy: bool
    tables: tuple[str, ...]
    size: int
    bytes: int
    skipped: dict
    charset: str = ''


@dataclasses.dataclass
class _Database:
    tables: dict = dataclasses.field(default_factory=dict)
    revisions: list = dataclasses.field(default_factory=list)
    size: int = 0
    charset: str = ''


def survey(path, *, database=None, progress=lambda done, size: None):
    """Read a dump to its end.

    :param path: of the dump
    :param database: name of Heat's database, if it has several
    :param progress: called with the bytes of the file so far, and in all
    :returns: :class:`Survey`
    :raises: :class:`errors.UsageError` if it is no complete dump of a
        database of Heat
    """
    databases = collections.defaultdict(_Database)
    skipped = collections.Counter()
    with dump_file.opened(path) as source:
        reader = tokenizer.Reader(source)
        here, defined = None, ''
        for kind, name, text in row_reader.told(reader):
            progress(source.position, source.size)
            if kind is statement_filter.Kind.USE:
                # Its own, if it was defined just before; a dump comes back
                # to a database for its views.
                here = name
                databases[here].charset = databases[here].charset or defined
                defined = ''
            elif kind is statement_filter.Kind.CREATE_DATABASE:
                defined = statement_filter.default_charset(text)
            elif kind is statement_filter.Kind.SET:
                _check_setting(path, text)
            elif kind is statement_filter.Kind.SKIPPED:
                skipped[name] += 1
            else:
                _note(reader, databases[here], kind, name, text)
        row_reader.check_completed(path, reader)
    name = _choose(path, databases, database)
    known = databases[name]
    others = [one for one in databases if one not in (None, name)]
    if others:
        skipped['other databases'] = len(others)
    return Survey(
        database=name, tables=tuple(known.tables), size=known.size,
        revision=known.revisions[0] if known.revisions else None,
        legacy=LEGACY in known.tables and REVISIONS not in known.tables,
        bytes=reader.bytes, skipped=dict(skipped),
        charset=known.charset or statement_filter.default_charset(
            known.tables[STACKS]))


def _note(reader, database, kind, name, text):
    database.size += len(text)
    if kind is statement_filter.Kind.CREATE:
        database.tables[name] = text
    elif kind is statement_filter.Kind.INSERT and name == REVISIONS:
        if not statement_filter.has_only_literals(text):
            raise reader.error('has more than rows of values')
        database.revisions += [
            str(row.get('version_num')) for row in row_reader.rows_of(
                text, row_reader.columns_of(database.tables.get(name, b'')))]


def _check_setting(path, text):
    charset = statement_filter.charset(text)
    if charset and charset not in statement_filter.UTF8:
        raise errors.UsageError(
            f'{path} is in the character set {charset.decode()}, not UTF-8; '
            'make it again with --default-character-set=utf8mb4')
    mode = statement_filter.odd_mode(text)
    if mode:
        raise errors.UsageError(
            f'{path} is made for the SQL mode {mode}, in which strings are '
            'written otherwise; make it again without --compatible')


def _choose(path, databases, wanted):
    tables = {name: set(one.tables) for name, one in databases.items()
              if one.tables}
    if not tables:
        raise errors.UsageError(
            f'{path} defines no table: is it a dump of a database, and not '
            'made with --no-create-info?')
    if wanted is not None:
        if wanted not in tables and set(tables) != {None}:
            raise errors.UsageError(
                f'{path} has no database {wanted}; it has '
                f'{", ".join(sorted(filter(None, tables)))}')
        tables = {name: known for name, known in tables.items()
                  if name in (wanted, None)}
    found = [name for name, known in tables.items()
             if row_reader.OF_HEAT <= known]
    if len(found) != 1 and len(tables) == 1:
        known, = tables.values()
        service = next((_SERVICES[name] for name in sorted(known)
                        if name in _SERVICES), None)
        what = f'it looks like one of {service}' if service else (
            'it has none of the tables ' + ', '.join(
                sorted(row_reader.OF_HEAT - known)))
        raise errors.UsageError(
            f'{path} is not a dump of a database of Heat: {what}')
    return row_reader.choose(path, tables)
