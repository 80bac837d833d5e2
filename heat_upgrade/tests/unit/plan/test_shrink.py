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

"""The search for the shortest plan that still shows a finding."""

import ddt
import testtools
from testtools import matchers

from heat_upgrade.plan import planner
from heat_upgrade.plan import shrink
from heat_upgrade.results import findings
from heat_upgrade.tests.unit.support import plan_simulation

PLAN = planner.make('rolling', base='a', target='b', seed=12, nodes=3)
KILL = 'stop-engine-node-1'


def killed(plan):
    """Return True if a plan kills an engine."""
    return any(step.disruption == 'kill' and step.action == 'stop_engine'
               for step in plan.steps)


class Search(testtools.TestCase):

    def search(self, shows, *, plan=PLAN, step=KILL, tries=100, **options):
        """Search with a given function; keeps the plans that it tried."""
        self.shown = []

        def spy(one):
            self.shown.append(one)
            return shows(one)
        return shrink.search(plan, spy, step=step, tries=tries, **options)


class TestSearch(Search):

    def test_search_drops_choices_that_the_finding_does_not_need(self):
        shrunk = self.search(killed)
        self.assertTrue(shrunk.finished)
        self.assertThat(shrunk.plan.choices, matchers.ContainsDict({
            name: matchers.Equals(value) for name, value in {
                'order': ['node-1', 'node-2'], 'kills': ['node-1'],
                'faults': {}, 'rollback': '', 'quick': True,
                'cases': {'node-1': [], 'node-2': []}}.items()}))

    def test_search_keeps_choices_that_the_finding_needs(self):
        shrunk = self.search(lambda plan: plan.choices['rollback'])
        self.assertEqual('node-2', shrunk.plan.choices['rollback'])
        self.assertEqual([], shrunk.plan.choices['kills'])

    def test_finding_of_one_case_shrinks_to_that_case(self):
        case = PLAN.choices['cases']['node-3'][2]
        shrunk = self.search(
            lambda plan: any(case in step.cases for step in plan.steps),
            step='settle-node-3')
        self.assertEqual({(), (case,)}, {
            step.cases for step in shrunk.plan.steps})

    def test_tried_plans_are_legal_and_shorter(self):
        self.search(killed)
        for one in self.shown:
            plan_simulation.Simulation(one).walk()
            self.assertThat(len(one.steps), matchers.LessThan(
                len(PLAN.steps) + 1))

    def test_no_plan_is_tried_twice(self):
        self.search(lambda plan: False)
        stages = [one.stages for one in self.shown]
        self.assertEqual(len(set(stages)), len(stages))

    def test_plan_stays_when_no_shorter_one_shows_the_finding(self):
        shrunk = self.search(lambda plan: False)
        self.assertEqual((PLAN, True), (shrunk.plan, shrunk.finished))
        self.assertEqual(len(self.shown), shrunk.tries)

    def test_a_plan_without_a_step_of_its_kind_is_not_tried(self):
        self.search(lambda plan: True, step='mixed-version')
        self.assertThat(self.shown, matchers.Not(matchers.HasLength(0)))
        for one in self.shown:
            self.assertIn('mixed-version', {step.name for step in one.steps})

    def test_search_drops_scenarios_that_are_not_needed(self):
        shrunk = self.search(lambda plan: True, step='verify-mixed',
                             scenarios='test_a')
        self.assertEqual('test_a', shrunk.plan.scenarios)

    def test_same_answers_lead_to_the_same_plan(self):
        self.assertEqual(self.search(killed), self.search(killed))


class TestLimits(Search):

    def test_search_ends_after_its_tries(self):
        shrunk = self.search(killed, tries=2)
        self.assertEqual((2, False), (shrunk.tries, shrunk.finished))
        self.assertThat(len(shrunk.plan.steps),
                        matchers.LessThan(len(PLAN.steps)))

    def test_search_without_tries_tries_nothing(self):
        self.assertEqual(shrink.Shrunk(PLAN, 0, finished=False),
                         self.search(killed, tries=0))

    def test_plan_that_would_exceed_the_time_is_not_tried(self):
        self.now = 1000.0

        def take(plan):
            self.now += plan.seconds
            return True
        shrunk = self.search(take, seconds=700, clock=lambda: self.now)
        self.assertFalse(shrunk.finished)
        self.assertThat(self.now, matchers.LessThan(1700.1))
        self.assertThat(shrunk.tries, matchers.GreaterThan(1))

    def test_busy_machine_is_expected_to_remain_busy(self):
        self.now = 1000.0

        def take(plan):
            self.now += 4 * plan.seconds
            return True
        shrunk = self.search(take, seconds=2200, clock=lambda: self.now)
        self.assertFalse(shrunk.finished)
        self.assertThat(self.now, matchers.LessThan(3200.1))
        self.assertThat(shrunk.tries, matchers.GreaterThan(1))


@ddt.ddt
class TestSignature(testtools.TestCase):

    def signature(self, rule, subject, **more):
        return shrink.signature(findings.make(rule, subject, **{
            'title': 'a title', 'step': 'settle', **more}))

    @ddt.unpack
    @ddt.data(
        ('inflight.stuck', {'subject': 'delete-group-queued'}),
        ('test.failed', {'title': 'in other words'}),
        ('probe.over-budget', {'step': 'settle-node-3'}),
        ('step.failed', {'evidence': 'another'}))
    def test_differences_of_plans_keep_the_signature(self, rule, changes):
        self.assertEqual(
            self.signature(rule, 'a'),
            self.signature(**{'rule': rule, 'subject': 'a', **changes}))

    @ddt.data({'rule': 'inflight.stuck'}, {'subject': 'b'},
              {'failure_class': findings.FailureClass.RPC})
    def test_other_finding_has_another_signature(self, changes):
        self.assertNotEqual(
            self.signature('test.failed', 'a'),
            self.signature(**{'rule': 'test.failed', 'subject': 'a',
                              **changes}))
