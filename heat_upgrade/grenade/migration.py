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

"""Runs Heat's own upgrade check, and migrates its database."""

from collections import abc
import os
import pathlib

from heat_upgrade import errors
from heat_upgrade.grenade import environment
from heat_upgrade.grenade import run_record
from heat_upgrade.grenade import systemd
from heat_upgrade.lab.services import heat
from heat_upgrade import process

CHECK_TIMEOUT = 120
MIGRATION_TIMEOUT = 600


def upgrade_check(record: run_record.Record, settings: environment.Settings,
                  units: abc.Iterable[systemd.Unit], *,
                  say: environment.Say = print,
                  run: environment.Run = process.run) -> None:
    """Run `heat-status upgrade check`; its warnings are accepted.

    :param units: Heat's units
    :raises: :class:`errors.LabError` if it forbids the upgrade,
        :class:`run_record.Broken` if it is not installed
    """
    log = record.log('heat-status')
    status, output = run(
        'heat-status upgrade check',
        [_find('heat-status', units, settings),
         '--config-file', settings.heat_conf, 'upgrade', 'check'],
        log=log, env=_environment(), timeout=CHECK_TIMEOUT, check=False)
    say(output)
    if not heat.may_upgrade(status, output):
        raise errors.LabError(
            f'`heat-status upgrade check` ended with status {status}\n'
            f'{output}', log=log)


def db_sync(record: run_record.Record, settings: environment.Settings,
            units: abc.Iterable[systemd.Unit], *,
            say: environment.Say = print,
            run: environment.Run = process.run) -> None:
    """Migrate the database with the installed release.

    :raises: :class:`errors.LabError` if it fails or does not end,
        :class:`run_record.Broken` if it is not installed
    """
    log = record.log('heat-manage')
    _, output = run(
        'heat-manage db_sync',
        [_find('heat-manage', units, settings),
         '--config-file', settings.heat_conf, 'db_sync'],
        log=log, env=_environment(), timeout=MIGRATION_TIMEOUT)
    say(output)


def _find(program: str, units: abc.Iterable[systemd.Unit],
          settings: environment.Settings) -> pathlib.Path:
    with run_record.blame_lab():
        return systemd.find(program, units, settings)


def _environment() -> dict[str, str]:
    """Return an operator's environment, without our own Python."""
    env = dict(os.environ)
    for name in ('PYTHONPATH', 'PYTHONHOME', 'VIRTUAL_ENV'):
        env.pop(name, None)
    return env
