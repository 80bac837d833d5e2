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

"""Makes the plan of a run: its steps in order, as data.

A plan is stages, one after the other; a stage is lanes, side by side; a lane
is steps, one after the other. The functions here are pure: the same arguments
give the same plan on every machine.
"""

import dataclasses
import typing

from heat_integrationtests import catalogue
from heat_upgrade import errors
from heat_upgrade.inflight import cases
from heat_upgrade.lab import profiles
from heat_upgrade.plan import cold
from heat_upgrade.plan import model
from heat_upgrade.plan import rolling
from heat_upgrade.plan import steps
from heat_upgrade.plan import variation

BASE, TARGET = model.BASE, model.TARGET
LAB, HEAT = model.LAB, model.HEAT
COLD, ROLLING, PARTIAL = model.COLD, model.ROLLING, model.PARTIAL
STRATEGIES = model.STRATEGIES
PER_RELEASE, SHARED = model.PER_RELEASE, model.SHARED
VHOSTS = model.VHOSTS
GRACEFUL, KILL = model.GRACEFUL, model.KILL
FILE = model.FILE

Plan = model.Plan
Step = model.Step
from_json = model.from_json

# In a rolling upgrade, one node serves while another is down.
LEAST_NODES = {COLD: 1, ROLLING: 2, PARTIAL: 2}
MOST_NODES = 4

# Which in-flight operations a run has: none, a sample, or all.
NONE, SAMPLE, ALL = 'none', 'sample', 'all'
IN_FLIGHT = (NONE, SAMPLE, ALL)

# The operations in flight of each tier of scenarios.
IN_FLIGHT_OF_TIER = {catalogue.QUICK: NONE, catalogue.STANDARD: SAMPLE,
                     catalogue.THOROUGH: ALL}

# How a cold upgrade stops the engines.
STOPS = (model.GRACEFUL, model.KILL)

# In place of the node after which an upgrade rolls back.
RANDOM, NEVER = variation.RANDOM, variation.NEVER


class _Fixed(typing.TypedDict):
    """The arguments of :func:`of_choices` that no choice changes."""

    strategy: str
    base: str
    target: str
    seed: int
    vhost: str
    profile: str
    tier: str
    scenario_path: tuple[str, ...]
    services: tuple[str, ...]


