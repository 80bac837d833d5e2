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

"""Judges whether each release can work with the rows of the other.

In a rolling upgrade the base keeps running after the migration, next to the
target. It must read its earlier rows, write new ones, and read, change and
delete those of the target. The target must read the rows that the base wrote
before and after the migration (LP 1505974, 1570983, 1383505). Both sides tried
all of this; a failure that the base also has with its own schema is not
reported.
"""

import typing

from heat_upgrade.checks import check_context
from heat_upgrade.checks.schema import migration_path
from heat_upgrade.results import findings as findings_

_SHOWN = 12
_MODELS, _OBJECTS = 'models', 'objects'

# The two readers and writers, and the rules that each breaks.
_BASE, _TARGET = 'the base', 'the target'
_NOT_READ = {_BASE: 'schema.rows-not-read-by-base',
             _TARGET: 'schema.rows-not-read'}
_DIFFERENTLY = {_BASE: 'schema.rows-read-differently-by-base',
                _TARGET: 'schema.rows-read-differently'}
_NOT_WRITTEN = {_BASE: 'schema.rows-not-written-by-base',
                _TARGET: 'schema.rows-not-written'}

# The trace of a side, or a part of it.
_Trace = dict[str, typing.Any]


def findings(base: _Trace, target: _Trace) -> list[findings_.Finding]:
    """Return the findings about reading and writing."""
    if not migration_path.migrated(target):
        return []
    found: list[findings_.Finding] = []
    if target.get('rows'):
        found += _compare_readings(
            _BASE, 'that it wrote before the migration', base['before'],
            base['after'])
        changed = {finding.subject for finding in found
                   if finding.rule == _DIFFERENTLY[_BASE]}
        found += [finding for finding in _compare_readings(
            _TARGET, 'that the base wrote before the migration',
            base['before'], target['before'])
            if finding.subject not in changed]
    found += _writes(_BASE, base, 'during')
    found += _writes(_TARGET, target, 'target', base)
    found += _reads_own(base)
    found += _compare_readings(
        _TARGET, 'that the base writes after the migration',
        base.get('during'), target.get('during'),
        failure_class=findings_.FailureClass.RPC)
    found += _compare_readings(
        _BASE, 'that the target wrote', target.get('own'),
        base.get('theirs'))
    found += _changes(base)
    return found


def _outcomes(reading: _Trace | None,
              layer: str) -> dict[tuple[str, str], dict[str, typing.Any]]:
    """Return {(table, kind): outcome} of reading rows by a layer."""
    return {(table, kind): outcome
            for table, kinds in ((reading or {}).get(layer) or {}).items()
            for kind, outcome in kinds.items()}


def _compare_readings(
        reader: str, which: str, reference: _Trace | None,
        reading: _Trace | None, *,
        failure_class: findings_.FailureClass | None = None
        ) -> list[findings_.Finding]:
    """Compare two readings of the same rows; the reference is right.

    :param which: relative clause that names the rows
    """
    failed: dict[str, list[str]] = {}
    different: dict[str, list[str]] = {}
    for layer in (_MODELS, _OBJECTS):
        right, other = _outcomes(reference, layer), _outcomes(reading, layer)
        for key in sorted(right.keys() & other.keys()):
            if 'failed' in right[key]:
                continue
            table, kind = key
            if 'failed' in other[key]:
                failed.setdefault(table, []).append(
                    f'row {kind}, by its {layer}: {other[key]["failed"]}')
                continue
            for name, value in right[key]['values'].items():
                now = other[key]['values'].get(name, value)
                if now != value:
                    different.setdefault(f'{table}.{name}', []).append(
                        f'row {kind}, by its {layer}: {value}\n    now: {now}')
    return [check_context.error(
        _NOT_READ[reader], table,
        f'{table}: {reader} cannot read rows {which}',
        _text(lines), failure_class=failure_class)
        for table, lines in failed.items()] + [check_context.error(
            _DIFFERENTLY[reader], column,
            f'{column} is read differently by {reader} in rows {which}',
            _text(lines), failure_class=failure_class)
            for column, lines in different.items()]


_ADVICE = (
    'Both releases must be able to work with one schema during an upgrade, '
    'and stacks from before\nmust still work after it: keep the old form next '
    'to the new one for a release.')

