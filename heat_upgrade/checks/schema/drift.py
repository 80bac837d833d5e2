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

"""Whether what is upgraded, what is installed anew and the models are one.

Of models and migrations only what the base has not as well is a finding: an
old difference is no news of this upgrade, and has done its harm. Names of
indexes and constraints do not count between models and migrations: the models
leave many to the server, no query uses them, and the initial revision kept
those of sqlalchemy-migrate.
"""

from heat_upgrade.checks import check_context
from heat_upgrade.checks.schema import migration_path
from heat_upgrade.checks.schema import schema_diff


def findings(base, target):
    """Return the findings about equality.

    :param base: what the base's side saw
    :param target: what the target's side saw
    """
    found = []
    if migration_path.migrated(target) and 'fresh' not in target['failed']:
        found += _fresh(target)
    if target.get('model_shape') and 'fresh' not in target['failed']:
        found += _models(base, target)
    return found


def _by_place(differences):
    places = {}
    for difference in differences:
        key = (f'{difference.table}.{difference.name}'
               if difference.what == schema_diff.COLUMN else difference.place)
        places.setdefault(key, []).append(difference)
    return places


def _fresh(target):
    return [check_context.error(
        'schema.upgraded-differs-from-new', place,
        f'{place} is not the same in an upgraded and in a new database',
        '\n'.join(f'from upgraded to new: {difference}'
                  for difference in differences)
        + '\nA migration that has been released was changed, or does '
        'something else on an old database.\nLater migrations will fail on '
        'one of them: put the old one back, and add a new one.')
        for place, differences in _by_place(schema_diff.differences(
            target['shape'], target['fresh_shape'])).items()]


def _models(base, target):
    old = set()
    if base.get('model_shape'):
        old = {str(difference) for difference in schema_diff.differences(
            base['shape'], base['model_shape'], names=False)}
    drift = _drift(base, target)
    found, told = [], set()
    for place, differences in _by_place(
            difference for difference in schema_diff.differences(
                target['fresh_shape'], target['model_shape'], names=False)
            if str(difference) not in old).items():
        seen = drift.pop(differences[0].table, [])
        told.add(differences[0].table)
        make, rule = ((check_context.error, 'schema.model-differs')
                      if any(map(_breaks, differences))
                      else (check_context.warning, 'schema.model-drifts'))
        found.append(make(
            rule, place, f'models and migrations differ in {place}',
            '\n'.join(f'from migrations to models: {difference}'
                      for difference in differences)
            + ''.join(f'\nalembic says: {line}' for line in seen)
            + '\nThe database has what the migrations made: add a migration, '
            'or mend the model.'))
    return found + [check_context.warning(
        'schema.model-drifts', table,
        f'models and migrations differ in {table}',
        '\n'.join(f'alembic says: {line}' for line in lines)
        + '\nThe server\'s own catalogue shows no difference: run '
        'autogenerate and look.')
        for table, lines in drift.items() if table not in told]


def _breaks(difference):
    """Tell whether the models cannot work with what the migrations made."""
    if difference.what in (schema_diff.TABLE, schema_diff.COLUMN):
        if difference.how == schema_diff.ADDED:
            return True
        if difference.how == schema_diff.REMOVED:
            # Rows that are written without it.
            return (difference.what == schema_diff.COLUMN
                    and not difference.before['nullable']
                    and difference.before['default'] is None)
        made, meant = difference.before, difference.after
        return (meant['nullable'] and not made['nullable']
                or not schema_diff.holds_all(meant['type'], made['type']))
    return False


def _drift(base, target):
    """Return {table: lines} that alembic says of the target and not base."""
    old = {tuple(entry) for entry in base.get('drift') or ()}
    lines = {}
    for entry in target.get('drift') or ():
        if tuple(entry) not in old:
            kind, table, name = entry
            lines.setdefault(table, []).append(f'{kind} {table} {name}')
    return lines
