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

"""Judges the migrations that lead from the base's schema to the target's.

It judges alembic's revisions and heads, failed migrations, whether a second
db_sync changes anything, and the result of the migrations' own downgrades.
"""

import typing

from heat_upgrade.checks import check_context
from heat_upgrade.checks.schema import schema_diff
from heat_upgrade.results import findings as findings_

_SHOWN = 10

_Trace = dict[str, typing.Any]


def findings(base: _Trace, target: _Trace) -> list[findings_.Finding]:
    """Return the findings about the path of migrations."""
    if 'revisions' in target['failed']:
        return [check_context.error(
            'schema.migrations-not-loaded', 'migrations',
            'the migrations cannot be loaded',
            f'{target["failed"]["revisions"]}\nEvery db_sync fails. A '
            'migration is broken, or revises a missing one.')]
    found = _heads(base, target)
    if target.get('unknown'):
        return found + [check_context.error(
            'schema.base-revision-unknown', ', '.join(base['heads']),
            'the target does not know the revision of the base',
            f'the base\'s database is at: {", ".join(base["heads"])}\n'
            f'the target has no migration named: '
            f'{", ".join(target["unknown"])}\n'
            'db_sync ends with "Can\'t locate revision". Either the target is '
            'older than the base, or a\nmigration was removed or renamed: put '
            'it back; a released migration must stay.')]
    found += _failures(target)
    found += _again(target)
    found += _downgrade(base, target)
    return found


def migrated(target: _Trace) -> bool:
    """Return True if the database reached the target's schema."""
    return 'shape' in target and (
        'migrate' not in target['failed']
        or 'migrate-empty' in target['seconds']
        and 'migrate-empty' not in target['failed'])


def _heads(base: _Trace, target: _Trace) -> list[findings_.Finding]:
    if len(target['heads']) < 2 or target['heads'] == base['heads']:
        return []
    return [check_context.error(
        'schema.many-heads', 'migrations',
        'the migrations have more than one head',
        f'base: {", ".join(base["heads"])}\n'
        f'target: {", ".join(target["heads"])}\n'
        'db_sync ends with "Multiple head revisions are present". Let one of '
        'them revise the other, or\nadd a merge (alembic merge heads). The '
        'other findings come from an upgrade to all heads.')]


def _failures(target: _Trace) -> list[findings_.Finding]:
    found = []
    failed = target['failed']
    if 'fresh' in failed:
        found.append(check_context.error(
            'schema.db-sync-fails-on-empty', 'db_sync',
            'db_sync fails on an empty database',
            f'{failed["fresh"]}\nA new installation of the target is '
            'impossible.'))
    for name, rule, title, meaning in (
            ('migrate-empty', 'schema.db-sync-fails',
             'db_sync fails on a database of the base',
             'It fails without any rows, too: no base can be upgraded.'),
            ('migrate', 'schema.db-sync-fails-on-rows',
             'db_sync fails on rows of the base',
             'Without rows it succeeds. The base\'s own models wrote the '
             'rows: all columns filled to their\nlength, all optional columns '
             'left out, and NULL. An operator may have such rows; on MariaDB\n'
             'the statements before the failure are not undone.')):
        if name in failed:
            revision = _next(target)
            last = target.get('last', {}).get(name, '')
            found.append(check_context.error(
                rule, revision, title,
                f'revision {revision}: {last}\n{failed[name]}\n{meaning}'))
            break
    return found


def _next(target: _Trace) -> str:
    """Return the revision after the last one that was seen to end."""
    done: list[str] = [seen['revision'] for seen in target.get('seen', ())
                       if seen['revision']]
    path: list[str] = [step['revision'] for step in target.get('path', ())]
    if done and done[-1] in path and 'migrate-empty' in target['failed']:
        later = path[path.index(done[-1]) + 1:]
        return later[0] if later else done[-1]
    return 'unknown' if len(path) != 1 else path[0]


def _again(target: _Trace) -> list[findings_.Finding]:
    if 'again' in target['failed'] and migrated(target):
        evidence = target['failed']['again']
    elif target.get('again'):
        evidence = '\n'.join(target['again'][:_SHOWN])
    else:
        return []
    return [check_context.error(
        'schema.second-db-sync-changes', 'db_sync',
        'a second db_sync is not without effect',
        f'{evidence}\nOperators and deployment tools run db_sync more than '
        'once, on each node: the second run must\nchange nothing.')]


def _downgrade(base: _Trace, target: _Trace) -> list[findings_.Finding]:
    """Judge the result of the migrations' own downgrades.

    heat-manage offers no downgrade; alembic would do it. Missing downgrades
    mislead no operator.
    """
    failure = target['failed'].get('downgrade', '')
    if 'fresh' in target['failed']:
        return []
    if 'NotImplementedError' in failure or "'downgrade'" in failure:
        return []
    if failure:
        evidence = failure
    else:
        left = target.get('downgrade')
        if left is None or left == target['fresh_shape']:
            return []
        wrong = schema_diff.differences(base['shape'], left, names=False)
        if not wrong:
            return []
        evidence = '\n'.join(map(str, wrong[:_SHOWN]))
    return [check_context.warning(
        'schema.downgrade-leads-elsewhere', 'migrations',
        'the downgrades of the migrations do not lead back',
        f'{evidence}\nheat-manage has no downgrade, so going back means '
        'restoring a backup. An operator who uses\nalembic instead gets '
        'neither schema. Mend downgrade(), or remove it.')]
