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

"""A batch of in-flight operations: prepared, parked, released, validated."""

from collections import abc
import dataclasses
import typing

from heat_upgrade import concurrency
from heat_upgrade import errors
from heat_upgrade.inflight import cases
from heat_upgrade.inflight import completion
from heat_upgrade.inflight import engine_drain
from heat_upgrade.inflight import evidence
from heat_upgrade.inflight import expected_outcomes
from heat_upgrade.inflight import operation as operation_
from heat_upgrade.inflight import outcomes as outcomes_
from heat_upgrade.inflight import setup_failures
from heat_upgrade.inflight import stacks
from heat_upgrade.inflight import stall_detector
from heat_upgrade.lab import cloud as clouds
from heat_upgrade.lab import heat_client
from heat_upgrade.ledger import client as ledger_client
from heat_upgrade import process
from heat_upgrade.results import findings
from heat_upgrade import waiting

# Concurrent calls to Heat: more make each of them slower on two cores.
THREADS = 4

# Seconds. A stack of five items takes 5 s alone; twenty concurrent stacks on
# a busy machine have taken 90.
PREPARE_TIMEOUT = 180
PARK_TIMEOUT = 90
REMOVE_TIMEOUT = 60
REPAIR_TIMEOUT = 60
# Additional seconds for each case: all 93 cases together take minutes.
SECONDS_PER_CASE = 6
SIGNAL_PATIENCE = 15

# Seconds between two looks at all stacks: each is a call to Heat.
INTERVAL = completion.INTERVAL

_Operation = operation_.InFlightOperation
_Result = typing.TypeVar('_Result')


