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

"""The control: the same plan as a plain restart of the base.

What happens there as well is not the upgrade's fault, however bad it is.
"""

import dataclasses
import pathlib

from heat_upgrade.plan import planner
from heat_upgrade.plan import variation
from heat_upgrade.results import findings

# The control's own run directory, in that of the run.
DIRECTORY = 'control'


def plan_of(plan):
    """Return the plan of the control.

    A restart changes neither the release nor the virtual host, and there is
    nothing to compare.

    :param plan: :class:`heat_upgrade.plan.planner.Plan`
    """
    return planner.of_choices(
        dataclasses.replace(variation.from_dict(plan.choices), checks=False),
        strategy=plan.strategy,
        base=plan.base, target=plan.base, seed=plan.seed,
        scenarios=plan.scenarios, vhost=planner.SHARED,
        profile=plan.profile)


def run_dir(of):
    """Return the run directory of the control of a run."""
    return pathlib.Path(of) / DIRECTORY


def make_run_dir(of, plan):
    """Make and return the run directory of the control of a run.

    :param of: the run's own run directory
    :param plan: what :func:`plan_of` returned
    """
    place = run_dir(of)
    place.mkdir(mode=0o700)
    (place / planner.FILE).write_text(plan.as_json())
    return place


def mark(found, controls):
    """Return findings, each told apart if the control has it too.

    :param found: list of :class:`findings.Finding` of a run
    :param controls: those of its control
    """
    there = {one.identity for one in controls
             if one.origin == findings.HEAT}
    return [
        dataclasses.replace(
            one, origin=findings.RESTART,
            evidence=f'{one.evidence}\na plain restart of the base shows it '
                     f'too, see {DIRECTORY}/report.html')
        if one.origin == findings.HEAT and one.identity in there
        else one for one in found]
