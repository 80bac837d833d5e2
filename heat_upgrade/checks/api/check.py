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

"""Compares the requests that two APIs accept, and their answers.

Routes, parameters and keys of requests are read from the code. The answers
come from recorded calls, made to both releases in the lab. Their structures
are compared: a missing key, another format, another status. The values of
answers are compared, too, in the lanes of ``behaviours``. New routes,
parameters and keys are not reported: clients of the base do not know them.
"""

import typing

from heat_upgrade.checks.api import behaviours
from heat_upgrade.checks.api import recorded_calls
from heat_upgrade.checks.api import replay
from heat_upgrade.checks.api import response_schema
from heat_upgrade.checks.api import routes
from heat_upgrade.checks import check_context
from heat_upgrade.checks import introspection
from heat_upgrade import errors
from heat_upgrade.lab import database_template
from heat_upgrade.results import findings

NAME = routes.NAME
READINGS = ('api',)
# It takes longest: it starts two clouds before it needs its readings.
AT_ONCE = True

# (call, path in the answer, value of the base)
_Occurrence = tuple[str, str, str]


def check(base: check_context.InstalledRelease,
          target: check_context.InstalledRelease,
          context: check_context.Context) -> list[findings.Finding]:
    """Return the findings about the API."""
    answers: list[replay.Answers] = []
    found: list[findings.Finding] = []
    try:
        # The answers of one release do not differ from themselves.
        if base.key != target.key:
            answers = replay.structures([base, target], context)
            found += behaviours.findings_of(
                answers, lambda: replay.structures(
                    [base, target], context, again=True))
    except replay.NotStarted as exc:
        found.append(_not_started(exc, base, target))
    readings = introspection.both(
        base, target, lambda subject: introspection.read(
            subject, 'api', context))
    return [*found, *routes.compare(*readings),
            *(compare(*answers) if answers else ())]


def _class(exc: errors.LabError) -> findings.FailureClass:
    """Return the failure class of a Heat that does not start."""
    return (findings.FailureClass.MIGRATION
            if isinstance(exc, database_template.HeatFails)
            else findings.FailureClass.API)


def _not_started(exc: replay.NotStarted, base: check_context.InstalledRelease,
                 target: check_context.InstalledRelease) -> findings.Finding:
    """Return the finding about a Heat that does not start for the calls."""
    first = next(iter(exc.failed.values()))
    reason, details = str(first).partition('\n')[::2]
    name = (base, target)[min(exc.failed)].name
    options: dict[str, typing.Any] = {
        'step': f'{check_context.STEP}{NAME}',
        'log': str(first.log) if first.log else None}
    if 0 not in exc.failed:
        return findings.make(
            'target.does-not-start', 'cloud',
            f'Heat {name} does not start in the lab, where {base.name} '
            'starts', f'{reason}\n{base.name} starts on the same '
            f'configuration.\n\n{details}', failure_class=_class(first),
            **options)
    if 1 not in exc.failed:
        return findings.make(
            'base.program-fails', 'cloud',
            f'Heat {name} does not start in the lab, where {target.name} '
            'starts', f'{reason}\nThe base works today, so the upgrade is '
            f'not the cause.\n\n{details}', **options)
    return findings.make(
        'both.program-fails', 'cloud',
        f'neither Heat {base.name} nor Heat {target.name} starts in the lab',
        f'{reason}\nBoth fail to start, so the upgrade is not the cause.\n\n'
        f'{details}', **options)


def compare(was: replay.Answers,
            now: replay.Answers) -> list[findings.Finding]:
    """Return the findings about the answers to the recorded calls.

    Much of the code serves many calls, so a change that they share is one
    finding.

    :param was: answers of the base
    :param now: answers of the target
    """
    changes: dict[tuple[str, str, str, str], list[_Occurrence]] = {}
    others = {call.label for lane in recorded_calls.behaviours()
              for call in lane}
    for call in sorted(set(was) & set(now) - others):
        if replay.NOT_MADE in now[call]['status']:
            # The earlier call that failed has a finding of its own.
            continue
        for kind, path, before, after in response_schema.differences(
                was[call], now[call]):
            # A missing value is one change for all its earlier formats.
            change = (kind, _last(path),
                      before if after != response_schema.GONE else '', after)
            changes.setdefault(change, []).append((call, path, before))
    return [_finding(*change, occurrences)
            for change, occurrences in sorted(changes.items())]


def _last(path: str) -> str:
    """Return the key at the end of a path, with its map or list."""
    keys = path.split('.')
    return '.'.join(keys[-2:] if keys[-1] == '*' else keys[-1:])


_GONE = {'key': 'api.response-key-gone', 'header': 'api.header-gone'}
_OTHER = {'key': 'api.response-key-optional', 'header': 'api.header-changed'}


def _finding(kind: str, key: str, before: str, after: str,
             occurrences: list[_Occurrence]) -> findings.Finding:
    calls = sorted({call for call, _, _ in occurrences})
    answers = ('the answer to ' + ' and '.join(calls)
               if len(calls) <= routes.MANY
               else f'the answers to {len(calls)} calls')
    # The first of the calls that share a change identifies it.
    subject = f'{key} of {calls[0]}'
    if kind == 'status':
        rule, subject = 'api.status-changed', calls[0]
        title = f'status {before} becomes {after} in {answers}'
    elif kind == 'format':
        rule = 'api.format-changed'
        title = f'{key}: {before} becomes {after} in {answers}'
    elif after == response_schema.GONE:
        rule = _GONE[kind]
        title = f'{kind} {key} is gone from {answers}'
    else:
        rule = _OTHER[kind]
        title = f'{kind} {key}: {before} becomes {after} in {answers}'
    return check_context.error(
        rule, subject, title,
        '\n'.join([f'{call}: {path}: {was} becomes {after}'.replace(
            ': : ', ': ') for call, path, was in occurrences] + [
            'Observed by making the calls of checks/api/calls.yaml to both '
            'releases in the lab.']))
