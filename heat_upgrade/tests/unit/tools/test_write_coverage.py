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

"""The coverage page is made of the list of failures and the scenarios."""

import testtools

from heat_integrationtests import catalogue
from heat_upgrade.results.rules import registry
from tools import write_coverage


class TestCoverage(testtools.TestCase):

    failures = write_coverage.failures()

    def test_page_is_up_to_date(self):
        self.assertEqual(
            write_coverage.text(), write_coverage.PAGE.read_text('utf-8'),
            'run: python tools/write_coverage.py')

    def test_rules_of_the_failures_exist(self):
        self.assertEqual([], [
            (number, rule) for number, failure in self.failures.items()
            for rule in failure.get('rules', ())
            if rule not in registry.BY_SLUG])

    def test_scenarios_cover_known_failures(self):
        self.assertEqual([], [
            (entry.name, number) for entry in catalogue.entries()
            for number in entry.covers if number not in self.failures])

    def test_scenarios_describe_at_least_sixty_states(self):
        states = [state for entry in catalogue.entries()
                  for state in entry.states]
        self.assertGreaterEqual(len(states), 60)
        self.assertEqual(len(states), len(set(states)))
