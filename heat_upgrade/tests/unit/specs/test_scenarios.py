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

"""Unit tests of the scenarios that a text names."""

import ddt
import testtools

from heat_upgrade.specs import scenarios


@ddt.ddt
class TestNamed(testtools.TestCase):

    @ddt.data(
        'test_random_string', 'RandomStringScenario',
        'test_random_string.py', 'test_random_string.RandomStringScenario',
        'scenarios/test_random_string.py',
        'heat_integrationtests/scenarios/test_random_string.py',
        'heat_integrationtests.scenarios.test_random_string',
        'heat_integrationtests.scenarios.test_random_string.'
        'RandomStringScenario.test_the_stack_is_as_recorded',
        'test_the_stack_is_as_recorded', 'test_suspended_stack')
    def test_scenario_has_several_names(self, text):
        scenario, = scenarios.named(f'covered by {text}.')
        self.assertEqual((text.removesuffix('.py'), False),
                         (scenario.text, scenario.new))
        self.assertTrue(scenario.exists)

    @ddt.data('new: test_x', 'new test_x', 'New scenario test_x',
              'new scenarios: test_x', 'one new (test_x)')
    def test_scenario_to_be_added_follows_new(self, text):
        self.assertEqual([('test_x', True)], [
            (scenario.name, scenario.new)
            for scenario in scenarios.named(text)])

    @ddt.data('anew test_x', 'new: test_y, test_x', 'nothing new. test_x')
    def test_new_applies_to_the_next_name_only(self, text):
        self.assertFalse(scenarios.named(text)[-1].new)

    @ddt.data('new scenarios test_a and test_b', 'new tests: test_a, test_b',
              'New scenarios: test_a, and test_b',
              'test_a (new), test_b (new)',
              'test_a (a new scenario) or test_b (to be added)')
    def test_new_applies_to_a_list(self, text):
        self.assertEqual([('test_a', True), ('test_b', True)], [
            (scenario.name, scenario.new)
            for scenario in scenarios.named(text)])

    @ddt.data('new scenarios test_a and test_b; test_c',
              'new scenario test_a, test_b (new) and test_c')
    def test_new_ends_with_the_list(self, text):
        self.assertEqual([True, True, False], [
            scenario.new for scenario in scenarios.named(text)])

    def test_literal_may_be_a_name_of_the_command_line(self):
        text = 'network; new scenarios one, two; three (new), heat, snapshot'
        self.assertEqual([], scenarios.named('snapshot'))
        self.assertEqual(
            [('test_one', True), ('test_two', True), ('test_three', True),
             ('test_snapshot', False)],
            [(scenario.name, scenario.new) for scenario in scenarios.named(
                text, ('one', 'two', 'three', 'heat', 'snapshot'))])

    @ddt.data('smoke.test_stack', 'heat_integrationtests/smoke/test_stack.py',
              'heat_integrationtests.mixed_version.test_life',
              'heat_integrationtests.mixed_version.test_life.Life.test_x')
    def test_test_of_another_suite_exists(self, text):
        test, = scenarios.named(text)
        self.assertTrue(test.exists)

    @ddt.data('smoke.test_nothing', 'mixed_version.test_life.Death')
    def test_misspelt_test_of_another_suite_does_not_exist(self, text):
        test, = scenarios.named(text)
        self.assertFalse(test.exists)

    @ddt.data('heat.tests.db.test_migrations', 'heat/tests/test_x.py',
              'heat_tempest_plugin.tests.api.test_heat_api')
    def test_test_of_another_project_is_not_looked_for(self, text):
        test, = scenarios.named(text)
        self.assertTrue(test.exists)
        self.assertNotIn(test.name, scenarios.known())

    @ddt.data('a contest_x', 'every Scenario', 'latest_value', 'test')
    def test_other_words_name_no_scenario(self, text):
        self.assertEqual([], scenarios.named(text))

    def test_scenarios_are_in_the_order_of_the_text(self):
        self.assertEqual(
            ['test_b', 'AScenario', 'test_a'],
            [scenario.name for scenario in scenarios.named(
                'test_b, AScenario and\ntest_a')])

    def test_misspelt_name_is_like_the_right_name(self):
        self.assertEqual('test_random_string',
                         scenarios.like('test_random_strings'))
        self.assertIsNone(scenarios.like('zzz_0'))
