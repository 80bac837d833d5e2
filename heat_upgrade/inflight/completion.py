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

"""Waits until operations end, or until proof that they never will."""

from collections import abc
import time

from heat_upgrade import errors
from heat_upgrade.inflight import evidence
from heat_upgrade.inflight import expected_outcomes
from heat_upgrade.inflight import grace
from heat_upgrade.inflight import operation as operation_
from heat_upgrade.inflight import outcomes
from heat_upgrade.inflight import stacks
from heat_upgrade.inflight import stall_detector
from heat_upgrade.lab import cloud as clouds
from heat_upgrade.lab import heat_client
from heat_upgrade.lab.services import rabbitmq

# Seconds between two looks at all stacks: each is a call to Heat.
INTERVAL = 1.0


class CompletionWait:
    """One wait for many operations.

    :param disruption: one of expected_outcomes.DISRUPTIONS
    :param between: remaining work, called between two looks
    :param clock: monotonic clock, for tests
    :param sleep: for tests
    """

    def __init__(self,
                 operations: abc.Sequence[operation_.InFlightOperation],
                 api: heat_client.Api, cloud: clouds.Cloud, disruption: str,
                 between: abc.Callable[[], object] | None = None, *,
                 clock: abc.Callable[[], float] = time.monotonic,
                 sleep: abc.Callable[[float], object] = time.sleep) -> None:
        self._operations = operations
        self._api = api
        self._cloud = cloud
        self._disruption = disruption
        self._between = between or (lambda: None)
        self._clock = clock
        self._sleep = sleep
        self._start = clock()
        self._detector = stall_detector.StallDetector(cloud, clock=clock)
        self._ended: dict[operation_.InFlightOperation,
                          outcomes.Outcome] = {}
        self._cut_off_engines: frozenset[str] | None = None

    def run(self, timeout: float) -> list[outcomes.Outcome]:
        """Wait for all operations; returns their outcomes in order.

        :param timeout: seconds
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
                return [self._ended[operation]
                        for operation in self._operations]
            self._between()
            self._sleep(INTERVAL)

    def _left(self) -> list[operation_.InFlightOperation]:
        return [operation for operation in self._operations
                if operation not in self._ended]

    def _collect_ends(self) -> None:
        """Record the outcomes of ended operations, if Heat answers.

        Heat is called only when its tables have an ended operation: a list
        of all stacks takes the API a tenth of a second, the tables a
        hundredth.
        """
        left = self._left()
        rows = evidence.rows_of(self._cloud, left, stall_detector.PREFIX)
        ended = [operation for operation in left
                 if not rows[operation].in_progress]
        if not ended:
            return
        try:
            listed = stacks.listed(self._api)
        except OSError:
            return
        for operation in ended:
            stack = stacks.seen(operation, listed)
            if stack.in_progress:
                continue
            try:
                self._end(operation, stack)
            except errors.LabError:
                # The state of its snapshot is not available yet.
                continue

    def _look(self, left: list[operation_.InFlightOperation],
              late: bool) -> None:
        """End the wait for stuck operations.

        :param late: end the wait for all
        """
        # These wait for a signal from the tool.
        mute = [operation for operation in left if not operation.signalled]
        for operation, rows, stuck in self._detector.look(
                left, waited_for=mute):
            if late or stuck:
                self._end(operation, _top(rows, operation), stuck=True,
                          queues=self._detector.queues, rows=rows)

    def _end(self, operation: operation_.InFlightOperation,
             stack: stacks.Stack, *, stuck: bool = False,
             queues: list[rabbitmq.Queue] | None = None,
             rows: evidence.Rows | None = None) -> None:
        seconds = self._clock() - self._start
        status = stack.status
        if (not stuck and status.endswith('_COMPLETE')
                and operation.snapshot_status() == 'IN_PROGRESS'):
            status = f'{status} with a snapshot in progress'
        legal = not stuck and status in expected_outcomes.legal(
            operation.case, self._disruption)
        if not legal and queues is None:
            queues = self._cloud.queues()
        self._ended[operation] = outcomes.Outcome(
            case=operation.case, disruption=self._disruption,
            stack_id=operation.stack_id, status=status, reason=stack.reason,
            seconds=seconds, legal=legal, stuck=stuck,
            lost=stuck and bool(evidence.lost_work(queues or ())),
            two_shapes=rows is not None and rows.has_mixed_sync_points(),
            cut_off=self._cut_off(rows) if stuck and rows else (),
            api_was_down=not legal and grace.api_was_down(stack.reason),
            held_by=operation.held_by,
            evidence='' if legal else evidence.collect(
                self._cloud, operation.stack_id, operation.name, queues,
                rows))

    def _cut_off(self, rows: evidence.Rows) -> tuple[str, ...]:
        """Return the resources that engines held to the end of their grace.

        The engines that wait for an operation have stopped by now: their logs
        are read once.
        """
        if self._cut_off_engines is None:
            self._cut_off_engines = frozenset().union(*(
                grace.exceeded(log.read_text(errors='replace'))
                for log in evidence.engine_logs(self._cloud)))
        return grace.cut_off(rows, self._cut_off_engines)


def _top(rows: evidence.Rows,
         operation: operation_.InFlightOperation) -> stacks.Stack:
    """Return the stack of an operation, or a nested one, from the database.

    A stack in progress comes first, then the operation's own.
    """
    ordered = sorted(rows.stacks, key=lambda row: (
        row[3] != 'IN_PROGRESS', row[0] != operation.stack_id))
    if not ordered:
        return stacks.GONE
    stack_id, _, action, status, reason, *_ = ordered[0]
    return stacks.Stack(stack_id, f'{action}_{status}', reason or '')
