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

"""The reference model: the allowed states of one stack of the traffic.

One client owns a stack and sends one call after the other, so the model
folds the calls in their order. A read may show one of a set of values. An
accepted change that finished replaces all values before it. A change with an
unknown outcome may happen or not, for as long as its message lives.
"""

from collections import abc
import dataclasses
import math

from heat_upgrade.traffic import history
from heat_upgrade.traffic import workload

# Seconds in which a call with an unknown outcome can still take effect:
# Heat's rpc_response_timeout, after which RabbitMQ drops its message.
MESSAGE_LIFE = 60

_YES, _NO, _MAYBE = 'yes', 'no', 'maybe'


@dataclasses.dataclass(frozen=True)
class Problem:
    """A behaviour that no correct Heat shows.

    :ivar rule: key of validator.RULES
    :ivar operation: the operation in progress, or the one requested
    :ivar calls: ids of the calls that prove it
    :ivar text: the observation and the expectation
    """

    rule: str
    operation: str
    calls: tuple[int, ...]
    text: str


@dataclasses.dataclass(frozen=True)
class Change:
    """An operation that may change the stack.

    :ivar call: the call that requested it
    :ivar values: the possible values after it, None if it sets none
    :ivar until: monotonic time until which it may begin
    """

    call: history.Call
    values: frozenset[str] | None
    until: float = math.inf


