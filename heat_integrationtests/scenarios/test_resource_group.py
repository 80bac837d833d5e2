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

from tempest.lib import decorators

from heat_integrationtests import aliases
from heat_integrationtests import markers
from heat_integrationtests import scenario
from heat_integrationtests import stacks


class ResourceGroupScenario(scenario.Scenario):

    weight = 14
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

    @decorators.idempotent_id('58e76e8a-1891-4829-a368-42bd0284625f')
    @markers.pre
    def test_a_group_is_made(self) -> None:
        self.create_and_record()

    @decorators.idempotent_id('8fe49c55-04c8-4371-8579-7879062727f3')
    @markers.verify
    def test_members_and_their_order_are_as_recorded(self) -> None:
        self.assert_unchanged()

    @decorators.idempotent_id('0d7235bf-2c97-485f-9b3a-2f2d2c57d9bf')
    @markers.during
    def test_nothing_serves_the_group_while_heat_is_down(self) -> None:
        self.assert_out_of_reach()

    @decorators.idempotent_id('fae7df69-5fff-4d99-bbc0-e90073de71d9')
    @markers.post
    def test_the_group_grows_and_shrinks_and_keeps_the_other_members(
            self) -> None:
        self.update_and_delete()
