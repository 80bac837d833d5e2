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

import shutil
import sys
import tempfile

from heat_upgrade.checks import check_context
from heat_upgrade.checks import check_results
from heat_upgrade.checks import external_database
from heat_upgrade.checks import registry
from heat_upgrade import errors
from heat_upgrade.grenade import configuration
from heat_upgrade.grenade import run_record
from heat_upgrade.install import environments
from heat_upgrade.install import releases
from heat_upgrade.lab.services import mariadb
from heat_upgrade.lab import workspace as workspaces

# What can be known of an upgrade in which no release is mixed; the others
# are jobs of their own.
NAMES = ('config', 'schema')

# Of upper-constraints, beside the checkouts of a side.
CONSTRAINTS = 'requirements/upper-constraints.txt'


def run(record, surroundings, step):
    """Run them; each counts as a test.

    :raises: :class:`record.StepFailed` if one finds what counts,
        :class:`errors.LabError` if a release cannot be installed
    """
    base, target = (releases.parse(directory / 'heat') for directory in (
        surroundings.base_dir, surroundings.target_dir))
    if base.digest != target.digest:
        # Within a branch a change may change nothing of Heat's.
        releases.check_order(base, target)
    place = tempfile.mkdtemp(prefix='heat-upgrade-check-',
                             dir=record.data(''))
    try:
        with workspaces.Workspace(place) as workspace:
            found = _found(base, target, surroundings, workspace, record)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    if check_results.journal(record, step, NAMES, found,
                             command=record.check_command):
        raise run_record.StepFailed()


def _found(base, target, surroundings, workspace, record):
    specs = [
        environments.heat(release, constraints=_constraints(directory))
        for release, directory in ((base, surroundings.base_dir),
                                   (target, surroundings.target_dir))]
    installed = environments.ensure_all(
        specs, log_dir=record.run_dir / 'logs', marker=workspace.marker,
        progress=_say)
    context = check_context.Context(
        workspace,
        check_context.OperatorInputs(
            config_files=(_configuration(surroundings),),
            server=_server(surroundings),
        ),
        _say,
    )
    return registry.run(NAMES, *(
        check_context.InstalledRelease(release, environment)
        for release, environment in zip((base, target), installed)), context)


def _constraints(directory):
    """Return the constraints of a side; None for its series' lock file."""
    path = directory / CONSTRAINTS
    return str(path) if path.exists() else None


def _configuration(surroundings):
    """Return the old heat.conf: Heat's plugin may have changed it by now."""
    return configuration.kept(surroundings) / surroundings.heat_conf.name


def _server(surroundings):
    """Return the server on which the schema is checked, '' for one's own.

    Where DevStack runs MySQL there is no MariaDB to start a private one of;
    then it is the server of the cloud, in databases of the check's own.
    """
    try:
        mariadb.find('mariadbd')
        mariadb.find('mariadb-install-db')
    except errors.LabError:
        return external_database.url_of(_configuration(surroundings))
    return ''


def _say(line):
    print(line, file=sys.stderr, flush=True)
