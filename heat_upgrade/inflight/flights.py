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
import queue
import time

from heat_upgrade import beside
from heat_upgrade import errors
from heat_upgrade.inflight import cases
from heat_upgrade.inflight import evidence
from heat_upgrade.inflight import oracle
from heat_upgrade.inflight import outcomes as outcomes_
from heat_upgrade.inflight import parking
from heat_upgrade import waiting

# Calls to Heat at a time: more make each of them slower on two cores.
THREADS = 4

# Seconds. A stack of five items takes 5 s alone; twenty of them at a time on
# a busy machine have taken 90.
PREPARE_TIMEOUT = 180
PARK_TIMEOUT = 90
REMOVE_TIMEOUT = 60
REPAIR_TIMEOUT = 60

# Seconds from SIGTERM until an engine stops to take work: before that it
# stops two other servers, each of which polls the broker for up to 5 s.
DRAIN_TIMEOUT = 30

# What an engine logs when it begins to stop taking work from the queue
# (WorkerService.stop in heat/engine/worker.py), ...
STOPPING = 'Stopping engine_worker in engine {}'
# ... and the seconds after which it surely takes none: the longest poll of
# oslo.messaging (ACK_REQUEUE_EVERY_SECONDS_MAX), which nothing tells of.
POLL = 5

# Between two looks at all stacks: each is a call to Heat.
INTERVAL = 0.5

# For how long nothing may have changed, and nobody have been at work, until
# a stack counts as stuck. An engine that is at work holds a resource or a
# lock except for moments between two steps, which take no second.
QUIET = 6
# Between two looks for that: each asks the broker, which takes 0.4 s of CPU.
LOOK_INTERVAL = 2


@dataclasses.dataclass(frozen=True)
class _Stack:
    id: str
    status: str
    reason: str

    @property
    def in_progress(self):
        return self.status.endswith('_IN_PROGRESS')


_GONE = _Stack('', 'DELETE_COMPLETE', 'it is gone')


