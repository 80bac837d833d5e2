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

"""Records each call of the traffic when it ends, and reads the record."""

import collections
from collections import abc
import dataclasses
import json
import pathlib
import threading
import time
import typing

from heat_upgrade import errors
from heat_upgrade import filesystem

FILE = 'history.jsonl'

# The kinds of calls. WAIT is the end of an operation, FAULT an event in the
# cloud: neither is a call.
CREATE, UPDATE, DELETE, RESTORE = 'create', 'update', 'delete', 'restore'
SNAPSHOT, SIGNAL = 'snapshot', 'signal'
CHECK, SUSPEND, RESUME = 'check', 'suspend', 'resume'
MUTATIONS = (CREATE, UPDATE, CHECK, SUSPEND, RESUME, SNAPSHOT, RESTORE,
             SIGNAL, DELETE)
POLL, SHOW, METADATA = 'poll', 'show', 'metadata'
RESOURCES, EVENTS, SNAPSHOTS = 'resources', 'events', 'show-snapshot'
READS = (POLL, SHOW, METADATA, RESOURCES, EVENTS, SNAPSHOTS)
WAIT, FAULT = 'wait', 'fault'

# Results of a call. A change with ERROR or NO_ANSWER has an unknown outcome.
OK, REFUSED, ERROR, NO_ANSWER = 'ok', 'refused', 'error', 'no-answer'

# Results of a wait: the final status in Heat; the stack is gone; it is still
# in progress; it never began the accepted operation; Heat did not answer; or
# the stack is at rest after a call with an unknown outcome.
COMPLETE, FAILED, GONE = 'COMPLETE', 'FAILED', 'gone'
STUCK, NOT_BEGUN, UNREADABLE, AT_REST = (
    'stuck', 'not-begun', 'unreadable', 'at-rest')

# A fault that permits operations in progress to fail.
SIGKILL = 'sigkill'

# (name, start, end) of a step, in monotonic seconds
Step = tuple[str, float, float]


@dataclasses.dataclass(frozen=True)
class Call:
    """One call to the API, or the end of an operation.

    :ivar id: number, unique in a history, in the order of their ends
    :ivar client: name of the client
    :ivar stack: name of the stack
    :ivar operation: one of MUTATIONS, READS, WAIT, FAULT
    :ivar start: monotonic time in seconds of the request; for WAIT, of the
        acceptance of the operation
    :ivar end: monotonic time in seconds of the complete answer
    :ivar node: name of the node that answered, '' if unknown
    :ivar release: release on that node at that time, '' if unknown
    :ivar status: HTTP status, None without an answer
    :ivar result: OK, REFUSED, ERROR, NO_ANSWER; for WAIT, a result of a wait
    :ivar detail: the values requested, the values read, the error
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


def result_of(status: int | None) -> str:
    """Return the result of a call with an HTTP status, or without answer."""
    if status is None:
        return NO_ANSWER
    if status < 400:
        return OK
    return REFUSED if status < 500 else ERROR


class History:
    """Writes calls to a run directory, from any thread."""

    def __init__(self, run_dir: str | pathlib.Path) -> None:
        self.run_dir = pathlib.Path(run_dir)
        self.path = self.run_dir / FILE
        self._lock = threading.Lock()
        self._file = open(self.path, 'a')
        self._number = 0

    def add(self, **values: typing.Any) -> Call:
        """Write and return a call.

        :param values: the fields of a call except its id
        """
        with self._lock:
            self._number += 1
            call = Call(id=self._number, **values)
            if not self._file.closed:
                self._file.write(json.dumps(dataclasses.asdict(call)) + '\n')
                self._file.flush()
        return call

    def fault(self, kind: str, node: str = '', *,
              now: float | None = None) -> Call:
        """Record a fault in the cloud, which the validator must know.

        :param kind: SIGKILL, or another word
        :param node: name of the affected node
        :param now: monotonic seconds, for tests
        """
        now = time.monotonic() if now is None else now
        return self.add(client='', stack='', operation=FAULT, start=now,
                        end=now, node=node, release='', status=None,
                        result=kind)

    def close(self) -> None:
        with self._lock:
            self._file.close()


def read_lines(path: str | pathlib.Path) -> list[dict[str, typing.Any]]:
    """Return the JSON objects of a file with one object a line.

    A last line truncated by a crash is left out.

    :raises: errors.UsageError with file and line if another line is damaged;
        FileNotFoundError
    """
    try:
        objects = list(filesystem.json_lines(path))
        damaged = next((number for number, content in enumerate(objects, 1)
                        if not isinstance(content, dict)), None)
    except filesystem.DamagedLine as exc:
        damaged = exc.number
    if damaged is not None:
        raise errors.UsageError(
            f'line {damaged} of {path} is damaged: a JSON object was expected')
    return objects


def read(run_dir: str | pathlib.Path) -> list[Call]:
    """Return the calls of a run directory, in order.

    :raises: errors.UsageError if the history is missing or damaged
    """
    path = pathlib.Path(run_dir) / FILE
    try:
        lines = read_lines(path)
    except (FileNotFoundError, NotADirectoryError):
        raise errors.UsageError(
            f'{path} is missing: {run_dir} is not the directory of a run '
            'with traffic') from None
    calls = []
    for number, line in enumerate(lines, 1):
        if set(line) != _NAMES:
            raise errors.UsageError(
                f'line {number} of {path} is damaged: expected a call with '
                f'{", ".join(sorted(_NAMES))}')
        calls.append(Call(**line))
    return calls


def error_class(call: Call) -> str | None:
    """Return the class of a call's error: 'HTTP 503', an exception's name.

    :returns: None for a call without an error
    """
    if call.result == ERROR:
        return f'HTTP {call.status}'
    if call.result == NO_ANSWER:
        error: str = call.detail.get('error', NO_ANSWER)
        return error.partition(':')[0]
    return None


def step_at(steps: abc.Iterable[Step], time: float,
            default: str = '') -> str:
    """Return the name of the step at a monotonic time.

    Of overlapping steps the last that began counts.

    :param default: the name outside all steps
    """
    within = [step for step in steps if step[1] <= time < step[2]]
    return max(within, key=lambda step: step[1])[0] if within else default


def failures(calls: abc.Iterable[Call],
             steps: abc.Collection[Step] = ()) -> dict[str, dict[str, int]]:
    """Return the number of calls with an error, by step and class.

    These are availability: the budgets judge them, not the validator.

    :returns: {step: {class: number}}; step '' outside all steps
    """
    counters: dict[str, collections.Counter[str]] = (
        collections.defaultdict(collections.Counter))
    for call in calls:
        kind = error_class(call)
        if kind and call.operation not in (WAIT, FAULT):
            counters[step_at(steps, call.start)][kind] += 1
    return {step: dict(counter) for step, counter in counters.items()}
