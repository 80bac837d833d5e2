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

"""Behaviours that a target changes: the same calls, with other answers.

A lane of behaviour_lanes/ is a history of one or more stacks. The first answer
that differs is the finding; later ones of its lane often follow from it.
"""

from collections import abc
import json
import typing

from heat_upgrade.checks.api import recorded_calls
from heat_upgrade.checks.api import replay
from heat_upgrade.checks.api import values
from heat_upgrade.checks import check_context
from heat_upgrade.results import findings

RULE = 'api.answer-changed'

# Differences of a lane in the evidence of its finding.
SHOWN = 8
# Characters of a value in the evidence, and in the title.
LONG, SHORT = 300, 60

_CLASSES = {'api': findings.FailureClass.API,
            'types': findings.FailureClass.TYPES}

# {call: differences of its answer}
Differences = dict[str, list[values.Difference]]


def findings_of(answers: list[replay.Answers],
                again: abc.Callable[[], list[replay.Answers]]
                ) -> list[findings.Finding]:
    """Return a finding for each lane with other answers.

    :param answers: of the base and of the target
    :param again: makes the calls again, because one difference may be due to
        a busy machine, or to a race within Heat; two are a change. Calls
        that did not end as recorded have been made twice already
    :raises: the errors of ``again``
    """
    lanes = recorded_calls.behaviours()
    first = _by_lane(lanes, answers)
    if not first:
        return []
    second = (_by_lane(lanes, again())
              if all(map(replay.is_whole, answers)) else first)
    return [_finding(lane, _repeated(first[lane[0].lane],
                                     second[lane[0].lane]))
            for lane in lanes
            if lane[0].lane in first and lane[0].lane in second
            and _repeated(first[lane[0].lane], second[lane[0].lane])]


def _by_lane(lanes: list[list[recorded_calls.Call]],
             answers: list[replay.Answers]) -> dict[str, Differences]:
    """Return the differences of each lane that has any."""
    found = {lane[0].lane: differences(lane, *answers) for lane in lanes}
    return {lane: changes for lane, changes in found.items() if changes}


def differences(lane: abc.Iterable[recorded_calls.Call],
                was: replay.Answers, now: replay.Answers) -> Differences:
    """Return the differences of the answers to the calls of a lane.

    After a call with another status, the rest of the lane is another history.

    :param was: answers of the base
    :param now: answers of the target
    """
    found: Differences = {}
    for call in lane:
        before, after = was.get(call.label), now.get(call.label)
        if before is None or after is None:
            continue
        if before['status'] != after['status']:
            found[call.label] = [
                ('status', before['status'][0], after['status'][0])]
            break
        changes = values.differences(before.get('value'), after.get('value'))
        if changes:
            found[call.label] = changes
    return found


def _repeated(first: Differences, second: Differences) -> Differences:
    """Return the differences that occurred twice, at the same places."""
    repeated: Differences = {}
    for call, changes in first.items():
        places = {path for path, _, _ in second.get(call, ())}
        kept = [change for change in changes if change[0] in places]
        if kept:
            repeated[call] = kept
    return repeated


def _finding(lane: list[recorded_calls.Call],
             found: Differences) -> findings.Finding:
    name = lane[0].lane
    call, changes = next(iter(found.items()))
    path, was, now = changes[0]
    shown = [f'{title.partition(", ")[2]}: {where}: '
             f'{_text(before, LONG)} becomes {_text(after, LONG)}'
             for title, members in found.items()
             for where, before, after in members]
    more = [f'... and {len(shown) - SHOWN} more'] * (len(shown) > SHOWN)
    return check_context.error(
        RULE, name,
        f'{call}: {path} {_text(was, SHORT)} becomes {_text(now, SHORT)}',
        '\n'.join([*shown[:SHOWN], *more,
                   'Observed by making the calls of '
                   'checks/api/behaviour_lanes to both releases in the lab.']),
        failure_class=_CLASSES[lane[0].failure_class])


def _text(value: typing.Any, limit: int) -> str:
    """Return a value as JSON, shortened; the length of a list comes first."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    if isinstance(value, list):
        text = f'{len(value)} members {text}'
    return text if len(text) <= limit else f'{text[:limit]}...'
