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

"""Many operations in flight, side by side: parked, released, judged."""

import dataclasses

from heat_upgrade import concurrency
from heat_upgrade import errors
from heat_upgrade.inflight import cases
from heat_upgrade.inflight import completion
from heat_upgrade.inflight import engine_drain
from heat_upgrade.inflight import evidence
from heat_upgrade.inflight import expected_outcomes
from heat_upgrade.inflight import operation
from heat_upgrade.inflight import outcomes as outcomes_
from heat_upgrade.inflight import setup_failures
from heat_upgrade.inflight import stacks
from heat_upgrade.inflight import stall_detector
from heat_upgrade import waiting

# Calls to Heat at a time: more make each of them slower on two cores.
THREADS = 4

# Seconds. A stack of five items takes 5 s alone; twenty of them at a time on
# a busy machine have taken 90.
PREPARE_TIMEOUT = 180
PARK_TIMEOUT = 90
REMOVE_TIMEOUT = 60
REPAIR_TIMEOUT = 60
# More for each case: all 93 of them at a time are a matter of minutes.
SECONDS_PER_CASE = 6
SIGNAL_PATIENCE = 15

# Between two looks at all stacks: each is a call to Heat.
INTERVAL = completion.INTERVAL


class Batch:
    """Cases on their way through one disruption.

    :param chosen: list of :class:`heat_upgrade.inflight.cases.Case`
    :param api: :class:`heat_upgrade.lab.heat_client.Api`
    :param ledger: :class:`heat_upgrade.ledger.client.Client`
    :param cloud: :class:`heat_upgrade.lab.cloud.Cloud`

    :ivar flights: list of
        :class:`heat_upgrade.inflight.operation.InFlightOperation`
    """

    def __init__(self, chosen, api, ledger, cloud):
        self.flights = [
            operation.InFlightOperation(case, api, ledger) for case in chosen
        ]
        self._grounded = []
        self._api = api
        self._ledger = ledger
        self._cloud = cloud

    def prepare(self):
        """Create the stacks that are to be there before.

        :returns: list of :class:`setup_failures.NotStarted`: what could not be
            created; it is among the flights no more
        """
        def look(flights):
            found = self._rows(flights)
            status = {flight: found[flight].status(flight.name)
                      for flight in flights}
            ready = [flight for flight in flights
                     if status[flight] == flight.awaited]
            told = self._each(
                _quietly(operation.InFlightOperation.prepare_next), ready
            )
            for flight in flights:
                seen = status[flight]
                if flight in told:
                    more, story = told[flight]
                    yield flight, story or (
                        f'another step after {seen}' if more else ''), (
                            not story)
                    continue
                hopeless = seen.endswith('_FAILED') or not found[flight].stacks
                yield flight, found[flight].story(flight.name), not hopeless
        return self._ready(
            operation.InFlightOperation.prepare,
            [flight for flight in self.flights if flight.needs_stack], look,
            timeout=PREPARE_TIMEOUT, what='the stacks of work in flight')

    def park(self):
        """Begin all operations; returns when each is parked for certain.

        :returns: list of :class:`setup_failures.NotStarted`: what could not be
            parked; it is among the flights no more
        """
        def look(flights):
            labels = {one.label for one in self._ledger.parked('inflight/*')}
            values = {one.label: one.value for one in self._ledger.items()}
            found = self._rows(flights)
            refused = self._each(_quietly(
                lambda flight: flight.proceed(labels, found[flight])), flights)
            for flight in flights:
                _, story = refused[flight]
                if not story:
                    story = flight.not_parked(labels, found[flight], values)
                yield flight, story, not refused[flight][1]
        grounded = self._ready(
            operation.InFlightOperation.start, list(self.flights), look,
            timeout=PARK_TIMEOUT, what='all work in flight to be parked')
        engines = self._cloud.engines()
        for flight, rows in self._rows(self.flights).items():
            flight.held_by = tuple(sorted({
                engines[one][0] for one in rows.at_work()
                if one in engines}))
        return grounded

    def _rows(self, flights):
        """Return {flight: its :class:`evidence.Rows`}."""
        return evidence.rows_of(self._cloud, flights, stall_detector.PREFIX)

    def _ready(self, begin, flights, look, *, timeout, what):
        """Begin something with some flights, and wait until all are there.

        :param look: function of flights that yields, for each, what is
            missing ('' if nothing is) and whether it may yet come
        :returns: list of :class:`setup_failures.NotStarted`
        """
        refused = {flight: story for flight, (_, story) in self._each(
            _quietly(begin), flights).items() if story}
        pending = setup_failures.Pending(
            self._cloud, look, [flight for flight in flights
                                if flight not in refused])
        try:
            waiting.wait_until(
                pending.nothing_is_missing, timeout=self._enough(timeout),
                interval=INTERVAL, what=what)
        except errors.WaitTimeout:
            pending.give_up()
        return [self._ground(flight, story)
                for flight, story in (refused | pending.lost).items()]

    def _ground(self, flight, story):
        """Take one out of the flights, and tell what there is to know."""
        told = evidence.collect(self._cloud, flight.stack_id, flight.name)
        flight.release()
        self.flights.remove(flight)
        self._grounded.append(flight)
        return setup_failures.NotStarted(flight.case, story, told)

    def release_queued(self, nodes=None, *, timeout=engine_drain.TIMEOUT):
        """Let those go on whose next step is to lie in the queue.

        To be called as soon as the engines of some nodes have been asked to
        stop. All others go on at once, while these engines still take work;
        those that are to be queued when they do not any more. What follows
        is then left to other engines of the release, or lies in the queue
        until there is one.

        :param nodes: their names; None for all nodes
        :param timeout: seconds until it is done whatever the engines do
        :returns: True if these engines took no work any more by then
        """
        queued = [flight for flight in self.flights
                  if flight.case.parked == cases.QUEUED]
        for flight in self.flights:
            if flight not in queued:
                flight.release()
        if not queued:
            return True
        drained = engine_drain.drained(self._engines(nodes), timeout)
        for flight in queued:
            flight.release()
        return drained

    def _engines(self, nodes):
        """Return {engine's process: ids of its workers} of some nodes."""
        found = {}
        for name, node in self._cloud.nodes.items():
            if nodes is None or name in nodes:
                found[node.process('engine')] = node.engines()
        return found

    def release(self):
        """Let all go on, and send the signals that can be sent now.

        An engine that has a wait condition in hand does not end before its
        signal has come, and then an engine must be there to take it: so this
        tries for SIGNAL_PATIENCE. What it could not send :meth:`settle`
        sends.
        """
        for flight in self.flights:
            flight.release()
        try:
            waiting.wait_until(self._signal, timeout=SIGNAL_PATIENCE,
                               interval=INTERVAL, what='all signals')
        except errors.WaitTimeout:
            return

    def _signal(self):
        """Send what signals can be sent; returns True if none is left."""
        mute = [flight for flight in self.flights if not flight.signalled]
        if not mute:
            return True
        try:
            listed = stacks.listed(self._api, operation.SIGNAL_TIMEOUT)
        except OSError:
            return False
        names = {name: stack.id for name, stack in listed.items()}
        return all(self._each(lambda flight: flight.signal(names),
                              mute).values())

    def _enough(self, timeout):
        """Return a timeout that is meant for a few cases, for these."""
        return timeout + SECONDS_PER_CASE * len(self.flights)

    def settle(self, disruption, timeout=None):
        """Wait until all have ended, or nobody is at work on them any more.

        To be called when all engines are up again that are to be.

        :param disruption: one of oracle.DISRUPTIONS
        :param timeout: seconds; None for oracle.BOUND, which says where it
            comes from, and more for many cases
        :returns: an Outcome of each, in order
        """
        self.release()
        return completion.Settling(
            self.flights,
            self._api,
            self._cloud,
            disruption,
            between=self._signal,
        ).run(
            self._enough(expected_outcomes.BOUND)
            if timeout is None
            else timeout
        )

    def repair(self, outcomes):
        """Try an update, else a delete, on those that did not end legally.

        :param outcomes: what :meth:`settle` returned
        :returns: the same, each with what repaired it
        """
        broken = {flight: outcome for flight, outcome
                  in zip(self.flights, outcomes) if not outcome.legal}
        repaired = {}
        # A delete cannot be updated; Heat refuses to update what is
        # suspended; but whether it does is for Heat to say.
        self._attempt(broken, operation.InFlightOperation.mend,
                      lambda seen: seen.status == 'UPDATE_COMPLETE',
                      outcomes_.BY_UPDATE, repaired)
        self._attempt(broken, operation.InFlightOperation.delete,
                      lambda seen: seen.status == 'DELETE_COMPLETE',
                      outcomes_.BY_DELETE, repaired)
        told = []
        for flight, outcome in zip(self.flights, outcomes):
            if flight in broken:
                outcome = dataclasses.replace(outcome, repaired=repaired.get(
                    flight, outcomes_.NOT_AT_ALL))
            told.append(outcome)
        return told

    def _attempt(self, broken, begin, good, name, repaired):
        """Try one repair on all that have none yet, in place."""
        left = [flight for flight in broken if flight not in repaired]
        tried = self._each(_quietly(begin), left)
        left = [flight for flight in left if not tried[flight][1]]

        def none_in_progress():
            self._signal()
            listed = self._stacks()
            for flight in list(left):
                seen = stacks.seen(flight, listed)
                if good(seen):
                    repaired[flight] = name
                if not seen.in_progress:
                    left.remove(flight)
            return not left
        try:
            waiting.wait_until(
                none_in_progress, timeout=self._enough(REPAIR_TIMEOUT),
                interval=INTERVAL, what='the repair')
        except errors.WaitTimeout:
            # Those that are left stay without a repair.
            return

    def findings(self, outcomes, *, step, reproduce=''):
        """Return a finding for each that did not end legally."""
        return outcomes_.found(outcomes, step=step, reproduce=reproduce)

    def remove(self):
        """Delete all stacks, also those that a lost parent has left.

        :returns: list of texts, of what could not be removed
        """
        for flight in self.flights:
            flight.release()
        story = self._removed(
            lambda: self._each(
                _quietly(operation.InFlightOperation.delete), self._all()
            )
        )
        if not story:
            return []
        return self._removed(self._delete_what_is_left)

    def _all(self):
        """Return the flights, and those that never were."""
        return self.flights + self._grounded

    def _delete_what_is_left(self):
        self._each(_quietly(operation.InFlightOperation.delete), self._all())
        for name, stack in self._ours().items():
            self._api.call('DELETE', f'stacks/{name}/{stack.id}')

    def _removed(self, begin):
        """Begin, and wait until nothing is left; returns what is."""
        left = ['not looked at']

        def gone():
            left[:] = [f'{name} ({stack.id}): {stack.status}: {stack.reason}'
                       for name, stack in self._ours().items()]
            return not left
        try:
            begin()
            waiting.wait_until(
                gone, timeout=self._enough(REMOVE_TIMEOUT),
                interval=INTERVAL,
                what='the stacks of work in flight to go')
        except (OSError, errors.WaitTimeout) as exc:
            return left or [str(exc)]
        return []

    def _ours(self):
        return stacks.owned(self._all(), self._stacks())

    def _stacks(self):
        return stacks.listed(self._api)

    def _each(self, function, flights):
        """Call a function with each, THREADS at a time.

        :returns: {flight: what it returned}
        :raises: what the first of them raised, after all have ended
        """
        return concurrency.map_parallel(function, flights, threads=THREADS)


def _quietly(function):
    """Return a function of a flight that raises no errors.LabError.

    :returns: a function that returns (what the given one returned, '' or what
        Heat answered when it refused)
    """
    def call(flight):
        try:
            return function(flight), ''
        except errors.LabError as exc:
            return None, str(exc)
    return call