def make(strategy: str, *, base: str, target: str, seed: int = 0,
         scenarios: str = '', nodes: int | None = None,
         vhost: str = PER_RELEASE, in_flight: str | None = None,
         rollback: str | None = None, budget: float | None = None,
         quick: bool = False, checks_only: bool = False,
         profile: str = profiles.STANDARD, stop: str | None = None,
         tier: str = catalogue.STANDARD,
         scenario_path: tuple[str, ...] = (), volume: int | None = None,
         volume_events: int | None = None,
         services: tuple[str, ...] = ()) -> Plan:
    """Return the plan of a strategy.

    :param strategy: one of STRATEGIES
    :param base: name of a release
    :param target: name of a release
    :param seed: seed for random choices
    :param scenarios: regular expression of the tests to run, '' for all
    :param nodes: number of nodes, None for the minimum of the strategy
    :param vhost: one of VHOSTS; ignored by a cold upgrade
    :param in_flight: one of IN_FLIGHT; None for the tier's: none, a sample
        or all; and for none if scenarios are selected
    :param rollback: see :func:`heat_upgrade.plan.variation.draw`
    :param budget: maximum of the predicted seconds; None for no limit
    :param quick: leave out the smoke and the mixed-version tests
    :param checks_only: stop after the static checks
    :param profile: names of :mod:`heat_upgrade.lab.profiles`, with commas
    :param stop: one of STOPS, for a cold upgrade; None to let the seed decide
    :param tier: one of TIERS; quick is also without static checks, smoke and
        cross-version tests
    :param scenario_path: directories with further scenarios by data
    :param volume: number of stacks to clone before both releases are
        measured; None for no measurement
    :param volume_events: number of additional events of the clones
    :param services: names of other services of the cloud
    :raises: :class:`errors.UsageError` for an impossible combination, or if
        even the shortest plan exceeds the budget
    """
    if strategy not in STRATEGIES:
        raise errors.UsageError(
            f'strategy {strategy!r} is not known; there are: '
            + ', '.join(STRATEGIES))
    least = LEAST_NODES[strategy]
    nodes = least if nodes is None else nodes
    if not least <= nodes <= MOST_NODES:
        raise errors.UsageError(
            f'a {strategy} upgrade takes {least} to {MOST_NODES} nodes, not '
            f'{nodes}')
    rollback = '' if rollback == NEVER else rollback
    if rollback and strategy == COLD:
        raise errors.UsageError('a cold upgrade cannot roll back: restore '
                                'the saved database instead')
    if stop and strategy != COLD:
        raise errors.UsageError(
            f'a {strategy} upgrade stops one engine after the other: its seed '
            'decides which of them are killed')
    if volume is not None and strategy == PARTIAL:
        raise errors.UsageError(
            'a partial upgrade ends with mixed versions: measure the volume '
            'in a cold or a rolling upgrade')
    if volume_events and not volume:
        raise errors.UsageError('the events of --volume-events belong to '
                                'the stacks of --volume: name both')
    # A selection of scenarios shall be quick: it gets nothing else.
    taken = in_flight or (NONE if scenarios else IN_FLIGHT_OF_TIER[tier])
    ids: tuple[str, ...] | None = {
        NONE: (), SAMPLE: None,
        ALL: tuple(case.id for case in cases.every())}[taken]
    if ids is None and strategy == COLD:
        ids = variation.cold_sample(seed)
    drawn = variation.draw(seed, nodes=nodes, in_flight=ids,
                           rollback=rollback)
    if strategy == COLD:
        drawn = variation.Choices(order=variation.names(nodes),
                                  kills=_killed(drawn, stop),
                                  cases=drawn.cases)
    drawn = dataclasses.replace(drawn, orphans=taken != NONE)
    if checks_only and scenarios:
        raise errors.UsageError('--checks-only runs no scenarios: leave out '
                                'one of the two options')
    drawn = dataclasses.replace(
        drawn, quick=quick or tier == catalogue.QUICK,
        checks=not scenarios and (checks_only or tier != catalogue.QUICK),
        checks_only=checks_only, volume=volume,
        volume_events=volume_events,
        aged_rows=not scenarios and tier != catalogue.QUICK)
    fixed: _Fixed = {'strategy': strategy, 'base': base, 'target': target,
                     'seed': seed, 'vhost': vhost, 'profile': profile,
                     'tier': tier, 'scenario_path': scenario_path,
                     'services': services}
    plan = _within(budget, drawn, scenarios, fixed,
                   keep_rollback=bool(rollback))
    return dataclasses.replace(plan, options=_options(
        plan, in_flight=in_flight, rollback=rollback, budget=budget,
        quick=quick, checks_only=checks_only, stop=stop, volume=volume,
        volume_events=volume_events))


def _killed(drawn: variation.Choices, stop: str | None) -> tuple[str, ...]:
    """Return the node whose engine a cold upgrade kills, at most one."""
    return {None: drawn.kills[:1], model.GRACEFUL: (),
            model.KILL: drawn.kills[:1] or drawn.order[:1]}[stop]


def _within(budget: float | None, drawn: variation.Choices, scenarios: str,
            fixed: _Fixed, *, keep_rollback: bool) -> Plan:
    """Return a plan within a budget, with as many of the choices as fit.

    :param keep_rollback: whether the caller asked for the rollback
    """
    plan = of_choices(drawn, scenarios=scenarios, **fixed)
    seconds = plan.seconds
    while budget is not None and seconds > budget:
        for drawn in variation.lighter(drawn):  # noqa: B020
            if keep_rollback and not drawn.rollback:
                continue
            plan = of_choices(drawn, scenarios=scenarios, **fixed)
            if plan.seconds < seconds:
                seconds = plan.seconds
                break
        else:
            raise errors.UsageError(
                f'the shortest such plan takes about {seconds:.0f} s; the '
                f'budget is {budget:g} s')
    return plan