class Flights:
    """Cases on their way through one disruption.

    :param chosen: list of :class:`heat_upgrade.inflight.cases.Case`
    :param api: :class:`heat_upgrade.api.Api`
    :param ledger: :class:`heat_upgrade.ledger.client.Client`
    :param cloud: :class:`heat_upgrade.cloud.Cloud`

    :ivar flights: list of :class:`heat_upgrade.inflight.parking.Flight`
    """

    def __init__(self, chosen, api, ledger, cloud):
        self.flights = [parking.Flight(case, api, ledger) for case in chosen]
        self._api = api
        self._ledger = ledger
        self._cloud = cloud

    def prepare(self):
        """Create the stacks that are to be there before.

        :raises: :class:`errors.LabError` if one does not get complete
        """
        there = [flight for flight in self.flights if flight.needs_stack]
        self._each(parking.Flight.prepare, there)

        def all_complete():
            stacks = self._stacks()
            pending = {}
            for flight in there:
                seen = stacks.get(flight.name, _GONE)
                if seen.status != 'CREATE_COMPLETE':
                    pending[flight.case.id] = seen.status
                if not seen.in_progress and flight.case.id in pending:
                    raise errors.LabError(
                        f'the stack of {flight.case.id} could not be '
                        f'created: {seen.status}: {seen.reason}')
            return _Nothing(pending)
        if there:
            waiting.wait_until(all_complete, timeout=PREPARE_TIMEOUT,
                               interval=INTERVAL,
                               what='the stacks of work in flight')

    def park(self):
        """Begin all operations; returns when each is parked for certain.

        :raises: :class:`errors.LabError` with what is missing, for each
        """
        self._each(parking.Flight.start, self.flights)
        parked = set()

        def all_parked():
            labels = {one.label for one in self._ledger.parked('inflight/*')}
            stacks = self._stacks()
            names = {name: stack.id for name, stack in stacks.items()}
            missing = {}
            for flight in self.flights:
                if flight in parked:
                    continue
                status = stacks.get(flight.name, _GONE).status
                story = flight.not_parked(labels, status, names)
                if story:
                    missing[flight.case.id] = story
                else:
                    parked.add(flight)
            return _Nothing(missing)
        waiting.wait_until(all_parked, timeout=PARK_TIMEOUT,
                           interval=INTERVAL,
                           what='all work in flight to be parked')

    def release_queued(self, nodes=None, *, timeout=DRAIN_TIMEOUT):
        """Let those go on whose next step is to lie in the queue.

        To be called when the engines of some nodes have been asked to stop,
        and have not ended yet. What follows is then left to other engines of
        the release, or lies in the queue until there is one.

        :param nodes: their names; None for all nodes
        :param timeout: seconds until it is done whatever the engines do
        :returns: True if these engines took no work any more by then
        """
        queued = [flight for flight in self.flights
                  if flight.case.parked == cases.QUEUED]
        if not queued:
            return True
        drained = self._drained(self._engines(nodes), timeout)
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

    def _drained(self, engines, timeout):
        """Wait until none of these takes work any more."""
        def stopping():
            return all(_has_logged(process.log, ids)
                       or not process.running()
                       for process, ids in engines.items())
        try:
            waiting.wait_until(stopping, timeout=timeout,
                               what='the engines to take no work any more')
        except errors.WaitTimeout:
            return False
        since = time.monotonic()
        waiting.wait_until(
            lambda: (time.monotonic() - since >= POLL
                     or not any(one.running() for one in engines)),
            timeout=2 * POLL, what='the last poll of the engines')
        return True

    def release(self):
        """Let all go on, and send the signals that can be sent now."""
        for flight in self.flights:
            flight.release()
        self._signal()

    def _signal(self):
        waiting_ = [flight for flight in self.flights
                    if not flight.signalled]
        if not waiting_:
            return
        try:
            names = {name: stack.id
                     for name, stack in self._stacks().items()}
        except OSError:
            return
        self._each(lambda flight: flight.signal(names), waiting_)

    def settle(self, disruption, timeout=oracle.BOUND):
        """Wait until all have ended, or nobody is at work on them any more.

        To be called when all engines are up again that are to be.

        :param disruption: one of oracle.DISRUPTIONS
        :param timeout: seconds; oracle.BOUND says where it comes from
        :returns: an Outcome of each, in order
        """
        start = time.monotonic()
        looks = {}
        ended = {}
        self.release()
        look_at = start
        while True:
            now = time.monotonic()
            stacks = self._stacks_or_none()
            for flight in self._not_in(ended) if stacks is not None else ():
                seen = _seen(flight, stacks)
                if not seen.in_progress:
                    ended[flight] = self._outcome(
                        flight, disruption, seen, now - start)
            left = self._not_in(ended)
            if not left:
                break
            late = now - start >= timeout
            if now >= look_at or late:
                self._look(left, looks, ended, disruption, start, late)
                look_at = time.monotonic() + LOOK_INTERVAL
            if late:
                break
            self._signal()
            time.sleep(INTERVAL)
        return [ended[flight] for flight in self.flights]

    def _not_in(self, ended):
        return [flight for flight in self.flights if flight not in ended]

    def _look(self, left, looks, ended, disruption, start, late):
        """End the wait for those that nobody is at work on.

        :param looks: {flight: (what was seen, since when)}, in place
        :param ended: {flight: Outcome}, in place
        :param late: end the wait for all
        """
        queues = self._cloud.queues()
        engines = set(self._cloud.engines())
        busy = bool(evidence.waiting_work(queues))
        now = time.monotonic()
        for flight in left:
            rows = evidence.rows(self._cloud, flight.stack_id, flight.name)
            if busy or rows.at_work() & engines or not flight.signalled:
                looks.pop(flight, None)
            elif looks.get(flight, (None,))[0] != rows:
                looks[flight] = (rows, now)
            since = looks.get(flight, (None, now))[1]
            if now - since >= QUIET or late:
                top = next((row for row in rows.stacks
                            if row[0] == flight.stack_id), None)
                seen = _Stack(top[0], f'{top[2]}_{top[3]}', top[4] or ''
                              ) if top else _GONE
                ended[flight] = self._outcome(
                    flight, disruption, seen, now - start, stuck=True,
                    queues=queues)

    def _outcome(self, flight, disruption, seen, seconds, *, stuck=False,
                 queues=None):
        status = seen.status
        snapshot = '' if stuck else flight.snapshot_status()
        if snapshot == 'IN_PROGRESS':
            status = f'{status} with a snapshot in progress'
        legal = status in oracle.legal(flight.case, disruption) and not stuck
        if not legal and queues is None:
            queues = self._cloud.queues()
        return outcomes_.Outcome(
            case=flight.case, disruption=disruption,
            stack_id=flight.stack_id, status=status, reason=seen.reason,
            seconds=seconds, legal=legal, stuck=stuck,
            lost=stuck and bool(evidence.lost_work(queues)),
            evidence='' if legal else evidence.collect(
                self._cloud, flight.stack_id, flight.name, queues))

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
        self._attempt(broken, parking.Flight.mend,
                      lambda seen: seen.status == 'UPDATE_COMPLETE',
                      outcomes_.BY_UPDATE, repaired)
        self._attempt(broken, parking.Flight.delete,
                      lambda seen: seen.status == 'DELETE_COMPLETE',
                      outcomes_.BY_DELETE, repaired)
        return [dataclasses.replace(
            outcome, repaired='' if outcome.legal else repaired.get(
                flight, outcomes_.NOT_AT_ALL))
            for flight, outcome in zip(self.flights, outcomes)]

    def _attempt(self, broken, begin, good, name, repaired):
        """Try one repair on all that have none yet, in place."""
        def begun(flight):
            try:
                begin(flight)
            except errors.LabError:
                return False
            return True
        left = [flight for flight in broken if flight not in repaired]
        tried = self._each(begun, left)
        left = [flight for flight in left if tried[flight]]

        def none_in_progress():
            self._signal()
            stacks = self._stacks()
            for flight in list(left):
                seen = _seen(flight, stacks)
                if good(seen):
                    repaired[flight] = name
                if not seen.in_progress:
                    left.remove(flight)
            return not left
        try:
            waiting.wait_until(none_in_progress, timeout=REPAIR_TIMEOUT,
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
            lambda: self._each(_delete_quietly, self.flights))
        if not story:
            return []
        return self._removed(self._delete_what_is_left)

    def _delete_what_is_left(self):
        self._each(_delete_quietly, self.flights)
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
            waiting.wait_until(gone, timeout=REMOVE_TIMEOUT,
                               interval=INTERVAL,
                               what='the stacks of work in flight to go')
        except (OSError, errors.WaitTimeout) as exc:
            return left or [str(exc)]
        return []

    def _ours(self):
        return {name: stack for name, stack in self._stacks().items()
                if any(flight.owns(name) for flight in self.flights)}

    def _stacks(self):
        """Return all stacks, nested ones too, as {name: _Stack}.

        :raises: OSError if Heat does not tell
        """
        answer = self._api.call('GET', 'stacks?show_nested=True')
        if answer.status != 200:
            raise OSError(f'Heat lists no stacks: {answer.status}: '
                          f'{str(answer.body)[:200]}')
        return {one['stack_name']: _Stack(
            one['id'], one['stack_status'], one['stack_status_reason'] or '')
            for one in answer.body['stacks']}

    def _stacks_or_none(self):
        try:
            return self._stacks()
        except OSError:
            return None

    def _each(self, function, flights):
        """Call a function with each, THREADS at a time.

        :returns: {flight: what it returned}
        :raises: what the first of them raised, after all have ended
        """
        todo = queue.SimpleQueue()
        for flight in flights:
            todo.put(flight)
        results = {}

        def work():
            while True:
                try:
                    flight = todo.get_nowait()
                except queue.Empty:
                    return
                results[flight] = function(flight)
        beside.run(*[work] * min(THREADS, len(flights)))
        return results


class _Nothing:
    """True when nothing is missing; else it shows what is."""

    def __init__(self, missing):
        self._missing = missing

    def __bool__(self):
        return not self._missing

    def __repr__(self):
        return '; '.join(f'{name}: {story}'
                         for name, story in self._missing.items())


def _seen(flight, stacks):
    """Return a flight's stack, or one nested in it that is in progress."""
    top = stacks.get(flight.name, _GONE)
    if top.in_progress:
        return top
    return next((dataclasses.replace(top, status=stack.status)
                 for name, stack in stacks.items()
                 if flight.owns(name) and stack.in_progress), top)


def _has_logged(log, ids):
    """Tell whether all workers of an engine say that they stop."""
    with open(log, errors='replace') as lines:
        text = lines.read()
    return all(STOPPING.format(engine) in text for engine in ids)


def _delete_quietly(flight):
    """Begin to delete; what Heat refuses is seen in what is left."""
    try:
        flight.delete()
    except errors.LabError:
        return False
    return True
