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

An operation that is under way is at each moment in one of three places. An
engine works on it, and holds a lock or a resource in Heat's tables. Or a
message for an engine waits in a queue. Or an engine is between two of these
steps, which takes less than QUIET. All three are looked at.

That the queues carry messages of other stacks says nothing of this one. A
queue is first in, first out: once it was seen empty, it has delivered all
messages that were sent before. So an operation is stuck if its rows have not
changed for QUIET, no living engine holds any of it, and the queues were seen
empty after the last change of its rows. A cast is acknowledged when a thread
takes it, before it is worked on (oslo.messaging); until then the broker counts
it as unacknowledged, and the queue is not empty.

Heat's own delays are shorter than QUIET, or show in the rows. It asks whether
an engine is alive for 2 s (engine_life_check_timeout). A sync point is tried
again after milliseconds. A delete may wait 15 s for engines to cancel their
work (_wait_for_cancellation in heat/engine/worker.py), but only while they
hold resources, and before it deletes any: a parked delete is past that.
"""

import time

from heat_upgrade.inflight import evidence

# Seconds without a change, after which an operation is stuck. With the time
# until the last change is seen, and until the next look, it is found within
# 15 s also on a busy machine, where a look takes 2 s.
QUIET = 6

# Seconds between two looks: each asks the broker, which takes 0.4 s of CPU.
LOOK_INTERVAL = 2

# All stacks of work in flight have names that begin with it.
PREFIX = 'inflight-'


class Quiet:
    """Looks, again and again, who is at work on some flights.

    :param cloud: :class:`heat_upgrade.lab.cloud.Cloud`
    :param clock: monotonic clock, for tests
    :ivar queues: as the broker told at the last look
    """

    def __init__(self, cloud, *, clock=time.monotonic):
        self._cloud = cloud
        self._clock = clock
        # Of a flight: its rows, since when they are so, and whether the
        # queues were empty since.
        self._seen = {}
        self.queues = None

    def look(self, flights, *, waited_for=()):
        """Yield (flight, its :class:`evidence.Rows`, whether it is stuck).

        :param flights: list of
            :class:`heat_upgrade.inflight.operation.InFlightOperation`
        :param waited_for: those that wait for us, and are not stuck
        """
        # The queues first: a message sent after a row has changed must not
        # count as delivered.
        self.queues = self._cloud.queues()
        delivered = evidence.is_delivered(self.queues)
        engines = set(self._cloud.engines())
        found = evidence.rows_of(self._cloud, flights, PREFIX)
        now = self._clock()
        for flight in flights:
            rows = found[flight]
            before, since, emptied = self._seen.get(flight, (None, now, False))
            if flight in waited_for or rows.at_work() & engines:
                self._seen.pop(flight, None)
                yield flight, rows, False
                continue
            if rows != before:
                since, emptied = now, False
            else:
                emptied = emptied or delivered
            self._seen[flight] = rows, since, emptied
            yield flight, rows, emptied and now - since >= QUIET
