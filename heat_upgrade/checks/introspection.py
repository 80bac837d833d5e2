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

"""Runs small programs in a release's environment to inspect the release.

An answer depends on the program, its argument and the installed code alone.
The hash of these three is therefore its key in the cache. Several programs
share a process: most of them import Heat, which takes two seconds.
"""

from collections import abc
import contextlib
import dataclasses
import hashlib
import json
import os
import pathlib
import shutil
import signal
import tempfile
import time
import typing

from heat_upgrade.checks import check_context
from heat_upgrade import concurrency
from heat_upgrade import errors
from heat_upgrade import filesystem
from heat_upgrade.install import cache
from heat_upgrade import process

PROGRAMS = pathlib.Path(__file__).parent / 'inspectors'

# The modules that run every program.
SHARED = ('driver', 'heat_upgrade_program')

# Reading all resource types of Heat takes ten seconds on a busy machine.
TIMEOUT = 300
# A process that runs out of time prints its traceback and ends. If even that
# hangs, the process is killed after this many more seconds.
GRACE = 10

# Lines of output that are shown of a process that ended without an answer.
LAST_LINES = 40

_Answer = typing.TypeVar('_Answer')


@dataclasses.dataclass(frozen=True)
class Request:
    """A program to run, and its argument.

    :ivar program: name of a module of ``inspectors/``
    :ivar argument: argument of its function ``read``, as JSON data
    :ivar kept: whether the answer may be cached
    :ivar own: for a program that gets data of the other release: the data
        that the base would get of its own, for comparison
    :ivar about: names of the operator's files that it reads, '' if none
    """

    program: str
    argument: typing.Any = None
    kept: bool = True
    own: typing.Any = None
    about: str = ''


@dataclasses.dataclass(frozen=True)
class Failure:
    """A program that failed in the environment of a release.

    :ivar subject: key of the release
    :ivar name: version of the release
    :ivar text: traceback, or how the process ended
    :ivar log: log of the process
    """

    subject: str
    name: str
    request: Request
    text: str
    log: pathlib.Path


class ProgramsFailed(errors.LabError):
    """Programs failed; :mod:`heat_upgrade.checks.blame` finds the cause."""

    def __init__(self, failures: abc.Iterable[Failure]) -> None:
        self.failures = tuple(failures)
        first = self.failures[0]
        super().__init__(f'the program {first.request.program} failed in '
                         f'{first.name}:\n{first.text}', log=first.log)


def read(subject: check_context.InstalledRelease, program: str,
         context: check_context.Context, *, argument: typing.Any = None,
         kept: bool = True) -> typing.Any:
    """Return the answer of a program in a release.

    :param program: name of a module of ``inspectors/``
    :param argument: argument of the program, as JSON data
    :param kept: False if the answer depends on more than the argument, such
        as a database, or contains anything of an operator's
    :raises: :class:`ProgramsFailed` if the program fails
    """
    return read_all(subject, [Request(program, argument, kept)], context)[0]


def read_all(subject: check_context.InstalledRelease, requests: list[Request],
             context: check_context.Context) -> list[typing.Any]:
    """Return the answers of several programs, run in one process.

    :returns: the answers, in the order of the requests
    :raises: :class:`ProgramsFailed` with those that failed
    """
    answers = attempt(subject, requests, context)
    failures = [answer for answer in answers if isinstance(answer, Failure)]
    if failures:
        raise ProgramsFailed(failures)
    return answers


def both(
    base: check_context.InstalledRelease,
    target: check_context.InstalledRelease,
    function: abc.Callable[[check_context.InstalledRelease], _Answer],
) -> tuple[_Answer, _Answer]:
    """Call a function with each of two releases, in parallel.

    :param function: may raise :class:`ProgramsFailed`
    :returns: its results for the base and for the target
    :raises: :class:`ProgramsFailed` with the failures of both
    """
    failures: list[Failure] = []
    answers: dict[str, _Answer] = {}

    def call(side: str, subject: check_context.InstalledRelease) -> None:
        try:
            answers[side] = function(subject)
        except ProgramsFailed as exc:
            failures.extend(exc.failures)
    concurrency.run_parallel(
        lambda: call('base', base), lambda: call('target', target))
    if failures:
        raise ProgramsFailed(failures)
    return answers['base'], answers['target']


def attempt(subject: check_context.InstalledRelease, requests: list[Request],
            context: check_context.Context) -> list[typing.Any]:
    """Return the answer or the failure of each program.

    A failure in a shared process does not affect the other programs: each is
    run again alone. The context remembers failures, so that no check runs a
    failing program again.

    :returns: the answers, or a :class:`Failure` in the place of one
    """
    paths = [_path(subject, request) for request in requests]
    fresh = {path: context.failed[path] for path in paths
             if path in context.failed}
    missing = [(request, path) for request, path in zip(requests, paths)
               if path not in fresh
               and not (request.kept and path.exists())]
    outcomes = _outcomes(subject, [request for request, _ in missing],
                         context)
    for (request, path), outcome in zip(missing, outcomes):
        fresh[path] = outcome
        if not request.kept:
            continue
        if isinstance(outcome, Failure):
            context.failed[path] = outcome
        else:
            _keep(path, outcome)
    return [fresh[path] if path in fresh else _kept(path) for path in paths]


