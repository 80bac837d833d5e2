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

"""The APIs of two releases: what they take, and what they answer.

Routes, parameters and keys of requests are read of the code; answers come of
a recorded set of calls, made to both releases in the lab and compared as
structure (a key that is gone, another format, another status). New routes,
parameters and keys are nothing: clients of the base do not know them.
"""

from heat_upgrade.checks.api import replay
from heat_upgrade.checks.api import response_schema
from heat_upgrade.checks.api import routes
from heat_upgrade.checks import check_context
from heat_upgrade.checks import introspection
from heat_upgrade.lab import database_template
from heat_upgrade.results import findings

NAME = routes.NAME
READINGS = ('api',)
# It has the longest way to go: two clouds, before it needs its readings.
AT_ONCE = True


def check(base, target, context):
    """Return the findings; see :mod:`heat_upgrade.checks.check_context`."""
    subjects = [base, target]
    # The lab has nothing to tell of a release and itself.
    answers, found = [], []
    try:
        if base.key != target.key:
            answers = replay.structures(subjects, context)
    except replay.NotStarted as exc:
        found.append(_not_started(exc, base, target))
    said = introspection.both(base, target, lambda subject: introspection.read(
        subject, 'api', context))
    return [*found, *routes.compare(*said),
            *(compare(*answers) if answers else ())]


def _class(exc):
    """Return the class of a Heat that does not start."""
    return (findings.FailureClass.MIGRATION
            if isinstance(exc, database_template.HeatFails)
            else findings.FailureClass.API)


def _not_started(exc, base, target):
    """Return the finding of a Heat that does not start for the calls."""
    first = next(iter(exc.failed.values()))
    its, more = str(first).partition('\n')[::2]
    name = (base, target)[min(exc.failed)].name
    options = {'step': f'{check_context.STEP}{NAME}',
               'log': str(first.log) if first.log else None}
    if 0 not in exc.failed:
        return findings.make(
            'target.does-not-start', 'cloud',
            f'Heat {name} does not start in the lab, where {base.name} '
            'starts', f'{its}\n{base.name} starts on the same '
            f'configuration.\n\n{more}', failure_class=_class(first),
            **options)
    if 1 not in exc.failed:
        return findings.make(
            'base.program-fails', 'cloud',
            f'Heat {name} does not start in the lab, where {target.name} '
            'starts', f'{its}\nThe base is what works today, so this says '
            f'nothing of the upgrade.\n\n{more}', **options)
    return findings.make(
        'both.program-fails', 'cloud',
        f'neither Heat {base.name} nor Heat {target.name} starts in the lab',
        f'{its}\nBoth fail to start, so the upgrade is not the cause.\n\n'
        f'{more}', **options)


def compare(was, now):
    """Return the findings of the answers to the recorded calls.

    Much of the code serves many calls, so a change that they share is one
    finding.

    :param was: what :func:`live.structures` returned of the base
    :param now: likewise, of the target
    """
    changes = {}
    for call in sorted(set(was) & set(now)):
        if replay.NOT_MADE in now[call]['status']:
            # The call that should have given what it needs is told of.
            continue
        for kind, path, before, after in response_schema.differences(
                was[call], now[call]):
            # What is gone is gone, whatever it was.
            change = (kind, _last(path),
                      before if after != response_schema.GONE else '', after)
            changes.setdefault(change, []).append((call, path, before))
    return [_finding(*change, where)
            for change, where in sorted(changes.items())]


def _last(path):
    """Return the key at the end of a path, with its map or list."""
    keys = path.split('.')
    return '.'.join(keys[-2:] if keys[-1] == '*' else keys[-1:])


_GONE = {'key': 'api.response-key-gone', 'header': 'api.header-gone'}
_OTHER = {'key': 'api.response-key-optional', 'header': 'api.header-changed'}


def _finding(kind, key, before, after, where):
    calls = sorted({call for call, _, _ in where})
    answers = ('the answer to ' + ' and '.join(calls)
               if len(calls) <= routes.MANY
               else f'the answers to {len(calls)} calls')
    # A change that calls share is told once: the first stands for all.
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
            ': : ', ': ') for call, path, was in where] + [
            'Seen by making the calls of checks/api/calls.yaml to both '
            'releases in the lab.']))
