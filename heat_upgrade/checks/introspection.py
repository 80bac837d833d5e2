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

"""What a release says of itself: read by a program in its environment.

A reading depends on nothing but the program, what it is given and what is
installed, so it is kept by the hash of the three. Several programs share one
process: importing Heat costs two seconds, and most of them need it.
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
from heat_upgrade.install import cache
from heat_upgrade.lab import workspace as workspaces
from heat_upgrade import process

PROGRAMS = pathlib.Path(__file__).parent / 'inspectors'

# What each program is run by and with.
SHARED = ('driver', 'heat_upgrade_program')

# Reading all resource types of Heat takes ten seconds on a busy machine.
TIMEOUT = 300
# A process that runs out of time prints where it is, and ends; if even that
# hangs it is killed after so many seconds more.
GRACE = 10

# Of the output of a process that ended without an answer.
LAST_LINES = 40


@dataclasses.dataclass(frozen=True)
class Request:
    """One thing to read.

    :ivar program: name of a module of ``inspectors/``
    :ivar given: what its function ``read`` takes, as JSON has it
    :ivar kept: whether the answer depends on nothing else
    :ivar own: for a program that is given data of the other release: what
        the base is given of its own, to compare with
    :ivar about: names of the operator's files that it reads, '' if none
    """

    program: str
    given: typing.Any = None
    kept: bool = True
    own: typing.Any = None
    about: str = ''


@dataclasses.dataclass(frozen=True)
class Failure:
    """A program that failed in the environment of a release.

    :ivar subject: key of the release
    :ivar name: of the release
    :ivar request: :class:`Request`
    :ivar text: its traceback, or how its process ended
    :ivar log: path of the log of its process
    """

    subject: str
    name: str
    request: Request
    text: str
    log: pathlib.Path


class ProgramsFailed(errors.LabError):
    """Programs failed; comparing the two releases shows whose failure it is.

    See :mod:`heat_upgrade.checks.blame`.

    :ivar failures: tuple of :class:`Failure`
    """

    def __init__(self, failures: abc.Iterable[Failure]) -> None:
        self.failures = tuple(failures)
        first = self.failures[0]
        super().__init__(f'{first.request.program} cannot be read of '
                         f'{first.name}:\n{first.text}', log=first.log)


def read(subject, program, context, *, given=None, kept=True):
    """Return what a program reads of a release.

    :param subject: :class:`heat_upgrade.checks.check_context.InstalledRelease`
    :param program: name of a module of ``inspectors/``
    :param context: :class:`heat_upgrade.checks.check_context.Context`
    :param given: what the program is given, as JSON has it
    :param kept: False when the answer depends on more than that, such as a
        database, or has anything of an operator's own in it
    :raises: :class:`ProgramsFailed` if the program fails
    """
    return read_all(subject, [Request(program, given, kept)], context)[0]


def read_all(subject: check_context.InstalledRelease, requests: list[Request],
             context: check_context.Context) -> list[typing.Any]:
    """Return what several programs read of a release, in one process.

    :param requests: list of :class:`Request`
    :returns: list of what each has read
    :raises: :class:`ProgramsFailed` with those that failed
    """
    found = attempt(subject, requests, context)
    failures = [one for one in found if isinstance(one, Failure)]
    if failures:
        raise ProgramsFailed(failures)
    return found


def both(
    base: check_context.InstalledRelease,
    target: check_context.InstalledRelease,
    function: abc.Callable[[check_context.InstalledRelease], typing.Any],
) -> list[typing.Any]:
    """Return what a function returns of each of two releases, side by side.

    :param function: takes a subject; may raise :class:`ProgramsFailed`
    :raises: :class:`ProgramsFailed` with the failures of both
    """
    failures: list[Failure] = []

    def call(subject: check_context.InstalledRelease) -> typing.Any:
        try:
            return function(subject)
        except ProgramsFailed as exc:
            failures.extend(exc.failures)
            return None
    answers = concurrency.run_parallel(
        lambda: call(base), lambda: call(target)
    )
    if failures:
        raise ProgramsFailed(failures)
    return answers


def attempt(subject: check_context.InstalledRelease, requests: list[Request],
            context: check_context.Context) -> list[typing.Any]:
    """Return what several programs read of a release, or how they failed.

    Programs that share a process do not take each other down: after a
    failure each is tried again alone. Failures are remembered for as long
    as the context is used, so that no check meets one twice.

    :returns: list with what each has read, or its :class:`Failure`
    """
    places = [_place(subject, request) for request in requests]
    fresh = {place: context.failed[place] for place in places
             if place in context.failed}
    missing = [(request, place) for request, place in zip(requests, places)
               if place not in fresh
               and not (request.kept and place.exists())]
    outcomes = _outcomes(subject, [request for request, _ in missing],
                         context)
    for (request, place), outcome in zip(missing, outcomes):
        fresh[place] = outcome
        if not request.kept:
            continue
        if isinstance(outcome, Failure):
            context.failed[place] = outcome
        else:
            _keep(place, outcome)
    return [fresh[place] if place in fresh else _kept(place)
            for place in places]


def prune(days=cache.KEEP_DAYS):
    """Remove readings that nobody has used for some days."""
    oldest = time.time() - days * 86400
    for place in _root().glob('*.json'):
        if place.stat().st_mtime < oldest:
            place.unlink(missing_ok=True)


def _root():
    return cache.directory() / 'readings'


def _place(subject, request):
    whole = hashlib.sha256()
    # A program may load others beside it that begin with its name.
    for path in (*(PROGRAMS / f'{name}.py' for name in SHARED),
                 *sorted(PROGRAMS.glob(f'{request.program}*.py'))):
        whole.update(path.read_bytes() + b'\0')
    whole.update(json.dumps([subject.key, request.given],
                            sort_keys=True).encode())
    return _root() / f'{request.program}-{whole.hexdigest()[:32]}.json'


def _kept(place):
    os.utime(place)
    return json.loads(place.read_text())


def _keep(place, answer):
    place.parent.mkdir(parents=True, exist_ok=True)
    # Not a secret; whole or not at all.
    workspaces.write_secret(place, json.dumps(answer))


@dataclasses.dataclass(frozen=True)
class _End:
    """How a process ended that left programs without an answer.

    :ivar text: in words
    :ivar hung: whether it ran out of time
    """

    text: str
    hung: bool


def _outcomes(subject: check_context.InstalledRelease, requests: list[Request],
              context: check_context.Context) -> list[typing.Any]:
    """Run some programs; return what each has read, or its failure."""
    if not requests:
        return []
    said, end, log = _process(subject, requests, context)
    found = [Failure(subject.key, subject.name, request, failure, log)
             if failure else answer
             for request, (answer, failure) in zip(requests, said)]
    if len(requests) > 1:
        # An import that failed half way fails otherwise a second time.
        found = [_outcomes(subject, [request], context)[0]
                 if isinstance(one, Failure) else one
                 for request, one in zip(requests, found)]
    if len(found) == len(requests):
        return found
    under_way = requests[len(found)]
    if len(requests) > 1 and not end.hung:
        # Perhaps an earlier one of the process has brought it down.
        found += _outcomes(subject, [under_way], context)
    else:
        found.append(Failure(subject.key, subject.name, under_way, end.text,
                             log))
    return found + _outcomes(subject, requests[len(found):], context)


def _process(subject: check_context.InstalledRelease, requests: list[Request],
             context: check_context.Context
             ) -> tuple[list[typing.Any], _End, pathlib.Path]:
    """Run some programs in one process.

    :returns: (list of [answer, traceback] of those that ended,
        :class:`_End`, path of the log)
    :raises: :class:`heat_upgrade.errors.LabError` if the process did not
        come as far as the first of them
    """
    workspace = context.workspace
    place = pathlib.Path(tempfile.mkdtemp(dir=workspace.data,
                                          prefix='reading-'))
    name = '-'.join(sorted({request.program for request in requests}))
    what = f'reading {name} of {subject.name}'
    log = workspace.log(f'read-{subject.name}-{name}')
    said = place / 'said.json'
    begun = time.monotonic()
    try:
        workspaces.write_secret(place / 'asked.json', json.dumps(
            [[str(PROGRAMS / f'{request.program}.py'), request.given]
             for request in requests]))
        try:
            status, output = process.run(
                what,
                [subject.environment.bin('python'), '-W', 'ignore', '-X',
                 'faulthandler', PROGRAMS / 'driver.py', place / 'asked.json',
                 said, TIMEOUT],
                log=log, cwd=place, timeout=TIMEOUT + GRACE, check=False,
                env=workspace.environment(**subject.variables()))
        except errors.WaitTimeout:
            status, output = None, process.tail(log)
        if not said.exists():
            raise errors.LabError(f'{what} ended with status {status}:\n'
                                  f'{_last(output)}', log=log)
        # The last line is incomplete if the process ended in its midst.
        lines = said.read_text().splitlines(keepends=True)
        answers = [json.loads(line) for line in lines if line.endswith('\n')]
    finally:
        shutil.rmtree(place, ignore_errors=True)
    # A fork of it gives up a little earlier.
    hung = time.monotonic() - begun >= TIMEOUT - 1
    how = (f'did not end within {TIMEOUT:g} s' if hung
           else _ended(status))
    return answers, _End(f'the process {how}\n{_last(output)}', hung), log


def _ended(status: int) -> str:
    if status >= 0:
        return f'ended with status {status} without an answer'
    with contextlib.suppress(ValueError):
        return f'was ended by the signal {signal.Signals(-status).name}'
    return f'was ended by the signal {-status}'


def _last(output: str) -> str:
    return '\n'.join(output.splitlines()[-LAST_LINES:])
