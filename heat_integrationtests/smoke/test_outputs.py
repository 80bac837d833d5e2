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

"""Outputs: listed by name, and resolved on request."""

from tempest.lib import decorators

from heat_integrationtests import markers
from heat_integrationtests.smoke import base

TEMPLATE = """
heat_template_version: 2018-08-31
resources:
  numbers:
    type: OS::Heat::Value
    properties: {type: comma_delimited_list, value: [a, b, c]}
outputs:
  joined:
    description: all of them
    value: {list_join: ['+', {get_attr: [numbers, value]}]}
  second:
    value: {get_attr: [numbers, value, 1]}
"""


class OutputsTest(base.SmokeTest):

    weight = 3

    @decorators.idempotent_id('6bc233d0-1de9-4945-8c6a-9a2eec6bfca9')
    @markers.smoke
    def test_outputs_are_listed_and_resolved(self) -> None:
        stack = self.create(TEMPLATE)
        listed = self.heat.stacks.output_list(stack.ref)['outputs']
        self.assertEqual(
            [('joined', 'all of them'),
             ('second', 'No description given')],
            sorted((output['output_key'], output['description'])
                   for output in listed))
        shown = self.heat.stacks.output_show(stack.ref, 'second')['output']
        self.assertEqual('b', shown['output_value'])
        self.assertEqual({'joined': 'a+b+c', 'second': 'b'},
                         self.outputs(stack))
