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

"""Groups that one node created are scaled by another."""

from tempest.lib import decorators

from heat_integrationtests import markers
from heat_integrationtests.mixed_version import base
from heat_integrationtests import stacks

TEMPLATE = """
heat_template_version: 2018-08-31
parameters:
  count: {type: number, default: 1}
resources:
  counted:
    type: OS::Heat::ResourceGroup
    update_policy: {rolling_update: {max_batch_size: 1}}
    properties:
      count: {get_param: count}
      resource_def: {type: OS::Heat::RandomString}
  scaled:
    type: OS::Heat::AutoScalingGroup
    properties:
      min_size: 1
      max_size: 4
      resource: {type: OS::Heat::RandomString}
  grow:
    type: OS::Heat::ScalingPolicy
    properties:
      auto_scaling_group_id: {get_resource: scaled}
      adjustment_type: change_in_capacity
      scaling_adjustment: 1
      cooldown: 0
outputs:
  counted: {value: {get_attr: [counted, value]}}
  scaled: {value: {get_attr: [scaled, outputs_list, value]}}
"""


class Groups(base.MixedVersionTest):

    weight = 20

    def scale(self, first: base.Node, second: base.Node) -> None:
        """Grow two groups through both nodes in turn."""
        stack = self.create_through(first, TEMPLATE)
        before = second.outputs(stack)
        second.stacks.update(stack, template=TEMPLATE,
                             parameters={'count': 3})
        self.grow(second, first, stack, 2)
        self.grow(first, second, stack, 3)

        shown = self.assert_same_everywhere(stack)['outputs']
        self.assertEqual(3, len(shown['counted']))
        for group in ('counted', 'scaled'):
            self.assertEqual(before[group], shown[group][:1], group)
        second.stacks.delete(stack)
        self.assertTrue(first.stacks.is_gone(stack))

    def grow(self, node: base.Node, other: base.Node, stack: stacks.Stack,
             size: int) -> None:
        """Signal the policy through a node, and look through another."""
        node.heat.resources.signal(stack.ref, 'grow')

        def look() -> bool:
            members = other.outputs(stack)['scaled'] or ()
            group = other.heat.resources.get(stack.ref, 'scaled')
            return (len(members) == size and all(members)
                    and not group.resource_status.endswith('_IN_PROGRESS'))

        other.stacks.wait_for(f'the group to have grown to {size}', look)


class GroupsBaseToTargetTest(Groups):

    @decorators.idempotent_id('0b608419-cd97-43ce-a428-1b28cb4af02b')
    @markers.mixed_version
    def test_a_group_is_scaled_through_nodes_named_later(self) -> None:
        self.forth(self.scale)


class GroupsTargetToBaseTest(Groups):

    @decorators.idempotent_id('79442415-19d2-4a6b-952f-fd336bd87b12')
    @markers.mixed_version
    def test_a_group_is_scaled_through_nodes_named_earlier(self) -> None:
        self.back(self.scale)
