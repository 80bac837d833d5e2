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
import datetime
import json
import os
import pathlib
import threading
import time
import typing

from heat_upgrade import filesystem

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
