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

"""Tags, times, events, IDs and outputs of parent and child are kept."""

from heat_integrationtests import aliases
from heat_integrationtests import scenario
from heat_integrationtests import stacks


class TagsAndTimesScenario(scenario.Scenario):

    covers = (37, 70, 72)
    tiers = ('standard', 'thorough')
    weight = 12
    template = 'tags_and_times.yaml'
    # The child has the parameters and outputs of the parent.
    files = {'child.yaml': 'random_string.yaml'}
    tags = ('upgrade', 'tæg')
    changed_parameters = {'label': 'second'}
    changed_tags = ('later',)

    def check(self, record: aliases.Json, outputs: aliases.Json) -> None:
        facts = record['facts']
        self.assertEqual(['upgrade', 'tæg'], facts['stack']['tags'])
        self.assertEqual(
            {'child', 'child/secret', 'child/labelled'},
            set(facts['resources']))
        self.assertEqual(f'first:{outputs["secret"]}', outputs['labelled'])

    def update_with_change(self, stack: stacks.Stack, before: aliases.Json,
                           key: str = scenario.MAIN) -> None:
        super().update_with_change(stack, before, key)
        shown = self.stacks.get(stack)
        self.assertEqual(['later'], shown.tags)
        self.assertEqual(before['stack']['creation_time'],
                         shown.creation_time)
        self.assertLessEqual(before['stack']['updated_time'],
                             shown.updated_time)
        self.assertLess(shown.creation_time, shown.updated_time)

    def check_changed(self, record: aliases.Json,
                      outputs: aliases.Json) -> None:
        secret = record['facts']['outputs']['secret']
        self.assertEqual(f'second:{secret}', outputs['labelled'])
