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

"""Measures the memory of a rehearsal: ours, and that of the server."""

from collections import abc
import contextlib
import threading

from heat_upgrade.lab import resource_usage

# Seconds; the peaks of a load last longer, and a measurement is cheap.
INTERVAL = 1.0


class Usage:
    """Peaks of memory, in bytes, as resource_usage measures it."""

    def __init__(self, marker: str) -> None:
        self._marker = marker
        self._server: int | None = None
        self._ours = self._servers = 0

    def set_server(self, pid: int | None) -> None:
        """Count a process as the server's, not as ours."""
        self._server = pid

    def measure(self) -> None:
        """Measure once."""
        self._ours = max(self._ours, resource_usage.memory(
            self._marker, without=self._server))
        if self._server:
            self._servers = max(self._servers, resource_usage.memory_of(
                [self._server]))

    def peaks(self) -> dict[str, int]:
        """Return {'ours': bytes, 'server': bytes}."""
        return {'ours': self._ours, 'server': self._servers}


@contextlib.contextmanager
def watched(marker: str) -> abc.Iterator[Usage]:
    """Yield a :class:`Usage` that measures repeatedly in the context."""
    used, ended = Usage(marker), threading.Event()

    def watch() -> None:
        while not ended.wait(INTERVAL):
            used.measure()
    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield used
    finally:
        ended.set()
        thread.join()
