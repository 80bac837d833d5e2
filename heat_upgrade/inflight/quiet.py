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

"""For which operations nobody is at work any more."""

import time

from heat_upgrade.inflight import evidence

# For how many seconds nothing may have changed, and nobody have been at work,
# until a stack counts as stuck. An engine that is at work holds a resource or
# a lock, except for moments between two steps that take no second.
QUIET = 6

# Between two looks: each asks the broker, which takes 0.4 s of CPU.
LOOK_INTERVAL = 3


class Quiet:
    """Looks, again and again, who is at work on some flights.

    :param cloud: :class:`heat_upgrade.cloud.Cloud`
    :param clock: monotonic clock, for tests
    :ivar queues: as the broker told at the last look
    """

    def __init__(self, cloud, *, clock=time.monotonic):
        self._cloud = cloud
        self._clock = clock
        # What the database said of a flight, and since when.
        self._seen = {}
        self.queues = None

    def look(self, flights, *, waited_for=()):
        """Yield (flight, its :class:`evidence.Rows`, whether it is stuck).

        :param flights: list of :class:`heat_upgrade.inflight.parking.Flight`
        :param waited_for: those that wait for us, and are not stuck
        """
        self.queues = self._cloud.queues()
        engines = set(self._cloud.engines())
        busy = bool(evidence.waiting_work(self.queues))
        now = self._clock()
        for flight in flights:
            rows = evidence.rows(self._cloud, flight.stack_id, flight.name)
            if busy or flight in waited_for or rows.at_work() & engines:
                self._seen.pop(flight, None)
            elif self._seen.get(flight, (None,))[0] != rows:
                self._seen[flight] = rows, now
            since = self._seen.get(flight, (None, now))[1]
            yield flight, rows, now - since >= QUIET
