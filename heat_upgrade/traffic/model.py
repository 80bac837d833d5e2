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

"""The reference model: what one stack of the load may look like, and when.

One client owns a stack and calls one after the other, so the calls are
folded in their order. What may be seen of the stack is a set: an accepted
change that ended has replaced all before it, a change of which nothing is
known may happen, or not, for as long as its message lives.
"""

import dataclasses
import math

from heat_upgrade.traffic import history
from heat_upgrade.traffic import workload

# Until a call of which nothing is known can take effect no more: Heat's
# rpc_response_timeout, after which RabbitMQ drops its message.
MESSAGE_LIFE = 60

# An output is None while its resource is not there yet.
_YES, _NO, _MAYBE = 'yes', 'no', 'maybe'


@dataclasses.dataclass(frozen=True)
class Problem:
    """What no correct Heat does.

    :ivar rule: name of one of :data:`heat_upgrade.traffic.validator.RULES`
    :ivar operation: what the stack was in, or what was asked for
    :ivar calls: ids of the calls that show it
    :ivar text: what was seen, and what was expected
    """

    rule: str
    operation: str
    calls: tuple[int, ...]
    text: str


@dataclasses.dataclass(frozen=True)
class Change:
    """An operation that may change the stack.

    :ivar call: that asked for it
    :ivar values: those that may be in force after it, None if it sets none
    :ivar until: monotonic time until which it may begin
    """

    call: history.Call
    values: frozenset | None
    until: float = math.inf


