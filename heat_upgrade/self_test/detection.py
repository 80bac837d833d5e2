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

"""Assigns the findings of the oracles of any run to the planted bugs."""

import collections
from collections import abc
import pathlib

from heat_upgrade.inflight import outcomes as outcomes_
from heat_upgrade.lab import cloud as clouds
from heat_upgrade.lab import keystone_orphans
from heat_upgrade.ledger import audit
from heat_upgrade.ledger import reconciliation
from heat_upgrade.plan import model as plans
from heat_upgrade.probes import budgets
from heat_upgrade.probes import results as records
from heat_upgrade.results import findings
from heat_upgrade.self_test import model
from heat_upgrade.traffic import diagnostics
from heat_upgrade.traffic import history
from heat_upgrade.traffic import revalidate

_Findings = abc.Iterator[findings.Finding]


class Found:
    """The findings of the oracles, by planted bug.

    Each method consults one oracle, records its findings, and returns them as
    findings of a run.

    :param owners: {mark: name of the bug}; a mark is the name or the id of a
        stack, or the id of an account

    :ivar seen: {name of a bug or model.CONTROL: findings}
    """

    def __init__(self, owners: abc.Mapping[str, str]) -> None:
        self.seen: dict[str, list[model.Seen]] = (
            collections.defaultdict(list))
        self._owners = owners

    def _note(self, owner: str, oracle: str, title: str) -> None:
        self.seen[owner].append(model.Seen(oracle, title))

    def _owner(self, mark: str) -> str:
        return self._owners.get(mark, model.CONTROL)

    def in_history(self, run_dir: pathlib.Path,
                   step: str) -> list[findings.Finding]:
        """Validate the history of the traffic.

        :param step: name of the step of the findings
        """
        violations = revalidate.rejudge(run_dir)
        for violation in violations:
            self._note(self._owner(violation.stack),
                       model.load(violation.rule),
                       diagnostics.title(violation))
        return diagnostics.findings(violations, history.read(run_dir),
                                    step=step)

    def in_ledger(self, cloud: clouds.Cloud, step: str) -> _Findings:
        """Compare the physical items with Heat's database."""
        for difference in audit.audit(cloud.mariadb, cloud.ledger.client):
            kind, subject = difference.kind, difference.label or (
                difference.item)
            title = f'{kind}: {subject}'
            self._note(self._owner(difference.stack), model.ledger(kind),
                       title)
            yield findings.make(reconciliation.RULES[kind], subject, title,
                                difference.text, step=step)

    def in_keystone(self, cloud: clouds.Cloud, step: str) -> _Findings:
        """Compare Keystone's accounts of stacks with Heat's database."""
        for text in keystone_orphans.of_keystone(
                cloud.identity, cloud.mariadb):
            owner = next((name for mark, name in self._owners.items()
                          if mark in text), model.CONTROL)
            title = f'Heat does not know the {text.partition("(")[0].strip()}'
            self._note(owner, model.ACCOUNTS, title)
            yield findings.make('keystone.left-behind', owner, title, text,
                                step=step)

    def in_flight(self, outcomes: abc.Mapping[str, outcomes_.Outcome],
                  step: str) -> _Findings:
        """Compare the outcomes of operations with the reference table.

        :param outcomes: {name of the bug or model.CONTROL: outcome}
        """
        for name, outcome in outcomes.items():
            for finding in outcomes_.illegal([outcome], step=step):
                self._note(name, model.of_outcome(outcome), finding.title)
                yield finding

    def by_probes(self, run_dir: pathlib.Path,
                  plan: plans.Plan) -> _Findings:
        """Compare the results of the probes with their budgets.

        :param plan: a plan with a step for each bug, of its name
        """
        availability, times = records.of_run(run_dir)
        for name, probe in availability.items():
            for finding in budgets.judge({name: probe}, plan, times):
                self._note(finding.step, model.probe(name), finding.title)
                yield finding


def results(bugs: abc.Sequence[model.PlantedBug],
            seconds: abc.Mapping[str, float], found: Found,
            whole: float) -> list[model.Result]:
    """Return the result of each bug, and last that of the control.

    :param seconds: {name of the bug: seconds}
    :param whole: seconds of the whole experiment
    """
    names = {bug.name for bug in bugs}
    # Any finding about no bug belongs to the control.
    control = tuple(detection for name, detections in found.seen.items()
                    if name not in names for detection in detections)
    return [*(model.Result(bug.name, bug.oracles, bug.may,
                           tuple(found.seen.get(bug.name, ())),
                           seconds[bug.name]) for bug in bugs),
            model.Result(model.CONTROL, (), (), control, whole)]
