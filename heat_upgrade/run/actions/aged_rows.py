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

"""Actions about stacks with aged rows."""

import typing

from heat_upgrade.aged_rows import failures
from heat_upgrade.aged_rows import model
from heat_upgrade.aged_rows import stacks
from heat_upgrade.plan import planner
from heat_upgrade.results import findings
from heat_upgrade.run.actions import common

if typing.TYPE_CHECKING:
    from heat_upgrade.run import runner

Measured = dict[str, typing.Any]

_TITLES = {
    failures.Problem.UNLOADABLE: '{name}: the target does not serve it',
    failures.Problem.CHANGED: '{name}: the API answers otherwise',
    failures.Problem.NOT_UPDATABLE: '{name}: the stack cannot be updated',
    failures.Problem.NOT_CONVERTED: '{name}: the stack cannot be converted',
    failures.Problem.REPLACED: '{name}: an update replaces a resource',
    failures.Problem.NOT_DELETABLE: '{name}: the stack cannot be deleted',
    failures.Problem.NOT_PURGED: '{name}: the stack is not purged',
}


def age_rows(run: 'runner.Run', step: planner.Step) -> Measured:
    """Create stacks, write aged rows, and ask the base for each stack."""
    aged = run.aged = stacks.AgedStacks(
        common.existing(run.cloud, 'cloud'), model.every())
    aged.make()
    aged.age()
    refused = aged.ask_base()
    return {'stacks': len(aged), 'refused_by_base': refused}


def use_aged_rows(run: 'runner.Run', step: planner.Step) -> Measured:
    """Read, update, delete and purge the stacks with aged rows."""
    aged = common.existing(run.aged, 'stacks with aged rows')
    number = len(aged)
    environment = run.environments[planner.TARGET]
    aged.read()
    aged.convert(environment, side=planner.TARGET)
    aged.update(changed=False)
    aged.update(changed=True)
    aged.delete()
    aged.purge(environment, side=planner.TARGET)
    rows = {kind.name: [f'{builder.name}: {builder.row}'
                        for builder in kind.builders]
            for kind in model.every()}
    for failure in aged.failures:
        run.finding(findings.make(
            failure.problem, failure.name,
            _TITLES[failure.problem].format(name=failure.name),
            '\n'.join((failure.text, *rows.get(failure.name, ()))),
            step=step.name))
    return {'stacks': number, 'failures': len(aged.failures)}
