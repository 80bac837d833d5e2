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

"""Validates the history of the traffic: pure, over the files of a run."""

import collections
from collections import abc
import dataclasses
import typing

from heat_upgrade.ledger import event_log
from heat_upgrade.ledger import reconciliation
from heat_upgrade.ledger import state as states
from heat_upgrade.results.rules import traffic
from heat_upgrade.traffic import client
from heat_upgrade.traffic import history
from heat_upgrade.traffic import model
from heat_upgrade.traffic import workload

# Prefix of the slugs of the validator's rules in the registry of rules.
PREFIX = 'traffic.'

# {name: title}
RULES: dict[str, str] = {
    rule.slug.removeprefix(PREFIX): rule.summary.removesuffix('.')
    for rule in traffic.RULES if rule.slug.startswith(PREFIX)}

# Heat's max_events_per_stack; beyond it Heat purges the oldest events.
EVENTS_KEPT = 1000

# Operations that leave no event of the stack.
_WITHOUT_EVENTS = (history.SIGNAL,)

# {stack: its last state, outputs, events and resources}
Final = dict[str, dict[str, typing.Any]]

Events = abc.Sequence[event_log.Event]
Problems = abc.Iterator[model.Problem]


@dataclasses.dataclass(frozen=True)
class Violation:
    """A rule that a history breaks.

    :ivar rule: key of RULES
    :ivar stack: name of the stack
    :ivar calls: ids of the calls that prove it
    :ivar text: the observation and the expectation
    :ivar operation: the operation in progress
    :ivar control: whether the control history breaks the same rule in the
        same operation, see compare()
    """

    rule: str
    stack: str
    calls: tuple[int, ...]
    text: str
    operation: str
    control: bool = False

    @property
    def shape(self) -> tuple[str, str]:
        """The identity of the violation across histories."""
        return self.rule, self.operation


def validate(calls: abc.Sequence[history.Call],
             ledger_events: abc.Iterable[event_log.Event] | None,
             final: Final | None = None) -> list[Violation]:
    """Return the violations of a history, by stack.

    Calls without an answer from Heat (no answer, 5xx) are not violations:
    they are availability, see history.failures(). An operation in progress
    while an engine was killed (a fault in the history) may fail, but must
    finish.

    :param ledger_events: events of any owner; None without a ledger
    :param final: None if the run was interrupted before its end
    """
    kills = [call.start for call in calls if call.operation == history.FAULT
             and call.result == history.SIGKILL]
    by_stack = collections.defaultdict(list)
    for call in calls:
        if call.stack:
            by_stack[call.stack].append(call)
    ledger = collections.defaultdict(list)
    for event in ledger_events or ():
        name = workload.stack_of(event.label)
        if name in by_stack:
            ledger[name].append(event)
    violations = []
    for name, stack_calls in by_stack.items():
        # Only the final state proves that a missing thing never appeared.
        last = (final or {}).get(name)
        stack = model.Stack(kills)
        for call in stack_calls:
            stack.feed(call)
        problems = list(stack.problems)
        if last is not None:
            problems += _overdue(stack, stack_calls, last)
            problems += _events(stack, stack_calls, last)
        if ledger_events is not None:
            problems += _physical(stack, stack_calls, ledger[name], last)
        violations += [Violation(problem.rule, name, problem.calls,
                                 problem.text, problem.operation)
                       for problem in problems]
    return violations


def _overdue(stack: model.Stack, calls: list[history.Call],
             last: dict[str, typing.Any]) -> Problems:
    """Yield an accepted operation that has no end long after its start."""
    change = stack.overdue(calls[-1].end, client.DEADLINE)
    if change is not None:
        yield model.Problem(
            'stuck', change.call.operation, (change.call.id,),
            f'{change.call.operation} was accepted and never finished; the '
            f'stack is {last["state"]} at the end of the run')


