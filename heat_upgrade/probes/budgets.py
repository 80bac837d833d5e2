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

"""The failure budgets of the probes, their reasons, and their findings.

The strategy of a plan decides. A violent step (one that kills an engine, or
cuts the broker's connections) has budgets of its own: it may lose only the
questions in progress.
"""

import collections
from collections import abc
import dataclasses
import itertools
import math
import typing

from heat_upgrade.plan import model
from heat_upgrade.probes import canary
from heat_upgrade.probes import definitions
from heat_upgrade.probes import error_classes
from heat_upgrade.probes import results
from heat_upgrade.results import findings

# Seconds of an operator's maintenance window for a cold upgrade. The measured
# downtime is 13 to 20 s on two cores. Three times as much, on a busy machine,
# is a minute; a longer one would be a change of Heat that operators notice.
COLD_GAP = 60

# A canary that begins just before the stop of Heat is complete a cycle after
# its start; the window counts twice for it.
COLD_CANARY_GAP = 2 * COLD_GAP

# Heat's guide promises a rolling upgrade without effect on users of the API:
# HAProxy has a working node at any time. A read takes 0.5 s (oslo.messaging's
# polling). 5 s were measured in a rolling upgrade on two cores with a load of
# 40; twice that cannot be caused by the machine.
ROLLING_READ_GAP = 10

# A signal is sent once a second, locks its resource and calls Keystone. 10.5 s
# were measured on that machine.
ROLLING_SIGNAL_GAP = 20

# A canary begins every 10 s and takes 4, during the tests of a mixed phase up
# to 15. 65 s were measured in a run concurrent with others on that machine.
ROLLING_CANARY_GAP = 75

# A canary held by a stopping engine waits up to 60 s: the grace period of the
# engine, and the timeout of RPC. With the 10 s before it and the 15 s of the
# next canary that is 85; 83.4 were measured on two cores.
STOP_CANARY_GAP = 90

# A killed engine, or one with a cut connection, loses its messages: RPC calls
# are acknowledged before they are complete. Other questions must be answered
# as soon as a spare question replaces a late one (5 s), the other node has
# reconnected to the broker (1 to 5 s of kombu's retries), or the database is
# unlocked (5 s); twice that.
VIOLENT_GAP = 30

# No engine finishes the canary of a killed engine: the delete after the
# canary's timeout takes over the stack's lock.
VIOLENT_CANARY_GAP = 150

# Nothing that Heat does may affect an existing user. The lab's Keystone has a
# single thread, which creates and deletes the accounts of all tests: 9.8 s
# were measured on that machine.
DATA_PLANE_GAP = 20

# Seconds in which a question is in progress: a step that begins within that
# time may affect it. An answer through RPC takes half a second, on a busy
# machine a few times as much; a canary is in progress for its whole life.
IN_PROGRESS = 2
CANARY_IN_PROGRESS = canary.CANARY_TIMEOUT

# Maximum seconds of a good canary: 15.3 were measured during all tests. An
# older one was lost before the stop of an engine, for another reason.
CANARY_WELL = 20

# Maximum of a finding; the report has all lines.
EVIDENCE_LINES = 10

# An outage of heat_upgrade.probes.aggregates.outages().
_Outage = dict[str, typing.Any]


@dataclasses.dataclass(frozen=True)
class Budget:
    """The allowed failures of a probe.

    :ivar lossless: whether no question may fail
    :ivar gap_s: maximum seconds between two good answers
    """

    lossless: bool
    gap_s: float


_DATA_PLANE = Budget(True, DATA_PLANE_GAP)
_ROLLING = {
    **dict.fromkeys(definitions.READS, Budget(True, ROLLING_READ_GAP)),
    definitions.SIGNAL: Budget(True, ROLLING_SIGNAL_GAP),
    definitions.CANARY: Budget(True, ROLLING_CANARY_GAP),
}
_VIOLENT = {
    **dict.fromkeys(definitions.READS, Budget(False, VIOLENT_GAP)),
    definitions.SIGNAL: Budget(False, VIOLENT_GAP),
    definitions.CANARY: Budget(False, VIOLENT_CANARY_GAP),
}
_DOWN = {
    **dict.fromkeys(definitions.READS, Budget(False, COLD_GAP)),
    definitions.SIGNAL: Budget(False, COLD_GAP),
    definitions.CANARY: Budget(False, COLD_CANARY_GAP),
}

# The base alone, before a cold upgrade begins: operations start and are held.
# The machine or the base causes a slow answer there.
_BEFORE = Budget(False, math.inf)

# In a cold upgrade Heat is down from the first to the last of these.
_DOWN_ACTIONS = ('stop_base', 'save_database', 'upgrade_check', 'db_sync',
                 'start_target')


def budget(probe: str, step: model.Step, strategy: str) -> Budget:
    """Return the budget of a probe in a step.

    :param probe: one of definitions.NAMES
    :param strategy: strategy of the plan
    """
    if strategy == model.COLD and _is_before(step):
        return _BEFORE
    if probe in definitions.DATA_PLANE:
        return _DATA_PLANE
    if strategy == model.COLD and (step.action in _DOWN_ACTIONS
                                   or step.phase == 'during-upgrade'):
        return _DOWN[probe]
    if violent(step):
        return _VIOLENT[probe]
    if probe == definitions.CANARY and _stops(step):
        return Budget(True, STOP_CANARY_GAP)
    return _ROLLING[probe]


def _is_before(step: model.Step) -> bool:
    """Return True for a step before a cold upgrade stops the base."""
    return step.blame == model.LAB and step.side == model.BASE and (
        step.action not in _DOWN_ACTIONS)


