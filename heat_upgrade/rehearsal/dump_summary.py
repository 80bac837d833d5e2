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

"""Reads a dump before anything is started, and summarizes its content."""

import collections
from collections import abc
import dataclasses
import pathlib

from heat_upgrade import errors
from heat_upgrade.rehearsal import dump_file
from heat_upgrade.rehearsal import row_reader
from heat_upgrade.rehearsal import statement_filter
from heat_upgrade.rehearsal import tokenizer

REVISIONS = 'alembic_version'
LEGACY = 'migrate_version'
STACKS = 'stack'

# Tables that only one service has.
_SERVICES = {
    'instances': 'Nova', 'instance_extra': 'Nova', 'cell_mappings': 'Nova',
    'local_user': 'Keystone', 'assignment': 'Keystone', 'ports': 'Neutron',
    'ml2_port_bindings': 'Neutron', 'volumes': 'Cinder', 'images': 'Glance',
    'secrets': 'Barbican', 'load_balancer': 'Octavia', 'nodes': 'Ironic',
    'zones': 'Designate', 'shares': 'Manila', 'cluster': 'Magnum',
}


@dataclasses.dataclass(frozen=True)
class Survey:
    """The content of a dump.

    :ivar database: name of Heat's database; None if the dump names none
    :ivar revision: content of alembic_version, None if it has none
    :ivar legacy: True if sqlalchemy-migrate managed the database
    :ivar tables: names of Heat's tables, in their order
    :ivar size: bytes of the statements for Heat's database
    :ivar bytes: bytes of the whole dump, unpacked
    :ivar skipped: {kind of statement that is not executed: number}
    :ivar charset: SQL of the character set for new tables: the database's
        own if the dump has it, otherwise that of its stacks
    :ivar has_default: whether the dump has the database's own
    :ivar engines: {table: storage engine that is replaced by InnoDB}
    :ivar keys: foreign keys: 'table.name'
    """

    database: str | None
    revision: str | None
    legacy: bool
    tables: tuple[str, ...]
    size: int
    bytes: int
    skipped: dict[str, int]
    charset: str = ''
    has_default: bool = True
    engines: dict[str, str] = dataclasses.field(default_factory=dict)
    keys: frozenset[str] = frozenset()


@dataclasses.dataclass
class _Database:
    tables: dict[str, bytes] = dataclasses.field(default_factory=dict)
    revisions: list[str] = dataclasses.field(default_factory=list)
    size: int = 0
    charset: str = ''


def survey(path: pathlib.Path | str, *, database: str | None = None,
           progress: abc.Callable[[int, int], object]
           = lambda done, size: None) -> Survey:
    """Read a dump to its end.

    :param database: name of Heat's database, if the dump has several
    :param progress: called with the bytes read so far, and those of the file
    :raises: :class:`errors.UsageError` if it is not a complete dump of a
        database of Heat
    """
    databases: dict[str | None, _Database] = collections.defaultdict(
        _Database)
    skipped: collections.Counter[str] = collections.Counter()
    with dump_file.opened(path) as source:
        reader = tokenizer.Reader(source)
        current: str | None = None
        charset = ''
        for kind, name, text in row_reader.classified(reader):
            progress(source.position, source.size)
            if kind is statement_filter.Kind.USE:
                # A dump defines a database before it uses it, and returns to
                # it later for its views.
                current = name
                databases[name].charset = databases[name].charset or charset
                charset = ''
            elif kind is statement_filter.Kind.CREATE_DATABASE:
                charset = statement_filter.default_charset(text)
            elif kind is statement_filter.Kind.SET:
                _check_setting(path, text)
            elif kind is statement_filter.Kind.SKIPPED:
                skipped[name] += 1
            else:
                _note(reader, databases[current], kind, name, text)
        row_reader.check_completed(path, reader)
    chosen = _choose(path, databases, database)
    known = databases[chosen]
    _check_revisions(path, known.revisions)
    others = [name for name in databases if name not in (None, chosen)]
    if others:
        skipped['other databases'] = len(others)
    return Survey(
        database=chosen, tables=tuple(known.tables), size=known.size,
        revision=known.revisions[0] if known.revisions else None,
        legacy=LEGACY in known.tables and REVISIONS not in known.tables,
        bytes=reader.bytes, skipped=dict(skipped),
        charset=known.charset or statement_filter.default_charset(
            known.tables[STACKS]),
        has_default=bool(known.charset),
        engines={name: engine for name, text in known.tables.items()
                 if (engine := statement_filter.other_engine(text))},
        keys=frozenset(f'{name}.{key}' for name, text in known.tables.items()
                       for key in statement_filter.foreign_keys(text)))


