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

"""Compares an upgraded database, a new one and the models of the target.

Differences between models and migrations count only if the base does not have
them: older ones are not caused by this upgrade. Between models and migrations,
names of indexes and constraints do not count: the models leave many to the
server, no query uses them, and the initial revision kept those of
sqlalchemy-migrate.
"""

from collections import abc
import typing

from heat_upgrade.checks import check_context
from heat_upgrade.checks.schema import migration_path
from heat_upgrade.checks.schema import schema_diff
from heat_upgrade.results import findings as findings_

_Trace = dict[str, typing.Any]


def findings(base: _Trace, target: _Trace) -> list[findings_.Finding]:
    """Return the findings about schema drift."""
    found = []
    if migration_path.migrated(target) and 'fresh' not in target['failed']:
        found += _fresh(target)
    if target.get('model_shape') and 'fresh' not in target['failed']:
        found += _models(base, target)
    return found


def _by_location(differences: abc.Iterable[schema_diff.Difference]
                 ) -> dict[str, list[schema_diff.Difference]]:
    locations: dict[str, list[schema_diff.Difference]] = {}
    for difference in differences:
        key = (f'{difference.table}.{difference.name}'
               if difference.kind == schema_diff.COLUMN
               else difference.location)
        locations.setdefault(key, []).append(difference)
    return locations


def _fresh(target: _Trace) -> list[findings_.Finding]:
    return [check_context.error(
        'schema.upgraded-differs-from-new', location,
        f'{location} is not the same in an upgraded and in a new database',
        '\n'.join(f'from upgraded to new: {difference}'
                  for difference in differences)
        + '\nA released migration was changed, or has another effect on an '
        'old database.\nLater migrations will fail on one of the two: put '
        'the old one back, and add a new one.')
        for location, differences in _by_location(schema_diff.differences(
            target['shape'], target['fresh_shape'])).items()]


def _models(base: _Trace, target: _Trace) -> list[findings_.Finding]:
    old = set()
    if base.get('model_shape'):
        old = {str(difference) for difference in schema_diff.differences(
            base['shape'], base['model_shape'], names=False)}
    drift = _drift(base, target)
    found = []
    reported = set()
    for location, differences in _by_location(
            difference for difference in schema_diff.differences(
                target['fresh_shape'], target['model_shape'], names=False)
            if str(difference) not in old).items():
        alembic_lines = drift.pop(differences[0].table, [])
        reported.add(differences[0].table)
        make, rule = ((check_context.error, 'schema.model-differs')
                      if any(map(_breaks, differences))
                      else (check_context.warning, 'schema.model-drifts'))
        found.append(make(
            rule, location, f'models and migrations differ in {location}',
            '\n'.join(f'from migrations to models: {difference}'
                      for difference in differences)
            + ''.join(f'\nalembic says: {line}' for line in alembic_lines)
            + '\nThe database has the form of the migrations: add a '
            'migration, or correct the model.'))
    return found + [check_context.warning(
        'schema.model-drifts', table,
        f'models and migrations differ in {table}',
        '\n'.join(f'alembic says: {line}' for line in lines)
        + '\nThe server\'s own catalogue shows no difference: run '
        'autogenerate and look.')
        for table, lines in drift.items() if table not in reported]


def _breaks(difference: schema_diff.Difference) -> bool:
    """Return True if the models cannot work with the migrated schema."""
    before, after = difference.before, difference.after
    if difference.kind == schema_diff.TABLE:
        return difference.change == schema_diff.ADDED
    if difference.kind != schema_diff.COLUMN:
        return False
    if before is None:
        return True
    if after is None:
        # The models write rows without it.
        return not before['nullable'] and before['default'] is None
    return (after['nullable'] and not before['nullable']
            or not schema_diff.holds_all(after['type'], before['type']))


def _drift(base: _Trace, target: _Trace) -> dict[str, list[str]]:
    """Return {table: alembic's differences} that the base does not have."""
    old = {tuple(entry) for entry in base.get('drift') or ()}
    lines: dict[str, list[str]] = {}
    for entry in target.get('drift') or ():
        if tuple(entry) not in old:
            kind, table, name = entry
            lines.setdefault(table, []).append(f'{kind} {table} {name}')
    return lines