def _options(plan: Plan, *, in_flight: str | None, rollback: str | None,
             budget: float | None, quick: bool, checks_only: bool,
             stop: str | None, volume: int | None,
             volume_events: int | None) -> tuple[str, ...]:
    """Return the command line options that make this plan again."""
    words = ['--strategy', plan.strategy, '--seed', str(plan.seed)]
    if plan.nodes != LEAST_NODES[plan.strategy]:
        words += ['--nodes', str(plan.nodes)]
    if plan.strategy != COLD and plan.vhost != PER_RELEASE:
        words += ['--vhost', plan.vhost]
    for option, value, default in (
            ('--profile', plan.profile, profiles.STANDARD),
            ('--tier', plan.tier, catalogue.STANDARD),
            ('--with', ','.join(plan.services), '')):
        if value != default:
            words += [option, value]
    for directory in plan.scenario_path:
        words += ['--scenario-path', directory]
    for option, given in (
            ('--in-flight', in_flight), ('--stop', stop),
            ('--volume', volume), ('--volume-events', volume_events)):
        if given is not None:
            words += [option, str(given)]
    if quick:
        words.append('--quick')
    if checks_only:
        words.append('--checks-only')
    if rollback is not None and plan.strategy != COLD:
        words += ['--rollback', rollback or NEVER]
    if budget is not None:
        words += ['--budget', f'{budget:g}']
    return tuple(words)


def of_choices(drawn: variation.Choices, *, strategy: str, base: str,
               target: str, seed: int, scenarios: str, vhost: str,
               profile: str = profiles.STANDARD,
               tier: str = catalogue.STANDARD,
               scenario_path: tuple[str, ...] = (),
               services: tuple[str, ...] = ()) -> Plan:
    """Return the plan of given choices; see :func:`make`."""
    smoke = not scenarios and not drawn.quick
    chosen = profiles.parse(profile)
    expectations = bool(chosen.expectations) and not scenarios
    if strategy == COLD:
        stages = cold.stages(
            nodes=len(drawn.order), smoke=smoke,
            cases=tuple(case for ids in drawn.cases.values()
                        for case in ids),
            killed=''.join(drawn.kills[:1]), orphans=drawn.orphans,
            aged_rows=drawn.aged_rows, expectations=expectations,
            full=steps.full(drawn.volume, drawn.volume_events))
    else:
        stages = rolling.stages(drawn, vhost=vhost, smoke=smoke,
                                partial=strategy == PARTIAL,
                                expectations=expectations)
    if drawn.checks:
        # The checks need both releases installed, but no cloud.
        installed, *rest = stages
        stages = (installed, model.alone(steps.checks()),
                  *(() if drawn.checks_only else rest))
    return Plan(strategy=strategy, base=base, target=target, seed=seed,
                scenarios=scenarios, nodes=len(drawn.order), vhost=vhost,
                profile=chosen.name, tier=tier, scenario_path=scenario_path,
                services=services, choices=drawn.as_dict(), stages=stages)


def lighter(plan: Plan, *, scenarios: str = '') -> list[Plan]:
    """Return variants of a plan, each without one thing.

    :param scenarios: a regular expression of scenarios that are enough, ''
        for those of the plan
    :raises: :class:`errors.UsageError` if the plan has no choices
    """
    drawn = variation.from_dict(plan.choices)
    fixed: _Fixed = {'strategy': plan.strategy, 'base': plan.base,
                     'target': plan.target, 'seed': plan.seed,
                     'vhost': plan.vhost, 'profile': plan.profile,
                     'tier': plan.tier,
                     'scenario_path': plan.scenario_path,
                     'services': plan.services}
    variants = variation.lighter(drawn)
    if drawn.checks and not drawn.checks_only:
        variants.append(dataclasses.replace(drawn, checks=False))
    if len(drawn.order) > LEAST_NODES[plan.strategy]:
        variants.append(variation.one_node_less(drawn))
    plans = [of_choices(variant, scenarios=plan.scenarios, **fixed)
             for variant in variants]
    if scenarios and not plan.scenarios:
        plans.append(of_choices(drawn, scenarios=scenarios, **fixed))
    return [lighter_plan for lighter_plan in plans
            if (lighter_plan.stages, lighter_plan.scenarios)
            != (plan.stages, plan.scenarios)]


def selectors(plan: Plan) -> list[str]:
    """Return the command line options that make this plan again.

    :returns: empty if no options do; ``--plan`` repeats such a plan
    """
    return list(plan.options)
