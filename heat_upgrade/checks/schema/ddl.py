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

"""What each statement of the migrations does to a base that still serves.

The rule is that of Heat's upgrade guide: the database is migrated first,
while the base serves, and "both the N and N+1 release can perform operations
against the same schema"; and of Heat's own test of migrations, which bans
dropping and altering (LP 1505974). So adding is fine; what takes away or
narrows is an error; what only makes others wait, or goes through all rows, is
a warning.

A statement is judged by what has changed after it, not by how it is written.
"""

import dataclasses
import re

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

# What reads all rows while its lock is held.
# https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES
_POSTGRESQL_SLOW = re.compile(
    r'CREATE\s+(?:UNIQUE\s+)?INDEX\s+(?!CONCURRENTLY)|SET\s+NOT\s+NULL'
    r'|ADD\s+(?:CONSTRAINT\s+\S+\s+)?(?:FOREIGN|CHECK|UNIQUE)',
    re.IGNORECASE)

# Nobody writes, or nobody even reads, while these are held for long.
# https://www.postgresql.org/docs/current/explicit-locking.html
_POSTGRESQL_LOCKS = ('ShareLock', 'ShareRowExclusiveLock',
                     'AccessExclusiveLock')

_GUIDE = ('The upgrade guide migrates the database while the base serves: '
          'do this in a later release,\nwhen no supported one uses it any '
          'more.')


@dataclasses.dataclass(frozen=True)
class Problem:
    """A defect of a statement.

    :ivar rule: slug
    :ivar subject: the table, column, index or key
    :ivar title: one line
    :ivar why: its consequence
    """

    rule: str
    subject: str
    title: str
    why: str


@dataclasses.dataclass(frozen=True)
class Operation:
    """One statement and what it did.

    :ivar statement: as it was sent
    :ivar revision: of the migration
    :ivar name: of alembic's operation, such as AddColumnOp; None without one
    :ivar effects: tuple of :class:`shapes.Difference`: in tables of the base,
        and new tables
    :ivar rows_of: (verb, table of the base) of what changes rows, or None
    :ivar rows: how many rows it matched
    :ivar lock: None if others read and write meanwhile; else what is refused
    :ivar how: what the server said about how it does it
    """

    statement: str
    revision: str | None
    name: str | None
    effects: tuple = ()
    rows_of: tuple | None = None
    rows: int = 0
    lock: str | None = None
    how: str = ''

    @property
    def classes(self):
        """What it is: a set of EXPAND, BLOCKING, DESTRUCTIVE, REWRITING."""
        classes = set()
        if any(problem(effect) for effect in self.effects):
            classes.add(DESTRUCTIVE)
        if self.rows_of:
            classes.add(DESTRUCTIVE if self.rows_of[0] in (
                'DELETE', 'TRUNCATE') else REWRITING)
        if self.lock:
            classes.add(BLOCKING)
        return classes or {EXPAND}

    def evidence(self):
        """Return the lines that every finding about it has."""
        lines = [f'revision {self.revision}: {self.statement}',
                 f'class: {", ".join(sorted(self.classes))}']
        lines += [f'effect: {effect}' for effect in self.effects]
        if self.how:
            lines.append(self.how)
        return '\n'.join(lines)


def operations(base, target):
    """Return what the migrations did.

    :param base: what the base's side saw
    :param target: what the target's side saw
    :returns: list of :class:`Operation`
    """
    known = base['shape']
    before, found = known, []
    statements = target.get('seen') or []
    answers = target.get('algorithms') or [None] * len(statements)
    for seen, answer in zip(statements, answers):
        rows = _ROWS_OF.match(seen['statement'])
        common = {'statement': seen['statement'], 'name': seen['operation'],
                  'revision': seen['revision']}
        if 'shape' not in seen:
            verb = rows.group(1).split()[0].upper() if rows else ''
            found.append(Operation(
                **common, rows=max(seen['rows'], 0),
                rows_of=(verb, rows.group(2)) if rows and rows.group(2)
                in known else None))
            continue
        after = seen['shape']
        effects = tuple(
            effect
            for effect in schema_diff.differences(before, after)
            if effect.table in known
            or (effect.what, effect.how)
            == (schema_diff.TABLE, schema_diff.ADDED)
        )
        lock, how = _how(seen, answer, known)
        found.append(Operation(**common, effects=effects, lock=lock, how=how))
        before = after
    return found


