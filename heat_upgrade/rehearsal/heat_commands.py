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

The output and the tracebacks of such a program can quote the data. They stay
in the private directory, and our own errors do not repeat them.
"""

from collections import abc
import json
import pathlib
import secrets
import typing

from pymysql.constants import ER

from heat_upgrade import errors
from heat_upgrade import filesystem
from heat_upgrade.install import environments
from heat_upgrade.lab import workspace as workspaces
from heat_upgrade import process

DIRECTORY = pathlib.Path(__file__).parents[1] / 'checks' / 'inspectors'

# Reading the revisions of a release: importing alembic and Heat's models.
SHORT = 120

_NAMES = {value: name for name, value in vars(ER).items()
          if isinstance(value, int)}


def error_name(number: int) -> str:
    """Return the number and the name of an error of MariaDB."""
    return f'error {number} ({_NAMES.get(number, "unknown")})'


def run(workspace: workspaces.Workspace,
        environment: environments.Environment, program: str, given: object,
        *, timeout: float, watch: abc.Callable[[], object] | None = None
        ) -> dict[str, typing.Any]:
    """Run a program of checks/inspectors in a release's environment.

    :param given: argument of its function ``read``, as JSON data
    :param timeout: seconds
    :param watch: called four times a second while the program runs
    :returns: the result of ``read``
    :raises: :class:`errors.LabError` if it fails or does not end in time
    """
    name = f'{program}-{secrets.token_hex(4)}'
    request = workspace.secret_file(f'{name}.asked', json.dumps(
        [[str(DIRECTORY / f'{program}.py'), given]]))
    reply = workspace.data / f'{name}.said'
    title = f'{program} of {environment.version}'
    try:
        status, _ = process.run(
            title, [environment.bin('python'), '-W', 'ignore',
                    DIRECTORY / 'driver.py', request, reply],
            log=workspace.log(name), cwd=workspace.data, timeout=timeout,
            env=workspace.environment(), check=False, watch=watch)
    except errors.WaitTimeout:
        raise errors.WaitTimeout(
            f'{title} did not end within {timeout:g} s') from None
    if status:
        raise errors.LabError(f'{title} ended with status {status}')
    answer: dict[str, typing.Any]
    answer, failure = json.loads(reply.read_text())
    if failure:
        raise errors.LabError(
            f'{title} failed with {_error(failure)}; the text of the error '
            'may quote the database, and is not shown')
    return answer


def _error(text: str) -> str:
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


def manage(workspace: workspaces.Workspace,
           environment: environments.Environment, config: pathlib.Path | str,
           *words: str, timeout: float) -> tuple[int, str]:
    """Run heat-manage or heat-status; returns (exit status, output).

    The output may quote the database.

    :raises: :class:`errors.WaitTimeout`
    """
    name = '-'.join(words).replace('_', '-')
    try:
        return process.run(
            name, [environment.bin(words[0]), '--config-file', config,
                   # Without it, /etc/heat/heat.conf.d is read after our
                   # file, which names the production database on a node.
                   '--config-dir',
                   workspace.directory('no-more-configuration'),
                   *words[1:]],
            log=workspace.log(name), cwd=workspace.data, timeout=timeout,
            env=workspace.environment(), check=False)
    except errors.WaitTimeout:
        raise errors.WaitTimeout(f'{" ".join(words)} of {environment.version} '
                                 f'did not end within {timeout:g} s') from None


def configuration(workspace: workspaces.Workspace, url: str,
                  settings: abc.Mapping[str, str]) -> pathlib.Path:
    """Write the heat.conf of a rehearsal; returns its path.

    It names the private database and no other service. It ignores all such
    addresses in an operator's own file.

    :param url: URL of the database, for SQLAlchemy
    :param settings: {option of [DEFAULT]: value}
    """
    path: pathlib.Path = (
        workspace.data / f'heat-{secrets.token_hex(4)}.conf')
    lines = [f'{name} = {value}' for name, value in settings.items()]
    # Escape the dollar sign, which would refer to another option.
    filesystem.write_atomically(path, '\n'.join([
        '[DEFAULT]', *(line.replace('$', '$$') for line in lines),
        '[database]', f'connection = {url}', f'slave_connection = {url}',
        'max_retries = 2', 'retry_interval = 1', '']))
    return path
