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

"""The journal: every event of a run, written as it happens.

One JSON object on a line: ``time`` (UTC, ISO 8601), ``monotonic`` (seconds),
``kind``, ``step`` (name or null) and ``data``. The report of a run that was
interrupted covers the events up to that moment.
"""

from collections import abc
import contextlib
import datetime
import json
import os
import pathlib
import threading
import time
import typing

from heat_upgrade import filesystem
from heat_upgrade.results import findings

FILE = 'journal.jsonl'

RUN_START = 'run-start'
RUN_END = 'run-end'
STEP_START = 'step-start'
STEP_END = 'step-end'
TESTS = 'tests'
FINDING = 'finding'
PROBE = 'probe'
MEASURE = 'measure'
IN_FLIGHT = 'in-flight'
ORPHAN = 'orphan'
LOAD = 'load'

# Outcomes of a step.
OK, FAILED, SKIPPED = 'ok', 'failed', 'skipped'

Event = dict[str, typing.Any]
Listener = abc.Callable[[Event], object]


class Journal:
    """Writes events to a run directory, and passes them to listeners."""

    def __init__(self, run_dir: str | os.PathLike[str],
                 listeners: abc.Iterable[Listener] = ()) -> None:
        self.path = pathlib.Path(run_dir) / FILE
        self._listeners = list(listeners)
        self._lock = threading.Lock()
        self._file = open(self.path, 'a')

    def event(self, kind: str, step: str | None = None,
              **data: typing.Any) -> Event:
        """Write an event; returns it.

        Events after the end are not written: a lane that is still running
        sees every process end.
        """
        event = {
            'time': datetime.datetime.now(datetime.UTC).isoformat(
                timespec='milliseconds'),
            'monotonic': round(time.monotonic(), 3),
            'kind': kind, 'step': step, 'data': data}
        with self._lock:
            if self._file.closed:
                return event
            self._file.write(json.dumps(event) + '\n')
            self._file.flush()
            for listener in self._listeners:
                try:
                    listener(event)
                except OSError:
                    # Standard output is closed; the run continues.
                    self._listeners = []
        return event

    @contextlib.contextmanager
    def step(self, name: str, title: str
             ) -> abc.Iterator[dict[str, typing.Any]]:
        """Write the beginning and the end of a step.

        A step that raises has no end: its report calls it cut off. The
        context yields the data of the end, for the outcome if it is not OK,
        and for measurements.
        """
        self.event(STEP_START, name, title=title)
        started = time.monotonic()
        end: dict[str, typing.Any] = {'outcome': OK}
        yield end
        self.event(STEP_END, name, **{
            'seconds': round(time.monotonic() - started, 2), **end})

    def finding(self, finding: findings.Finding,
                reproduce: abc.Callable[..., str]) -> None:
        """Write a finding, with the command that reproduces it.

        :param reproduce: makes that command for a ``test`` if the finding has
            none
        """
        self.event(FINDING, finding.step, finding={
            **finding.as_dict(), 'reproduce': (
                finding.reproduce or reproduce(test=finding.test))})

    def close(self) -> None:
        with self._lock:
            self._file.close()


def read(run_dir: str | os.PathLike[str]) -> list[Event]:
    """Return the events of a run directory.

    A last line that a crash cut off is left out.

    :raises: FileNotFoundError if there is no journal, ValueError if it is
        damaged before its last line
    """
    return list(filesystem.json_lines(pathlib.Path(run_dir) / FILE))
