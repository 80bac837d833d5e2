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

"""A group keeps its members in their order, and can grow and shrink."""

from heat_integrationtests import aliases
from heat_integrationtests import scenario
from heat_integrationtests import stacks


class ResourceGroupScenario(scenario.Scenario):

    covers = (38, 39)
    tiers = ('standard', 'thorough')
    weight = 19
    template = 'resource_group.yaml'
    changed_parameters = {'count': 3}

    def check(self, record: aliases.Json, outputs: aliases.Json) -> None:
        self.assertEqual(2, len(outputs['members']))
        # A removed member stays removed: Heat keeps its name in a list.
        self.assertEqual(['1', '2'], sorted(outputs['references']))

    def check_changed(self, record: aliases.Json,
                      outputs: aliases.Json) -> None:
        members = record['facts']['outputs']['members']
        self.assertEqual(members, outputs['members'][:2])
        self.assertEqual(['1', '2', '3'], sorted(outputs['references']))

    def update_with_change(self, stack: stacks.Stack, before: aliases.Json,
                           key: str = scenario.MAIN) -> None:
        super().update_with_change(stack, before, key)
        request = self.record.stack(key)['request']
        shrunk = self.stacks.update(stack, **{
            **request, 'parameters': {**request['parameters'], 'count': 1}})
        self.assertEqual(before['outputs']['members'][:1],
                         stacks.outputs(shrunk)['members'])