def _how(seen, answer, known):
    """Return (lock, text) of how the server does a statement."""
    if seen['locks'] is not None:
        return _how_postgresql(seen, known)
    if not answer or not answer['algorithm']:
        if answer and answer['lock']:
            return 'reading and writing', (
                f'MariaDB does it in no other way: {answer["failed"]}')
        return None, ''
    touched = _ALTERED.search(seen['statement'])
    how = f'ALGORITHM={answer["algorithm"]}, LOCK={answer["lock"]}'
    if answer['refused']:
        how += f'; {answer["refused"]}'
    if answer['lock'] == 'NONE' or not touched or (
            touched.group(1) not in known):
        return None, f'MariaDB can: {how}'
    return 'writing', f'MariaDB can at best: {how}'


def _how_postgresql(seen, known):
    held = [f'{mode} on {table}' for table, modes in sorted(
        seen['locks'].items()) if table in known for mode in modes
        if mode in _POSTGRESQL_LOCKS]
    text = (f'PostgreSQL holds, until all migrations have ended: '
            f'{", ".join(held) or "no lock that matters"}')
    anew = [table for table in seen['rewritten'] if table in known]
    if anew:
        text += f'; it writes {", ".join(anew)} anew'
    touched = _ALTERED.search(seen['statement'])
    # Locks are held for a moment by what only changes the catalogue, for long
    # by what reads or writes all rows.
    slow = anew or touched and touched.group(1) in known and (
        _POSTGRESQL_SLOW.search(seen['statement']))
    return ('writing' if held and slow else None), text


def problem(effect):
    """Return the :class:`Problem` of an effect that is more than adding.

    :param effect: :class:`shapes.Difference` in a table of the base
    :returns: None if it hurts nobody
    """
    judge = {
        schema_diff.TABLE: _table,
        schema_diff.COLUMN: _column,
        schema_diff.INDEX: _index,
        schema_diff.FOREIGN_KEY: _foreign_key,
        schema_diff.CHECK: _check,
        schema_diff.OPTION: _option,
    }[effect.what]
    return judge(effect)


def _table(effect):
    if effect.how == schema_diff.REMOVED:
        return Problem('schema.table-dropped', effect.table,
                       f'{effect.table} is dropped',
                       'Its data is lost, and the base still uses it.')
    return None


def _column(effect):
    place, old, new = effect.place, effect.before, effect.after
    if effect.how == schema_diff.REMOVED:
        return Problem('schema.column-dropped', place, f'{place} is dropped',
                       'Its data is lost, and the base still uses it.')
    if not new['nullable'] and new['default'] is None \
            and 'auto_increment' not in new['extra']:
        if effect.how == schema_diff.ADDED:
            return Problem('schema.not-null-without-default', place,
                           f'{place} is added as NOT NULL without a default',
                           'The base does not know it and writes rows '
                           'without it.')
        if old['nullable']:
            return Problem('schema.becomes-not-null', place,
                           f'{place} becomes NOT NULL', 'The base may have '
                           'written NULL, and may do so again.')
        if old['default'] is not None:
            return Problem('schema.default-dropped', place,
                           f'{place} loses its default',
                           'The base may rely on it.')
    if effect.how == schema_diff.CHANGED:
        return _retyped(place, old, new)
    return None


def _retyped(place, old, new):
    if old['type'] != new['type']:
        if not schema_diff.holds_all(old['type'], new['type']):
            return Problem(
                'schema.type-narrowed', place,
                f'{place} is narrowed or retyped from {old["type"]} to '
                f'{new["type"]}',
                'Values that the base has written, or writes, may not fit.')
        return None
    if old['collation'] != new['collation']:
        return Problem(
            'schema.collation-changed', place,
            f'{place} changes its collation from {old["collation"]} to '
            f'{new["collation"]}',
            'Texts may not fit, and compare and sort otherwise.')
    return None


def _index(effect):
    if effect.how == schema_diff.REMOVED:
        shown = schema_diff.shown(effect.before)
        return Problem('schema.index-dropped', f'{effect.table} {shown}',
                       f'{effect.table} loses the index {shown}',
                       'The base still looks for rows by it; without it each '
                       'look reads the whole table\n(LP 1421885, 1535051).')
    if effect.after['unique']:
        shown = schema_diff.shown(effect.after)
        return Problem('schema.unique-added', f'{effect.table} {shown}',
                       f'{effect.table} gets a {shown} index',
                       'Rows that the base has written, or writes, may not '
                       'be unique.')
    return None


