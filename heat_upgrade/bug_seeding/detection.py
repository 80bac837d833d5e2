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

"""Which oracle has said what of which fault, by the oracles of any run."""

import collections

from heat_upgrade.bug_seeding import model
from heat_upgrade.inflight import outcomes as outcomes_
from heat_upgrade.lab import keystone_orphans
from heat_upgrade.ledger import audit
from heat_upgrade.ledger import reconciliation
from heat_upgrade.probes import budgets
from heat_upgrade.probes import results as records
from heat_upgrade.results import findings
from heat_upgrade.traffic import diagnostics
from heat_upgrade.traffic import history
from heat_upgrade.traffic import revalidate


class Found:
    """What was seen, by the fault that it is about.

    Each method asks one oracle, notes what it says, and returns it as the
    findings of a run.

    :param owners: {mark: name of the fault}; a mark is the name or the id of
        a stack, or the id of an account

    :ivar seen: {name of a fault or model.CONTROL: list of
        :class:`model.Seen`}
    """

    def __init__(self, owners):
        self.seen = collections.defaultdict(list)
        self._owners = owners

    def _note(self, owner, oracle, title):
        self.seen[owner].append(model.Seen(oracle, title))

    def _owner(self, mark):
        return self._owners.get(mark, model.CONTROL)

    def in_history(self, run_dir, step):
        """Ask the judge of the load.

        :param run_dir: the run directory
        :param step: name of the step that the findings are of
        """
        violations = revalidate.rejudge(run_dir)
        for one in violations:
            self._note(self._owner(one.stack), model.load(one.rule),
                       diagnostics.title(one))
        return diagnostics.findings(violations, history.read(run_dir),
                                    step=step)

    def in_ledger(self, cloud, step):
        """Compare what exists with Heat's database."""
        found = audit.audit(cloud.mariadb, cloud.ledger.client)
        for one in found:
            title = f'{one.kind}: {one.label or one.item}'
            self._note(self._owner(one.stack), model.ledger(one.kind), title)
            yield findings.make(reconciliation.RULES[one.kind],
                                one.label or one.item, title, one.text,
                                step=step)

    def in_keystone(self, cloud, step):
        """Compare Keystone's accounts of stacks with Heat's database."""
        for text in keystone_orphans.of_keystone(
            cloud.identity, cloud.mariadb
        ):
            owner = next((name for mark, name in self._owners.items()
                          if mark in text), model.CONTROL)
            title = f'Heat does not know the {text.partition("(")[0].strip()}'
            self._note(owner, model.ACCOUNTS, title)
            yield findings.make('keystone.left-behind', owner, title, text,
                                step=step)

    def in_flight(self, outcomes, step):
        """Look up the ends of operations in flight in the reference table.

        :param outcomes: {name of the fault or model.CONTROL:
            :class:`heat_upgrade.inflight.outcomes.Outcome`}
        """
        for name, one in outcomes.items():
            for finding in outcomes_.found([one], step=step):
                self._note(name, model.of_outcome(one), finding.title)
                yield finding

    def by_probes(self, run_dir, plan):
        """Judge what the probes saw by their budgets.

        :param plan: whose steps have the names of faults
        """
        seen, times = records.of_run(run_dir)
        for name, one in seen.items():
            for finding in budgets.judge({name: one}, plan, times):
                self._note(finding.step, model.probe(name), finding.title)
                yield finding


def results(faults, seconds, found, whole):
    """Return what came of each fault, and last of the control.

    :param faults: tuple of :class:`model.Fault`
    :param seconds: {name of the fault: seconds}
    :param found: :class:`Found`
    :param whole: seconds of the whole trial
    :returns: list of :class:`model.Result`
    """
    names = {one.name for one in faults}
    told = [model.Result(one.name, one.oracles, one.may,
                         tuple(found.seen.get(one.name, ())),
                         seconds[one.name]) for one in faults]
    # What is of no fault is the control's, whoever it is said to be of.
    control = tuple(one for name, seen in found.seen.items()
                    if name not in names for one in seen)
    return [*told, model.Result(model.CONTROL, (), (), control, whole)]
