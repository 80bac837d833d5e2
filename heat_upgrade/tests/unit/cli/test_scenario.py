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

"""heat-upgrade scenario list, types and new."""

import json

from heat_integrationtests import definition
from heat_upgrade.tests.unit.support import cli_case


class TestScenario(cli_case.CliCase):

    def listed(self, *words):
        self.assertEqual(0, self.call('scenario', 'list', '-f', 'json',
                                      *words))
        return {row['Name']: row for row in json.loads(self.out)}

    def test_scenarios_are_listed_with_their_data(self):
        self.assertEqual(
            {'Name': 'failed_stack', 'Source': 'heat-upgrade-tests',
             'Tiers': 'quick, standard, thorough', 'Seconds': 7,
             'Real Failures': '31, 41'}, self.listed()['failed_stack'])

    def test_types_are_listed_with_scenarios_or_a_reason(self):
        self.assertEqual(0, self.call('scenario', 'types', '-f', 'json'))
        rows = {row['Type']: row for row in json.loads(self.out)}
        self.assertIn('server', rows['OS::Nova::Server']['Scenarios'])
        self.assertEqual('', rows['OS::Nova::Server']['Reason'])
        self.assertIn('Zun', rows['OS::Zun::Container']['Reason'])
        self.assertEqual(0, self.call('scenario', 'types', '--unused',
                                      '-f', 'json'))
        self.assertNotIn('OS::Nova::Server', self.out)

    def test_a_new_scenario_is_valid_and_listed(self):
        self.assertEqual(0, self.call('scenario', 'new', 'mine',
                                      '--scenario-path', self.home))
        self.assertIn(f'run --scenario-path {self.home} --scenarios mine',
                      self.out)
        definition.load(self.home / 'mine')
        self.assertIn('mine', self.listed('--scenario-path', self.home))

    def test_an_existing_directory_is_not_overwritten(self):
        (self.home / 'mine').mkdir()
        self.assertIn('exists', self.refused(
            'scenario', 'new', 'mine', '--scenario-path', self.home))

    def test_a_name_of_a_scenario_is_refused(self):
        self.assertIn('choose another name', self.refused(
            'scenario', 'new', 'snapshot', '--scenario-path', self.home))

    def test_an_invalid_name_is_refused(self):
        self.assertIn('lower-case', self.refused(
            'scenario', 'new', '../x', '--scenario-path', self.home))

    def test_an_invalid_scenario_is_refused_with_file_and_key(self):
        self.call('scenario', 'new', 'mine', '--scenario-path', self.home)
        (self.home / 'mine' / 'expect.yaml').write_text('reason: x\na: 1\n')
        self.assertIn('mine/expect.yaml: top level', self.refused(
            'plan', '--scenario-path', self.home))
