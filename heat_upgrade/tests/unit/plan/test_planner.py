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

from heat_upgrade import errors
from heat_upgrade.lab import profiles
from heat_upgrade.plan import planner
from heat_upgrade.report import progress
from heat_upgrade.results import findings
from heat_upgrade.run.actions import registry


def make(**changes):
    return planner.make('cold', **{'base': '2026.1', 'target': '2026.2',
                                   **changes})


@ddt.ddt
class TestMake(testtools.TestCase):

    def test_same_arguments_give_the_same_plan(self):
        self.assertEqual(1, len({make(seed=3).as_json()
                                 for _ in range(50)}))

    def test_plan_has_its_arguments(self):
        plan = make(seed=5, scenarios='random')
        self.assertEqual(
            ('cold', '2026.1', '2026.2', 5, 'random'),
            (plan.strategy, plan.base, plan.target, plan.seed,
             plan.scenarios))

    def test_volume_is_filled_and_measured_before_heat_stops(self):
        names = [step.name for step in make(
            volume=1000, volume_events=5).steps]
        order = [names.index(name) for name in (
            'verify-base', 'fill', 'measure-base', 'stop-base', 'db-sync',
            'post-upgrade', 'measure-target', 'account')]
        self.assertEqual(sorted(order), order)

    def test_volume_survives_json_and_the_command_line(self):
        plan = make(volume=1000, volume_events=5)
        fill, = (step for step in plan.steps if step.action == 'fill')
        self.assertEqual((1000, 5), (fill.volume, fill.events))
        self.assertEqual(plan, planner.from_json(plan.as_json()))
        self.assertIn('--volume 1000 --volume-events 5',
                      ' '.join(planner.selectors(plan)))

    def test_services_survive_json_and_the_command_line(self):
        plan = make(services=('placement', 'glance'))
        self.assertEqual(plan, planner.from_json(plan.as_json()))
        self.assertIn('--with placement,glance',
                      ' '.join(planner.selectors(plan)))

    def test_plan_with_unknown_services_is_refused(self):
        text = make(services=('glance',)).as_json()
        self.assertRaises(errors.UsageError, planner.from_json,
                          text.replace('"services": ["glance"]',
                                       '"services": ["nvoa"]'))

    def test_lighter_plans_keep_the_services(self):
        plan = make(services=('glance',), volume=10)
        self.assertEqual({('glance',)}, {
            lighter.services for lighter in planner.lighter(plan)})

    def test_plan_without_volume_does_not_mention_it(self):
        self.assertNotIn('volume', make().as_json())

    def test_lighter_plans_include_one_without_volume(self):
        plan = make(volume=1000)
        self.assertIn(make().stages, [
            lighter.stages for lighter in planner.lighter(plan)])

    @ddt.unpack
    @ddt.data(({'strategy': 'partial', 'volume': 0}, 'mixed versions'),
              ({'strategy': 'cold', 'volume_events': 5}, 'name both'),
              ({'strategy': 'cold', 'volume': 0, 'volume_events': 5},
               'name both'))
    def test_impossible_volume_is_refused(self, options, reason):
        exc = self.assertRaises(errors.UsageError, planner.make,
                                base='a', target='b', **options)
        self.assertIn(reason, str(exc))

    def test_unknown_strategy_is_refused_with_a_list(self):
        exc = self.assertRaises(errors.UsageError, planner.make, 'hot',
                                base='2026.1', target='2026.2')
        self.assertIn("'hot' is not known; there are: cold", str(exc))

    def test_plan_seconds_add_the_longest_lane_of_each_stage(self):
        def step(name, seconds):
            return planner.Step(name, 'down', name, seconds=seconds)
        plan = planner.Plan('cold', 'a', 'b', 0, '', (
            ((step('a', 1),),),
            ((step('b', 5),), (step('c', 2), step('d', 4)))))
        self.assertEqual(7, plan.seconds)
        self.assertEqual(['a', 'b', 'c', 'd'],
                         [one.name for one in plan.steps])


