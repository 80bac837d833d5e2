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


import itertools
import json

import ddt
import testtools
from testtools import matchers

from heat_upgrade import actions
from heat_upgrade import errors
from heat_upgrade import findings
from heat_upgrade import plan as plans
from heat_upgrade import progress


def make(**changes):
    return plans.make('cold', **{'base': '2026.1', 'target': '2026.2',
                                 **changes})


@ddt.ddt
class TestMake(testtools.TestCase):

    def test_the_same_arguments_give_the_same_plan_fifty_times(self):
        self.assertEqual(1, len({make(seed=3).as_json()
                                 for _ in range(50)}))

    def test_a_plan_says_what_it_was_made_from(self):
        plan = make(seed=5, scenarios='random')
        self.assertEqual(
            ('cold', '2026.1', '2026.2', 5, 'random'),
            (plan.strategy, plan.base, plan.target, plan.seed,
             plan.scenarios))

    def test_an_unknown_strategy_is_refused_with_what_is_known(self):
        exc = self.assertRaises(errors.UsageError, plans.make, 'hot',
                                base='2026.1', target='2026.2')
        self.assertIn("'hot' is not known; there are: cold", str(exc))

    def test_its_time_is_that_of_the_longest_lane_of_each_stage(self):
        def step(name, seconds):
            return plans.Step(name, 'down', name, seconds=seconds)
        plan = plans.Plan('cold', 'a', 'b', 0, '', (
            ((step('a', 1),),),
            ((step('b', 5),), (step('c', 2), step('d', 4)))))
        self.assertEqual(7, plan.seconds)
        self.assertEqual(['a', 'b', 'c', 'd'],
                         [one.name for one in plan.steps])


@ddt.ddt
class TestSteps(testtools.TestCase):
    """What holds for every strategy."""

    @ddt.data(*plans.STRATEGIES)
    def test_names_are_unique(self, strategy):
        names = [step.name for step in self.steps(strategy)]
        self.assertEqual(sorted(set(names)), sorted(names))

    @ddt.data(*plans.STRATEGIES)
    def test_every_action_exists(self, strategy):
        self.assertEqual(set(), {step.action for step in self.steps(strategy)}
                         - set(actions.BY_NAME))

    @ddt.data(*plans.STRATEGIES)
    def test_who_blames_heat_says_of_which_class(self, strategy):
        self.assertEqual([], [
            step.name for step in self.steps(strategy)
            if (step.blame == plans.HEAT) != (
                step.failure_class in findings.CLASSES)])

    @ddt.data(*plans.STRATEGIES)
    def test_before_the_upgrade_nothing_is_heat_s_failure(self, strategy):
        begins = {plans.COLD: 'stop-base'}.get(strategy, 'upgrade-check')
        before = list(itertools.takewhile(
            lambda step: step.name != begins, self.steps(strategy)))
        self.assertIn('prepare', {step.action for step in before})
        self.assertEqual({plans.LAB}, {step.blame for step in before})

    @ddt.data(*plans.STRATEGIES)
    def test_the_cloud_is_stopped_whatever_happens(self, strategy):
        self.assertTrue(self.steps(strategy)[-1].always)

    @ddt.data(*plans.STRATEGIES)
    def test_every_phase_has_tests(self, strategy):
        self.assertEqual(
            {'pre-upgrade', 'post-upgrade',
             'during-upgrade' if strategy == plans.COLD else 'mixed'},
            {step.phase for step in self.steps(strategy) if step.kinds})

    @ddt.data(*plans.STRATEGIES)
    def test_every_step_has_a_time_and_a_title(self, strategy):
        for step in self.steps(strategy):
            self.assertThat(step.seconds, matchers.GreaterThan(0))
            self.assertNotEqual('', step.title)

    @ddt.data(*plans.STRATEGIES)
    def test_every_step_is_in_the_tree(self, strategy):
        plan = plans.make(strategy, base='a', target='b')
        tree = progress.tree(plan)
        for step in plan.steps:
            self.assertEqual(1, tree.count(f' {step.name}: {step.title} ('))

    def steps(self, strategy):
        return plans.make(strategy, base='2026.1', target='2026.2').steps


class TestSelection(testtools.TestCase):

    def test_who_selects_scenarios_does_not_wait_for_smoke_tests(self):
        kinds = [kind for step in make(scenarios='random').steps
                 for kind in step.kinds]
        self.assertEqual(['pre', 'verify', 'during', 'verify', 'post'],
                         kinds)


@ddt.ddt
class TestJson(testtools.TestCase):

    def changed(self, change):
        data = json.loads(make().as_json())
        change(data)
        return json.dumps(data)

    def test_what_is_written_is_read_again(self):
        plan = make(seed=9, scenarios=r'random|\.test_x')
        self.assertEqual(plan, plans.from_json(plan.as_json()))

    def test_another_version_is_refused(self):
        exc = self.assertRaises(
            errors.UsageError, plans.from_json,
            self.changed(lambda data: data.update(version=99)))
        self.assertIn('of version 99; this tool knows version 2', str(exc))

    @ddt.data('', 'hello', '{}', '[]', '5', 'null', '{"version": 2}')
    def test_what_is_no_plan_is_refused(self, text):
        exc = self.assertRaises(errors.UsageError, plans.from_json, text)
        self.assertIn('this is not a plan', str(exc))

    @ddt.data(
        lambda data: data.pop('base'),
        lambda data: data.update(surprise=1),
        lambda data: data.update(stages=5),
        lambda data: data.update(stages=[[[5]]]),
        lambda data: data['stages'][0][0][0].pop('action'),
        lambda data: data['stages'][0][0][0].update(surprise=1),
    )
    def test_a_damaged_plan_is_refused(self, change):
        exc = self.assertRaises(errors.UsageError, plans.from_json,
                                self.changed(change))
        self.assertIn('this is not a plan', str(exc))
