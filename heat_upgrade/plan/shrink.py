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

"""Searches the shortest plan that still shows a finding of a longer one.

The search is pure: its caller passes the function that tries a plan.
"""

from collections import abc
import dataclasses
import time

from heat_upgrade.plan import planner
from heat_upgrade.results import findings

# Rules whose findings are alike for all subjects: every in-flight operation
# is lost for the same reason.
_ANY_SUBJECT = 'inflight.'

Kinds = frozenset[tuple[str, tuple[str, ...]]]


@dataclasses.dataclass(frozen=True)
class Shrunk:
    """The result of a search.

    :ivar plan: the shortest plan that shows the finding
    :ivar tries: number of plans tried
    :ivar finished: whether all plans were tried that leave out one thing
        more; if not, there may be a shorter one
    """

    plan: planner.Plan
    tries: int
    finished: bool


def signature(finding: findings.Finding) -> tuple[object, ...]:
    """Return the part of a finding that is comparable between plans.

    It leaves out the step: other plans name their steps differently.
    """
    subject = ('' if finding.rule.startswith(_ANY_SUBJECT)
               else finding.subject)
    return finding.rule, finding.failure_class, subject


def candidates(plan: planner.Plan, kinds: Kinds,
               scenarios: str = '') -> list[planner.Plan]:
    """Return the shorter plans that can show a finding, the shortest first.

    :param kinds: :func:`kinds_of` the step that made the finding; a plan
        without such a step cannot show it
    :param scenarios: regular expression of the scenarios that are enough,
        '' if all are necessary
    """
    shorter = [candidate for candidate
               in planner.lighter(plan, scenarios=scenarios)
               if kinds <= kinds_of(candidate)]
    # One scenario in place of all saves the most. The sort is stable: equally
    # long plans stay in the order of their choices.
    shorter.sort(key=lambda candidate: (
        candidate.scenarios == plan.scenarios, len(candidate.steps),
        candidate.seconds))
    return shorter


def kinds_of(plan: planner.Plan, name: str | None = None) -> Kinds:
    """Return the actions and the kinds of tests of a plan's steps.

    :param name: only those of the step with this name
    """
    return frozenset((step.action, step.kinds) for step in plan.steps
                     if name in (None, step.name))


def search(plan: planner.Plan, shows: abc.Callable[[planner.Plan], bool], *,
           step: str, scenarios: str = '', tries: int,
           seconds: float | None = None,
           clock: abc.Callable[[], float] = time.monotonic) -> Shrunk:
    """Leave out one thing after the other while the finding still shows.

    :param plan: the plan that failed
    :param shows: tries a plan; returns True if it shows the same finding
    :param step: name of the step that made the finding
    :param scenarios: see :func:`candidates`
    :param tries: maximum number of plans to try
    :param seconds: try no plan that is predicted to end later, on a machine
        that is as busy as it was so far; None for no limit
    :param clock: monotonic, for tests
    """
    began = clock()
    predicted = 0.0
    kinds = kinds_of(plan, step)
    tried: set[tuple[object, ...]] = set()
    while True:
        for candidate in candidates(plan, kinds, scenarios):
            key = candidate.stages, candidate.scenarios
            if key in tried:
                continue
            elapsed = clock() - began
            # The predictions are for an idle machine.
            slower = max(1, elapsed / predicted) if predicted else 1
            if len(tried) == tries or (
                    seconds is not None
                    and elapsed + candidate.seconds * slower > seconds):
                return Shrunk(plan, len(tried), finished=False)
            tried.add(key)
            predicted += candidate.seconds
            if shows(candidate):
                plan = candidate
                break
        else:
            return Shrunk(plan, len(tried), finished=True)
