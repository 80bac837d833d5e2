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

"""Composes a runbook from the facts of an upgrade: a pure function."""

import dataclasses

from heat_upgrade import errors
from heat_upgrade.results import verdict
from heat_upgrade.runbook import before
from heat_upgrade.runbook import deployment as deployments
from heat_upgrade.runbook import evidence as evidences
from heat_upgrade.runbook import model
from heat_upgrade.runbook import window


def make(evidence: evidences.Evidence, *, strategy: str,
         deployment: str, nodes: tuple[str, ...] = (), vhost: str = '/'
         ) -> model.Runbook:
    """Return the runbook of an upgrade.

    :param strategy: COLD or ROLLING
    :param deployment: SYSTEMD or CONTAINERS
    :param nodes: names of the nodes in their order; default: node-1, ... as
        in the run
    :param vhost: RabbitMQ's virtual host of the base
    :raises: errors.UsageError for a rolling upgrade of fewer than two nodes
    """
    named = nodes or tuple(f'node-{number + 1}'
                           for number in range(evidence.nodes))
    chosen = deployments.Deployment(deployment, evidence.base_version,
                                    evidence.target_version, vhost)
    if strategy == model.COLD:
        the_window = window.cold(evidence, chosen)
        rollback = window.rollback(evidence, chosen)
    else:
        if len(named) < 2:
            raise errors.UsageError('a rolling upgrade needs two nodes: name '
                                    'them with --node')
        the_window = window.rolling(evidence, chosen, named)
        rollback = window.rolling_rollback(evidence, chosen, named)
    the_window = dataclasses.replace(
        the_window, notes=(*the_window.notes, *_duration(the_window)))
    return model.Runbook(
        f'Upgrade of Heat {evidence.base_version} to '
        f'{evidence.target_version} ({strategy}, {deployment})',
        (*_verdict(evidence), *before.time_needed(evidence)),
        (before.section(evidence, chosen), the_window, rollback,
         window.afterwards(evidence, chosen, strategy=strategy)))


def _duration(section: model.Section) -> tuple[str, ...]:
    """Return the measured duration of a section, without any: nothing."""
    seconds = sum(action.seconds or 0 for action in section.actions)
    return (f'The measured actions took {seconds:.0f} s in total.',
            ) if seconds else ()


def _verdict(evidence: evidences.Evidence) -> tuple[str, ...]:
    """Return the verdict of the run, with a warning unless it passed."""
    line = f'Verdict of the run: {evidence.verdict.upper()}.'
    if evidence.verdict in (verdict.FAIL, verdict.LAB_ERROR):
        line += ' Do not upgrade before its causes are removed.'
    return (line,)
