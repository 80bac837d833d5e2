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

"""Heat's own check, and the migration of its database."""

import os

from heat_upgrade import errors
from heat_upgrade.grenade import run_record
from heat_upgrade.grenade import systemd
from heat_upgrade.lab.services import heat
from heat_upgrade import process

CHECK_TIMEOUT = 120
MIGRATION_TIMEOUT = 600


def upgrade_check(record, surroundings, units, *, say=print,
                  run=process.run):
    """Run `heat-status upgrade check`; a warning of its own passes.

    :param units: :class:`units.Unit` of each
    :raises: :class:`errors.LabError` if it says not to upgrade,
        :class:`record.Broken` if it is not there
    """
    log = record.log('heat-status')
    status, output = run(
        'heat-status upgrade check',
        [_find('heat-status', units, surroundings),
         '--config-file', surroundings.heat_conf, 'upgrade', 'check'],
        log=log, env=_environment(), timeout=CHECK_TIMEOUT, check=False)
    say(output)
    if not heat.may_upgrade(status, output):
        raise errors.LabError(
            f'`heat-status upgrade check` ended with status {status}\n'
            f'{output}', log=log)


def db_sync(record, surroundings, units, *, say=print, run=process.run):
    """Migrate the database by what is installed.

    :raises: :class:`errors.LabError` if it fails or does not end,
        :class:`record.Broken` if it is not there
    """
    log = record.log('heat-manage')
    _, output = run(
        'heat-manage db_sync',
        [_find('heat-manage', units, surroundings),
         '--config-file', surroundings.heat_conf, 'db_sync'],
        log=log, env=_environment(), timeout=MIGRATION_TIMEOUT)
    say(output)


def _find(program, units, surroundings):
    with run_record.ours():
        return systemd.find(program, units, surroundings)


def _environment():
    """Return the environment of an operator: no Python of ours."""
    env = dict(os.environ)
    for name in ('PYTHONPATH', 'PYTHONHOME', 'VIRTUAL_ENV'):
        env.pop(name, None)
    return env
