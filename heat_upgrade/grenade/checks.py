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

"""The static checks of a grenade run: base to target, both checkouts."""

import pathlib
import shutil
import sys
import tempfile

from heat_upgrade.checks import check_context
from heat_upgrade.checks import check_results
from heat_upgrade.checks import external_database
from heat_upgrade.checks import registry
from heat_upgrade import errors
from heat_upgrade.grenade import configuration
from heat_upgrade.grenade import environment
from heat_upgrade.grenade import run_record
from heat_upgrade.install import environments
from heat_upgrade.install import releases
from heat_upgrade.lab.services import mariadb
from heat_upgrade.lab import workspace as workspaces
from heat_upgrade.plan import model
from heat_upgrade.results import findings

# The checks for an upgrade without mixed versions; the others are jobs of
# their own.
NAMES = ('config', 'schema')

# The upper-constraints of a side, below the directory of its checkouts.
CONSTRAINTS = 'requirements/upper-constraints.txt'


def run(record: run_record.Record, settings: environment.Settings,
        step: model.Step) -> None:
    """Run the checks; each counts as a test.

    :raises: :class:`run_record.StepFailed` if a finding counts,
        :class:`errors.LabError` if a release cannot be installed
    """
    base, target = (releases.parse(directory / 'heat') for directory in (
        settings.base_dir, settings.target_dir))
    if base.digest != target.digest:
        # A change within a branch may leave Heat itself unchanged.
        releases.check_order(base, target)
    directory = tempfile.mkdtemp(prefix='heat-upgrade-check-',
                                 dir=record.data(''))
    try:
        with workspaces.Workspace(directory) as workspace:
            found = _check(base, target, settings, workspace, record)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    if check_results.journal(record, step, NAMES, found,
                             command=record.check_command):
        raise run_record.StepFailed()


def _check(base: releases.Release, target: releases.Release,
           settings: environment.Settings, workspace: workspaces.Workspace,
           record: run_record.Record) -> list[findings.Finding]:
    specs = [
        environments.heat(release, constraints=_constraints(directory))
        for release, directory in ((base, settings.base_dir),
                                   (target, settings.target_dir))]
    installed = environments.ensure_all(
        specs, log_dir=record.run_dir / 'logs', marker=workspace.marker,
        progress=_print)
    context = check_context.Context(
        workspace,
        check_context.OperatorInputs(
            config_files=(_configuration(settings),),
            server=_server(settings),
        ),
        _print,
    )
    return registry.run(
        NAMES, check_context.InstalledRelease(base, installed[0]),
        check_context.InstalledRelease(target, installed[1]), context)


def _constraints(directory: pathlib.Path) -> str | None:
    """Return the constraints of a side; None for the series' lock file."""
    path = directory / CONSTRAINTS
    return str(path) if path.exists() else None


def _configuration(settings: environment.Settings) -> pathlib.Path:
    """Return the saved heat.conf: Heat's plugin may have changed it since."""
    return configuration.kept(settings) / settings.heat_conf.name


def _server(settings: environment.Settings) -> str:
    """Return the URL of the server for the schema check, '' for a private one.

    A DevStack with MySQL has no MariaDB for a private server. Then the check
    uses new databases in the server of the cloud.
    """
    try:
        mariadb.find('mariadbd')
        mariadb.find('mariadb-install-db')
    except errors.LabError:
        return external_database.url_of(_configuration(settings))
    return ''


def _print(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
