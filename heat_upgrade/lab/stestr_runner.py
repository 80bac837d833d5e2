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

"""Runs the tests like any user: stestr in a process, against a cloud."""

from collections import abc
import dataclasses
import os
import pathlib
import sys
import typing

from stestr.repository import abstract
from stestr.repository import util
import subunit
import testtools

from heat_integrationtests import config
from heat_integrationtests import phases
from heat_upgrade.lab import client_config
from heat_upgrade.lab import log_errors
from heat_upgrade.lab import workspace as workspaces
from heat_upgrade import process

if typing.TYPE_CHECKING:
    from testtools.testresult import real

# Seconds. A test run takes half a minute; after ten minutes it hangs.
TIMEOUT = 600
DESTROY_TIMEOUT = 300


PASSED, FAILED, SKIPPED = 'passed', 'failed', 'skipped'

# Exit statuses of heat_integrationtests.destroy.
DESTROYED, LEFT_BEHIND = 0, 1

# Details in which a test classifies its own failure, for the tool.
FAILURE_CLASS, CAUSE, KNOWN_ON_BASE = (
    'failure-class', 'cause', 'known-on-base')
_MARKS = (FAILURE_CLASS, CAUSE, KNOWN_ON_BASE)

# Subunit's outcomes. A test that is in progress at the end of the stream did
# not pass.
_OUTCOMES = {'success': PASSED, 'xfail': PASSED, 'skip': SKIPPED}


@dataclasses.dataclass(frozen=True)
class Test:
    """The result of one test.

    :ivar id: its id without tags
    :ivar outcome: PASSED, FAILED or SKIPPED
    :ivar seconds: its duration
    :ivar details: its traceback, then other details; or the reason for a skip
    :ivar failure: the assertion or exception of its failure
    :ivar failure_class: class of the failure, if the test set one
    :ivar cause: name of the cause that the test proved, or ''
    :ivar known_on_base: True if the base failed alike before the upgrade
    """

    id: str
    outcome: str
    seconds: float
    details: str = ''
    failure: str = ''
    failure_class: int | None = None
    cause: str = ''
    known_on_base: bool = False

    def as_dict(self) -> dict[str, typing.Any]:
        """Return the entry for the journal; the finding has the rest."""
        return {'id': self.id, 'outcome': self.outcome,
                'seconds': self.seconds, 'details': self.details}


def run(workspace: workspaces.Workspace, directory: str | os.PathLike[str],
        *, name: str, kinds: abc.Iterable[str], scenarios: str = '',
        tier: str | None = None,
        watch: abc.Callable[[], object] | None = None,
        variables: abc.Mapping[str, str] | None = None) -> list[Test]:
    """Run the tests of some kinds in one process.

    :param directory: directory of the files of client_config.write()
    :param name: of the log and of the stream
    :param kinds: see heat_integrationtests.phases
    :param scenarios: regular expression of test ids, '' for all tests
    :param tier: of the scenarios to run, None for all
    :param watch: called several times a second; an error that it raises ends
        the tests
    :param variables: environment variables of heat_integrationtests.config
    :returns: the tests, ordered by id
    :raises: errors.WaitTimeout if the tests do not end
    """
    repository = workspace.data / 'stestr' / name
    repository.mkdir(parents=True)
    stream = workspace.run_dir / 'subunit' / f'{name}.subunit'
    stream.parent.mkdir(exist_ok=True)
    try:
        # The exit status is ignored: the stream contains all results.
        process.run(
            name,
            phases.command(*kinds, repository=str(repository),
                           scenarios=scenarios, tier=tier),
            log=workspace.log(name),
            env={**_environment(workspace, directory), **(variables or {})},
            cwd=workspace.run_dir, timeout=TIMEOUT, check=False, watch=watch)
    finally:
        copy_last_stream(repository, stream)
    with open(stream, 'rb') as source:
        return parse(source)


def copy_last_stream(repository: str | os.PathLike[str],
                     stream: pathlib.Path) -> None:
    """Copy the stream of the last run out of a stestr repository.

    :param stream: the file to write, which stays empty without a run
    """
    try:
        last = util.get_repo_open(repo_url=str(repository)).get_latest_run()
        content = last.get_subunit_stream().read()
    except (KeyError, abstract.RepositoryNotFound):
        content = b''
    stream.write_bytes(content)


def destroy(workspace: workspaces.Workspace,
            directory: str | os.PathLike[str], *,
            watch: abc.Callable[[], object] | None = None
            ) -> tuple[int, str]:
    """Remove the tenant of the tests and its remaining resources.

    :returns: (exit status, output)
    """
    return process.run(
        'destroy', [sys.executable, '-m', 'heat_integrationtests.destroy'],
        log=workspace.log('destroy'),
        env=_environment(workspace, directory), cwd=workspace.run_dir,
        timeout=DESTROY_TIMEOUT, check=False, watch=watch)


def _environment(workspace: workspaces.Workspace,
                 directory: str | os.PathLike[str]) -> dict[str, str]:
    # The tests run in the tool's own virtual environment and do not need the
    # variables of Heat's services.
    return workspace.environment(
        **client_config.variables(directory),
        **{config.STATE_DIR_VARIABLE: str(workspace.run_dir / 'manifest')},
        PATH=os.environ['PATH'])


def parse(stream: typing.BinaryIO) -> list[Test]:
    """Return the tests of a subunit v2 stream, ordered by id.

    A test that did not end counts as failed, and so does a failure before the
    first test (setUpClass).
    """
    tests: dict[str, Test] = {}

    def add(test: 'real.TestDict') -> None:
        if test['status'] == 'exists':
            return
        start, stop = test['timestamps']
        seconds = (stop - start).total_seconds() if start and stop else 0.0
        outcome = _OUTCOMES.get(test['status'], FAILED)
        details, failure = '', ''
        marks: dict[str, str] = {}
        if outcome != PASSED:
            texts = {name: detail.as_text().strip()
                     for name, detail in test['details'].items()
                     if detail.content_type.type == 'text'}
            marks = {name: texts.pop(name) for name in _MARKS
                     if name in texts}
            failure = log_errors.message(texts.get('traceback', ''))
            # The failure itself comes first, the log of the test last.
            details = '\n'.join(
                f'{name}: {texts[name]}' for name in sorted(
                    texts, key=lambda name: (
                        not name.startswith('traceback'),
                        name.startswith('pythonlogging'), name)))
        if test['status'] == 'inprogress':
            details = 'the process ended during the test\n' + details
        name = test['id'].partition('[')[0]
        tests[name] = Test(
            name, outcome, round(seconds, 3), details, failure,
            failure_class=(int(marks[FAILURE_CLASS])
                           if FAILURE_CLASS in marks else None),
            cause=marks.get(CAUSE, ''),
            known_on_base=KNOWN_ON_BASE in marks)

    result = testtools.StreamToDict(add)
    result.startTestRun()
    subunit.ByteStreamToStreamResult(
        stream, non_subunit_name='stdout').run(result)
    result.stopTestRun()
    return [tests[name] for name in sorted(tests)]