class Stack:
    """One stack, call by call.

    :param kills: monotonic times at which an engine was killed: an operation
        in progress at such a time may fail

    :ivar begun: operations that Heat accepted and began
    :ivar completed: operations that ended COMPLETE
    :ivar deleted: monotonic time at which the stack was known to be deleted
    :ivar read: (call, value) of each read of the stack at rest
    :ivar listings: the calls that listed its resources
    """

    def __init__(self, kills: abc.Sequence[float] = ()) -> None:
        self.problems: list[Problem] = []
        self.begun: list[str] = []
        self.completed: list[str] = []
        self.deleted: float | None = None
        self.read: list[tuple[history.Call, str]] = []
        self.listings: list[history.Call] = []
        self.shape: str | None = None
        self._kills = kills
        self._exists = _NO
        self._values: frozenset[str] = frozenset()
        self._requested: list[str] = []
        self._unknown: list[Change] = []
        self._pending: Change | None = None
        self._snapshots: dict[str | None, frozenset[str]] = {}
        self._signals: set[str] = set()
        self._sent_signals: set[str] = set()
        # The outputs cannot be judged: an operation failed, or the outputs
        # were reported already.
        self._blurred = False
        self._failures: set[str] = set()
        # The last read since the last change: (call, value).
        self._newest: tuple[history.Call, str] | None = None

    def feed(self, call: history.Call) -> None:
        """Fold the next call into the model."""
        if call.operation in history.MUTATIONS:
            self._mutation(call)
        elif call.operation == history.WAIT:
            self._wait(call)
        elif call.result == history.REFUSED:
            self._refused(call, call.status == 404 and self._exists != _YES)
        elif call.result == history.OK:
            self._read(call)

    def overdue(self, now: float, deadline: float) -> Change | None:
        """Return the accepted change that has not finished in time, or None.

        :param now: monotonic seconds
        :param deadline: seconds that a change may take
        """
        pending = self._pending
        late = pending and now - pending.call.end > deadline
        return pending if late else None

    def _problem(self, rule: str, call: history.Call, text: str, *,
                 operation: str | None = None) -> None:
        pending = self._pending
        ids = (call.id,) if pending is None or (
            pending.call.id == call.id) else (pending.call.id, call.id)
        if operation is None:
            operation = pending.call.operation if pending else call.operation
        self.problems.append(Problem(rule, operation, ids, text))

    def _floating(self, since: float) -> list[Change]:
        """Return the unknown changes that may have begun since a time."""
        return [change for change in self._unknown if change.until >= since]

    def _possible(self) -> list[Change]:
        """Return the accepted change, if any, and the unknown ones."""
        pending = [] if self._pending is None else [self._pending]
        return [*pending, *self._unknown]

    # Requests.

    def _mutation(self, call: history.Call) -> None:
        if call.result == history.REFUSED:
            self._refused(call, self._exists != _YES and call.status == 404)
            return
        self._pending = None
        self._note(call)
        change = Change(call, self._values_of(call))
        if call.result == history.OK:
            self._pending = change
            if call.operation == history.CREATE:
                self._exists = _YES
        else:
            self._unknown.append(dataclasses.replace(
                change, until=call.end + MESSAGE_LIFE))
        if call.operation == history.DELETE or (
                call.result != history.OK
                and call.operation == history.CREATE):
            self._exists = _MAYBE

    def _note(self, call: history.Call) -> None:
        self.shape = call.detail.get('shape', self.shape)
        if 'value' in call.detail:
            self._requested.append(call.detail['value'])
        if 'signal' in call.detail:
            self._sent_signals.add(call.detail['signal'])

    def _values_of(self, call: history.Call) -> frozenset[str] | None:
        if 'value' in call.detail:
            return frozenset([call.detail['value']])
        if call.operation == history.RESTORE:
            return self._snapshots.get(call.detail['snapshot'],
                                       frozenset(self._requested))
        return None

    def _refused(self, call: history.Call, allowed: bool) -> None:
        """Judge a 4xx; an unknown change may have justified it."""
        if not allowed and not self._floating(call.start):
            reason = ('for a stack that exists' if call.status == 404
                      else 'without a reason')
            self._problem(
                'refused', call, f'{call.operation}: HTTP {call.status} '
                f'{reason}: {call.detail.get("error", "")}',
                operation=call.operation)

    # Outcomes.

    def _wait(self, wait: history.Call) -> None:
        change = self._pending
        known = change is not None and change.call.id == wait.detail['of']
        self._look_for_failure(wait)
        if wait.result == history.STUCK:
            self._problem('stuck', wait, (
                f'{wait.detail["operation"]} was '
                f'{"accepted" if known else "sent"}, and is '
                f'{wait.detail["state"]} {wait.end - wait.start:.0f} s '
                'later'), operation=wait.detail['operation'])
            self._blurred = True
        elif wait.result == history.GONE:
            self._gone(wait)
        elif change and known and wait.result == history.NOT_BEGUN:
            self._not_begun(wait, change.call)
        elif change and known and wait.result == history.COMPLETE:
            self._complete(change)
        ended = wait.result in (history.COMPLETE, history.FAILED,
                                history.STUCK)
        if change and known and (ended or self.deleted == wait.end):
            self.begun.append(change.call.operation)
        elif change and known:
            # It may have been overtaken, or may still be in a queue.
            self._unknown.append(dataclasses.replace(
                change, until=wait.end + MESSAGE_LIFE))
        self._pending = None

    def _complete(self, change: Change) -> None:
        call = change.call
        self.completed.append(call.operation)
        if call.operation == history.SNAPSHOT:
            self._snapshots[call.detail.get('snapshot')] = self._allowed()
        if call.operation == history.SIGNAL:
            self._signals.add(call.detail['signal'])
        if change.values is not None:
            self._values = change.values
            self._unknown = self._floating(call.start)
            self._blurred = False
            self._newest = None

    def _gone(self, wait: history.Call) -> None:
        deletes = [change for change in self._possible()
                   if change.call.operation == history.DELETE]
        if deletes:
            self._exists = _NO
            self.deleted = wait.end
            if self._pending in deletes:
                self.completed.append(history.DELETE)

    def _not_begun(self, wait: history.Call, call: history.Call) -> None:
        if not self._floating(call.start):
            self._problem('change-lost', wait, (
                f'{call.operation} was accepted, but '
                f'{wait.end - call.end:.0f} s later the stack is '
                f'{wait.detail["state"] or "unchanged"}'))
            self._blurred = True

    def _look_for_failure(self, call: history.Call) -> None:
        """Judge each FAILED state once."""
        state = call.detail.get('state', '')
        failed = call.result == history.FAILED or (
            state.endswith('_' + history.FAILED))
        if not failed:
            return
        self._blurred = True
        if state in self._failures:
            return
        self._failures.add(state)
        since = min((change.call.start for change in self._possible()),
                    default=call.start)
        if any(since <= kill <= call.end for kill in self._kills):
            return
        self._problem('failed', call, f'unexpectedly {state}: '
                      f'{call.detail.get("reason", "")}')

    # Reads.

    def _read(self, call: history.Call) -> None:
        state = call.detail.get('state', '')
        gone = state == 'DELETE_COMPLETE'
        self._look_for_failure(call)
        if call.operation in (history.POLL, history.SHOW):
            self._read_existence(call, gone)
        if call.operation == history.RESOURCES:
            self.listings.append(call)
        if call.operation == history.METADATA:
            self._read_signals(call)
        if call.operation == history.SHOW and not gone:
            self._read_outputs(call, state)

    def _read_existence(self, call: history.Call, gone: bool) -> None:
        late_create = any(change.call.operation == history.CREATE
                          for change in self._unknown)
        if gone:
            if self._exists == _YES:
                self._exists = _NO
                self._problem('change-lost', call, (
                    f'the stack is {call.detail["state"]} without a '
                    'delete request'), operation=history.CREATE)
        elif self._exists == _NO and not late_create:
            self._problem('change-lost', call, (
                'the stack was deleted, but is '
                f'{call.detail["state"]}'), operation=history.DELETE)
        elif self._exists == _MAYBE and not self._deleting():
            self._exists = _YES

    def _deleting(self) -> bool:
        return any(change.call.operation == history.DELETE
                   for change in self._possible())

    def _read_signals(self, call: history.Call) -> None:
        shown = set(call.detail.get('signals', ()))
        for name in sorted(self._signals - shown):
            self._signals.discard(name)
            self._problem('change-lost', call, (
                f'the signal {name} was accepted and seen, but is not in '
                f'the metadata: {sorted(shown)}'), operation=history.SIGNAL)
        for name in sorted(shown - self._sent_signals):
            self._problem('never-written', call, (
                f'the signal {name} was never sent'),
                operation=history.SIGNAL)

    def _read_outputs(self, call: history.Call, state: str) -> None:
        shown = call.detail.get('outputs', {})
        if self.shape is None:
            return
        possible = {value: workload.outputs(self.shape, value)
                    for value in self._requested}
        for name, output in shown.items():
            # An output without a value belongs to a resource not yet made.
            if output is not None and not any(
                    outputs.get(name) == output
                    for outputs in possible.values()):
                self._blurred = True
                self._problem('never-written', call, (
                    f'output {name} is {output!r}, which was never '
                    'written'))
        if self._blurred or not state.endswith('_' + history.COMPLETE):
            return
        values = [value for value, outputs in possible.items()
                  if outputs == shown]
        allowed = self._allowed()
        if not values:
            if not any(change.values
                       for change in self._floating(call.start)):
                self._outputs_wrong(call, shown, allowed)
        elif values[0] in allowed:
            self._seen(call, values[0])
        else:
            self._outdated(call, values[0], allowed)

    def _allowed(self) -> frozenset[str]:
        """Return the values that the next read may show."""
        return self._values.union(*(change.values or ()
                                    for change in self._possible()))

    def _seen(self, call: history.Call, value: str) -> None:
        """Expect this value until the next change."""
        if value not in self._values:
            # The unknown change has happened: it does not happen twice.
            self._unknown = [change for change in self._unknown
                             if change.values != frozenset([value])]
        self._values = frozenset([value])
        self._newest = (call, value)
        self.read.append((call, value))

    def _outputs_wrong(self, call: history.Call, shown: dict[str, str],
                       allowed: frozenset[str]) -> None:
        self._blurred = True
        self._problem('outputs-wrong', call, (
            f'the outputs {shown} belong to no single change; expected '
            f'those of {_names(allowed)}'))

    def _outdated(self, call: history.Call, value: str,
                  allowed: frozenset[str]) -> None:
        newest = self._newest
        if newest and newest[1] in allowed:
            self._problem('backwards', call, (
                f'the outputs are those of {value} again, after call '
                f'{newest[0].id} had read {newest[1]}'))
        else:
            self._problem('change-lost', call, (
                f'the outputs are those of {value}; expected those of '
                f'{_names(allowed)}, whose change had finished'))
        # Reported once; later reads are compared with the value seen here.
        self._values = frozenset([value])


def _names(values: abc.Iterable[str]) -> str:
    return ' or '.join(sorted(values)) or 'none'
