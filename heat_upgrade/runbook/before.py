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

"""The part of a runbook before the window."""

from collections import abc
import shlex

from heat_upgrade.runbook import deployment as deployments
from heat_upgrade.runbook import evidence as evidences
from heat_upgrade.runbook import model

# Stacks that an engine works on; a stack without a row in "stack_lock" that
# is IN_PROGRESS belongs to a dead engine.
BUSY = ("mysql heat -e \"SELECT id, name, action, updated_at FROM stack "
        "WHERE status = 'IN_PROGRESS' AND deleted_at IS NULL\"")
PURGE_DAYS = 30


def section(evidence: evidences.Evidence,
            deployment: deployments.Deployment) -> model.Section:
    """Return the preparation, which changes no running service."""
    return model.Section('before', 'Before the window', tuple(
        action for action in (
            _check(evidence), _rehearse(evidence), *_hazards(evidence),
            deployment.wsgi(),
            None if deployment.in_place else deployment.install(),
            model.Action(
                'Purge deleted stacks', where=model.ONE_NODE,
                commands=(deployment.manage_base(
                    f'heat-manage purge_deleted -g days {PURGE_DAYS}'),),
                expected='The command ends with status 0.',
                notes=('A smaller database makes the backup and the '
                       'migration shorter.',)),
            model.Action(
                'Create and record test stacks', where=model.CLIENT,
                commands=('tox -e pre-upgrade',),
                expected='All tests pass.',
                seconds=evidence.seconds.get('pre-upgrade'),
                notes=('TEMPEST_CONFIG names the tempest.conf of this '
                       'cloud; the operator page of the documentation '
                       'describes it.',)),
            model.Action(
                'Find the stacks in progress', where=model.DATABASE,
                commands=(BUSY,),
                expected='The command prints nothing.',
                notes=('Wait for each listed stack, or cancel its update. A '
                       'stack whose engine is dead stays IN_PROGRESS: '
                       'repair it before the window with "heat-manage '
                       'reset_stack_status" and its ID.',)),
        ) if action))


def time_needed(evidence: evidences.Evidence) -> tuple[str, ...]:
    """Return the measured times of the window."""
    notes = []
    if evidence.downtime_s is not None:
        notes.append(f'In the run, heat-api did not answer for '
                     f'{evidence.downtime_s:.1f} s.')
    if evidence.rehearsed:
        seconds = evidence.rehearsed.get('db-sync')
        notes.append(
            f'The rehearsal with your database: '
            f'{evidence.rehearsal_verdict.upper()}; the migration took '
            + ('an unknown time.' if seconds is None else f'{seconds} s.'))
    else:
        notes.append('The measured seconds are those of a small database: '
                     'rehearse with a dump of yours for its migration.')
    return tuple(notes)


def _check(evidence: evidences.Evidence) -> model.Action:
    return model.Action(
        'Check your configuration', where=model.CLIENT,
        commands=(_tool('check', evidence) +
                  ' --config-file /etc/heat/heat.conf',),
        expected='The command ends with status 0.',
        seconds=evidence.seconds.get('checks'))


def _rehearse(evidence: evidences.Evidence) -> model.Action:
    return model.Action(
        'Rehearse with a dump of your database', where=model.CLIENT,
        commands=('mysqldump --single-transaction heat > heat.sql',
                  _tool('rehearse --dump heat.sql', evidence)),
        expected='The second command ends with status 0.')


def _tool(words: str, evidence: evidences.Evidence) -> str:
    return (f'heat-upgrade {words} --from {shlex.quote(evidence.base)} '
            f'--to {shlex.quote(evidence.target)}')


def _hazards(evidence: evidences.Evidence) -> tuple[model.Action, ...]:
    """Return the actions for the findings: files, templates, the rest."""
    actions = []
    kinds: tuple[tuple[str, str, abc.Callable[[str], bool]], ...] = (
        ('Change your configuration files' if evidence.checked
         else 'Look for these options in your configuration files',
         'The check of your configuration finds none of these.',
         lambda rule: rule.startswith(evidences.CONFIG)),
        ('Change the templates of affected stacks',
         'The stacks are updated before the window.',
         lambda rule: rule.startswith(evidences.RESOURCES)),
        ('Read the other findings', '',
         lambda rule: not rule.startswith((evidences.CONFIG,
                                           evidences.RESOURCES))))
    for title, expected, wanted in kinds:
        hazards = [each for each in evidence.hazards if wanted(each.rule)]
        if hazards:
            actions.append(model.Action(
                title, expected=expected,
                notes=tuple(_line(each) for each in hazards),
                literal=tuple(each.evidence for each in hazards
                              if each.evidence)))
    return tuple(actions)


def _line(hazard: evidences.Hazard) -> str:
    remedy = f' Remedy: {hazard.remedy}' if hazard.remedy else ''
    return f'{hazard.title} ({hazard.rule}).{remedy}'