_ADVICE_DELETE = (
    'Let the new foreign key delete with the row that it refers to (ON DELETE '
    'CASCADE). Until then, in\nan upgrade node by node, let no such row be '
    'deleted before the last service of the base has\nstopped, or upgrade '
    'while all services are down.')


def _text(lines: list[str], advice: str = _ADVICE) -> str:
    more = ([f'... and {len(lines) - _SHOWN} more'] if len(lines) > _SHOWN
            else [])
    return '\n'.join([*lines[:_SHOWN], *more, advice])


def _writes(writer: str, trace: _Trace, side: str,
            baseline: _Trace | None = None) -> list[findings_.Finding]:
    """Report the rows that a side cannot write after the migration.

    :param side: key of these rows in the trace
    :param baseline: trace of the base, if it is another one
    """
    before = ((baseline or trace).get('wrote') or {}).get('before') or {}
    failures: dict[str, list[str]] = {}
    for table, kinds in ((trace.get('wrote') or {}).get(side) or {}).items():
        for kind, failure in kinds.items():
            usual = before.get(table, {}).get(
                f'before-{kind.partition("-")[2]}')
            if failure and not usual and 'NothingToReferTo' not in failure:
                failures.setdefault(table, []).append(
                    f'row {kind}, by its models: {failure}')
    made_before = ((baseline or trace).get('made') or {}).get('before') or {}
    made = (trace.get('made') or {}).get(side) or {}
    for table, failure in made.items():
        if table not in made_before and not failure.startswith('KeyError'):
            failures.setdefault(table, []).append(
                f'by its objects: {failure}')
    return [check_context.error(
        _NOT_WRITTEN[writer], table,
        f'{table}: {writer} cannot write rows after the migration',
        _text(lines)) for table, lines in failures.items()]


def _reads_own(base: _Trace) -> list[findings_.Finding]:
    """Report the base's rows from after the migration that it cannot read."""
    failed: dict[str, list[str]] = {}
    for layer in (_MODELS, _OBJECTS):
        before = {(table, kind.partition('-')[2]): outcome
                  for (table, kind), outcome in _outcomes(
                      base.get('before'), layer).items()}
        for (table, kind), outcome in _outcomes(base.get('during'),
                                                layer).items():
            usual = before.get((table, kind.partition('-')[2]), {})
            if 'failed' in outcome and 'failed' not in usual:
                failed.setdefault(table, []).append(
                    f'row {kind}, by its {layer}: {outcome["failed"]}')
    return [check_context.error(
        'schema.own-rows-not-read', table,
        f'{table}: the base cannot read rows that it writes after the '
        'migration', _text(lines)) for table, lines in failed.items()]


def _changes(base: _Trace) -> list[findings_.Finding]:
    found = []
    for key, rule, title in (
            ('changed', 'schema.rows-not-changed',
             'change rows after the migration'),
            ('deleted', 'schema.rows-not-deleted',
             'delete rows that the target wrote'),
            ('deleted_own', 'schema.own-rows-not-deleted',
             'delete rows that it wrote after the migration')):
        failures: dict[str, dict[str, str]] = {
            table: {kind: failure for kind, failure in kinds.items()
                    if failure}
            for table, kinds in (base.get(key) or {}).items()}
        failures = {table: kinds for table, kinds in failures.items()
                    if kinds}
        for table, kinds in failures.items():
            lines = [f'row {kind}: {failure}'
                     for kind, failure in kinds.items()]
            if _follows(table, lines, failures):
                continue
            lines += [f'and with it rows of: {other}' for other in failures
                      if other != table and _follows(
                          other, list(failures[other].values()), failures)]
            found.append(check_context.error(
                rule, table, f'{table}: the base cannot {title}',
                _text(lines, _ADVICE_DELETE if key == 'deleted'
                      else _ADVICE)))
    return found


def _follows(table: str, lines: list[str],
             failures: dict[str, dict[str, str]]) -> bool:
    """Return True if rows stay only because rows of another table do."""
    return all(any(f'`{other}`, CONSTRAINT' in line
                   or f'on table "{other}"' in line
                   for other in failures if other != table)
               for line in lines)
