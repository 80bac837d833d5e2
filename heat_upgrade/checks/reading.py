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

import dataclasses
import hashlib
import json
import os
import pathlib
import shutil
import tempfile
import time

from heat_upgrade import cache
from heat_upgrade import errors
from heat_upgrade import process
from heat_upgrade import workspace as workspaces

PROGRAMS = pathlib.Path(__file__).parent / 'programs'

# What each program is run by and with.
SHARED = ('driver', 'heat_upgrade_program')

# Reading all resource types of Heat takes ten seconds on a busy machine.
TIMEOUT = 300


@dataclasses.dataclass(frozen=True)
class Request:
    """One thing to read.

    :ivar program: name of a module of ``programs/``
    :ivar given: what its function ``read`` takes, as JSON has it
    :ivar kept: whether the answer depends on nothing else
    """

    program: str
    given: object = None
    kept: bool = True


def read(subject, program, context, *, given=None, kept=True):
    """Return what a program reads of a release.

    :param subject: :class:`heat_upgrade.checks.contract.Subject`
    :param program: name of a module of ``programs/``
    :param context: :class:`heat_upgrade.checks.contract.Context`
    :param given: what the program is given, as JSON has it
    :param kept: False when the answer depends on more than that, such as a
        database, or has anything of an operator's own in it
    :raises: :class:`heat_upgrade.errors.LabError` if the program fails
    """
    return read_all(subject, [Request(program, given, kept)], context)[0]


def read_all(subject, requests, context):
    """Return what several programs read of a release, in one process.

    :param requests: list of :class:`Request`
    :returns: list of what each has read
    :raises: as :func:`read`
    """
    places = [_place(subject, request) for request in requests]
    missing = [(request, place) for request, place in zip(requests, places)
               if not (request.kept and place.exists())]
    fresh = {}
    if missing:
        answers = _run(subject, [request for request, _ in missing], context)
        for (request, place), answer in zip(missing, answers):
            fresh[place] = answer
            if request.kept:
                _keep(place, answer)
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


def _run(subject, requests, context):
    """Run the programs of some requests; returns their answers."""
    workspace = context.workspace
    place = pathlib.Path(tempfile.mkdtemp(dir=workspace.data,
                                          prefix='reading-'))
    name = '-'.join(sorted({request.program for request in requests}))
    log = workspace.log(f'read-{subject.name}-{name}')
    try:
        workspaces.write_secret(place / 'asked.json', json.dumps(
            [[str(PROGRAMS / f'{request.program}.py'), request.given]
             for request in requests]))
        process.run(
            f'reading {name} of {subject.name}',
            [subject.environment.bin('python'), '-W', 'ignore',
             PROGRAMS / 'driver.py', place / 'asked.json',
             place / 'said.json'],
            log=log, cwd=place, timeout=TIMEOUT,
            env=workspace.environment(**subject.variables()))
        said = json.loads((place / 'said.json').read_text())
    finally:
        shutil.rmtree(place, ignore_errors=True)
    for request, (answer, failure) in zip(requests, said):
        if failure:
            raise errors.LabError(
                f'{request.program} cannot be read of {subject.name}:\n'
                f'{failure}', log=log)
    return [answer for answer, _ in said]
