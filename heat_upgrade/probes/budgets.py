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

"""How much may be lost, when, and why so much; what is more is a finding.

What a plan's strategy promises decides. A step that does something violent
(kills an engine, cuts the broker's connections) has budgets of its own: what
was in hand at that moment may be lost, and no more.
"""

import collections
import dataclasses
import itertools
import math

from heat_upgrade.plan import model
from heat_upgrade.probes import canary
from heat_upgrade.probes import definitions
from heat_upgrade.probes import error_classes
from heat_upgrade.results import findings

# Of an operator's maintenance window for a cold upgrade. The downtime that we
# measure is 13 to 20 s on two cores; three times as much, on a busy machine,
# is still a minute, and more would be a change of Heat that operators feel.
COLD_GAP = 60

# A canary that has just been begun when Heat stops is complete a cycle after
# the start; the window counts for it twice.
COLD_CANARY_GAP = 2 * COLD_GAP

# Heat's guide promises that users of the API notice nothing in a rolling
# upgrade: HAProxy has at any time a node that serves. A read takes 0.5 s
# (oslo.messaging's polling). 5 s were measured in a rolling upgrade on two
# cores with a load of 40; twice that is no machine's fault any more.
ROLLING_READ_GAP = 10

# A signal is asked for once a second, locks its resource and asks Keystone:
# 10.5 s were measured on that machine.
ROLLING_SIGNAL_GAP = 20

# A canary is begun every 10 s and takes 4, beside all the tests of a mixed
# phase up to 15. 65 s were measured in one with other runs on that machine.
ROLLING_CANARY_GAP = 75

# One that an engine has in hand while it stops waits for as long as that may
# take: 60 s, its grace period and the time after which RPC gives up. With the
# 10 s before it and the 15 s of the one after it that is 85; 83.4 were
# measured on two cores.
STOP_CANARY_GAP = 90

# What an engine had in hand when it was killed, or its connection cut, is
# lost: RPC calls are acknowledged before they are done. Others must be
# answered as soon as a late question has been replaced by a spare one (5 s),
# the other node's connections to the broker are there again (1 to 5 s of
# kombu's retries), or the database is unlocked (5 s); twice that.
VIOLENT_GAP = 30

# A canary that an engine had in hand is done by nobody: the stack's lock is
# taken over by the delete that comes after the canary's time is over.
VIOLENT_CANARY_GAP = 150

# Nothing that Heat does may stop a user that is there. Keystone has one thread
# in the lab, and makes and deletes the accounts of all tests with it: 9.8 s
# were measured on that machine.
DATA_PLANE_GAP = 20

# How long a question is in hand, in seconds: a step that begins within that
# time may be what it met. An answer through RPC takes half a second, on a busy
# machine a few times as much; a canary is in hand for as long as it lives.
IN_HAND = 2
CANARY_IN_HAND = canary.CANARY_TIMEOUT

# Until when a canary that is well is done, in seconds: 15.3 were measured
# beside all tests. One that is older when an engine is told to stop was lost
# before, by something else.
CANARY_WELL = 20

# Of a finding; a report has all of it.
EVIDENCE_LINES = 10