def prune() -> None:
    """Remove the answers that have not been used for some days."""
    cache.prune_files(_root())


def _root() -> pathlib.Path:
    return cache.directory() / 'readings'


def _path(subject: check_context.InstalledRelease,
          request: Request) -> pathlib.Path:
    """Return the path of an answer in the cache."""
    key = hashlib.sha256()
    # A program may load modules next to it that begin with its name.
    for path in (*(PROGRAMS / f'{name}.py' for name in SHARED),
                 *sorted(PROGRAMS.glob(f'{request.program}*.py'))):
        key.update(path.read_bytes() + b'\0')
    key.update(json.dumps([subject.key, request.argument],
                          sort_keys=True).encode())
    return _root() / f'{request.program}-{key.hexdigest()[:32]}.json'


def _kept(path: pathlib.Path) -> typing.Any:
    os.utime(path)
    return json.loads(path.read_text())


def _keep(path: pathlib.Path, answer: typing.Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # An answer is no secret, but this function writes atomically.
    filesystem.write_atomically(path, json.dumps(answer))


@dataclasses.dataclass(frozen=True)
class _End:
    """How a process ended that left programs without an answer.

    :ivar text: the end in words
    :ivar hung: whether the process ran out of time
    """

    text: str
    hung: bool


def _outcomes(subject: check_context.InstalledRelease, requests: list[Request],
              context: check_context.Context) -> list[typing.Any]:
    """Run some programs; return the answer or the failure of each."""
    if not requests:
        return []
    answers, end, log = _process(subject, requests, context)
    outcomes = [Failure(subject.key, subject.name, request, failure, log)
                if failure else answer
                for request, (answer, failure) in zip(requests, answers)]
    if len(requests) > 1:
        # After an import that failed half way, the next import fails too.
        outcomes = [_outcomes(subject, [request], context)[0]
                    if isinstance(outcome, Failure) else outcome
                    for request, outcome in zip(requests, outcomes)]
    if len(outcomes) == len(requests):
        return outcomes
    interrupted = requests[len(outcomes)]
    if len(requests) > 1 and not end.hung:
        # An earlier program may have brought the process down.
        outcomes += _outcomes(subject, [interrupted], context)
    else:
        outcomes.append(Failure(subject.key, subject.name, interrupted,
                                end.text, log))
    return outcomes + _outcomes(subject, requests[len(outcomes):], context)


def _process(subject: check_context.InstalledRelease, requests: list[Request],
             context: check_context.Context
             ) -> tuple[list[typing.Any], _End, pathlib.Path]:
    """Run some programs in one process.

    :returns: ([answer, traceback] of each program that ended, the end of the
        process, its log)
    :raises: :class:`heat_upgrade.errors.LabError` if the process ended before
        it ran the first program
    """
    workspace = context.workspace
    directory = pathlib.Path(tempfile.mkdtemp(dir=workspace.data,
                                              prefix='reading-'))
    name = '-'.join(sorted({request.program for request in requests}))
    label = f'the inspection of {subject.name} by {name}'
    log = workspace.log(f'read-{subject.name}-{name}')
    request_file = directory / 'asked.json'
    answer_file = directory / 'said.json'
    start = time.monotonic()
    status: int | None
    try:
        filesystem.write_atomically(request_file, json.dumps(
            [[str(PROGRAMS / f'{request.program}.py'), request.argument]
             for request in requests]))
        try:
            status, output = process.run(
                label,
                [str(subject.environment.bin('python')), '-W', 'ignore', '-X',
                 'faulthandler', str(PROGRAMS / 'driver.py'),
                 str(request_file), str(answer_file), str(TIMEOUT)],
                log=log, cwd=directory, timeout=TIMEOUT + GRACE, check=False,
                env=workspace.environment(**subject.variables()))
        except errors.WaitTimeout:
            status, output = None, process.tail(log)
        if not answer_file.exists():
            raise errors.LabError(f'{label} ended with status {status}:\n'
                                  f'{_last(output)}', log=log)
        # The last line is incomplete if the process died while writing it.
        lines = answer_file.read_text().splitlines(keepends=True)
        answers = [json.loads(line) for line in lines if line.endswith('\n')]
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    # A forked child of it gives up a little earlier.
    hung = status is None or time.monotonic() - start >= TIMEOUT - 1
    end = (f'did not end within {TIMEOUT:g} s' if hung or status is None
           else _ended(status))
    return answers, _End(f'the process {end}\n{_last(output)}', hung), log


def _ended(status: int) -> str:
    if status >= 0:
        return f'ended with status {status} without an answer'
    with contextlib.suppress(ValueError):
        return f'was ended by the signal {signal.Signals(-status).name}'
    return f'was ended by the signal {-status}'


def _last(output: str) -> str:
    return '\n'.join(output.splitlines()[-LAST_LINES:])
