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

"""Judges how each statement of the migrations affects a serving base.

The rule is that of Heat's upgrade guide: the database is migrated first,
while the base serves, and "both the N and N+1 release can perform operations
against the same schema". Heat's own test of migrations bans dropping and
altering, too (LP 1505974). So adding is fine; dropping and narrowing is an
error; only blocking others, or going through all rows, is a warning.

A statement is judged by the changes that it causes, not by its text.
"""

from collections import abc
import dataclasses
import re
import typing

from heat_upgrade.checks import check_context
from heat_upgrade.checks.schema import schema_diff
from heat_upgrade.results import findings as findings_
from heat_upgrade.results.rules import registry

EXPAND, BLOCKING = 'expand-only', 'blocking'
DESTRUCTIVE, REWRITING = 'destructive', 'data-rewriting'

_ROWS_OF = re.compile(
    r'^\W*(UPDATE|DELETE\s+FROM|INSERT\s+(?:IGNORE\s+)?INTO|REPLACE\s+INTO'
    r'|TRUNCATE(?:\s+TABLE)?)\s+[`"]?(?:\w+[`"]?\.[`"]?)?(\w+)',
    re.IGNORECASE)

# The table that is altered, or that an index is on.
_ALTERED = re.compile(r'(?:ALTER\s+TABLE|\bON)\s+[`"]?(\w+)', re.IGNORECASE)

# Statements that read all rows while they hold their lock.
# https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES
_POSTGRESQL_SLOW = re.compile(
    r'CREATE\s+(?:UNIQUE\s+)?INDEX\s+(?!CONCURRENTLY)|SET\s+NOT\s+NULL'
    r'|ADD\s+(?:CONSTRAINT\s+\S+\s+)?(?:FOREIGN|CHECK|UNIQUE)',
    re.IGNORECASE)

# Other sessions cannot write, or even read, while these are held.
# https://www.postgresql.org/docs/current/explicit-locking.html
_POSTGRESQL_LOCKS = ('ShareLock', 'ShareRowExclusiveLock',
                     'AccessExclusiveLock')

_GUIDE = ('The upgrade guide migrates the database while the base serves: '
          'do this in a later release,\nwhen no supported release uses it.')

# The trace of a side, or a part of it.
_Trace = dict[str, typing.Any]


@dataclasses.dataclass(frozen=True)
class Problem:
    """A defect of a statement.

    :ivar rule: slug
    :ivar subject: the table, column, index or key
    :ivar title: one line
    :ivar consequence: for the base, in full sentences
    """

    rule: str
    subject: str
    title: str
    consequence: str


@dataclasses.dataclass(frozen=True)
class Operation:
    """A statement and its effects.

    :ivar statement: as it was sent
    :ivar revision: of the migration
    :ivar name: of alembic's operation, such as AddColumnOp; None without one
    :ivar effects: changes to tables of the base, and new tables
    :ivar rows_of: (verb, table of the base) if it changes rows
    :ivar rows: number of rows that it matched
    :ivar lock: the accesses that it blocks; None if it blocks none
    :ivar method: the server's description of how it executes it
    """

    statement: str
    revision: str | None
    name: str | None
    effects: tuple[schema_diff.Difference, ...] = ()
    rows_of: tuple[str, str] | None = None
    rows: int = 0
    lock: str | None = None
    method: str = ''

    @property
    def classes(self) -> set[str]:
        """Return some of EXPAND, BLOCKING, DESTRUCTIVE, REWRITING."""
        classes = set()
        if any(problem(effect) for effect in self.effects):
            classes.add(DESTRUCTIVE)
        if self.rows_of:
            classes.add(DESTRUCTIVE if self.rows_of[0] in (
                'DELETE', 'TRUNCATE') else REWRITING)
        if self.lock:
            classes.add(BLOCKING)
        return classes or {EXPAND}

    def evidence(self) -> str:
        """Return the lines that every finding about it has."""
        lines = [f'revision {self.revision}: {self.statement}',
                 f'class: {", ".join(sorted(self.classes))}']
        lines += [f'effect: {effect}' for effect in self.effects]
        if self.method:
            lines.append(self.method)
        return '\n'.join(lines)


def operations(base: _Trace, target: _Trace) -> list[Operation]:
    """Return the statements of the migrations, with their effects."""
    known: schema_diff.Shape = base['shape']
    before = known
    found = []
    statements = target.get('seen') or []
    answers = target.get('algorithms') or [None] * len(statements)
    for seen, answer in zip(statements, answers):
        common = {'statement': seen['statement'], 'name': seen['operation'],
                  'revision': seen['revision']}
        if 'shape' not in seen:
            rows = _ROWS_OF.match(seen['statement'])
            rows_of = None
            if rows and rows.group(2) in known:
                rows_of = rows.group(1).split()[0].upper(), rows.group(2)
            found.append(Operation(**common, rows=max(seen['rows'], 0),
                                   rows_of=rows_of))
            continue
        after = seen['shape']
        effects = tuple(
            effect
            for effect in schema_diff.differences(before, after)
            if effect.table in known
            or (effect.kind, effect.change)
            == (schema_diff.TABLE, schema_diff.ADDED)
        )
        lock, method = _execution(seen, answer, known)
        found.append(Operation(**common, effects=effects, lock=lock,
                               method=method))
        before = after
    return found


