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

"""Every event of a run, written as it happens.

One JSON object on a line: ``time`` (UTC, ISO 8601), ``monotonic`` (seconds),
``kind``, ``step`` (name or null) and ``data``. A report is made from the
journal alone, so a run that was cut off has a report up to that moment.
"""

import datetime
import json
import pathlib
import threading
import time

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


class Journal:
    """Writes events to a run directory, and tells them to listeners.

    :param run_dir: the run directory
    :param listeners: callables that are given each event, as a dict
    """

    def __init__(self, run_dir, listeners=()):
        self.path = pathlib.Path(run_dir) / FILE
        self._listeners = list(listeners)
        self._lock = threading.Lock()
        self._file = open(self.path, 'a')

    def event(self, kind, step=None, **data):
        """Write an event; returns it.

        What comes after the end is no part of the run, and is not written:
        a lane that was left behind sees everything die around it.
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
                    # Nobody reads our output any more; the run goes on.
                    self._listeners = []
        return event

    def close(self):
        with self._lock:
            self._file.close()


def read(run_dir):
    """Return the events of a run directory.

    A last line that was cut off by a crash is left out.

    :raises: FileNotFoundError if there is no journal, ValueError if it is
        damaged before its last line
    """
    lines = (pathlib.Path(run_dir) / FILE).read_text().splitlines()
    events = []
    for number, line in enumerate(lines, 1):
        try:
            events.append(json.loads(line))
        except ValueError:
            if number == len(lines):
                break
            raise ValueError(f'line {number} of {FILE} is damaged') from None
    return events