@dataclasses.dataclass(frozen=True)
class Budget:
    """What may be lost.

    :ivar lossless: whether no question at all may fail
    :ivar gap_s: seconds between two good answers
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

# The base alone, before a cold upgrade begins: operations are started and
# parked. A slow answer there is the machine's, or the base's.
_BEFORE = Budget(False, math.inf)

# From the first to the last of these Heat is down in a cold upgrade.
_DOWN_ACTIONS = ('stop_base', 'save_database', 'upgrade_check', 'db_sync',
                 'start_target')


def budget(probe, step, strategy):
    """Return the budget of a probe in a step.

    :param probe: one of questions.NAMES
    :param step: :class:`heat_upgrade.plan.planner.Step`
    :param strategy: of the plan
    :returns: :class:`Budget`; None for a probe that has none
    """
    if strategy == model.COLD and _is_before(step):
        return _BEFORE
    if probe in definitions.DATA_PLANE:
        return _DATA_PLANE
    if strategy == model.COLD and (step.action in _DOWN_ACTIONS
                                   or step.phase == 'during-upgrade'):
        return _DOWN.get(probe)
    if violent(step):
        return _VIOLENT.get(probe)
    if probe == definitions.CANARY and _stops(step):
        return Budget(True, STOP_CANARY_GAP)
    return _ROLLING.get(probe)


def _is_before(step):
    """Return True for a step before a cold upgrade stops the base."""
    return step.blame == model.LAB and step.side == model.BASE and (
        step.action not in _DOWN_ACTIONS)


def violent(step):
    """Tell whether a step harms what is in hand."""
    return bool(step.fault) or (step.action == 'stop_engine'
                                and step.disruption == model.KILL)


def _stops(step):
    return step.action == 'stop_engine'


def judge(availability, plan, times, *, recovered=()):
    """Return what was lost beyond the budgets.

    :param availability: {probe: dict} of
        :mod:`heat_upgrade.probes.results`
    :param plan: :class:`heat_upgrade.plan.planner.Plan`
    :param times: {step: (start, end)} in seconds since the run's start; end
        None for a step that has not ended
    :param recovered: probes of which a good answer was waited for at their
        end; one without is another finding
    :returns: list of :class:`heat_upgrade.results.findings.Finding` of class
        8, one for a probe in a step; of our own mistakes, the lab's
    """
    found = []
    for name, one in availability.items():
        if name not in definitions.NAMES:
            continue
        texts, lost = {}, {}
        for outage in one['outages']:
            step = _met_by(name, outage, plan, times)
            if budget(name, step, plan.strategy).lossless:
                texts.setdefault(step.name, []).append(_outage(outage))
                lost.setdefault(step.name, []).append(outage)
        for start, end in one['gaps']:
            step, allowed = _widest(name, start, end, plan, times)
            if end - start > allowed:
                texts.setdefault(step.name, []).append(
                    f'no good answer for {end - start:.1f} s, from '
                    f'{start:.1f} to {end:.1f} s; {allowed} s are allowed')
        if (name not in recovered and one['sent'] and one['gap'] is None
                and one['outages']):
            last = one['outages'][-1]
            step, allowed = _widest(name, last['start'], last['end'], plan,
                                    times)
            # A canary takes its time: the end of the probes may come first.
            if (name != definitions.CANARY
                    or last['end'] - last['start'] > allowed):
                texts.setdefault(step.name, []).append(
                    'never answered again')
        found += [_finding(name, step, lines, one['errors'],
                           lost.get(step, ()))
                  for step, lines in texts.items()]
    return found


def _met_by(name, outage, plan, times):
    """Return the step that the first question of an outage has met.

    That is one in which it may be lost, if there was one while it was in
    hand; else one that stops an engine, which loses what it is given just
    before; else the last that had begun.
    """
    def met(in_hand):
        start = outage['start']
        return reversed(_during(start, min(outage['end'], start + in_hand),
                                plan, times))

    is_canary = name == definitions.CANARY
    may_lose = (step for step in met(CANARY_IN_HAND if is_canary else IN_HAND)
                if not budget(name, step, plan.strategy).lossless)
    stops = (step for step in met(CANARY_WELL if is_canary else IN_HAND)
             if _stops(step))
    return next(itertools.chain(may_lose, stops, met(0)))


def _widest(name, start, end, plan, times):
    """Return the step with the widest budget for a gap, and the budget."""
    return max(((step, budget(name, step, plan.strategy).gap_s)
                for step in _during(start, end, plan, times)),
               key=lambda found: found[1])


def _during(start, end, plan, times):
    """Return the steps of a time, in their order; never none.

    Between two steps it is the one before; before all of them, the first.
    """
    begun = sorted((step for step in plan.steps if step.name in times),
                   key=lambda step: times[step.name][0])
    found = [step for step in begun if times[step.name][0] <= end
             and (times[step.name][1] is None
                  or times[step.name][1] >= start)]
    before = [step for step in begun if times[step.name][0] <= start]
    found = found or before[-1:] or begun[:1] or plan.steps[:1]
    if plan.strategy == model.COLD:
        # A gap that begins just before the stop is judged by the stop.
        found = [step for step in found if not _is_before(step)] or found
    return found


def _outage(outage):
    first = outage['first']
    errors = ', '.join(f'{error}: {number}'
                       for error, number in outage['errors'].items())
    by = f' by {first["node"]}' if first['node'] else ''
    return (f'{outage["failed"]} questions failed ({errors}), asked from '
            f'{outage["start"]:.1f} s on, the last one ended at '
            f'{outage["end"]:.1f} s; the first: {first["error"]}{by}: '
            f'{first["detail"]}')


def _finding(name, step, lines, errors, lost):
    if len(lines) > EVIDENCE_LINES:
        more = len(lines) - EVIDENCE_LINES
        lines = [*lines[:EVIDENCE_LINES], f'... and {more} more']
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


def _facts(outages):
    """Return what the cause of lost answers is proved by."""
    counted = collections.Counter()
    for outage in outages:
        counted.update(outage['errors'])
    return {'errors': dict(counted), 'nodes': sorted(
        {outage['first']['node'] for outage in outages
         if outage['first']['node']})}