def violent(step: model.Step) -> bool:
    """Return True if a step harms the questions in progress."""
    return bool(step.fault) or (step.action == 'stop_engine'
                                and step.disruption == model.KILL)


def _stops(step: model.Step) -> bool:
    return step.action == 'stop_engine'


def judge(availability: results.Availability, plan: model.Plan,
          times: results.Times, *,
          recovered: abc.Container[str] = ()) -> list[findings.Finding]:
    """Return the failures beyond the budgets.

    :param times: in seconds since the run's start
    :param recovered: probes whose recovery another step awaits; its failure
        is another finding
    :returns: findings of class 8, one for each probe and step; of the lab for
        a bug in a question
    """
    found = []
    for name, probe in availability.items():
        if name not in definitions.NAMES:
            continue
        texts: dict[str, list[str]] = {}
        lost: dict[str, list[_Outage]] = {}
        for outage in probe['outages']:
            step = _met_by(name, outage, plan, times)
            if budget(name, step, plan.strategy).lossless:
                texts.setdefault(step.name, []).append(_text(outage))
                lost.setdefault(step.name, []).append(outage)
        for start, end in probe['gaps']:
            step, allowed = _widest(name, start, end, plan, times)
            if end - start > allowed:
                texts.setdefault(step.name, []).append(
                    f'no good answer for {end - start:.1f} s, from '
                    f'{start:.1f} to {end:.1f} s; {allowed} s are allowed')
        if (name not in recovered and probe['sent'] and probe['gap'] is None
                and probe['outages']):
            last = probe['outages'][-1]
            step, allowed = _widest(name, last['start'], last['end'], plan,
                                    times)
            # The probes may end before a slow canary.
            if (name != definitions.CANARY
                    or last['end'] - last['start'] > allowed):
                texts.setdefault(step.name, []).append(
                    'never answered again')
        found += [_finding(name, step_name, lines, probe['errors'],
                           lost.get(step_name, ()))
                  for step_name, lines in texts.items()]
    return found


def _met_by(name: str, outage: _Outage, plan: model.Plan,
            times: results.Times) -> model.Step:
    """Return the step that explains the first question of an outage.

    That is a step that may lose the question, if one began during it; else a
    step that stops an engine, which loses messages received just before; else
    the last step that had begun.
    """
    def met(seconds: float) -> abc.Iterator[model.Step]:
        start = outage['start']
        return reversed(_during(start, min(outage['end'], start + seconds),
                                plan, times))

    is_canary = name == definitions.CANARY
    may_lose = (step for step in met(CANARY_IN_PROGRESS if is_canary
                                     else IN_PROGRESS)
                if not budget(name, step, plan.strategy).lossless)
    stops = (step for step in met(CANARY_WELL if is_canary else IN_PROGRESS)
             if _stops(step))
    return next(itertools.chain(may_lose, stops, met(0)))


def _widest(name: str, start: float, end: float, plan: model.Plan,
            times: results.Times) -> tuple[model.Step, float]:
    """Return the step with the widest budget for a gap, and the budget."""
    return max(((step, budget(name, step, plan.strategy).gap_s)
                for step in _during(start, end, plan, times)),
               key=lambda pair: pair[1])


def _during(start: float, end: float, plan: model.Plan,
            times: results.Times) -> list[model.Step]:
    """Return the steps of an interval, in order, at least one.

    Between two steps it is the earlier one; before all of them, the first.
    """
    begun = sorted((step for step in plan.steps if step.name in times),
                   key=lambda step: times[step.name][0])
    steps = [step for step in begun if times[step.name][0] <= end
             and _end(times, step) >= start]
    before = [step for step in begun if times[step.name][0] <= start]
    steps = steps or before[-1:] or begun[:1] or list(plan.steps[:1])
    if plan.strategy == model.COLD:
        # A gap that begins just before the stop is judged by the stop.
        steps = [step for step in steps if not _is_before(step)] or steps
    return steps


def _end(times: results.Times, step: model.Step) -> float:
    end = times[step.name][1]
    return math.inf if end is None else end


def _text(outage: _Outage) -> str:
    first = outage['first']
    errors = ', '.join(f'{error}: {number}'
                       for error, number in outage['errors'].items())
    node = f' by {first["node"]}' if first['node'] else ''
    return (f'{outage["failed"]} questions failed ({errors}), from '
            f'{outage["start"]:.1f} s to {outage["end"]:.1f} s; the first: '
            f'{first["error"]}{node}: {first["detail"]}')


def _finding(name: str, step: str, lines: list[str],
             errors: abc.Container[str],
             lost: abc.Iterable[_Outage]) -> findings.Finding:
    if len(lines) > EVIDENCE_LINES:
        left = len(lines) - EVIDENCE_LINES
        lines = [*lines[:EVIDENCE_LINES], f'... and {left} more']
    evidence = '\n'.join(lines)
    if error_classes.MISTAKE in errors:
        return findings.make(
            'lab.probe-mistake', name,
            f'probe {name} broke in its own code in {step}', evidence,
            step=step)
    return findings.make(
        'probe.over-budget', name,
        f'probe {name} exceeded its failure budget in {step}', evidence,
        step=step, facts=_facts(lost))


def _facts(outages: abc.Iterable[_Outage]) -> dict[str, typing.Any]:
    """Return the facts that can prove the cause of lost answers."""
    errors: collections.Counter[str] = collections.Counter()
    nodes = set()
    for outage in outages:
        errors.update(outage['errors'])
        nodes.add(outage['first']['node'])
    return {'errors': dict(errors), 'nodes': sorted(nodes - {''})}
