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

"""Waiting for operations to end, or for proof that they never will."""

import time

from heat_upgrade import errors
from heat_upgrade.inflight import evidence
from heat_upgrade.inflight import expected_outcomes
from heat_upgrade.inflight import grace
from heat_upgrade.inflight import outcomes
from heat_upgrade.inflight import stacks
from heat_upgrade.inflight import stall_detector

# Seconds between two looks at all stacks: each is a call to Heat.
INTERVAL = 1.0


class Settling:
    """One wait for many flights.

    :param flights: list of
        :class:`heat_upgrade.inflight.operation.InFlightOperation`
    :param api: :class:`heat_upgrade.lab.heat_client.Api`
    :param cloud: :class:`heat_upgrade.lab.cloud.Cloud`
    :param disruption: one of oracle.DISRUPTIONS
    :param between: called between two looks: what is still to be done
    :param clock: monotonic clock, for tests
    :param sleep: for tests
    """

    def __init__(self, flights, api, cloud, disruption, between=None, *,
                 clock=time.monotonic, sleep=time.sleep):
        self._flights = flights
        self._api = api
        self._cloud = cloud
        self._disruption = disruption
        self._between = between or (lambda: None)
        self._clock = clock
        self._sleep = sleep
        self._start = clock()
        self._quiet = stall_detector.Quiet(cloud, clock=clock)
        self._ended = {}
        self._cut_off_engines = None

    def run(self, timeout):
        """Wait for all.

        :param timeout: seconds
        :returns: an :class:`outcomes.Outcome` of each, in order
        """
        look_at = self._start
        while True:
            late = self._clock() - self._start >= timeout
            self._collect_ends()
            left = self._left()
            if left and (late or self._clock() >= look_at):
                self._look(left, late)
                look_at = self._clock() + stall_detector.LOOK_INTERVAL
            if not self._left():
                return [self._ended[flight] for flight in self._flights]
            self._between()
            self._sleep(INTERVAL)

    def _left(self):
        return [flight for flight in self._flights
                if flight not in self._ended]

    def _collect_ends(self):
        """Note those that have ended, if Heat tells.

        Heat is asked only when its tables have one that has: a list of all
        stacks takes the API a tenth of a second, the tables a hundredth.
        """
        left = self._left()
        rows = evidence.rows_of(self._cloud, left, stall_detector.PREFIX)
        ended = [flight for flight in left if not rows[flight].in_progress]
        if not ended:
            return
        try:
            listed = stacks.listed(self._api)
        except OSError:
            return
        for flight in ended:
            seen = stacks.seen(flight, listed)
            if seen.in_progress:
                continue
            try:
                self._end(flight, seen)
            except errors.LabError:
                # Heat does not tell of its snapshot just now.
                continue

    def _look(self, left, late):
        """End the wait for those that nobody is at work on.

        :param late: end the wait for all
        """
        # A signal is ours to send.
        mute = [flight for flight in left if not flight.signalled]
        for flight, rows, stuck in self._quiet.look(left, waited_for=mute):
            if late or stuck:
                self._end(flight, _top(rows, flight), stuck=True,
                          queues=self._quiet.queues, rows=rows)

    def _end(self, flight, seen, *, stuck=False, queues=None, rows=None):
        seconds = self._clock() - self._start
        status = seen.status
        if (not stuck and status.endswith('_COMPLETE')
                and flight.snapshot_status() == 'IN_PROGRESS'):
            status = f'{status} with a snapshot in progress'
        legal = not stuck and status in expected_outcomes.legal(
            flight.case, self._disruption
        )
        if not legal and queues is None:
            queues = self._cloud.queues()
        self._ended[flight] = outcomes.Outcome(
            case=flight.case, disruption=self._disruption,
            stack_id=flight.stack_id, status=status, reason=seen.reason,
            seconds=seconds, legal=legal, stuck=stuck,
            lost=stuck and bool(evidence.lost_work(queues)),
            two_shapes=rows is not None and rows.has_mixed_sync_points(),
            cut_off=self._cut_off(rows) if stuck else (),
            api_was_down=not legal and grace.api_was_down(seen.reason),
            held_by=flight.held_by,
            evidence='' if legal else evidence.collect(
                self._cloud, flight.stack_id, flight.name, queues, rows))

    def _cut_off(self, rows):
        """Return the resources that engines held to the end of their grace.

        The engines that wait for an operation have stopped by now: their logs
        are read once.
        """
        if self._cut_off_engines is None:
            self._cut_off_engines = frozenset().union(*(
                grace.exceeded(log.read_text(errors='replace'))
                for log in evidence.engine_logs(self._cloud)))
        return grace.cut_off(rows, self._cut_off_engines)


def _top(rows, flight):
    """Return a flight's stack as the database has it, or one nested in it.

    The one that is in progress is the one to tell about.
    """
    own = sorted(rows.stacks, key=lambda row: (
        row[3] != 'IN_PROGRESS', row[0] != flight.stack_id))
    if not own:
        return stacks.GONE
    stack_id, _, action, status, reason, *_ = own[0]
    return stacks.Stack(stack_id, f'{action}_{status}', reason or '')