def _note(reader: tokenizer.Reader, database: _Database,
          kind: statement_filter.Kind, name: str, text: bytes) -> None:
    database.size += len(text)
    if kind is statement_filter.Kind.CREATE:
        database.tables[name] = text
    elif kind is statement_filter.Kind.INSERT and name == REVISIONS:
        if not statement_filter.has_only_literals(text):
            raise reader.error('contains more than rows of values')
        database.revisions += [
            str(row.get('version_num')) for row in row_reader.rows_of(
                text, row_reader.columns_of(database.tables.get(name, b'')))]


def _check_revisions(path: pathlib.Path | str,
                     revisions: abc.Sequence[str]) -> None:
    """Refuse a database at more than one revision."""
    if len(revisions) < 2:
        return
    found = ', '.join(revisions)
    if len(set(revisions)) == 1:
        raise errors.UsageError(
            f'{path}: {REVISIONS} has the revision {revisions[0]} '
            f'{len(revisions)} times, and alembic refuses that. Leave one '
            f'row: DELETE FROM {REVISIONS} LIMIT {len(revisions) - 1}; then '
            'make the dump again')
    raise errors.UsageError(
        f'{path}: {REVISIONS} has {len(revisions)} revisions ({found}), but '
        "Heat's migrations have one head: two releases wrote to this "
        'database, or it was restored over another. Find the revision that '
        'the tables have (heat-manage db_version of the release that runs), '
        f'and delete the other rows of {REVISIONS}; then make the dump again')


def _check_setting(path: pathlib.Path | str, text: bytes) -> None:
    charset = statement_filter.charset(text)
    if charset and charset not in statement_filter.UTF8:
        raise errors.UsageError(
            f'{path} is in the character set {charset.decode()}, not UTF-8; '
            'make it again with --default-character-set=utf8mb4')
    mode = statement_filter.odd_mode(text)
    if mode:
        raise errors.UsageError(
            f'{path} was made with the SQL mode {mode}, which changes how '
            'strings are written; make it again without --compatible')


def _choose(path: pathlib.Path | str,
            databases: abc.Mapping[str | None, _Database],
            wanted: str | None) -> str | None:
    tables = {name: set(database.tables)
              for name, database in databases.items() if database.tables}
    if not tables:
        raise errors.UsageError(
            f'{path} defines no table; make a dump of a database, without '
            '--no-create-info')
    if wanted is not None:
        if wanted not in tables and set(tables) != {None}:
            raise errors.UsageError(
                f'{path} has no database {wanted}; it has '
                f'{", ".join(sorted(filter(None, tables)))}')
        tables = {name: known for name, known in tables.items()
                  if name in (wanted, None)}
    matching = [name for name, known in tables.items()
                if row_reader.OF_HEAT <= known]
    if len(matching) != 1 and len(tables) == 1:
        known, = tables.values()
        missing = row_reader.OF_HEAT - known
        if REVISIONS in known and missing < row_reader.OF_HEAT:
            left_out = sorted(missing)
            raise errors.UsageError(
                f'{path} has no table {", ".join(left_out)}: it was left out, '
                'and the migrations need its definition. To leave out its '
                'rows alone, use mariadb-dump with '
                f'--ignore-table-data=heat.{left_out[0]}, or append the '
                f'output of mysqldump --no-data heat {" ".join(left_out)}')
        service = next((_SERVICES[name] for name in sorted(known)
                        if name in _SERVICES), None)
        reason = f'it looks like one of {service}' if service else (
            'it has none of the tables ' + ', '.join(
                sorted(row_reader.OF_HEAT - known)))
        raise errors.UsageError(
            f'{path} is not a dump of a database of Heat: {reason}')
    return row_reader.choose(path, tables)