class Stack:
    """One stack, call by call.

    :param kills: monotonic times at which an engine was killed: what was in
        progress then may fail

    :ivar problems: list of :class:`Problem`
    :ivar begun: operations that Heat accepted and that began
    :ivar completed: operations that ended COMPLETE
    :ivar deleted: monotonic time at which it was known to be deleted
    :ivar read: (call, value) of each read that found the stack at rest
    :ivar listings: the calls that listed its resources
    """

    def __init__(self, kills=()):
        self.problems = []
        self.begun = []
        self.completed = []
        self.deleted = None
        self.read = []
        self.listings = []
        self.shape = None
        self._kills = kills
        self._exists = _NO
        self._values = frozenset()
        self._asked = []
        self._unknown = []
        self._pending = None
        self._snapshots = {}
        self._signals = set()
        self._asked_signals = set()
        # Nothing can be said of the outputs: something failed, or was
        # reported already.
        self._blurred = False
        self._failures = set()
        # The last read since the last change: (call, value).
        self._newest = None

    def feed(self, call):
        """Take in the next call."""
        if call.operation in history.MUTATIONS:
            self._mutation(call)
        elif call.operation == history.WAIT:
            self._wait(call)
        elif call.result == history.REFUSED:
            self._refused(call, call.status == 404 and self._exists != _YES)
        elif call.result == history.OK:
            self._read(call)

    def overdue(self, now, deadline):
        """Return the accepted change that has not ended in time, or None.

        :param now: monotonic seconds
        :param deadline: seconds that it may take
        """
        late = self._pending and now - self._pending.call.end > deadline
        return self._pending if late else None

    def _problem(self, rule, call, text, *, operation=None):
        pending = self._pending
        ids = (call.id,) if pending is None or (
            pending.call.id == call.id) else (pending.call.id, call.id)
        if operation is None:
            operation = pending.call.operation if pending else call.operation
        self.problems.append(Problem(rule, operation, ids, text))

    def _floating(self, since):
        """Return what is unknown and may have begun since a time."""
        return [one for one in self._unknown if one.until >= since]

    # What is asked for.

    def _mutation(self, call):
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

    def _note(self, call):
        self.shape = call.detail.get('shape', self.shape)
        if 'value' in call.detail:
            self._asked.append(call.detail['value'])
        if 'signal' in call.detail:
            self._asked_signals.add(call.detail['signal'])

    def _values_of(self, call):
        if 'value' in call.detail:
            return frozenset([call.detail['value']])
        if call.operation == history.RESTORE:
            return self._snapshots.get(call.detail['snapshot'],
                                       frozenset(self._asked))
        return None

    def _refused(self, call, allowed):
        """Judge a 4xx; what is unknown may have made it right."""
        if not allowed and not self._floating(call.start):
            what = ('of a stack that exists' if call.status == 404
                    else 'that nothing calls for')
            self._problem(
                'refused', call, f'{call.operation}: HTTP {call.status} '
                f'{what}: {call.detail.get("error", "")}',
                operation=call.operation)

    # What comes of it.

    def _wait(self, wait):
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
        elif known and wait.result == history.NOT_BEGUN:
            self._not_begun(wait)
        elif known and wait.result == history.COMPLETE:
            self._complete(change)
        ended = wait.result in (history.COMPLETE, history.FAILED,
                                history.STUCK)
        if known and (ended or self.deleted == wait.end):
            self.begun.append(change.call.operation)
        elif known:
            # It may have come and been overtaken, or be on its way.
            self._unknown.append(dataclasses.replace(
                change, until=wait.end + MESSAGE_LIFE))
        self._pending = None

    def _complete(self, change):
        call = change.call
        self.completed.append(call.operation)
        if call.operation == history.SNAPSHOT:
            self._snapshots[call.detail.get('snapshot')] = self._allowed(
                call.start)
        if call.operation == history.SIGNAL:
            self._signals.add(call.detail['signal'])
        if change.values is not None:
            self._values = change.values
            self._unknown = self._floating(call.start)
            self._blurred = False
            self._newest = None

    def _gone(self, wait):
        deletes = [one for one in [self._pending, *self._unknown] if one
                   and one.call.operation == history.DELETE]
        if deletes:
            self._exists = _NO
            self.deleted = wait.end
            if self._pending in deletes:
                self.completed.append(history.DELETE)

    def _not_begun(self, wait):
        call = self._pending.call
        if not self._floating(call.start):
            self._problem('change-lost', wait, (
                f'{call.operation} was accepted, and {wait.end - call.end:.0f}'
                f' s later the stack is {wait.detail["state"] or "as before"}'
            ))
            self._blurred = True

    def _look_for_failure(self, call):
        """Judge a state that is FAILED, once."""
        state = call.detail.get('state', '')
        failed = call.result == history.FAILED or (
            state.endswith('_' + history.FAILED))
        if not failed:
            return
        self._blurred = True
        if state in self._failures:
            return
        self._failures.add(state)
        changes = [one.call.start for one in [self._pending, *self._unknown]
                   if one]
        since = min(changes, default=call.start)
        if any(since <= kill <= call.end for kill in self._kills):
            return
        self._problem('failed', call, f'{state}, and nothing asked it to '
                      f'fail: {call.detail.get("reason", "")}')

    # What is read.

    def _read(self, call):
        state = call.detail.get('state', '')
        gone = state == 'DELETE_COMPLETE'
        self._look_for_failure(call)
        if call.operation in (history.POLL, history.SHOW):
            self._is_there(call, gone)
        if call.operation == history.RESOURCES:
            self.listings.append(call)
        if call.operation == history.METADATA:
            self._read_signals(call)
        if call.operation == history.SHOW and not gone:
            self._read_outputs(call, state)

    def _is_there(self, call, gone):
        late_create = any(one.call.operation == history.CREATE
                          for one in self._unknown)
        if gone:
            if self._exists == _YES:
                self._exists = _NO
                self._problem('change-lost', call, (
                    f'the stack is {call.detail["state"]}, and nobody '
                    'deleted it'), operation=history.CREATE)
        elif self._exists == _NO and not late_create:
            self._problem('change-lost', call, (
                f'the stack was deleted, and is {call.detail["state"]}'),
                operation=history.DELETE)
        elif self._exists == _MAYBE and not self._deleting():
            self._exists = _YES

    def _deleting(self):
        return any(one.call.operation == history.DELETE
                   for one in [self._pending, *self._unknown] if one)

    def _read_signals(self, call):
        shown = set(call.detail.get('signals', ()))
        for name in sorted(self._signals - shown):
            self._signals.discard(name)
            self._problem('change-lost', call, (
                f'the signal {name} was accepted and seen, and is not in '
                f'the metadata: {sorted(shown)}'), operation=history.SIGNAL)
        for name in sorted(shown - self._asked_signals):
            self._problem('never-written', call, (
                f'nobody sent the signal {name}'), operation=history.SIGNAL)

    def _read_outputs(self, call, state):
        shown = call.detail.get('outputs', {})
        if self.shape is None:
            return
        possible = {value: workload.outputs(self.shape, value)
                    for value in self._asked}
        for name, one in shown.items():
            if one is not None and not any(
                    outputs.get(name) == one
                    for outputs in possible.values()):
                self._blurred = True
                self._problem('never-written', call, (
                    f'output {name} is {one!r}, which nobody wrote'))
        if self._blurred or not state.endswith('_' + history.COMPLETE):
            return
        values = [value for value, outputs in possible.items()
                  if outputs == shown]
        allowed = self._allowed(call.start)
        if not values:
            if not any(one.values for one in self._floating(call.start)):
                self._outputs_wrong(call, shown, allowed)
        elif values[0] in allowed:
            self._seen(call, values[0])
        else:
            self._outdated(call, values[0], allowed)

    def _allowed(self, now):
        """Return the values that a read may show that begins now."""
        found = set(self._values)
        for one in [self._pending, *self._unknown]:
            if one and one.values is not None:
                found |= one.values
        return frozenset(found)

    def _seen(self, call, value):
        """From now on it is this value, until the next change."""
        if value not in self._values:
            # What was unknown has happened: it does not happen twice.
            self._unknown = [one for one in self._unknown
                             if one.values != {value}]
        self._values = frozenset([value])
        self._newest = (call, value)
        self.read.append((call, value))

    def _outputs_wrong(self, call, shown, allowed):
        self._blurred = True
        self._problem('outputs-wrong', call, (
            f'the outputs are {shown}, those of no one change; expected '
            f'those of {_names(allowed)}'))

    def _outdated(self, call, value, allowed):
        newest = self._newest
        if newest and newest[1] in allowed:
            self._problem('backwards', call, (
                f'the outputs are those of {value} again, after call '
                f'{newest[0].id} had read {newest[1]}'))
        else:
            self._problem('change-lost', call, (
                f'the outputs are those of {value}; expected those of '
                f'{_names(allowed)}, whose change had ended'))
        # Told once; what comes next is measured by what is there.
        self._values = frozenset([value])


def _names(values):
    return ' or '.join(sorted(values)) or 'none'
