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

"""The plan of a grenade run."""

import ddt
import testtools

from heat_integrationtests import phases
from heat_upgrade.grenade import steps
from heat_upgrade.plan import planner
from heat_upgrade.tests.unit.support import grenade_fakes

MULTINODE = {'HOST_TOPOLOGY': 'multinode', 'HOST_TOPOLOGY_ROLE': 'primary',
             'HOST_TOPOLOGY_SUBNODES': '10.0.0.2'}


@ddt.ddt
class TestSteps(testtools.TestCase):

    def plan(self, **variables):
        return steps.plan(self.useFixture(
            grenade_fakes.Grenade(**variables)).settings)

    def test_all_phases_have_a_step(self):
        self.assertEqual(
            ['pre-upgrade', 'during-upgrade', 'checks', 'post-upgrade'],
            list(dict.fromkeys(step.phase for step in self.plan().steps
                               if step.phase)))

    def test_where_another_node_keeps_the_base_the_last_state_is_mixed(self):
        plan = self.plan(**MULTINODE)
        names = [step.name for step in plan.steps]
        self.assertEqual(planner.PARTIAL, plan.strategy)
        self.assertIn(steps.MIXED, names)
        self.assertNotIn(steps.POST, names)

    def test_a_cold_plan_has_one_node(self):
        plan = self.plan()
        self.assertEqual((planner.COLD, 1), (plan.strategy, plan.nodes))

    @ddt.data({}, MULTINODE)
    def test_plan_can_be_read_again(self, variables):
        plan = self.plan(**variables)
        self.assertEqual(plan, planner.from_json(plan.as_json()))

    def test_selected_scenarios_leave_out_smoke_tests(self):
        settings = self.useFixture(grenade_fakes.Grenade()).settings
        names = [step.name for step in steps.plan(
            settings, scenarios='random_string').steps]
        self.assertNotIn(steps.SMOKE_BASE, names)
        self.assertNotIn(steps.SMOKE_TARGET, names)
        self.assertIn(steps.POST, names)

    def test_selected_smoke_test_is_run(self):
        settings = self.useFixture(grenade_fakes.Grenade()).settings
        names = [step.name for step in steps.plan(
            settings, scenarios='random_string|build_info').steps]
        self.assertIn(steps.SMOKE_BASE, names)

    @ddt.data((steps.CHECKS, {'HEAT_UPGRADE_STATIC_CHECKS': 'False'}),
              (steps.DB_SYNC, {'UPGRADE_PROJECTS': 'heat heat-upgrade-tests'}))
    @ddt.unpack
    def test_skipped_work_has_no_step(self, name, variables):
        self.assertIn(name, [step.name for step in self.plan().steps])
        self.assertNotIn(
            name, [step.name for step in self.plan(**variables).steps])

    @ddt.data({}, MULTINODE)
    def test_names_are_unique(self, variables):
        names = [step.name for step in self.plan(**variables).steps]
        self.assertEqual(sorted(set(names)), sorted(names))

    @ddt.data(steps.CREATE, steps.DURING, steps.POST, steps.MIXED)
    def test_kinds_are_those_of_the_phase_that_is_run(self, name):
        variables = MULTINODE if name == steps.MIXED else {}
        settings = self.useFixture(grenade_fakes.Grenade(**variables)).settings
        step = steps.step(name, settings)
        self.assertEqual(phases.phase(step.phase).kinds, step.kinds)