@ddt.ddt
class TestSteps(testtools.TestCase):
    """Rules that hold for every strategy."""

    @ddt.data(*planner.STRATEGIES)
    def test_names_are_unique(self, strategy):
        names = [step.name for step in self.steps(strategy)]
        self.assertEqual(sorted(set(names)), sorted(names))

    @ddt.data(*planner.STRATEGIES)
    def test_every_action_exists(self, strategy):
        self.assertEqual(set(), {step.action for step in self.steps(strategy)}
                         - set(registry.BY_NAME))

    @ddt.data(*planner.STRATEGIES)
    def test_step_that_blames_heat_has_a_failure_class(self, strategy):
        self.assertEqual([], [
            step.name for step in self.steps(strategy)
            if (step.blame == planner.HEAT) != (
                step.failure_class in findings.CLASSES)])

    @ddt.data(*planner.STRATEGIES)
    def test_steps_before_the_upgrade_blame_the_lab(self, strategy):
        begins = {planner.COLD: 'stop-base'}.get(strategy, 'upgrade-check')
        before = list(itertools.takewhile(
            lambda step: step.name != begins, self.steps(strategy)))
        self.assertIn('prepare', {step.action for step in before})
        self.assertEqual({planner.LAB}, {step.blame for step in before})

    @ddt.data(*planner.STRATEGIES)
    def test_cloud_is_always_stopped(self, strategy):
        self.assertTrue(self.steps(strategy)[-1].always)

    @ddt.data(*planner.STRATEGIES)
    def test_every_phase_has_tests(self, strategy):
        self.assertEqual(
            {'pre-upgrade', 'post-upgrade',
             'during-upgrade' if strategy == planner.COLD else 'mixed'},
            {step.phase for step in self.steps(strategy) if step.kinds})

    @ddt.data(*planner.STRATEGIES)
    def test_every_step_has_a_time_and_a_title(self, strategy):
        for step in self.steps(strategy):
            self.assertThat(step.seconds, matchers.GreaterThan(0))
            self.assertNotEqual('', step.title)

    @ddt.data(*planner.STRATEGIES)
    def test_every_step_is_in_the_tree(self, strategy):
        plan = planner.make(strategy, base='a', target='b')
        tree = progress.tree(plan)
        for step in plan.steps:
            self.assertEqual(1, tree.count(f' {step.name}: {step.title} ('))

    def steps(self, strategy):
        return planner.make(strategy, base='2026.1', target='2026.2').steps


@ddt.ddt
class TestLimits(testtools.TestCase):
    """Impossible plans are refused."""

    def refused(self, strategy, **options):
        return str(self.assertRaises(
            errors.UsageError, planner.make, strategy, base='a', target='b',
            **options))

    @ddt.unpack
    @ddt.data(('cold', 0, '1'), ('cold', 5, '1'), ('rolling', 1, '2'),
              ('partial', 5, '2'))
    def test_wrong_number_of_nodes_is_refused(self, strategy, nodes, least):
        self.assertIn(f'takes {least} to 4 nodes, not {nodes}',
                      self.refused(strategy, nodes=nodes))

    @ddt.data('random', 'node-1')
    def test_rollback_of_a_cold_upgrade_is_refused(self, rollback):
        self.assertIn('restore the saved database',
                      self.refused('cold', rollback=rollback))

    def test_rollback_after_a_missing_node_is_refused(self):
        self.assertIn("no node 'node-3'",
                      self.refused('rolling', rollback='node-3'))

    @ddt.data(*planner.STRATEGIES)
    def test_budget_below_the_shortest_plan_is_refused(self, strategy):
        self.assertIn('; the budget is 10 s',
                      self.refused(strategy, budget=10))


@ddt.ddt
class TestBudget(testtools.TestCase):

    def make(self, seconds, **options):
        return planner.make('rolling', base='a', target='b', seed=12, nodes=3,
                            budget=seconds, **options)

    def test_plan_without_a_budget_is_complete(self):
        self.assertEqual(self.make(None).stages, self.make(10000).stages)

    def test_budget_drops_events_before_assertions(self):
        whole = self.make(None)
        less = self.make(whole.seconds - 1)
        self.assertEqual('', less.choices['rollback'])
        self.assertEqual(whole.choices['cases'], less.choices['cases'])
        least = self.make(193)
        self.assertEqual(({}, True),
                         (least.choices['faults'], least.choices['quick']))

    def test_budget_keeps_choices_that_take_no_time(self):
        plan = self.make(195)
        self.assertEqual(['node-1'], plan.choices['kills'])
        self.assertEqual(['node-2', 'node-3', 'node-1'],
                         plan.choices['order'])

    def test_budget_keeps_a_rollback_that_was_asked_for(self):
        self.assertEqual('node-1', self.make(
            270, rollback='node-1').choices['rollback'])


