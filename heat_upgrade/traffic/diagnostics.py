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

"""Reports violations as findings, each with its stack's history."""

import collections
from collections import abc
import itertools

from heat_upgrade.results import findings as findings_
from heat_upgrade.traffic import history
from heat_upgrade.traffic import validator

PREFIX = validator.PREFIX

# Maximum number of violations that a finding shows.
SHOWN = 10

# Takes id and name of a stuck stack; returns the cloud's records about it.
Look = abc.Callable[[str, str], str]


def findings(violations: abc.Iterable[validator.Violation],
             calls: abc.Sequence[history.Call], *, step: str,
             steps: abc.Sequence[history.Step] = (),
             look: Look | None = None) -> list[findings_.Finding]:
    """Return one finding for each rule and operation.

    A violation that the control has too is a warning: the upgrade does not
    cause it.

    :param calls: the history with the violations
    :param step: name of the plan's step that validates
    :param steps: the steps before it: a finding belongs to the step in which
        the first call that proves it began
    :param look: reads a stuck stack in the cloud, if that is still up
    """
    groups = collections.defaultdict(list)
    for violation in violations:
        groups[violation.shape, violation.control].append(violation)
    return [_finding(group, calls, step, steps, look)
            for group in groups.values()]


def _finding(group: list[validator.Violation],
             calls: abc.Sequence[history.Call], step: str,
             steps: abc.Sequence[history.Step], look: Look | None
             ) -> findings_.Finding:
    first = group[0]
    begins = [call.start for call in calls if call.id in first.calls]
    if begins:
        step = history.step_at(steps, min(begins), step)
    texts = [f'{violation.stack}, {violation.operation}: {violation.text}'
             for violation in group]
    if len(texts) > SHOWN:
        texts[SHOWN:] = [f'and {len(texts) - SHOWN} more']
    lines = [*texts, f'The history of {first.stack}:',
             *story(calls, first.stack, marked=first.calls)]
    if look and first.rule == 'stuck':
        lines.append(look(_id(calls, first.stack), first.stack))
    return findings_.make(
        f'{PREFIX}{first.rule}', first.operation, title(first),
        '\n'.join(lines), step=step,
        severity=(findings_.WARNING if first.control else findings_.ERROR),
        facts={'stacks': sorted({violation.stack for violation in group})})


def _id(calls: abc.Iterable[history.Call], stack: str) -> str:
    """Return the id of a stack, '' if no answer contained it."""
    ids = (call.detail.get('id') for call in calls if call.stack == stack)
    return next(filter(None, ids), '')


def title(violation: validator.Violation) -> str:
    """Return the title for a rule and operation, the same in each run."""
    return (f'traffic: {violation.operation} breaks the rule '
            f'{violation.rule}: {validator.RULES[violation.rule]}'
            + ('; so does the control, a plain restart'
               if violation.control else ''))


def story(calls: abc.Iterable[history.Call], stack: str, *,
          marked: abc.Container[int] = ()) -> list[str]:
    """Return the calls of a stack in order, a line each.

    Times are seconds since its first call. Equal polls share a line. The
    faults in the meantime are included.

    :param marked: ids of the calls that prove a violation
    """
    calls = list(calls)
    own = [call for call in calls if call.stack == stack]
    if not own:
        return []
    origin, end = own[0].start, own[-1].end
    shown = [call for call in calls if call.stack == stack or (
        call.operation == history.FAULT and origin <= call.start <= end)]
    lines = []
    for (text, _), group in itertools.groupby(shown, lambda call: (
            _text(call), call.id if call.id in marked else None)):
        same = list(group)
        first, last = same[0], same[-1]
        mark = '>' if first.id in marked else ' '
        nodes = ', '.join(sorted({_node(call) for call in same}))
        # The end identifies a wait, the start any other call.
        when = first.end if first.operation == history.WAIT else first.start
        repeats = (f' (and {len(same) - 1} more like it until '
                   f'{last.end - origin:.2f} s)' if len(same) > 1 else '')
        lines.append(f'{mark} {when - origin:8.2f} s  #{first.id:<5} '
                     f'[{nodes}] {text}{repeats}')
    return lines


def _node(call: history.Call) -> str:
    return ' '.join(filter(None, (call.node, call.release))) or '-'


def _text(call: history.Call) -> str:
    """Return the request and result of a call, without time and node."""
    detail = call.detail
    if call.operation == history.FAULT:
        return f'-- {call.result}'
    if call.operation == history.WAIT:
        return (f'   {detail.get("operation", "")} (#{detail["of"]}) ended: '
                f'{call.result} {detail.get("state", "")}'.rstrip())
    values = [f'{name} {detail[name]}' for name in (
        'value', 'signal', 'snapshot', 'state', 'outputs', 'signals',
        'resources', 'error') if detail.get(name)]
    status = call.status if call.status is not None else 'no answer'
    return ' '.join(filter(None, (
        call.operation, str(status), ', '.join(values))))
