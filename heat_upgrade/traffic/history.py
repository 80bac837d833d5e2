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

"""Every call of the load, written as it ends, and read again."""

import collections
import dataclasses
import json
import pathlib
import threading
import time
import typing

from heat_upgrade import errors

FILE = 'history.jsonl'

# What is called; WAIT is no call but the end of one, FAULT what was done to
# the cloud meanwhile.
CREATE, UPDATE, DELETE, RESTORE = 'create', 'update', 'delete', 'restore'
SNAPSHOT, SIGNAL = 'snapshot', 'signal'
CHECK, SUSPEND, RESUME = 'check', 'suspend', 'resume'
MUTATIONS = (CREATE, UPDATE, CHECK, SUSPEND, RESUME, SNAPSHOT, RESTORE,
             SIGNAL, DELETE)
POLL, SHOW, METADATA = 'poll', 'show', 'metadata'
RESOURCES, EVENTS, SNAPSHOTS = 'resources', 'events', 'show-snapshot'
READS = (POLL, SHOW, METADATA, RESOURCES, EVENTS, SNAPSHOTS)
WAIT, FAULT = 'wait', 'fault'

# What came of a call. Of one that changes something and got ERROR or
# NO_ANSWER it is not known whether it happened.
OK, REFUSED, ERROR, NO_ANSWER = 'ok', 'refused', 'error', 'no-answer'

# What came of a wait: as Heat's status says; the stack is gone; it is still
# in progress; it never began what was accepted; nobody could be asked; or
# (after a call of which nothing is known) it is at rest.
COMPLETE, FAILED, GONE = 'COMPLETE', 'FAILED', 'gone'
STUCK, NOT_BEGUN, UNREADABLE, AT_REST = (
    'stuck', 'not-begun', 'unreadable', 'at-rest')

# A fault after which an operation that it met may fail.
SIGKILL = 'sigkill'


@dataclasses.dataclass(frozen=True)
class Call:
    """One call to the API, or the end of an operation.

    :ivar id: number, unique in a history, in the order of their ends
    :ivar client: name of who called
    :ivar stack: name of the stack
    :ivar operation: one of MUTATIONS, READS, WAIT, FAULT
    :ivar start: monotonic time in seconds at which it was sent; of WAIT, at
        which the operation was accepted
    :ivar end: likewise, at which all of the answer was there
    :ivar node: name of the node that answered, '' if nobody says
    :ivar release: what that node ran then, '' if nobody says
    :ivar status: HTTP status, None without an answer
    :ivar result: OK, REFUSED, ERROR, NO_ANSWER; of WAIT, what came of it
    :ivar detail: dict: what was asked for, what was read, the error
    """

    id: int
    client: str
    stack: str
    operation: str
    start: float
    end: float
    node: str
    release: str
    status: int | None
    result: str
    detail: dict[str, typing.Any] = dataclasses.field(default_factory=dict)


_NAMES = {field.name for field in dataclasses.fields(Call)}


def result_of(status):
    """Return what an HTTP status, or None, makes of a call."""
    if status is None:
        return NO_ANSWER
    if status < 400:
        return OK
    return REFUSED if status < 500 else ERROR


class History:
    """Writes calls to a run directory; several threads may.

    :param run_dir: the run directory
    """

    def __init__(self, run_dir):
        self.run_dir = pathlib.Path(run_dir)
        self.path = self.run_dir / FILE
        self._lock = threading.Lock()
        self._file = open(self.path, 'a')
        self._number = 0

    def add(self, **values):
        """Write a call, given without its id; returns the :class:`Call`."""
        with self._lock:
            self._number += 1
            call = Call(id=self._number, **values)
            if not self._file.closed:
                self._file.write(json.dumps(dataclasses.asdict(call)) + '\n')
                self._file.flush()
        return call

    def fault(self, kind, node='', *, now=None):
        """Note what is done to the cloud: the judge has to know of it.

        :param kind: SIGKILL, or another word
        :param node: name of the node that it is done to
        """
        now = time.monotonic() if now is None else now
        return self.add(client='', stack='', operation=FAULT, start=now,
                        end=now, node=node, release='', status=None,
                        result=kind)

    def close(self):
        with self._lock:
            self._file.close()


def read_lines(path):
    """Return what the lines of a file of JSON objects say.

    A last line that was cut off by a crash is left out.

    :raises: :class:`errors.UsageError` with file and line if it is damaged
        before that; FileNotFoundError
    """
    lines = pathlib.Path(path).read_text(errors='replace').splitlines()
    found = []
    for number, line in enumerate(lines, 1):
        try:
            one = json.loads(line)
            if not isinstance(one, dict):
                raise ValueError('no object')
        except ValueError:
            if number == len(lines):
                break
            raise errors.UsageError(
                f'line {number} of {path} is damaged: a JSON object was '
                'expected') from None
        found.append(one)
    return found


def read(run_dir):
    """Return the calls of a run directory, in order.

    :raises: :class:`errors.UsageError` if there is no history, or if it is
        damaged
    """
    path = pathlib.Path(run_dir) / FILE
    try:
        lines = read_lines(path)
    except (FileNotFoundError, NotADirectoryError):
        raise errors.UsageError(
            f'{path} is missing: {run_dir} is not the directory of a run '
            'with load') from None
    calls = []
    for number, line in enumerate(lines, 1):
        if set(line) != _NAMES:
            raise errors.UsageError(
                f'line {number} of {path} is damaged: it is not a call with '
                f'{", ".join(sorted(_NAMES))}')
        calls.append(Call(**line))
    return calls


def error_class(call):
    """Return the class of a call's error: 'HTTP 503', or of no answer."""
    if call.result == ERROR:
        return f'HTTP {call.status}'
    if call.result == NO_ANSWER:
        return call.detail.get('error', NO_ANSWER).partition(':')[0]
    return None


def step_at(steps, time, default=''):
    """Return the name of the step of a time.

    :param steps: (name, start, end) each, in monotonic seconds; of those
        that overlap the last that began counts
    :param default: what it is if there was none
    """
    within = [one for one in steps if one[1] <= time < one[2]]
    return max(within, key=lambda one: one[1])[0] if within else default


def failures(calls, steps=()):
    """Return how many calls got an error, by step and class.

    These are availability, which budgets judge and not the judge.

    :param calls: list of :class:`Call`
    :param steps: as :func:`step_at` takes them
    :returns: {step: {class: number}}; step '' for what was in none
    """
    found = collections.defaultdict(collections.Counter)
    for call in calls:
        kind = error_class(call)
        if kind and call.operation not in (WAIT, FAULT):
            found[step_at(steps, call.start)][kind] += 1
    return {step: dict(kinds) for step, kinds in found.items()}
