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

"""The plan of every seed is a legal upgrade."""

import random

import ddt
import testtools
from testtools import matchers

from heat_upgrade import errors
from heat_upgrade.inflight import cases
from heat_upgrade.plan import planner
from heat_upgrade.plan import variation
from heat_upgrade.tests.unit.support import plan_simulation

# 10,000 seeds, in shares that can be run side by side.
SHARES, SEEDS = 5, 2000

EVERY = cases.every()


def arguments(seed):
    """Return the options of a command line, drawn by a seed."""
    chance = random.Random(f'arguments {seed}')
    nodes = chance.choice((2, 3, 4))
    strategy = chance.choice(('rolling', 'rolling', 'partial'))
    return {
        'strategy': strategy,
        'volume': (None if strategy == 'partial' else
                   random.Random(seed).choice((None, None, 0, 1000))),
        'base': '2026.1', 'target': '2026.2', 'seed': seed, 'nodes': nodes,
        'vhost': chance.choice(planner.VHOSTS),
        'scenarios': chance.choice(('', '', '', 'random')),
        'in_flight': chance.choices((None, *planner.IN_FLIGHT),
                                    # Samples have tests of their own.
                                    (1, 6, 2, 1))[0],
        'quick': chance.random() < 0.3,
        'rollback': chance.choice((None, None, '', 'never', 'random',
                                   f'node-{chance.randint(1, nodes)}')),
        'budget': chance.choice((None, None, None, None,
                                 chance.randint(50, 400)))}


@ddt.ddt
class TestEverySeed(testtools.TestCase):

    @ddt.data(*range(SHARES))
    def test_plan_of_a_seed_is_legal_and_survives_json(self, share):
        made = 0
        for seed in range(share * SEEDS, (share + 1) * SEEDS):
            given = arguments(seed)
            try:
                plan = planner.make(**given)
            except errors.UsageError as exc:
                self.assertIsNotNone(given['budget'], str(exc))
                self.assertIn('; the budget is', str(exc))
                continue
            made += 1
            self.legal(plan, given)
        self.assertThat(made, matchers.GreaterThan(SEEDS * 3 // 4))

    def legal(self, plan, given):
        try:
            walked = plan_simulation.Simulation(plan).walk()
        except plan_simulation.Illegal as exc:
            self.fail(f'{given}: {exc}')
        if plan != planner.from_json(plan.as_json()):
            self.fail(f'{given}: JSON')
        if given['budget'] is not None and plan.seconds > given['budget']:
            self.fail(f'{given}: {plan.seconds} s')
        self.assertEqual(bool(walked.went_back), walked.verified_back, given)
        if given['rollback'] is not None:
            self.went_back_as_asked(given['rollback'], walked.went_back)
        if given['budget'] is None:
            self.takes_along_what_was_asked(plan, given)

    def went_back_as_asked(self, asked, went_back):
        self.assertEqual(asked not in ('', 'never'), bool(went_back))
        if asked.startswith('node-'):
            self.assertEqual([asked], went_back)

    def takes_along_what_was_asked(self, plan, given):
        parked = [case for step in plan.steps if step.action == 'park'
                  for case in step.cases]
        sample = (variation.ENGINE_SAMPLE * (plan.nodes - 1)
                  + variation.LAST_ENGINE_SAMPLE)
        self.assertEqual(
            {None: 0 if given['scenarios'] else sample,
             'none': 0, 'sample': sample, 'all': len(EVERY)}[
                given['in_flight']], len(parked))
        for step in plan.steps:
            self.assertEqual(len(set(step.cases)), len(step.cases))


@ddt.ddt
class TestOthers(testtools.TestCase):

    @ddt.data(*range(1, 5))
    def test_plans_of_a_cold_upgrade_are_legal(self, nodes):
        for seed in range(20):
            plan = planner.make(
                'cold', base='a', target='b', seed=seed, nodes=nodes,
                stop=(None, *planner.STOPS)[seed % 3])
            plan_simulation.Simulation(plan).walk()

    @ddt.data(*planner.STRATEGIES)
    def test_lighter_plans_are_legal(self, strategy):
        for seed in range(20):
            plan = planner.make(strategy, base='a', target='b', seed=seed,
                                nodes=4)
            for one in planner.lighter(plan):
                plan_simulation.Simulation(one).walk()

    @ddt.data(*range(10))
    def test_same_arguments_give_the_same_plan(self, seed):
        given = {**arguments(seed), 'budget': None}
        self.assertEqual(1, len({planner.make(**given).as_json()
                                 for _ in range(50)}))
