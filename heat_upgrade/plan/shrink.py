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

import dataclasses
import re
import time

from heat_upgrade import findings
from heat_upgrade.inflight import cases
from heat_upgrade import plan as plans

# A case of work in flight, by its id: another one may show the same.
_CASE = re.compile('-'.join(
    f'({"|".join(words)})'
    for words in (cases.KINDS, cases.SHAPES, cases.PARKED)))


@dataclasses.dataclass(frozen=True)
class Shrunk:
    """What a search has come to.

    :ivar plan: the shortest plan that shows the finding
    :ivar tries: how many plans were tried
    :ivar finished: whether every plan was tried that leaves out one thing
        more; if not, there may be a shorter one
    """

    plan: plans.Plan
    tries: int
    finished: bool


def signature(finding):
    """Return what a finding has in common with one of another plan.

    :param finding: :class:`heat_upgrade.findings.Finding`
    """
    failure_class, title = findings.signature(finding)
    return failure_class, _CASE.sub('#', title)


def candidates(plan, kinds, scenarios=''):
    """Return the shorter plans that can show a finding, the shortest first.

    :param plan: :class:`heat_upgrade.plan.Plan`
    :param kinds: what :func:`kinds_of` tells of the step that has found it:
        a plan without such a step cannot
    :param scenarios: regular expression of the scenarios that are enough,
        '' if it takes all of them
    """
    found = [one for one in plans.lighter(plan, scenarios=scenarios)
             if kinds <= kinds_of(one)]
    # One scenario in place of all is the most. sort is stable: what is
    # equally long stays in the order of choices.
    found.sort(key=lambda one: (one.scenarios == plan.scenarios,
                                len(one.steps), one.seconds))
    return found


def kinds_of(plan, name=None):
    """Return what the steps of a plan do, a set.

    :param name: only of the step of this name
    """
    return {(step.action, step.kinds) for step in plan.steps
            if name in (None, step.name)}


def search(plan, shows, *, step, scenarios='', tries, seconds=None,
           clock=time.monotonic):
    """Leave out one thing after the other, for as long as it still shows.

    :param plan: the :class:`heat_upgrade.plan.Plan` that has failed
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
    predicted = 0
    kinds = kinds_of(plan, step)
    tried = set()
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