def _execution(seen: _Trace, answer: _Trace | None,
               known: schema_diff.Shape) -> tuple[str | None, str]:
    """Return (lock, text): how the server executes a statement."""
    if seen['locks'] is not None:
        return _postgresql_execution(seen, known)
    if not answer or not answer['algorithm']:
        if answer and answer['lock']:
            return 'reading and writing', (
                f'MariaDB can do it in no other way: {answer["failed"]}')
        return None, ''
    touched = _ALTERED.search(seen['statement'])
    method = f'ALGORITHM={answer["algorithm"]}, LOCK={answer["lock"]}'
    if answer['refused']:
        method += f'; {answer["refused"]}'
    if answer['lock'] == 'NONE' or not touched or (
            touched.group(1) not in known):
        return None, f'MariaDB can: {method}'
    return 'writing', f'MariaDB can at best: {method}'


def _postgresql_execution(seen: _Trace, known: schema_diff.Shape
                          ) -> tuple[str | None, str]:
    held = [f'{mode} on {table}' for table, modes in sorted(
        seen['locks'].items()) if table in known for mode in modes
        if mode in _POSTGRESQL_LOCKS]
    text = (f'PostgreSQL holds, until all migrations have ended: '
            f'{", ".join(held) or "no lock that matters"}')
    rewritten = [table for table in seen['rewritten'] if table in known]
    if rewritten:
        text += f'; it rewrites {", ".join(rewritten)}'
    touched = _ALTERED.search(seen['statement'])
    # A change of the catalogue holds locks for a moment; reading or writing
    # all rows holds them for long.
    slow = rewritten or touched and touched.group(1) in known and (
        _POSTGRESQL_SLOW.search(seen['statement']))
    return ('writing' if held and slow else None), text


def problem(effect: schema_diff.Difference) -> Problem | None:
    """Return the problem of an effect on a table of the base.

    :returns: None if the effect is harmless
    """
    return {
        schema_diff.TABLE: _table,
        schema_diff.COLUMN: _column,
        schema_diff.INDEX: _index,
        schema_diff.FOREIGN_KEY: _foreign_key,
        schema_diff.CHECK: _check,
        schema_diff.OPTION: _option,
    }[effect.kind](effect)


def _table(effect: schema_diff.Difference) -> Problem | None:
    if effect.change == schema_diff.REMOVED:
        return Problem('schema.table-dropped', effect.table,
                       f'{effect.table} is dropped',
                       'Its data is lost, and the base still uses it.')
    return None


def _column(effect: schema_diff.Difference) -> Problem | None:
    column, old, new = effect.location, effect.before, effect.after
    if new is None:
        return Problem('schema.column-dropped', column, f'{column} is dropped',
                       'Its data is lost, and the base still uses it.')
    if not new['nullable'] and new['default'] is None \
            and 'auto_increment' not in new['extra']:
        if old is None:
            return Problem('schema.not-null-without-default', column,
                           f'{column} is added as NOT NULL without a default',
                           'The base does not know it and writes rows '
                           'without it.')
        if old['nullable']:
            return Problem('schema.becomes-not-null', column,
                           f'{column} becomes NOT NULL', 'The base may have '
                           'written NULL, and may do so again.')
        if old['default'] is not None:
            return Problem('schema.default-dropped', column,
                           f'{column} loses its default',
                           'The base may rely on it.')
    return None if old is None else _retyped(column, old, new)


def _retyped(column: str, old: schema_diff.Shape,
             new: schema_diff.Shape) -> Problem | None:
    if old['type'] != new['type']:
        if not schema_diff.holds_all(old['type'], new['type']):
            return Problem(
                'schema.type-narrowed', column,
                f'{column} is narrowed or retyped from {old["type"]} to '
                f'{new["type"]}',
                'Values that the base has written, or writes, may not fit.')
        return None
    if old['collation'] != new['collation']:
        return Problem(
            'schema.collation-changed', column,
            f'{column} changes its collation from {old["collation"]} to '
            f'{new["collation"]}',
            'Texts may not fit, and compare and sort differently.')
    return None


def _index(effect: schema_diff.Difference) -> Problem | None:
    if effect.after is None:
        shown = schema_diff.shown(effect.before)
        return Problem('schema.index-dropped', f'{effect.table} {shown}',
                       f'{effect.table} loses the index {shown}',
                       'The base still queries by it; without it each query '
                       'reads the whole table\n(LP 1421885, 1535051).')
    if effect.after['unique']:
        shown = schema_diff.shown(effect.after)
        return Problem('schema.unique-added', f'{effect.table} {shown}',
                       f'{effect.table} gets a {shown} index',
                       'Rows that the base has written, or writes, may not '
                       'be unique.')
    return None