class Batch:
    """Operations that pass through one disruption together.

    :ivar operations: the in-flight operations
    """

    def __init__(self, chosen: abc.Iterable[cases.Case],
                 api: heat_client.Api, ledger: ledger_client.Client,
                 cloud: clouds.Cloud) -> None:
        nodes = {name: api.at(node.api_url)
                 for name, node in cloud.nodes.items()}
        self.operations = [_Operation(case, api, ledger, nodes=nodes)
                           for case in chosen]
        self._not_started: list[_Operation] = []
        self._api = api
        self._ledger = ledger
        self._cloud = cloud

    def prepare(self) -> list[setup_failures.NotStarted]:
        """Create the stacks that must exist before the operations.

        Operations without a stack leave the batch.

        :returns: the operations whose stack could not be created
        """
        def look(operations: list[_Operation]
                 ) -> abc.Iterator[setup_failures.Progress]:
            rows = self._rows(operations)
            statuses = {operation: rows[operation].status(operation.name)
                        for operation in operations}
            ready = [operation for operation in operations
                     if statuses[operation] == operation.awaited]
            begun = self._each(_caught(_Operation.prepare_next), ready)
            for operation in operations:
                status = statuses[operation]
                if operation in begun:
                    another, refusal = begun[operation]
                    yield operation, refusal or (
                        f'another step after {status}' if another else ''), (
                            not refusal)
                    continue
                hopeless = (status.endswith('_FAILED')
                            or not rows[operation].stacks)
                yield (operation, rows[operation].story(operation.name),
                       not hopeless)
        return self._ready(
            _Operation.prepare,
            [operation for operation in self.operations
             if operation.needs_stack], look,
            timeout=PREPARE_TIMEOUT, goal='the stacks of in-flight operations')

    def park(self) -> list[setup_failures.NotStarted]:
        """Begin all operations, and wait until each is certainly parked.

        Operations that are not parked leave the batch.

        :returns: the operations that could not be parked
        """
        def look(operations: list[_Operation]
                 ) -> abc.Iterator[setup_failures.Progress]:
            labels = {parked.label
                      for parked in self._ledger.parked('inflight/*')}
            values = {item.label: item.value
                      for item in self._ledger.items()}
            rows = self._rows(operations)
            proceeded = self._each(_caught(
                lambda operation: operation.proceed(
                    labels, rows[operation])), operations)
            for operation in operations:
                refusal = proceeded[operation][1]
                story = refusal or operation.not_parked(
                    labels, rows[operation], values)
                yield operation, story, not refusal
        not_started = self._ready(
            _Operation.start, list(self.operations), look,
            timeout=PARK_TIMEOUT, goal='all in-flight operations to be parked')
        engines = self._cloud.engines()
        for operation, rows in self._rows(self.operations).items():
            operation.held_by = tuple(sorted({
                engines[engine][0] for engine in rows.at_work()
                if engine in engines}))
        return not_started

    def _rows(self, operations: list[_Operation]
              ) -> dict[_Operation, evidence.Rows]:
        return evidence.rows_of(self._cloud, operations,
                                stall_detector.PREFIX)

    def _ready(self, begin: abc.Callable[[_Operation], object],
               operations: list[_Operation], look: setup_failures.Look, *,
               timeout: float,
               goal: str) -> list[setup_failures.NotStarted]:
        """Begin a step of some operations, and wait until all are ready.

        :param look: yields the progress of each operation
        :param goal: the end of "waited for ..."
        """
        refused = {operation: story for operation, (_, story) in self._each(
            _caught(begin), operations).items() if story}
        pending = setup_failures.Pending(
            self._cloud, look, [operation for operation in operations
                                if operation not in refused])
        try:
            waiting.wait_until(
                pending.nothing_is_missing, timeout=self._scaled(timeout),
                interval=INTERVAL, what=goal)
        except errors.WaitTimeout:
            pending.give_up()
        return [self._drop(operation, story)
                for operation, story in (refused | pending.lost).items()]

    def _drop(self, operation: _Operation,
              story: str) -> setup_failures.NotStarted:
        """Remove an operation from the batch, and collect its evidence."""
        text = evidence.collect(self._cloud, operation.stack_id,
                                operation.name)
        operation.release()
        self.operations.remove(operation)
        self._not_started.append(operation)
        return setup_failures.NotStarted(operation.case, story, text)

    def release_queued(self, nodes: abc.Collection[str] | None = None
                       ) -> bool:
        """Release the operations whose next step must wait in the queue.

        Call it as soon as the engines of some nodes begin to stop. The other
        operations continue at once, while these engines still take work; the
        queued ones when the engines take none. Their next step is then left
        to other engines of the release, or to the next engine.

        :param nodes: names of the stopping nodes; None for all nodes
        :returns: True if the engines took no work by then
        """
        queued = [operation for operation in self.operations
                  if operation.case.parked == cases.QUEUED]
        for operation in self.operations:
            if operation not in queued:
                operation.release()
        if not queued:
            return True
        drained = engine_drain.drained(self._engines(nodes))
        for operation in queued:
            operation.release()
        return drained

    def _engines(self, nodes: abc.Collection[str] | None
                 ) -> dict[process.Process, set[str]]:
        """Return {engine's process: ids of its workers} of some nodes."""
        return {node.process('engine'): node.engines()
                for name, node in self._cloud.nodes.items()
                if nodes is None or name in nodes}

    def release(self) -> None:
        """Release all operations, and send the signals, if possible.

        An engine with a wait condition does not end before the signal, and
        only an engine can process it: so this tries for SIGNAL_PATIENCE.
        settle() sends the remaining signals.
        """
        for operation in self.operations:
            operation.release()
        try:
            waiting.wait_until(self._signal, timeout=SIGNAL_PATIENCE,
                               interval=INTERVAL, what='all signals')
        except errors.WaitTimeout:
            return

    def _signal(self) -> bool:
        """Send the signals that can be sent; return True if none is left."""
        mute = [operation for operation in self.operations
                if not operation.signalled]
        if not mute:
            return True
        try:
            listed = stacks.listed(self._api, operation_.SIGNAL_TIMEOUT)
        except OSError:
            return False
        names = {name: stack.id for name, stack in listed.items()}
        return all(self._each(lambda operation: operation.signal(names),
                              mute).values())

    def _scaled(self, timeout: float) -> float:
        """Return the timeout for this number of cases.

        :param timeout: seconds for a few cases
        """
        return timeout + SECONDS_PER_CASE * len(self.operations)

    def settle(self, disruption: str,
               timeout: float | None = None) -> list[outcomes_.Outcome]:
        """Wait until all operations have ended or are stuck.

        Call it when all engines are up that should be.

        :param disruption: one of expected_outcomes.DISRUPTIONS
        :param timeout: seconds; None for expected_outcomes.BOUND, plus a
            share for each case
        :returns: the outcomes, in order
        """
        self.release()
        if timeout is None:
            timeout = self._scaled(expected_outcomes.BOUND)
        return completion.CompletionWait(
            self.operations, self._api, self._cloud, disruption,
            between=self._signal).run(timeout)

    def repair(self, outcomes: abc.Sequence[outcomes_.Outcome]
               ) -> list[outcomes_.Outcome]:
        """Try an update, then a delete, on each illegal outcome.

        :param outcomes: the result of settle()
        :returns: the outcomes, each with its repair
        """
        broken = [operation for operation, outcome
                  in zip(self.operations, outcomes) if not outcome.legal]
        repaired: dict[_Operation, str] = {}
        # Heat refuses to update a deleted or suspended stack, but this is
        # not for the tool to assume.
        self._attempt(broken, _Operation.mend, 'UPDATE_COMPLETE',
                      outcomes_.BY_UPDATE, repaired)
        self._attempt(broken, _Operation.delete, 'DELETE_COMPLETE',
                      outcomes_.BY_DELETE, repaired)
        results = []
        for operation, outcome in zip(self.operations, outcomes):
            if operation in broken:
                outcome = dataclasses.replace(outcome, repaired=repaired.get(
                    operation, outcomes_.NOT_AT_ALL))
            results.append(outcome)
        return results

    def _attempt(self, broken: list[_Operation],
                 begin: abc.Callable[[_Operation], object], success: str,
                 repair: str, repaired: dict[_Operation, str]) -> None:
        """Try one repair on each operation without one.

        :param success: status of the stack after a successful repair
        :param repaired: {operation: repair}; extended in place
        """
        left = [operation for operation in broken
                if operation not in repaired]
        tried = self._each(_caught(begin), left)
        left = [operation for operation in left if not tried[operation][1]]

        def none_in_progress() -> bool:
            self._signal()
            listed = self._stacks()
            for operation in list(left):
                stack = stacks.seen(operation, listed)
                if stack.status == success:
                    repaired[operation] = repair
                if not stack.in_progress:
                    left.remove(operation)
            return not left
        try:
            waiting.wait_until(
                none_in_progress, timeout=self._scaled(REPAIR_TIMEOUT),
                interval=INTERVAL, what='the repair')
        except errors.WaitTimeout:
            # The remaining operations stay without a repair.
            return

    def findings(self, outcomes: abc.Iterable[outcomes_.Outcome], *,
                 step: str) -> list[findings.Finding]:
        """Return a finding for each illegal outcome."""
        return outcomes_.illegal(outcomes, step=step)

    def remove(self) -> list[str]:
        """Delete all stacks, including those of a lost parent.

        :returns: a line for each stack that remains
        """
        for operation in self.operations:
            operation.release()
        if not self._removed(self._delete):
            return []
        return self._removed(self._delete_remains)

    def _all(self) -> list[_Operation]:
        """Return the operations, including those that left the batch."""
        return self.operations + self._not_started

    def _delete(self) -> None:
        self._each(_caught(_Operation.delete), self._all())

    def _delete_remains(self) -> None:
        self._delete()
        for name, stack in self._owned().items():
            self._api.call('DELETE', f'stacks/{name}/{stack.id}')

    def _removed(self, begin: abc.Callable[[], None]) -> list[str]:
        """Begin a deletion and wait for it; return the remaining stacks."""
        left = ['not looked at']

        def gone() -> bool:
            left[:] = [f'{name} ({stack.id}): {stack.status}: {stack.reason}'
                       for name, stack in self._owned().items()]
            return not left
        try:
            begin()
            waiting.wait_until(
                gone, timeout=self._scaled(REMOVE_TIMEOUT),
                interval=INTERVAL,
                what='the deletion of the stacks of in-flight operations')
        except (OSError, errors.WaitTimeout) as exc:
            return left or [str(exc)]
        return []

    def _owned(self) -> dict[str, stacks.Stack]:
        return stacks.owned(self._all(), self._stacks())

    def _stacks(self) -> dict[str, stacks.Stack]:
        return stacks.listed(self._api)

    def _each(self, function: abc.Callable[[_Operation], _Result],
              operations: list[_Operation]) -> dict[_Operation, _Result]:
        """Call a function with each operation, THREADS at a time.

        :raises: the first error, after all calls have ended
        """
        return concurrency.map_parallel(function, operations,
                                        threads=THREADS)


def _caught(function: abc.Callable[[_Operation], _Result]
            ) -> abc.Callable[[_Operation], tuple[_Result | None, str]]:
    """Return a function that catches errors.LabError.

    :returns: a function that returns (its result, '') or (None, the error)
    """
    def call(operation: _Operation) -> tuple[_Result | None, str]:
        try:
            return function(operation), ''
        except errors.LabError as exc:
            return None, str(exc)
    return call
