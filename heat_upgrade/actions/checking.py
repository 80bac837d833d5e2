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

"""The action that compares the two releases before anything is started."""

import dataclasses

from heat_upgrade.checks import contract
from heat_upgrade.checks import registry
from heat_upgrade import findings
from heat_upgrade import plan as plans
from heat_upgrade import suites


# RPC and objects in a rolling upgrade: no matter to one in which all are down
# before anything of the target is up.
_ROLLING = 5


def check(run, step):
    """Run all static checks; each counts as a test."""
    base, target = (
        contract.Subject(release, run.environments[side])
        for release, side in ((run.base, plans.BASE),
                              (run.target, plans.TARGET)))
    context = contract.Context(run.workspace)
    found = registry.run(registry.NAMES, base, target, context)
    wrong = dict.fromkeys(registry.NAMES, '')
    for finding in found:
        name = finding.step.removeprefix(contract.STEP)
        if (run.plan.strategy, finding.failure_class) == (plans.COLD,
                                                          _ROLLING):
            finding = dataclasses.replace(
                finding, severity=findings.WARNING,
                evidence='no error in a cold upgrade, but in a rolling one\n'
                         f'{finding.evidence}')
        judged = run.finding(dataclasses.replace(
            finding, step=step.name, reproduce=(
                f'heat-upgrade check {name} --from {run.base.name} '
                f'--to {run.target.name}')))
        if (judged.origin, judged.severity) == (findings.HEAT,
                                                findings.ERROR):
            wrong[name] += f'{finding.title}\n'
    run.tests(step, [
        suites.Test(f'{registry.__package__}.{name}',
                    suites.FAILED if titles else suites.PASSED, 0, titles)
        for name, titles in wrong.items()])
    return {'findings': len(found)}
