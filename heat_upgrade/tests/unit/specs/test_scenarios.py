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
        self.assertEqual((text, False), (scenario.text, scenario.new))
        self.assertIn(scenario.name, scenarios.known())

    @ddt.data('new: test_x', 'new test_x', 'New scenario test_x',
              'new scenarios: test_x', 'one new (test_x)')
    def test_scenario_to_be_added_follows_new(self, text):
        self.assertEqual([('test_x', True)], [
            (scenario.name, scenario.new)
            for scenario in scenarios.named(text)])

    @ddt.data('anew test_x', 'new: test_y, test_x', 'nothing new. test_x')
    def test_new_applies_to_the_next_name_only(self, text):
        self.assertFalse(scenarios.named(text)[-1].new)

    @ddt.data('heat.tests.db.test_migrations', 'heat/tests/test_x.py',
              'heat_integrationtests.smoke.test_stack', 'a contest_x',
              'every Scenario', 'latest_value', 'test')
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
