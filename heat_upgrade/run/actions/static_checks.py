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

"""The action that compares the two releases before the cloud starts."""

import dataclasses
import typing

from heat_upgrade.checks import check_context
from heat_upgrade.checks import check_results
from heat_upgrade.checks import registry
from heat_upgrade.plan import planner
from heat_upgrade.results import findings

if typing.TYPE_CHECKING:
    from heat_upgrade.run import runner

# In a cold upgrade the base never reads messages and rows of the target: Heat
# is down before the target starts. The target's own failures count in any
# upgrade. So do messages and rows of the base: those of in-flight operations
# cross a cold upgrade too.
_ROLLING = findings.FailureClass.RPC
_OF_THE_TARGET = 'target.program-fails'


def check(run: 'runner.Run', step: planner.Step) -> dict[str, typing.Any]:
    """Run all static checks; each counts as a test."""
    base, target = (
        check_context.InstalledRelease(release, run.environments[side])
        for release, side in ((run.base, planner.BASE),
                              (run.target, planner.TARGET)))
    context = check_context.Context(run.workspace)
    found = registry.run(registry.NAMES, base, target, context)
    if run.plan.strategy == planner.COLD:
        found = [_of_a_cold_upgrade(finding) for finding in found]
    check_results.journal(
        run, step, registry.NAMES, found,
        command=lambda name: f'heat-upgrade check {name} '
                             f'--from {run.base.name} --to {run.target.name}')
    return {'findings': len(found)}


def _of_a_cold_upgrade(finding: findings.Finding) -> findings.Finding:
    """Return a finding, as a warning if a cold upgrade is not affected."""
    if (finding.failure_class != _ROLLING
            or finding.rule == _OF_THE_TARGET
            or finding.facts.get('sender') == planner.BASE):
        return finding
    return dataclasses.replace(
        finding, severity=findings.WARNING,
        evidence=f'{finding.evidence}\n'
                 'an error in a rolling upgrade, but not in a cold one')