def _foreign_key(effect: schema_diff.Difference) -> Problem | None:
    if effect.change == schema_diff.REMOVED:
        return None
    shown = schema_diff.shown(effect.after)
    return Problem('schema.foreign-key-added', f'{effect.table} {shown}',
                   f'{effect.table} gets a foreign key {shown}',
                   'Rows that the base has written, or writes, may refer to '
                   'missing rows, and the rows\nthat they refer to can no '
                   'longer be deleted first.')


def _check(effect: schema_diff.Difference) -> Problem | None:
    if effect.change == schema_diff.REMOVED:
        return None
    return Problem('schema.check-added', f'{effect.table} {effect.after}',
                   f'{effect.table} gets a check {effect.after}',
                   'Rows that the base has written, or writes, may not meet '
                   'it.')


def _option(effect: schema_diff.Difference) -> Problem | None:
    return Problem('schema.table-options-changed', effect.table,
                   f'{effect.table} changes its '
                   f'{schema_diff.shown(effect.before)} to '
                   f'{schema_diff.shown(effect.after)}',
                   'The whole table is rewritten, and texts may not fit.')


def findings(base: _Trace, target: _Trace) -> list[findings_.Finding]:
    """Return the findings about the statements of the migrations."""
    found: dict[typing.Any, findings_.Finding] = {}
    for operation in operations(base, target):
        for each in _problems(operation):
            report = (check_context.warning
                      if registry.get(each.rule).severity == findings_.WARNING
                      else check_context.error)
            finding = report(each.rule, each.subject, each.title,
                             f'{operation.evidence()}\n{each.consequence}')
            found.setdefault(finding.identity, finding)
    return list(found.values())


def _problems(operation: Operation) -> abc.Iterator[Problem]:
    renamed = _renamed(operation.effects)
    if renamed:
        old, new, kind = renamed
        yield Problem(
            'schema.renamed', old, f'{old} is renamed to {new}',
            f'The base still uses the {kind} by its old name. Add the new '
            'one, write both, and drop the old one\nin a later release.')
    else:
        for effect in operation.effects:
            judged = problem(effect)
            if judged and not _goes_with(effect, operation.effects):
                yield dataclasses.replace(
                    judged, consequence=f'{judged.consequence}\n{_GUIDE}')
    if operation.rows_of:
        yield _about_rows(operation, *operation.rows_of)
    if operation.lock:
        yield _blocked(operation)


def _blocked(operation: Operation) -> Problem:
    if operation.effects:
        subject = operation.effects[0].location
        effect = str(operation.effects[0]).partition(':')[0]
    else:
        subject = ' '.join(operation.statement.split())[:80]
        effect = f'a table is altered: {subject}'
    return Problem('schema.blocked', subject,
                   f'{operation.lock} is blocked while {effect}',
                   'On a large table this is as long as a downtime: measure '
                   'it with heat-upgrade rehearse,\nor upgrade while all '
                   'services are down.')


def _goes_with(effect: schema_diff.Difference,
               effects: abc.Iterable[schema_diff.Difference]) -> bool:
    """Return True if an index was dropped or added with its column."""
    return effect.kind in (schema_diff.INDEX, schema_diff.CHECK) and any(
        other.kind == schema_diff.COLUMN and other.change == effect.change
        and other.table == effect.table
        and other.name in schema_diff.shown(effect.before or effect.after)
        for other in effects)


def _renamed(effects: abc.Collection[schema_diff.Difference]
             ) -> tuple[str, str, str] | None:
    """Return (old, new, kind) if the effects are a renaming."""
    for kind in (schema_diff.COLUMN, schema_diff.TABLE):
        removed = [effect for effect in effects if effect.kind == kind
                   and effect.change == schema_diff.REMOVED]
        added = [effect for effect in effects if effect.kind == kind
                 and effect.change == schema_diff.ADDED]
        if len(removed) == len(added) == 1:
            return removed[0].location, added[0].location, kind
    return None


def _about_rows(operation: Operation, verb: str, table: str) -> Problem:
    matched = f'{operation.rows} of the base\'s rows matched.'
    if verb in ('DELETE', 'TRUNCATE'):
        return Problem(
            'schema.rows-deleted', table, f'rows of {table} are deleted',
            f'{matched} An operator\'s rows are lost for a base that\nstill '
            'serves, and for good.')
    verb = 'rewritten' if verb in ('UPDATE', 'REPLACE') else 'added'
    return Problem(
        f'schema.rows-{verb}', table, f'rows of {table} are {verb}',
        f'{matched} The statement takes longer the more rows there are,\nand '
        'holds locks on them: measure it with heat-upgrade rehearse. Rows '
        'that the base writes\nafterwards are not rewritten: the target must '
        'accept both.')
