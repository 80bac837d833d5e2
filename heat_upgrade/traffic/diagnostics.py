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

"""Shows violations to people: as findings, each with its stack's history."""

import collections
import itertools

from heat_upgrade.results import findings as findings_
from heat_upgrade.traffic import history
from heat_upgrade.traffic import validator

# Before the name of a rule of the judge, in the registry of rules.
PREFIX = 'traffic.'

# Of the violations of one kind, how many a finding shows.
SHOWN = 10


def findings(violations, calls, *, step, steps=(), reproduce='',
             look=None):
    """Return one finding for each rule and operation.

    What the control breaks as well is a warning: it is Heat's, and not the
    upgrade's.

    :param violations: list of
        :class:`heat_upgrade.traffic.validator.Violation`
    :param calls: the history that they are from
    :param step: name of the plan's step that judges
    :param steps: (name, start, end) of those before, in monotonic seconds: a
        finding is of the step in which the first call that shows it began
    :param reproduce: the command that shows them again
    :param look: callable that takes id and name of a stack that is stuck, and
        returns as text what the cloud, if it is still up, tells of it
    :returns: list of :class:`heat_upgrade.results.findings.Finding`
    """
    groups = collections.defaultdict(list)
    for one in violations:
        groups[one.shape, one.control].append(one)
    return [_finding(group, calls, step, steps, reproduce, look)
            for group in groups.values()]


def _finding(group, calls, step, steps, reproduce, look):
    first = group[0]
    begins = [call.start for call in calls if call.id in first.calls]
    if begins:
        step = history.step_at(steps, min(begins), step)
    texts = [f'{one.stack}, {one.operation}: {one.text}' for one in group]
    if len(texts) > SHOWN:
        texts[SHOWN:] = [f'and {len(texts) - SHOWN} more']
    lines = [*texts, f'The history of {first.stack}:',
             *story(calls, first.stack, marked=first.calls)]
    if look and first.rule == 'stuck':
        lines.append(look(_id(calls, first.stack), first.stack))
    return findings_.make(
        f'{PREFIX}{first.rule}', first.operation, title(first),
        '\n'.join(lines), step=step, reproduce=reproduce,
        severity=(findings_.WARNING if first.control else findings_.ERROR),
        facts={'stacks': sorted({one.stack for one in group})})


def _id(calls, stack):
    """Return the id of a stack, '' if no answer has told it."""
    return next((call.detail['id'] for call in calls
                 if call.stack == stack and call.detail.get('id')), '')


def title(violation):
    """Return the same words for the same rule and operation in each run."""
    return (f'traffic: {violation.operation} breaks the rule '
            f'{violation.rule}: {validator.RULES[violation.rule]}'
            + ('; so does the control, a plain restart'
               if violation.control else ''))


def story(calls, stack, *, marked=()):
    """Return the calls of a stack in order, a line each.

    Times are seconds since its first call; polls that saw the same are one
    line, and so are the faults among them.

    :param calls: list of :class:`heat_upgrade.traffic.history.Call`
    :param stack: its name
    :param marked: ids of the calls that show what is wrong
    """
    its = [call for call in calls if call.stack == stack]
    if not its:
        return []
    origin, last = its[0].start, its[-1].end
    shown = [call for call in calls if call.stack == stack or (
        call.operation == history.FAULT and origin <= call.start <= last)]
    lines = []
    for (text, _), same in itertools.groupby(shown, lambda call: (
            _text(call), call.id if call.id in marked else None)):
        same = list(same)
        first, last = same[0], same[-1]
        mark = '>' if first.id in marked else ' '
        nodes = ', '.join(sorted({_where(call) for call in same}))
        # A wait is known by its end, all else by its begin.
        when = first.end if first.operation == history.WAIT else first.start
        more = (f' (and {len(same) - 1} more like it until '
                f'{last.end - origin:.2f} s)' if len(same) > 1 else '')
        lines.append(f'{mark} {when - origin:8.2f} s  #{first.id:<5} '
                     f'[{nodes}] {text}{more}')
    return lines


def _where(call):
    return ' '.join(filter(None, (call.node, call.release))) or '-'


def _text(call):
    """Return what a call was and what came of it: not when, and not where."""
    detail = call.detail
    if call.operation == history.FAULT:
        return f'-- {call.result}'
    if call.operation == history.WAIT:
        return (f'   {detail.get("operation", "")} (#{detail["of"]}) ended: '
                f'{call.result} {detail.get("state", "")}'.rstrip())
    told = [f'{name} {detail[name]}' for name in (
        'value', 'signal', 'snapshot', 'state', 'outputs', 'signals',
        'resources', 'error') if detail.get(name)]
    status = call.status if call.status is not None else 'no answer'
    return ' '.join(filter(None, (
        call.operation, str(status), ', '.join(told))))
