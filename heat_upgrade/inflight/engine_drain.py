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

"""When an engine that is asked to stop takes no work from the queue any more.

It stops its servers one after the other, and ends when what it has in hand is
done (EngineService.stop in heat/engine/service.py). The broker does not tell:
an engine's consumers stay until it has ended.
"""

import time

from heat_upgrade import errors
from heat_upgrade import waiting

# Seconds from SIGTERM until the last server is stopped: before that it stops
# two others, each of which polls the broker for up to POLL.
TIMEOUT = 30

# What an engine logs when it begins to stop taking work from the queue
# (WorkerService.stop in heat/engine/worker.py), ...
STOPPING = 'Stopping engine_worker in engine {}'
# ... and the seconds after which it surely takes none: the longest poll of
# oslo.messaging (ACK_REQUEUE_EVERY_SECONDS_MAX), of whose end nothing tells.
POLL = 5


def drained(engines, timeout=TIMEOUT, *, clock=time.monotonic, **more):
    """Wait until engines that were asked to stop take no work any more.

    :param engines: {their :class:`heat_upgrade.process.Process`: the ids of
        its workers}
    :param timeout: seconds until one of them must have said that it stops
    :param clock: monotonic clock, for tests; so is what more there is
    :returns: False if that has not come
    """
    def stopping():
        return all(_has_logged(process.log, ids) or not process.running()
                   for process, ids in engines.items())
    try:
        waiting.wait_until(stopping, timeout=timeout, clock=clock,
                           what='the engines to stop taking work', **more)
    except errors.WaitTimeout:
        return False
    since = clock()
    waiting.wait_until(
        lambda: (clock() - since >= POLL
                 or not any(process.running() for process in engines)),
        timeout=2 * POLL, clock=clock, what='the last poll of the engines',
        **more)
    return True


def _has_logged(log, ids):
    """Tell whether all workers of an engine say that they stop."""
    with open(log, errors='replace') as lines:
        text = lines.read()
    return all(STOPPING.format(engine) in text for engine in ids)