def _foreign_key(effect):
    if effect.how == schema_diff.REMOVED:
        return None
    shown = schema_diff.shown(effect.after)
    return Problem('schema.foreign-key-added', f'{effect.table} {shown}',
                   f'{effect.table} gets a foreign key {shown}',
                   'Rows that the base has written, or writes, may refer to '
                   'missing rows, and the rows\nthat they refer to can no '
                   'longer be deleted first.')


def _check(effect):
    if effect.how == schema_diff.REMOVED:
        return None
    return Problem('schema.check-added', f'{effect.table} {effect.after}',
                   f'{effect.table} gets a check {effect.after}',
                   'Rows that the base has written, or writes, may not meet '
                   'it.')


def _option(effect):
    return Problem('schema.table-options-changed', effect.table,
                   f'{effect.table} changes its '
                   f'{schema_diff.shown(effect.before)} to '
                   f'{schema_diff.shown(effect.after)}',
                   'All of the table is written anew, and texts may not fit.')


def findings(base, target):
    """Return the findings about the statements of the migrations."""
    found = {}
    for operation in operations(base, target):
        for each in _problems(operation):
            tell = (check_context.warning if registry.get(each.rule).severity
                    == findings_.WARNING else check_context.error)
            finding = tell(each.rule, each.subject, each.title,
                           f'{operation.evidence()}\n{each.why}')
            found.setdefault(finding.identity, finding)
    return list(found.values())


def _problems(operation):
    renamed = _renamed(operation.effects)
    if renamed:
        old, new, thing = renamed
        yield Problem(
            'schema.renamed', old, f'{old} is renamed to {new}',
            f'The base still uses the {thing} by its old name. Add the new '
            'one, write both, and drop the old one\nin a later release.')
    else:
        for effect in operation.effects:
            judged = problem(effect)
            if judged and not _goes_with(effect, operation.effects):
                yield dataclasses.replace(
                    judged, why=f'{judged.why}\n{_GUIDE}')
    if operation.rows_of:
        yield _about_rows(operation)
    if operation.lock:
        yield _blocked(operation)


def _blocked(operation):
    if operation.effects:
        subject = operation.effects[0].place
        what = str(operation.effects[0]).partition(':')[0]
    else:
        subject = ' '.join(operation.statement.split())[:80]
        what = f'a table is altered: {subject}'
    return Problem('schema.blocked', subject,
                   f'{operation.lock} is blocked while {what}',
                   'On a large table this is as long as a downtime: see how '
                   'long by heat-upgrade rehearse,\nor let the services be '
                   'down.')


def _goes_with(effect, effects):
    """Tell whether an index went or came because of its column."""
    return effect.what in (schema_diff.INDEX, schema_diff.CHECK) and any(
        other.what == schema_diff.COLUMN and other.how == effect.how
        and other.table == effect.table
        and other.name in schema_diff.shown(effect.before or effect.after)
        for other in effects)


def _renamed(effects):
    """Return (old, new, what) if they are a renaming, else None."""
    for what in (schema_diff.COLUMN, schema_diff.TABLE):
        removed = [effect for effect in effects if effect.what == what
                   and effect.how == schema_diff.REMOVED]
        added = [effect for effect in effects if effect.what == what
                 and effect.how == schema_diff.ADDED]
        if len(removed) == len(added) == 1:
            return removed[0].place, added[0].place, what
    return None


def _about_rows(operation):
    verb, table = operation.rows_of
    if verb in ('DELETE', 'TRUNCATE'):
        return Problem(
            'schema.rows-deleted', table, f'rows of {table} are deleted',
            f'{operation.rows} of the base\'s rows matched. Rows that '
            'an operator has there are lost for a base that\nstill serves, '
            'and for good.')
    does = 'rewritten' if verb in ('UPDATE', 'REPLACE') else 'added'
    return Problem(
        f'schema.rows-{does}', table, f'rows of {table} are {does}',
        f'{operation.rows} of the base\'s rows matched. It takes the '
        'longer the more rows there are, and holds locks\non them '
        'meanwhile: see how long by heat-upgrade rehearse. Rows that the '
        'base writes afterwards\nare not rewritten: the target must '
        'take both.')
