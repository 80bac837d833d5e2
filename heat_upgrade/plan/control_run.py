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

"""The control run: the same plan as a plain restart of the base.

The upgrade is not the cause of a failure that the control run shows too.
"""

from collections import abc
import dataclasses
import pathlib

from heat_upgrade.plan import planner
from heat_upgrade.plan import variation
from heat_upgrade.results import findings

# The control run's directory inside that of the run.
DIRECTORY = 'control'


def plan_of(plan: planner.Plan) -> planner.Plan:
    """Return the plan of the control run.

    A restart changes neither the release nor the virtual host, and there is
    nothing to compare statically.
    """
    return planner.of_choices(
        dataclasses.replace(variation.from_dict(plan.choices), checks=False),
        strategy=plan.strategy,
        base=plan.base, target=plan.base, seed=plan.seed,
        scenarios=plan.scenarios, vhost=planner.SHARED,
        profile=plan.profile, tier=plan.tier,
        scenario_path=plan.scenario_path)


def run_dir(of: pathlib.Path | str) -> pathlib.Path:
    """Return the run directory of the control of a run."""
    return pathlib.Path(of) / DIRECTORY


def make_run_dir(of: pathlib.Path | str,
                 plan: planner.Plan) -> pathlib.Path:
    """Create and return the run directory of the control of a run.

    :param of: the run's own run directory
    :param plan: the result of :func:`plan_of`
    """
    directory = run_dir(of)
    directory.mkdir(mode=0o700)
    (directory / planner.FILE).write_text(plan.as_json())
    return directory


def mark(found: abc.Iterable[findings.Finding],
         controls: abc.Iterable[findings.Finding]) -> list[findings.Finding]:
    """Return findings, with those that the control has too marked.

    :param found: findings of a run
    :param controls: findings of its control run
    """
    identities = {finding.identity for finding in controls
                  if finding.origin == findings.HEAT}
    return [
        dataclasses.replace(
            finding, origin=findings.RESTART,
            evidence=f'{finding.evidence}\na plain restart of the base shows '
                     f'it too, see {DIRECTORY}/report.html')
        if finding.origin == findings.HEAT and finding.identity in identities
        else finding for finding in found]
