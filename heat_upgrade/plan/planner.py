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

"""Makes the plan of a run: what will be done, in order, as data.

A plan is stages, one after the other; a stage is lanes, side by side; a lane
is steps, one after the other. The functions here are pure: the same arguments
give the same plan on every machine.
"""

import dataclasses

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

# A rolling upgrade needs a node that serves while another does not.
LEAST_NODES = {COLD: 1, ROLLING: 2, PARTIAL: 2}
MOST_NODES = 4

# How much work in flight a run takes along: none, a sample, all of it.
NONE, SAMPLE, ALL = 'none', 'sample', 'all'
IN_FLIGHT = (NONE, SAMPLE, ALL)

# How the engine is stopped at a cold upgrade.
STOPS = (model.GRACEFUL, model.KILL)

# In place of the node after which an upgrade goes back.
RANDOM, NEVER = variation.RANDOM, variation.NEVER


def make(strategy, *, base, target, seed=0, scenarios='', nodes=None,
         vhost=PER_RELEASE, in_flight=None, rollback=None, budget=None,
         quick=False, checks_only=False, profile=profiles.STANDARD, stop=None):
    """Return the plan of a strategy.

    :param strategy: one of STRATEGIES
    :param base: name of a release
    :param target: name of a release
    :param seed: integer from which all random choices are made
    :param scenarios: regular expression of the tests to run, '' for all
    :param nodes: how many there are, None for as few as the strategy needs
    :param vhost: one of VHOSTS; of no meaning to a cold upgrade
    :param in_flight: one of IN_FLIGHT; None for a sample, and for nothing
        with a selection of scenarios
    :param rollback: see :func:`heat_upgrade.plan.variation.draw`
    :param budget: seconds that the plan may take, as predicted; None for no
        limit
    :param quick: leave out the smoke and the cross-version tests
    :param checks_only: stop after the static checks
    :param profile: one of :data:`heat_upgrade.lab.profiles.PROFILES`
    :param stop: one of STOPS, how an engine is stopped at a cold upgrade;
        None to let the seed decide
    :raises: :class:`errors.UsageError` for what cannot be, or if not even
        the least of it fits the budget
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
        raise errors.UsageError('a cold upgrade has no way back: restore '
                                'the database that was saved instead')
    if stop and strategy != COLD:
        raise errors.UsageError(
            f'a {strategy} upgrade stops one engine after the other: its seed '
            'decides which of them are killed')
    # Who wants one scenario does not want to wait for anything else.
    taken = in_flight or (NONE if scenarios else SAMPLE)
    ids = {NONE: (), SAMPLE: None, ALL: tuple(
        case.id for case in cases.every())}[taken]
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
        raise errors.UsageError('scenarios are no static checks: they need '
                                'more than --checks-only')
    # Who wants one scenario does not want to wait for checks either.
    drawn = dataclasses.replace(drawn, quick=quick, checks=not scenarios,
                                checks_only=checks_only)
    named = {'strategy': strategy, 'base': base, 'target': target,
             'seed': seed, 'scenarios': scenarios, 'vhost': vhost,
             'profile': profile}
    plan = _within(budget, drawn, named, keep_rollback=bool(rollback))
    return dataclasses.replace(plan, options=_options(
        plan, in_flight=in_flight, rollback=rollback, budget=budget,
        quick=quick, checks_only=checks_only, stop=stop))


def _killed(drawn, stop):
    """Return the node whose engine is killed at a cold upgrade, or none."""
    return {None: drawn.kills[:1], model.GRACEFUL: (),
            model.KILL: drawn.kills[:1] or drawn.order[:1]}[stop]


def _within(budget, drawn, named, *, keep_rollback):
    """Return the plan of what fits into a budget.

    :param named: what else :func:`of_choices` takes
    :param keep_rollback: it was asked for by name
    """
    plan = of_choices(drawn, **named)
    seconds = plan.seconds
    while budget is not None and seconds > budget:
        for drawn in variation.lighter(drawn):
            if keep_rollback and not drawn.rollback:
                continue
            plan = of_choices(drawn, **named)
            if plan.seconds < seconds:
                seconds = plan.seconds
                break
        else:
            raise errors.UsageError(
                f'the least of this plan takes about {seconds:.0f} s; the '
                f'budget is {budget:g} s')
    return plan


def _options(plan, *, in_flight, rollback, budget, quick, checks_only, stop):
    """Return the words of a command line that make this plan again."""
    words = ['--strategy', plan.strategy, '--seed', str(plan.seed)]
    if plan.nodes != LEAST_NODES[plan.strategy]:
        words += ['--nodes', str(plan.nodes)]
    if plan.strategy != COLD and plan.vhost != PER_RELEASE:
        words += ['--vhost', plan.vhost]
    if plan.profile != profiles.STANDARD:
        words += ['--profile', plan.profile]
    if in_flight is not None:
        words += ['--in-flight', in_flight]
    if stop is not None:
        words += ['--stop', stop]
    if quick:
        words.append('--quick')
    if checks_only:
        words.append('--checks-only')
    if rollback is not None and plan.strategy != COLD:
        words += ['--rollback', rollback or NEVER]
    if budget is not None:
        words += ['--budget', f'{budget:g}']
    return tuple(words)


def of_choices(drawn, *, strategy, base, target, seed, scenarios, vhost,
               profile=profiles.STANDARD):
    """Return the plan in which everything is decided.

    :param drawn: :class:`heat_upgrade.plan.variation.Choices`
    :param profile: one of :data:`heat_upgrade.lab.profiles.PROFILES`
    """
    smoke = not scenarios and not drawn.quick
    if strategy == COLD:
        stages = cold.stages(
            nodes=len(drawn.order), smoke=smoke,
            cases=tuple(case for ids in drawn.cases.values()
                        for case in ids),
            killed=''.join(drawn.kills[:1]), orphans=drawn.orphans)
    else:
        stages = rolling.stages(drawn, vhost=vhost, smoke=smoke,
                                partial=strategy == PARTIAL)
    if drawn.checks:
        # Of two releases that are installed, and before anything starts.
        installed, *rest = stages
        stages = (installed, model.alone(steps.checks()),
                  *(() if drawn.checks_only else rest))
    return Plan(strategy=strategy, base=base, target=target, seed=seed,
                scenarios=scenarios, nodes=len(drawn.order), vhost=vhost,
                profile=profile,
                choices=drawn.as_dict(), stages=stages)


def lighter(plan, *, scenarios=''):
    """Return the plans that do one thing less than a plan, in a list.

    :param plan: :class:`Plan`
    :param scenarios: a regular expression of scenarios that are enough, ''
        for those of the plan
    :raises: :class:`errors.UsageError` if it does not tell its choices
    """
    drawn = variation.from_dict(plan.choices)
    named = {'strategy': plan.strategy, 'base': plan.base,
             'target': plan.target, 'seed': plan.seed, 'vhost': plan.vhost,
             'profile': plan.profile}
    found = variation.lighter(drawn)
    if drawn.checks and not drawn.checks_only:
        found.append(dataclasses.replace(drawn, checks=False))
    if len(drawn.order) > LEAST_NODES[plan.strategy]:
        found.append(variation.one_node_less(drawn))
    made = [of_choices(one, scenarios=plan.scenarios, **named)
            for one in found]
    if scenarios and not plan.scenarios:
        made.append(of_choices(drawn, scenarios=scenarios, **named))
    return [one for one in made if (one.stages, one.scenarios)
            != (plan.stages, plan.scenarios)]


def selectors(plan):
    """Return the words of a command line that make this plan again.

    :returns: a list; empty if no words do: such a plan is repeated with
        ``--plan``
    """
    return list(plan.options)
