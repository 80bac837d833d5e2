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

"""Whether there is a way from the base's schema to the target's.

Revisions and heads as alembic has them, what stops a migration, whether a
second db_sync does nothing, and what the migrations' own downgrades leave.
"""

from heat_upgrade.checks import check_context
from heat_upgrade.checks.schema import schema_diff

_SHOWN = 10


def findings(base, target):
    """Return the findings about the way.

    :param base: what the base's side saw
    :param target: what the target's side saw
    """
    if 'revisions' in target['failed']:
        return [check_context.error(
            'schema.migrations-not-loaded', 'migrations',
            'the migrations cannot be loaded',
            f'{target["failed"]["revisions"]}\nNo db_sync can do anything. A '
            'migration is broken, or revises one that is not there.')]
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
            'it back; what has been released must stay.')]
    found += _failures(target)
    found += _again(target)
    found += _downgrade(base, target)
    return found


def migrated(target):
    """Tell whether the database got to the target's schema."""
    return 'shape' in target and (
        'migrate' not in target['failed']
        or 'migrate-empty' in target['seconds']
        and 'migrate-empty' not in target['failed'])


def _heads(base, target):
    if len(target['heads']) < 2 or target['heads'] == base['heads']:
        return []
    return [check_context.error(
        'schema.many-heads', 'migrations',
        'the migrations have more than one head',
        f'base: {", ".join(base["heads"])}\n'
        f'target: {", ".join(target["heads"])}\n'
        'db_sync ends with "Multiple head revisions are present". Let one of '
        'them revise the other, or\nadd a merge (alembic merge heads). What '
        'else is found here was seen by going to all heads.')]


def _failures(target):
    found = []
    failed = target['failed']
    if 'fresh' in failed:
        found.append(check_context.error(
            'schema.db-sync-fails-on-empty', 'db_sync',
            'db_sync fails on an empty database',
            f'{failed["fresh"]}\nNobody can install the target anew.'))
    for name, rule, title, meaning in (
            ('migrate-empty', 'schema.db-sync-fails',
             'db_sync fails on a database of the base',
             'It fails without any rows, too: no base can be upgraded.'),
            ('migrate', 'schema.db-sync-fails-on-rows',
             'db_sync fails on rows of the base',
             'Without rows it succeeds. The rows are what the base\'s own '
             'models write: all columns filled\nto their length, none of '
             'those that may be empty, and NULL. An operator may have such '
             'rows;\non MariaDB what was done before the failure stays.')):
        if name in failed:
            found.append(
                check_context.error(
                    rule,
                    _next(target),
                    title,
                    '\n'.join(
                        [
                            f'revision {_next(target)}: '
                            f'{target.get("last", {}).get(name, "")}',
                            failed[name],
                            meaning,
                        ]
                    ),
                )
            )
            break
    return found


def _next(target):
    """Return the revision after the last one that was seen to end."""
    done = [seen['revision'] for seen in target.get('seen', ())
            if seen['revision']]
    path = [step['revision'] for step in target.get('path', ())]
    if done and done[-1] in path and 'migrate-empty' in target['failed']:
        later = path[path.index(done[-1]) + 1:]
        return later[0] if later else done[-1]
    return 'unknown' if len(path) != 1 else path[0]


def _again(target):
    if 'again' in target['failed'] and migrated(target):
        said = target['failed']['again']
    elif target.get('again'):
        said = '\n'.join(target['again'][:_SHOWN])
    else:
        return []
    return [check_context.error(
        'schema.second-db-sync-changes', 'db_sync',
        'a second db_sync is not without effect',
        f'{said}\nOperators and deployment tools run db_sync more than once, '
        'on each node: the second must find\nnothing to do.')]


def _downgrade(base, target):
    """Judge where the migrations' own downgrades lead.

    heat-manage offers no downgrade; alembic would do it. Where they are
    missing nobody is misled.
    """
    failure = target['failed'].get('downgrade', '')
    if 'fresh' in target['failed']:
        return []
    if 'NotImplementedError' in failure or "'downgrade'" in failure:
        return []
    if failure:
        said = failure
    else:
        left = target.get('downgrade')
        if left is None or left == target['fresh_shape']:
            return []
        wrong = schema_diff.differences(base['shape'], left, names=False)
        if not wrong:
            return []
        said = '\n'.join(map(str, wrong[:_SHOWN]))
    return [check_context.warning(
        'schema.downgrade-leads-elsewhere', 'migrations',
        'the downgrades of the migrations do not lead back',
        f'{said}\nheat-manage has no downgrade, so that going back is '
        'restoring a backup; but whoever uses alembic\nfor it is left with '
        'neither schema. Mend downgrade(), or remove it.')]