def _events(stack: model.Stack, calls: list[history.Call],
            last: dict[str, typing.Any]) -> Problems:
    """Compare the events of a stack with its operations."""
    requests = [call for call in calls if call.operation in history.MUTATIONS]
    resources = len(workload.ITEMS.get(stack.shape or '', ())) + 1
    if last.get('events') is None or (
            len(requests) * 2 * (resources + 1) > EVENTS_KEPT):
        return
    actual = collections.Counter(name for _, name in last['events'])
    expected: collections.Counter[str] = collections.Counter()
    for operations, status in ((stack.begun, 'IN_PROGRESS'),
                               (stack.completed, 'COMPLETE')):
        expected.update(f'{operation.upper()}_{status}'
                        for operation in operations
                        if operation not in _WITHOUT_EVENTS)
    for name in sorted(expected - actual):
        operation = name.partition('_')[0].lower()
        yield model.Problem(
            'events-incomplete', operation,
            tuple(call.id for call in requests
                  if call.operation == operation),
            f'{expected[name]} operations reached {name}, but the stack '
            f'has {actual[name]} such events')


def _physical(stack: model.Stack, calls: list[history.Call], events: Events,
              last: dict[str, typing.Any] | None) -> Problems:
    """Compare Heat's answers with the items in the ledger."""
    yield from _twice(events, calls)
    for call, value in stack.read:
        yield from _values(stack, call, value, events)
    for call in stack.listings:
        yield from _lost(call, call.detail['resources'], events)
    if last is None or last['state'] is None:
        return
    yield from _left(calls, last, states.State(events).items)


def _twice(events: Events, calls: list[history.Call]) -> Problems:
    """Yield each item created for a row of Heat's that has one already."""
    starts = {event.item: event for event in events
              if event.operation == 'create'}
    for difference in reconciliation.made_twice(events):
        yield model.Problem('made-twice', 'create',
                            _around(calls, starts[difference.item]),
                            difference.text)


def _around(calls: list[history.Call],
            event: event_log.Event) -> tuple[int, ...]:
    """Return the id of the last request before an event."""
    before = [call.id for call in calls if call.operation in history.MUTATIONS
              and call.start <= event.monotonic]
    return tuple(before[-1:])


def _values(stack: model.Stack, call: history.Call, value: str,
            events: Events) -> Problems:
    """Compare Heat's outputs with the values of the items."""
    held = {}
    for event in events:
        if event.monotonic > call.start:
            break
        if event.status == event_log.DONE and event.value is not None:
            held[event.resource] = event.value
    for name, expected in workload.outputs(stack.shape or '', value).items():
        if name in held and held[name] != expected:
            yield model.Problem(
                'change-lost', 'update', (call.id,),
                f'Heat shows {expected!r} as output {name}, but the item '
                f'holds {held[name]!r}')


def _lost(call: history.Call, resources: dict[str, list[str]],
          events: Events) -> Problems:
    """Yield each complete resource that did not exist during the call."""
    existed = {event.item for event in events if event.operation == 'create'
               and event.status == event_log.DONE
               and event.monotonic <= call.end}
    existed -= {event.item for event in events if event.operation == 'delete'
                and event.status == event_log.DONE
                and event.monotonic <= call.start}
    for name, (state, physical) in sorted(resources.items()):
        if (name != workload.HANDLE and state.endswith('_COMPLETE')
                # These promise no physical resource.
                and not state.startswith(('INIT', 'DELETE'))
                and physical not in existed):
            yield model.Problem(
                'resource-lost', call.operation, (call.id,),
                f'{name} is {state} as {physical}, which does not exist')


def _left(calls: list[history.Call], last: dict[str, typing.Any],
          items: dict[str, states.Item]) -> Problems:
    """Yield each item at the end that Heat does not know."""
    known = {physical for _, physical in (last.get('resources')
                                          or {}).values()}
    gone = last['state'] in ('', client.GONE_STATE)
    if not gone and last.get('resources') is None:
        return
    for item in items.values():
        if item.id not in known:
            yield model.Problem(
                'left-behind', 'delete' if gone else 'update',
                tuple(call.id for call in calls
                      if call.operation == history.DELETE),
                f'{item.resource} ({item.id}) exists, but the stack is '
                f'{last["state"] or "unknown to Heat"}'
                + ('' if gone else ' and does not have it'))


def compare(violations: abc.Iterable[Violation],
            control: abc.Iterable[Violation]) -> list[Violation]:
    """Mark the violations that also occur in the control's history.

    The control runs the same workload while the same release restarts, so
    the upgrade does not cause its violations.

    :param control: violations of the control
    :returns: the violations, with ``control`` set if a violation of the
        control has the same rule and operation
    """
    shapes = {violation.shape for violation in control}
    return [dataclasses.replace(violation,
                                control=violation.shape in shapes)
            for violation in violations]
