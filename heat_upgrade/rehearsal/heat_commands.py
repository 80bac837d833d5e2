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

"""Runs a release's own code on the private database.

What such a program prints, or says in a traceback, can quote the data: it
stays in the private directory, and no error of ours repeats it.
"""

import json
import pathlib
import secrets

from pymysql.constants import ER

from heat_upgrade import errors
from heat_upgrade.lab import workspace
from heat_upgrade import process

DIRECTORY = pathlib.Path(__file__).parents[1] / 'checks' / 'inspectors'

# Reading the revisions of a release: importing alembic and Heat's models.
SHORT = 120

_NAMES = {value: name for name, value in vars(ER).items()
          if isinstance(value, int)}


def error_name(number):
    """Return what an error of MariaDB is called."""
    return f'error {number} ({_NAMES.get(number, "unknown")})'


def run(place, environment, program, given, *, timeout, watch=None):
    """Run a program of checks/programs in a release's environment.

    :param place: :class:`heat_upgrade.rehearsal.workspace.Place`
    :param environment: :class:`heat_upgrade.install.environments.Environment`
    :param program: its name
    :param given: what its function ``read`` is given, as JSON has it
    :param timeout: seconds
    :param watch: called four times a second meanwhile
    :returns: what ``read`` returned
    :raises: :class:`errors.LabError` if it has no end, or not by itself
    """
    name = f'{program}-{secrets.token_hex(4)}'
    asked = place.secret_file(f'{name}.asked', json.dumps(
        [[str(DIRECTORY / f'{program}.py'), given]]))
    said = place.data / f'{name}.said'
    what = f'{program} of {environment.version}'
    try:
        status, _ = process.run(
            what, [environment.bin('python'), '-W', 'ignore',
                   DIRECTORY / 'driver.py', asked, said],
            log=place.log(name), cwd=place.data, timeout=timeout,
            env=place.environment(), check=False, watch=watch)
    except errors.WaitTimeout:
        raise errors.WaitTimeout(
            f'{what} did not end within {timeout:g} s') from None
    if status:
        raise errors.LabError(f'{what} ended with status {status}')
    answer, failure = json.loads(said.read_text())
    if failure:
        raise errors.LabError(
            f'{what} failed with {_error(failure)}; its text may quote the '
            'database, and is not shown')
    return answer


def _error(text):
    """Return the class and the last place of a traceback's text."""
    lines = text.strip().splitlines()
    places = [line.split('"')[1].rpartition('site-packages/')[2] + ','
              + line.split(',')[1] for line in lines
              if line.startswith('  File "')]
    name = next((line.split(':')[0] for line in reversed(lines)
                 if line and not line.startswith(' ')), '')
    if not name.replace('.', '').replace('_', '').isalnum():
        name = 'an error'
    return f'{name} in {places[-1]}' if places else name


def manage(place, environment, config, *words, timeout):
    """Run heat-manage or heat-status; returns (exit status, output).

    The output may quote the database.

    :raises: :class:`errors.WaitTimeout`
    """
    name = '-'.join(words).replace('_', '-')
    try:
        return process.run(
            name, [environment.bin(words[0]), '--config-file', config,
                   # Else /etc/heat/heat.conf.d is read too, after our file:
                   # on a control node it names the database in use.
                   '--config-dir', place.directory('no-more-configuration'),
                   *words[1:]],
            log=place.log(name), cwd=place.data, timeout=timeout,
            env=place.environment(), check=False)
    except errors.WaitTimeout:
        raise errors.WaitTimeout(f'{" ".join(words)} of {environment.version} '
                                 f'did not end within {timeout:g} s') from None


def configuration(place, url, settings):
    """Write the heat.conf of a rehearsal; returns its path.

    It names one database, the private one, and no other service: what an
    operator's own file says of those never gets here.

    :param url: of the database, for SQLAlchemy
    :param settings: {option of [DEFAULT]: value}
    """
    path = place.data / f'heat-{secrets.token_hex(4)}.conf'
    lines = [f'{name} = {value}' for name, value in settings.items()]
    # A dollar would refer to another option.
    workspace.write_secret(path, '\n'.join([
        '[DEFAULT]', *(line.replace('$', '$$') for line in lines),
        '[database]', f'connection = {url}', f'slave_connection = {url}',
        'max_retries = 2', 'retry_interval = 1', '']))
    return path
