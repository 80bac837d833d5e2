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

"""Judges a history of the load: pure, over what a run has saved."""

import collections
import dataclasses

from heat_upgrade.ledger import event_log
from heat_upgrade.ledger import reconciliation
from heat_upgrade.ledger import state as states
from heat_upgrade.traffic import client
from heat_upgrade.traffic import history
from heat_upgrade.traffic import model
from heat_upgrade.traffic import workload

RULES = {
    'change-lost': 'what was acknowledged, and has ended, is there',
    'stuck': 'what was accepted ends',
    'failed': 'nothing fails that nobody asked to fail',
    'made-twice': 'a resource is made once',
    'left-behind': 'of a deleted stack nothing is left, and nothing exists '
                   'that Heat does not know',
    'resource-lost': 'what Heat calls complete exists',
    'outputs-wrong': 'the outputs are those of one change, all of them',
    'events-incomplete': 'each operation has its event of the begin and, '
                         'when complete, that of the end',
    'never-written': 'nothing is read that nobody wrote',
    'backwards': 'what was read is not followed by what was before it',
    'refused': 'no call is refused that the state of the stack allows',
}

# Heat's max_events_per_stack; beyond it the oldest events are purged.
EVENTS_KEPT = 1000

# Operations that leave no event of the stack.
_WITHOUT_EVENTS = (history.SIGNAL,)


@dataclasses.dataclass(frozen=True)
class Violation:
    """A rule that a history breaks.

    :ivar rule: key of RULES
    :ivar stack: name of the stack
    :ivar calls: ids of the calls that show it
    :ivar text: what was seen, and what was expected
    :ivar operation: what was in hand
    :ivar control: whether the control history breaks the same rule in the
        same operation, see :func:`compare`
    """

    rule: str
    stack: str
    calls: tuple[int, ...]
    text: str
    operation: str
    control: bool = False

    @property
    def shape(self):
        """What makes it the same as one of another history."""
        return self.rule, self.operation


def judge(calls, ledger_events, final=None):
    """Return what is wrong in a history.

    Errors without an answer of Heat's (no answer, 5xx) are none of it: they
    are availability, see :func:`heat_upgrade.traffic.history.failures`. What
    was in progress while an engine was killed (a fault in the history) may
    fail, but has to end.

    :param calls: list of :class:`heat_upgrade.traffic.history.Call`
    :param ledger_events: list of :class:`heat_upgrade.ledger.event_log.Event`,
        those of others among them; None if there was no ledger
    :param final: {stack: what Heat told at the end}, None if the run was cut
        off before
    :returns: list of :class:`Violation`, by stack
    """
    kills = [call.start for call in calls if call.operation == history.FAULT
             and call.result == history.SIGKILL]
    by_stack = collections.defaultdict(list)
    for call in calls:
        if call.stack:
            by_stack[call.stack].append(call)
    ledger = collections.defaultdict(list)
    for event in ledger_events or ():
        stack = workload.stack_of(event.label)
        if stack in by_stack:
            ledger[stack].append(event)
    found = []
    for stack, its_calls in by_stack.items():
        # Only with an end is it known that what is not there never came.
        last = (final or {}).get(stack)
        folded = model.Stack(kills)
        for call in its_calls:
            folded.feed(call)
        problems = list(folded.problems)
        if last is not None:
            problems += _overdue(folded, its_calls, last)
            problems += _events(folded, its_calls, last)
        if ledger_events is not None:
            problems += _physical(folded, its_calls, ledger[stack], last)
        found += [Violation(one.rule, stack, one.calls, one.text,
                            one.operation) for one in problems]
    return found


def _overdue(folded, calls, last):
    """An accepted operation whose end nobody saw, long after."""
    change = folded.overdue(calls[-1].end, client.DEADLINE)
    if change is not None:
        yield model.Problem(
            'stuck', change.call.operation, (change.call.id,),
            f'{change.call.operation} was accepted, and has no end; the '
            f'stack is {last["state"]} at the end of the run')


