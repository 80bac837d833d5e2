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

"""Whether each release can work with what the other left in the database.

In a rolling upgrade the base goes on after the migration, beside the target:
it must read what it wrote before, write more, read what the target wrote,
change and delete it; and the target must read what the base wrote, before and
after (LP 1505974, 1570983, 1383505). Both were seen to do all of that; what
the base could not do with its own schema either is no finding.
"""

from heat_upgrade.checks import check_context
from heat_upgrade.checks.schema import migration_path
from heat_upgrade.results import findings as findings_

_SHOWN = 12
_MODELS, _OBJECTS = 'models', 'objects'

# The two readers and writers, and the rules that each breaks.
_BASE, _TARGET = 'the base', 'the target'
_NOT_READ = {_BASE: 'schema.rows-not-read-by-base',
             _TARGET: 'schema.rows-not-read'}
_OTHERWISE = {_BASE: 'schema.rows-read-differently-by-base',
              _TARGET: 'schema.rows-read-differently'}
_NOT_WRITTEN = {_BASE: 'schema.rows-not-written-by-base',
                _TARGET: 'schema.rows-not-written'}


def findings(base, target):
    """Return the findings about reading and writing.

    :param base: what the base's side saw
    :param target: what the target's side saw
    """
    if not migration_path.migrated(target):
        return []
    found = []
    if target.get('rows'):
        found += _read_alike(
            _BASE, 'that it wrote before the migration', base['before'],
            base['after'])
        changed = {finding.subject for finding in found
                   if finding.rule == _OTHERWISE[_BASE]}
        found += [finding for finding in _read_alike(
            _TARGET, 'that the base wrote before the migration',
            base['before'], target['before'])
            if finding.subject not in changed]
    found += _writes(_BASE, base, 'during')
    found += _writes(_TARGET, target, 'target', base)
    found += _reads_own(base)
    found += _read_alike(
        _TARGET, 'that the base writes after the migration',
        base.get('during'), target.get('during'),
        failure_class=findings_.FailureClass.RPC)
    found += _read_alike(
        _BASE, 'that the target wrote', target.get('own'),
        base.get('theirs'))
    found += _changes(base)
    return found


def _outcomes(look, how):
    """Return {(table, kind): outcome} of what was looked at."""
    return {(table, kind): outcome
            for table, kinds in ((look or {}).get(how) or {}).items()
            for kind, outcome in kinds.items()}


def _read_alike(who, what, reference, seen, *, failure_class=None):
    """Compare how two read the same rows; the first is right."""
    failed, otherwise = {}, {}
    for how in (_MODELS, _OBJECTS):
        right, other = _outcomes(reference, how), _outcomes(seen, how)
        for key in sorted(right.keys() & other.keys()):
            if 'failed' in right[key]:
                continue
            table, kind = key
            if 'failed' in other[key]:
                failed.setdefault(table, []).append(
                    f'row {kind}, by its {how}: {other[key]["failed"]}')
                continue
            for name, value in right[key]['values'].items():
                now = other[key]['values'].get(name, value)
                if now != value:
                    otherwise.setdefault(f'{table}.{name}', []).append(
                        f'row {kind}, by its {how}: {value}\n    now: {now}')
    return [check_context.error(
        _NOT_READ[who], table, f'{table}: {who} cannot read rows {what}',
        _text(lines), failure_class=failure_class)
        for table, lines in failed.items()] + [check_context.error(
            _OTHERWISE[who], place,
            f'{place} reads otherwise for {who} in rows {what}',
            _text(lines), failure_class=failure_class)
            for place, lines in otherwise.items()]


_ADVICE = (
    'Both releases must be able to work with one schema for as long as an '
    'upgrade lasts, and stacks of\nbefore must be there after it: keep the '
    'old form beside the new one for a release.')

_ADVICE_DELETE = (
    'Let the new foreign key delete with the row that it refers to (ON DELETE '
    'CASCADE). Until then whoever\nupgrades node by node: let no such row be '
    'deleted before the last service of the base has stopped,\nor upgrade '
    'while all are down.')


def _text(lines, advice=_ADVICE):
    more = ([f'... and {len(lines) - _SHOWN} more'] if len(lines) > _SHOWN
            else [])
    return '\n'.join([*lines[:_SHOWN], *more, advice])


def _writes(who, side, wrote, baseline=None):
    """Judge what a side could not write after the migration."""
    before = ((baseline or side).get('wrote') or {}).get('before') or {}
    failures = {}
    for table, kinds in ((side.get('wrote') or {}).get(wrote) or {}).items():
        for kind, failure in kinds.items():
            usual = before.get(table, {}).get(
                f'before-{kind.partition("-")[2]}')
            if failure and not usual and 'NothingToReferTo' not in failure:
                failures.setdefault(table, []).append(
                    f'row {kind}, by its models: {failure}')
    made_before = ((baseline or side).get('made') or {}).get('before') or {}
    made = (side.get('made') or {}).get(wrote) or {}
    for table, failure in made.items():
        if table not in made_before and not failure.startswith('KeyError'):
            failures.setdefault(table, []).append(
                f'by its objects: {failure}')
    return [check_context.error(
        _NOT_WRITTEN[who], table,
        f'{table}: {who} cannot write rows after the migration',
        _text(lines)) for table, lines in failures.items()]


def _reads_own(base):
    """Judge whether the base reads what it writes after the migration."""
    failed = {}
    for how in (_MODELS, _OBJECTS):
        before = {(table, kind.partition('-')[2]): outcome
                  for (table, kind), outcome in _outcomes(
                      base.get('before'), how).items()}
        for (table, kind), outcome in _outcomes(base.get('during'),
                                                how).items():
            usual = before.get((table, kind.partition('-')[2]), {})
            if 'failed' in outcome and 'failed' not in usual:
                failed.setdefault(table, []).append(
                    f'row {kind}, by its {how}: {outcome["failed"]}')
    return [check_context.error(
        'schema.own-rows-not-read', table,
        f'{table}: the base cannot read rows that it writes after the '
        'migration', _text(lines)) for table, lines in failed.items()]


def _changes(base):
    found = []
    for seen, rule, title in (
            ('changed', 'schema.rows-not-changed',
             'change rows after the migration'),
            ('deleted', 'schema.rows-not-deleted',
             'delete rows that the target wrote'),
            ('deleted_own', 'schema.own-rows-not-deleted',
             'delete rows that it wrote after the migration')):
        failures = {
            table: {kind: failure for kind, failure in kinds.items()
                    if failure}
            for table, kinds in (base.get(seen) or {}).items()}
        failures = {table: kinds for table, kinds in failures.items()
                    if kinds}
        for table, kinds in failures.items():
            lines = [f'row {kind}: {failure}'
                     for kind, failure in kinds.items()]
            if _follows(table, lines, failures):
                continue
            lines += [f'and with it rows of: {other}' for other in failures
                      if other != table and _follows(
                          other, [failures[other][kind]
                                  for kind in failures[other]], failures)]
            found.append(check_context.error(
                rule, table, f'{table}: the base cannot {title}',
                _text(lines, _ADVICE_DELETE if seen == 'deleted'
                      else _ADVICE)))
    return found


def _follows(table, lines, failures):
    """Tell whether rows stay only because others of the base do."""
    return all(any(f'`{other}`, CONSTRAINT' in line
                   or f'on table "{other}"' in line
                   for other in failures if other != table)
               for line in lines)
