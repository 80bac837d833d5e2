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

"""Detects operations that no engine will ever finish.

A live operation is at each moment in one of three states. An engine works on
it, and holds a lock or a resource in Heat's tables. Or a message for an engine
waits in a queue. Or an engine is between two of these steps, which takes less
than QUIET. The detector checks all three.

Messages of other stacks in the queues prove nothing about this one. A queue is
first in, first out: once it was empty, it has delivered all earlier messages.
So an operation is stuck if its rows have not changed for QUIET, no living
engine holds any of it, and the queues were empty after the last change of its
rows. A thread acknowledges a cast before it works on it (oslo.messaging);
until then the broker counts the message as unacknowledged, and the queue is
not empty.

Heat's own delays are shorter than QUIET, or appear in the rows. It asks for
2 s whether an engine is alive (engine_life_check_timeout). It retries a sync
point after milliseconds. A delete may wait 15 s for engines to cancel their
work (_wait_for_cancellation in heat/engine/worker.py), but only while they
hold resources, and before it deletes any: a parked delete is past that.
"""

from collections import abc
import time

from heat_upgrade.inflight import evidence
from heat_upgrade.inflight import operation as operation_
from heat_upgrade.lab import cloud as clouds
from heat_upgrade.lab.services import rabbitmq

# Seconds without a change after which an operation is stuck. Detection takes
# at most 15 s, also on a busy machine, where a look takes 2 s.
QUIET = 6

# Seconds between two looks: each reads the queues, which takes 0.4 s of CPU.
LOOK_INTERVAL = 2

# Common prefix of the names of all stacks of in-flight operations.
PREFIX = 'inflight-'

# An operation, its rows, and whether it is stuck.
Look = tuple[operation_.InFlightOperation, evidence.Rows, bool]


class StallDetector:
    """Observes operations to detect those that are stuck.

    :param clock: monotonic clock, for tests
    :ivar queues: the queues at the last look
    """

    def __init__(self, cloud: clouds.Cloud, *,
                 clock: abc.Callable[[], float] = time.monotonic) -> None:
        self._cloud = cloud
        self._clock = clock
        # The rows of an operation, the time of their last change, and whether
        # the queues were empty since.
        self._observed: dict[operation_.InFlightOperation,
                             tuple[evidence.Rows, float, bool]] = {}
        self.queues: list[rabbitmq.Queue] | None = None

    def look(self, operations: abc.Sequence[operation_.InFlightOperation], *,
             waited_for: abc.Collection[operation_.InFlightOperation] = ()
             ) -> abc.Iterator[Look]:
        """Yield each operation with its rows, and whether it is stuck.

        :param waited_for: operations that wait for the tool
        """
        # The queues first: a message sent after a row has changed must not
        # count as delivered.
        self.queues = self._cloud.queues()
        delivered = evidence.is_delivered(self.queues)
        engines = set(self._cloud.engines())
        rows_of = evidence.rows_of(self._cloud, operations, PREFIX)
        now = self._clock()
        for operation in operations:
            rows = rows_of[operation]
            before = self._observed.get(operation)
            if operation in waited_for or rows.at_work() & engines:
                self._observed.pop(operation, None)
                yield operation, rows, False
                continue
            if before is None or rows != before[0]:
                since, emptied = now, False
            else:
                since, emptied = before[1], before[2] or delivered
            self._observed[operation] = rows, since, emptied
            yield operation, rows, emptied and now - since >= QUIET
