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

"""Runs the suites as any user does: stestr in a process, against a cloud."""

import dataclasses
import os
import sys

from stestr.repository import abstract
from stestr.repository import util
import subunit
import testtools

from heat_integrationtests import config
from heat_integrationtests import phases
from heat_upgrade.lab import client_config
from heat_upgrade.lab import log_errors
from heat_upgrade import process

# A suite takes half a minute; one that takes ten hangs.
TIMEOUT = 600
DESTROY_TIMEOUT = 300


PASSED, FAILED, SKIPPED = 'passed', 'failed', 'skipped'

# Exit statuses of heat_integrationtests.destroy.
DESTROYED, LEFT_BEHIND = 0, 1

# Details by which a test tells more of its failure than a person reads.
FAILURE_CLASS, CAUSE, KNOWN_ON_BASE = (
    'failure-class', 'cause', 'known-on-base')
_MARKS = (FAILURE_CLASS, CAUSE, KNOWN_ON_BASE)

# Subunit's words. What was in progress when the stream ended did not pass.
_OUTCOMES = {'success': PASSED, 'xfail': PASSED, 'skip': SKIPPED}


@dataclasses.dataclass(frozen=True)
class Test:
    """The result of one test.

    :ivar id: its id without tags
    :ivar outcome: PASSED, FAILED or SKIPPED
    :ivar seconds: how long it took
    :ivar details: its traceback, then other details; or the reason of a skip
    :ivar failure: the assertion or exception that it failed by
    :ivar failure_class: of the failure, if the test itself tells it
    :ivar cause: name of the cause that the test has proved, '' if none
    :ivar known_on_base: whether the base showed the same before the upgrade
    """

    id: str
    outcome: str
    seconds: float
    details: str = ''
    failure: str = ''
    failure_class: int | None = None
    cause: str = ''
    known_on_base: bool = False

    def as_dict(self):
        """Return it as a journal has it; the finding of it has the rest."""
        return {'id': self.id, 'outcome': self.outcome,
                'seconds': self.seconds, 'details': self.details}


def run(workspace, directory, *, name, kinds, scenarios='', watch=None,
        variables=None):
    """Run the tests of some kinds in one process.

    :param workspace: the run's :class:`heat_upgrade.lab.workspace.Workspace`
    :param directory: where :func:`access.write` wrote
    :param name: of the run, for its log and stream
    :param kinds: see :mod:`heat_integrationtests.phases`
    :param scenarios: regular expression of the tests to run, '' for all
    :param watch: called again and again meanwhile; may raise to end them
    :param variables: environment variables, of
        :mod:`heat_integrationtests.config`
    :returns: list of :class:`Test`, by id
    :raises: :class:`heat_upgrade.errors.WaitTimeout` if they do not end
    """
    repository = workspace.data / 'stestr' / name
    repository.mkdir(parents=True)
    stream = workspace.run_dir / 'subunit' / f'{name}.subunit'
    stream.parent.mkdir(exist_ok=True)
    try:
        # The status says no more than the stream, and less.
        process.run(
            name,
            phases.command(*kinds, repository=str(repository),
                           scenarios=scenarios),
            log=workspace.log(name),
            env={**_environment(workspace, directory), **(variables or {})},
            cwd=workspace.run_dir, timeout=TIMEOUT, check=False, watch=watch)
    finally:
        copy_last_stream(repository, stream)
    with open(stream, 'rb') as source:
        return parse(source)


def copy_last_stream(repository, stream):
    """Take the stream of the last run out of a stestr repository.

    :param repository: its directory
    :param stream: path of the file to write; empty if there was no run
    """
    try:
        last = util.get_repo_open(repo_url=str(repository)).get_latest_run()
        content = last.get_subunit_stream().read()
    except (KeyError, abstract.RepositoryNotFound):
        content = b''
    stream.write_bytes(content)


def destroy(workspace, directory, *, watch=None):
    """Remove the account of the tests and all that is left in it.

    :returns: (exit status, output)
    """
    return process.run(
        'destroy', [sys.executable, '-m', 'heat_integrationtests.destroy'],
        log=workspace.log('destroy'),
        env=_environment(workspace, directory), cwd=workspace.run_dir,
        timeout=DESTROY_TIMEOUT, check=False, watch=watch)


def _environment(workspace, directory):
    # The tests run in the tool's own environment, and write their bytecode
    # there; Heat's variables are of no use to them.
    return workspace.environment(
        **client_config.variables(directory),
        **{config.STATE_DIR_VARIABLE: str(workspace.run_dir / 'manifest')},
        PATH=os.environ['PATH'])


def parse(stream):
    """Return the tests of a subunit v2 stream, by id.

    :param stream: binary file object
    :returns: list of :class:`Test`; what did not end counts as failed, and so
        does what failed before any test began (setUpClass)
    """
    tests = {}

    def note(test):
        if test['status'] == 'exists':
            return
        start, stop = test['timestamps']
        seconds = (stop - start).total_seconds() if start and stop else 0.0
        outcome = _OUTCOMES.get(test['status'], FAILED)
        details, failure, marks = '', '', {}
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
            details = 'the process ended in the midst of the test\n' + details
        name = test['id'].partition('[')[0]
        tests[name] = Test(
            name, outcome, round(seconds, 3), details, failure,
            failure_class=(int(marks[FAILURE_CLASS])
                           if FAILURE_CLASS in marks else None),
            cause=marks.get(CAUSE, ''),
            known_on_base=KNOWN_ON_BASE in marks)

    result = testtools.StreamToDict(note)
    result.startTestRun()
    subunit.ByteStreamToStreamResult(
        stream, non_subunit_name='stdout').run(result)
    result.stopTestRun()
    return [tests[name] for name in sorted(tests)]