def _events(folded, calls, last):
    """Compare the stack's events with the operations that it went through."""
    asked = [call for call in calls if call.operation in history.MUTATIONS]
    resources = len(workload.ITEMS.get(folded.shape, ())) + 1
    if last.get('events') is None or (
            len(asked) * 2 * (resources + 1) > EVENTS_KEPT):
        return
    there = collections.Counter(name for _, name in last['events'])
    wanted = collections.Counter()
    for operations, status in ((folded.begun, 'IN_PROGRESS'),
                               (folded.completed, 'COMPLETE')):
        wanted.update(f'{one.upper()}_{status}' for one in operations
                      if one not in _WITHOUT_EVENTS)
    for name in sorted(wanted - there):
        operation = name.partition('_')[0].lower()
        yield model.Problem(
            'events-incomplete', operation,
            tuple(call.id for call in asked if call.operation == operation),
            f'{wanted[name]} operations went through {name}, and the stack '
            f'has {there[name]} such events')


def _physical(folded, calls, events, last):
    """Compare what Heat told with what the ledger says exists."""
    yield from _twice(events, calls)
    for call, value in folded.read:
        yield from _values(folded, call, value, events)
    for call in folded.listings:
        yield from _lost(call, call.detail['resources'], events)
    if last is None or last['state'] is None:
        return
    yield from _left(folded, calls, last, states.State(events).items)


def _twice(events, calls):
    """An item that is made for a row of Heat's that has one."""
    starts = {event.item: event for event in events
              if event.operation == 'create'}
    for one in reconciliation.made_twice(events):
        yield model.Problem('made-twice', 'create',
                            _around(calls, starts[one.item]), one.text)


def _around(calls, event):
    """Return the id of the call that was the last one asked for then."""
    before = [call.id for call in calls if call.operation in history.MUTATIONS
              and call.start <= event.monotonic]
    return tuple(before[-1:])


def _values(folded, call, value, events):
    """The items hold what Heat's outputs say."""
    held = {}
    for event in events:
        if event.monotonic > call.start:
            break
        if event.status == event_log.DONE and event.value is not None:
            held[event.resource] = event.value
    for name, expected in workload.outputs(folded.shape, value).items():
        if name in held and held[name] != expected:
            yield model.Problem(
                'change-lost', 'update', (call.id,),
                f'Heat shows {expected!r} as output {name}, and the item '
                f'holds {held[name]!r}')


def _lost(call, resources, events):
    """What Heat calls complete has to exist for the whole of the call."""
    existed = {event.item for event in events if event.operation == 'create'
               and event.status == event_log.DONE
               and event.monotonic <= call.end}
    existed -= {event.item for event in events if event.operation == 'delete'
                and event.status == event_log.DONE
                and event.monotonic <= call.start}
    for name, (state, physical) in sorted(resources.items()):
        if (name != workload.HANDLE and state.endswith('_COMPLETE')
                # Not begun, or no more: neither promises anything.
                and not state.startswith(('INIT', 'DELETE'))
                and physical not in existed):
            yield model.Problem(
                'resource-lost', call.operation, (call.id,),
                f'{name} is {state} as {physical}, which does not exist')


def _left(folded, calls, last, items):
    """What exists at the end, and Heat does not know."""
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
                f'{item.resource} ({item.id}) exists, and the stack is '
                f'{last["state"] or "unknown to Heat"}'
                + ('' if gone else ' and does not have it'))


def compare(violations, control):
    """Mark the violations that also occur in the control's history.

    The control is the same script while the same release is restarted: what
    happens there too is not the upgrade's fault.

    :param violations: list of :class:`Violation`
    :param control: those of the control
    :returns: the first list, with ``control`` set where rule and operation
        are among the control's
    """
    shapes = {one.shape for one in control}
    return [dataclasses.replace(one, control=one.shape in shapes)
            for one in violations]
