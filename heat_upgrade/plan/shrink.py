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

"""Looks for the shortest plan that still shows what a longer one found.

Pure: whoever calls it says how a plan is tried.
"""

from collections import abc
import dataclasses
import time

from heat_upgrade.plan import planner
from heat_upgrade.results import findings

# Rules of which another subject shows the same: one operation in flight is
# lost for the reason for which another one is.
_ANY_SUBJECT = 'inflight.'

Kinds = frozenset[tuple[str, tuple[str, ...]]]


@dataclasses.dataclass(frozen=True)
class Shrunk:
    """What a search has come to.

    :ivar plan: the shortest plan that shows the finding
    :ivar tries: how many plans were tried
    :ivar finished: whether every plan was tried that leaves out one thing
        more; if not, there may be a shorter one
    """

    plan: planner.Plan
    tries: int
    finished: bool


def signature(finding: findings.Finding) -> tuple[object, ...]:
    """Return what a finding has in common with one of another plan.

    Steps have other names there, so they are no part of it.
    """
    subject = ('' if finding.rule.startswith(_ANY_SUBJECT)
               else finding.subject)
    return finding.rule, finding.failure_class, subject


def candidates(plan: planner.Plan, kinds: Kinds,
               scenarios: str = '') -> list[planner.Plan]:
    """Return the shorter plans that can show a finding, the shortest first.

    :param plan: :class:`heat_upgrade.plan.planner.Plan`
    :param kinds: what :func:`kinds_of` tells of the step that has found it:
        a plan without such a step cannot
    :param scenarios: regular expression of the scenarios that are enough,
        '' if it takes all of them
    """
    found = [one for one in planner.lighter(plan, scenarios=scenarios)
             if kinds <= kinds_of(one)]
    # One scenario in place of all is the most. sort is stable: what is
    # equally long stays in the order of choices.
    found.sort(key=lambda one: (one.scenarios == plan.scenarios,
                                len(one.steps), one.seconds))
    return found


def kinds_of(plan: planner.Plan, name: str | None = None) -> Kinds:
    """Return what the steps of a plan do.

    :param name: only of the step of this name
    """
    return frozenset((step.action, step.kinds) for step in plan.steps
                     if name in (None, step.name))


def search(plan: planner.Plan, shows: abc.Callable[[planner.Plan], bool], *,
           step: str, scenarios: str = '', tries: int,
           seconds: float | None = None,
           clock: abc.Callable[[], float] = time.monotonic) -> Shrunk:
    """Leave out one thing after the other, for as long as it still shows.

    :param plan: the :class:`heat_upgrade.plan.planner.Plan` that has failed
    :param shows: callable that tries a plan, and tells whether that shows
        the same finding
    :param step: name of the step that has found it
    :param scenarios: see :func:`candidates`
    :param tries: at most so many
    :param seconds: begin none that is not predicted to end within them, by a
        machine that is as busy as it was so far; None for no limit
    :param clock: monotonic, for tests
    :returns: :class:`Shrunk`
    """
    began = clock()
    predicted = 0.0
    kinds = kinds_of(plan, step)
    tried: set[tuple[object, ...]] = set()
    while True:
        for one in candidates(plan, kinds, scenarios):
            key = one.stages, one.scenarios
            if key in tried:
                continue
            elapsed = clock() - began
            # Predicted for an idle machine; as slow as it was so far.
            slower = max(1, elapsed / predicted) if predicted else 1
            if len(tried) == tries or (
                    seconds is not None
                    and elapsed + one.seconds * slower > seconds):
                return Shrunk(plan, len(tried), finished=False)
            tried.add(key)
            predicted += one.seconds
            if shows(one):
                plan = one
                break
        else:
            return Shrunk(plan, len(tried), finished=True)
