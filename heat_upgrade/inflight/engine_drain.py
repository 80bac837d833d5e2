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

"""Waits until a stopping engine takes no more work from the queue.

It stops its servers one after the other, and ends when its operations are
complete (EngineService.stop in heat/engine/service.py). The broker cannot
show this: the consumers of an engine stay until its end.
"""

from collections import abc
import pathlib
import time
import typing

from heat_upgrade import errors
from heat_upgrade import process as process_
from heat_upgrade import waiting

# Seconds from SIGTERM until the last server stops, after two others, each of
# which polls the broker for up to POLL.
TIMEOUT = 30

# An engine logs this when it begins to stop taking work from the queue
# (WorkerService.stop in heat/engine/worker.py).
STOPPING = 'Stopping engine_worker in engine {}'
# Seconds after that until it certainly takes none: the longest poll of
# oslo.messaging (ACK_REQUEUE_EVERY_SECONDS_MAX), whose end is not logged.
POLL = 5


def drained(engines: abc.Mapping[process_.Process, abc.Collection[str]],
            timeout: float = TIMEOUT, *,
            clock: abc.Callable[[], float] = time.monotonic,
            sleep: abc.Callable[[float], typing.Any] = time.sleep) -> bool:
    """Wait until stopping engines take no more work.

    :param engines: {process: the ids of its workers}
    :param timeout: seconds until each of them must log that it stops
    :param clock: monotonic clock, for tests
    :param sleep: for tests
    :returns: False if the deadline passed
    """
    def stopping() -> bool:
        return all(_has_logged(process.log, ids) or not process.running()
                   for process, ids in engines.items())
    try:
        waiting.wait_until(stopping, timeout=timeout, clock=clock,
                           what='the engines to stop taking work', sleep=sleep)
    except errors.WaitTimeout:
        return False
    since = clock()
    waiting.wait_until(
        lambda: (clock() - since >= POLL
                 or not any(process.running() for process in engines)),
        timeout=2 * POLL, clock=clock, what='the last poll of the engines',
        sleep=sleep)
    return True


def _has_logged(log: pathlib.Path, ids: abc.Iterable[str]) -> bool:
    """Return True if all workers of an engine have logged that they stop."""
    with open(log, errors='replace') as lines:
        text = lines.read()
    return all(STOPPING.format(engine) in text for engine in ids)