class TestLighter(testtools.TestCase):

    def test_lighter_plans_are_of_the_same_upgrade(self):
        plan = planner.make('rolling', base='a', target='b', seed=12, nodes=3,
                            vhost='shared', profile='stock-messaging')
        lighter = planner.lighter(plan)
        self.assertNotIn(plan.stages, [one.stages for one in lighter])
        self.assertEqual({('rolling', 'a', 'b', 12, 'shared',
                           'stock-messaging')}, {
            (one.strategy, one.base, one.target, one.seed, one.vhost,
             one.profile) for one in lighter})
        self.assertEqual({2, 3}, {one.nodes for one in lighter})

    def test_lighter_plan_has_no_options(self):
        plan = planner.make('rolling', base='a', target='b')
        self.assertEqual({()}, {one.options for one in planner.lighter(plan)})

    def test_lighter_plan_keeps_the_minimum_of_nodes(self):
        for strategy in planner.STRATEGIES:
            plan = planner.make(strategy, base='a', target='b')
            self.assertEqual({plan.nodes}, {
                one.nodes for one in planner.lighter(plan)})

    def test_shortest_plan_has_no_lighter_one(self):
        plan = planner.make('cold', base='a', target='b', in_flight='none')
        young, quick, unchecked = planner.lighter(plan)
        self.assertNotIn('aged-rows', [step.name for step in young.steps])
        self.assertNotIn('smoke', [kind for step in quick.steps
                                   for kind in step.kinds])
        self.assertNotIn('checks', [step.name for step in unchecked.steps])
        least, = planner.lighter(planner.lighter(young)[0])
        self.assertEqual([], planner.lighter(least))

    def test_plan_of_checks_only_has_no_cloud(self):
        plan = planner.make('rolling', base='a', target='b', checks_only=True)
        self.assertEqual(['environments', 'checks'],
                         [step.name for step in plan.steps])
        self.assertIn('--checks-only', planner.selectors(plan))

    def test_plan_of_scenarios_has_no_checks(self):
        self.assertNotIn('checks', [step.name for step
                                    in make(scenarios='random').steps])
        self.assertRaises(errors.UsageError, make, scenarios='random',
                          checks_only=True)


class TestSelection(testtools.TestCase):

    def test_plan_of_scenarios_has_no_smoke_tests(self):
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

    def test_json_round_trip(self):
        plan = make(seed=9, scenarios=r'random|\.test_x')
        self.assertEqual(plan, planner.from_json(plan.as_json()))

    def test_profile_is_kept_in_json_and_in_the_options(self):
        plan = make(profile='stock-messaging')
        self.assertEqual('stock-messaging',
                         planner.from_json(plan.as_json()).profile)
        self.assertEqual(
            '--strategy cold --seed 0 --profile stock-messaging',
            ' '.join(planner.selectors(plan)))

    def test_standard_profile_needs_no_option(self):
        self.assertEqual(
            ('standard', ('--strategy', 'cold', '--seed', '0')),
            (make().profile, make().options))

    @ddt.data('standard', 'limits')
    def test_expectations_of_a_profile_have_their_steps(self, profile):
        expected = bool(profiles.parse(profile).expectations)
        for strategy in planner.STRATEGIES:
            names = [step.name for step in planner.make(
                strategy, base='a', target='b', profile=profile).steps]
            self.assertEqual([expected] * 2, [
                name in names for name in ('profile-base', 'profile-target')])

    def test_a_profile_changes_no_other_step(self):
        for strategy in planner.STRATEGIES:
            standard, stock = (
                planner.make(strategy, base='a', target='b', profile=profile)
                for profile in ('standard', 'stock-messaging'))
            self.assertEqual(standard.choices, stock.choices)
            self.assertEqual([
                step for step in standard.steps
                if step.action != 'check_profile'], stock.steps)

    def test_plan_of_an_unknown_profile_is_refused(self):
        exc = self.assertRaises(errors.UsageError, planner.from_json, (
            self.changed(lambda data: data.update(profile='loud'))))
        self.assertIn("there is no profile 'loud'", str(exc))

    def test_plan_without_a_profile_has_the_standard_one(self):
        plan = planner.from_json(self.changed(
            lambda data: data.pop('profile')))
        self.assertEqual('standard', plan.profile)

    def test_step_in_json_omits_defaults(self):
        data = json.loads(make().as_json())
        self.assertEqual(
            {'name': 'environments', 'action': 'environments',
             'title': 'install both releases', 'seconds': 1,
             'command': 'uv pip install openstack-heat'},
            data['stages'][0][0][0])

    def test_another_version_is_refused(self):
        exc = self.assertRaises(
            errors.UsageError, planner.from_json,
            self.changed(lambda data: data.update(version=99)))
        self.assertIn('has version 99; this tool knows version 2', str(exc))

    @ddt.data('', 'hello', '{}', '[]', '5', 'null', '{"version": 2}')
    def test_other_text_is_refused(self, text):
        exc = self.assertRaises(errors.UsageError, planner.from_json, text)
        self.assertIn('this is not a plan', str(exc))

    @ddt.data(
        lambda data: data.pop('base'),
        lambda data: data.update(surprise=1),
        lambda data: data.update(stages=5),
        lambda data: data.update(stages=[[[5]]]),
        lambda data: data['stages'][0][0][0].pop('action'),
        lambda data: data['stages'][0][0][0].update(surprise=1),
        lambda data: data.update(stages=[]),
        lambda data: data.update(strategy='hot'),
        lambda data: data.update(options=5),
        lambda data: data.update(scenarios='('),
    )
    def test_a_damaged_plan_is_refused(self, change):
        exc = self.assertRaises(errors.UsageError, planner.from_json,
                                self.changed(change))
        self.assertIn('this is not a plan', str(exc))
