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

"""Nested stacks, which are created and deleted with their parent."""

from tempest.lib import decorators

from heat_integrationtests import facts
from heat_integrationtests import markers
from heat_integrationtests.smoke import base
from heat_integrationtests import stacks

PARENT = """
heat_template_version: 2018-08-31
parameters:
  text: {type: string, default: first}
resources:
  child:
    type: child.yaml
    properties: {text: {get_param: text}}
outputs:
  from_child: {value: {get_attr: [child, text]}}
"""


class NestedTest(base.SmokeTest):

    weight = 8

    @decorators.idempotent_id('ce18c87e-44db-4973-9994-69c361d04a6e')
    @markers.smoke
    def test_a_nested_stack_lives_and_ends_with_its_parent(self) -> None:
        files = {'child.yaml': base.ONE_VALUE}
        stack = self.create(PARENT, files=files)
        self.assertEqual({'from_child': 'first'},
                         self.outputs(stack))
        resources = facts.resources(self.heat, stack.ref)
        self.assertEqual({'child', 'child/value'}, set(resources))
        child = self.heat.stacks.get(
            resources['child']['physical_resource_id'])
        self.assertEqual(stack.id, child.parent)

        shown = self.stacks.update(stack, template=PARENT, files=files,
                                   parameters={'text': 'second'})
        self.assertEqual({'from_child': 'second'}, stacks.outputs(shown))
        self.assertEqual(
            child.id, facts.resources(
                self.heat, stack.ref)['child']['physical_resource_id'])

        self.stacks.delete(stack)
        self.assertNotIn(child.id, [
            shown.id for shown in
            stacks.listed(self.heat, show_nested=True)])
