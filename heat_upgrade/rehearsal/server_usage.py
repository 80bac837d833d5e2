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

"""The memory of a rehearsal: ours, and the server's beside it."""

import contextlib
import os
import threading

from heat_upgrade import process
from heat_upgrade import reaper

# The peaks of a load last longer; looking costs milliseconds.
INTERVAL = 1.0


class Usage:
    """Peaks of memory, in bytes, as proportional set size (proc(5): Pss)."""

    def __init__(self, marker):
        self._marker = f'{process.RUN_MARKER}={marker}'
        self._server = None
        self._ours = self._servers = 0

    def apart(self, pid):
        """Take a process as the server's, not as ours."""
        self._server = pid

    def look(self):
        """Measure once."""
        ours = [os.getpid(), *(pid for pid in reaper.marked(self._marker)
                               if pid != self._server)]
        self._ours = max(self._ours, sum(map(_pss, ours)))
        if self._server:
            self._servers = max(self._servers, _pss(self._server))

    def peaks(self):
        """Return {'ours': bytes, 'server': bytes}."""
        return {'ours': self._ours, 'server': self._servers}


@contextlib.contextmanager
def watched(marker):
    """Give a :class:`Usage` that looks again and again in the context."""
    used, ended = Usage(marker), threading.Event()

    def watch():
        while not ended.wait(INTERVAL):
            used.look()
    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield used
    finally:
        ended.set()
        thread.join()


def _pss(pid):
    try:
        with open(f'/proc/{pid}/smaps_rollup') as rollup:
            return next(int(line.split()[1]) for line in rollup
                        if line.startswith('Pss:')) * 1024
    except (OSError, StopIteration):
        return 0
