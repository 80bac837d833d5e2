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


"""A naive suite, to compare its score with that of the whole run.

It is the test that most projects write first: create a stack with one
OS::Heat::RandomString on the base, upgrade, and show the stack. It uses the
same cloud and the same copies of the target as the whole runs.
"""

from collections import abc
import contextlib
import dataclasses
import pathlib
import shutil
import time
import typing

from heat_upgrade import errors
from heat_upgrade.install import environments
from heat_upgrade.install import releases
from heat_upgrade.lab import cloud_start
from heat_upgrade.lab import heat_client
from heat_upgrade.lab import workspace as workspaces
from heat_upgrade.tests.seeded_bugs import bugs
from heat_upgrade.tests.seeded_bugs import judging
from heat_upgrade import waiting

NAME = 'naive'
TEMPLATE = {
    'heat_template_version': '2013-05-23',
    'resources': {'secret': {'type': 'OS::Heat::RandomString'}},
    'outputs': {'secret': {'value': {'get_attr': ['secret', 'value']}}},
}
CREATE_TIMEOUT = 60

# The fields of a shown stack that must not change.
FIELDS = ('stack_name', 'stack_status', 'outputs')


@dataclasses.dataclass(frozen=True)
class Result:
    """The outcome of the naive suite.

    :ivar name: name of the bug
    :ivar outcome: CAUGHT or MISSED; for a harmless change SILENT or
        FALSE_ALARM
    :ivar reason: the failure, '' without one
    :ivar seconds: duration
    """

    name: str
    outcome: str
    reason: str
    seconds: float

    def line(self) -> str:
        """Return the result in one line, for people."""
        reason = f': {self.reason.splitlines()[0]}' if self.reason else ''
        return f'{self.outcome:<11} {self.name} ({self.seconds:.0f} s){reason}'


def outcome(bug: bugs.Bug, reason: str) -> str:
    """Return the outcome of a run that failed for a reason, '' for none."""
    if bug.harmless:
        return judging.FALSE_ALARM if reason else judging.SILENT
    return judging.CAUGHT if reason else judging.MISSED


class Suite:
    """A cloud with the stack, stopped before the upgrade."""

    def __init__(self, workspace: workspaces.Workspace, base: str) -> None:
        self._workspace = workspace
        self._cloud = cloud_start.start(workspace, releases.parse(base))
        self._api = heat_client.Api(self._cloud.identity,
                                    self._cloud.api_url)
        self._create()
        self._shown = self._show()
        self._cloud.stop_heat()
        self._saved = self._workspace.directory(NAME) / 'saved'
        self._cloud.mariadb.stop()
        shutil.copytree(self._cloud.mariadb.data, self._saved)

    def run(self, bug: bugs.Bug, target: pathlib.Path) -> Result:
        """Upgrade to a copy of the target, and show the stack.

        :raises: errors.LabError if the copy cannot be installed
        """
        environment, = environments.ensure_all(
            [environments.heat(releases.parse(target))],
            log_dir=self._workspace.logs, marker=self._workspace.marker)
        started = time.monotonic()
        self._restore()
        try:
            reason = self._failure(environment)
        finally:
            for process in self._cloud.heat_processes:
                process.kill()
        return Result(bug.name, outcome(bug, reason), reason,
                      time.monotonic() - started)

    def _restore(self) -> None:
        database = self._cloud.mariadb
        database.stop()
        shutil.rmtree(database.data)
        shutil.copytree(self._saved, database.data)
        database.start()
        database.wait_ready()

    def _failure(self, environment: environments.Environment) -> str:
        try:
            self._cloud.manage(environment, 'heat-manage', 'db_sync',
                               side='target')
            self._cloud.deploy(environment, side='target')
            self._cloud.start_heat()
            shown = self._show()
        except (errors.HeatUpgradeError, OSError) as exc:
            return str(exc)
        return '' if shown == self._shown else f'shown: {shown}'

    def _create(self) -> None:
        answer = self._api.call('POST', 'stacks', {
            'stack_name': NAME, 'template': TEMPLATE})
        if answer.status != 201:
            raise errors.LabError(f'cannot create the stack: {answer}')
        waiting.wait_until(
            lambda: self._show()['stack_status'] == 'CREATE_COMPLETE',
            timeout=CREATE_TIMEOUT, what='the end of the creation')

    def _show(self) -> dict[str, typing.Any]:
        """Return the shown fields of the stack.

        :raises: OSError if Heat does not show it
        """
        answer = self._api.call('GET', f'stacks/{NAME}')
        if answer.status != 200:
            raise OSError(f'stack show answers {answer.status}: '
                          f'{str(answer.body)[:200]}')
        return {field: answer.body['stack'].get(field) for field in FIELDS}


@contextlib.contextmanager
def suite(directory: pathlib.Path, base: str) -> abc.Iterator[Suite]:
    """Start the cloud of the suite, and end it.

    :param directory: directory for its logs
    """
    with workspaces.Workspace(directory / NAME) as workspace:
        yield Suite(workspace, base)
