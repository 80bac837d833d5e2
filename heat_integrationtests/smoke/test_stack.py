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

"""The life of a stack: create, show, list, update, delete."""

from tempest.lib import decorators

from heat_integrationtests import markers
from heat_integrationtests.smoke import base
from heat_integrationtests import stacks


class StackTest(base.SmokeTest):

    weight = 7

    @decorators.idempotent_id('b7fdb8d7-9597-434a-a8b6-c20e36fc08b1')
    @markers.smoke
    def test_a_stack_is_created_shown_updated_and_deleted(self) -> None:
        stack = self.create(tags='smoke,first')
        shown = self.stacks.get(stack)
        self.assertEqual((stack.name, stack.id),
                         (shown.stack_name, shown.id))
        self.assertEqual('Stack CREATE completed successfully',
                         shown.stack_status_reason)
        self.assertEqual(['smoke', 'first'], shown.tags)
        self.assertEqual('first', shown.parameters['text'])
        self.assertIn(stack.id, [listed.id for listed in
                                 stacks.listed(self.heat)])
        resource, = self.heat.resources.list(stack.ref)
        self.assertEqual(
            ('value', 'OS::Heat::Value', 'CREATE_COMPLETE'),
            (resource.resource_name, resource.resource_type,
             resource.resource_status))

        shown = self.stacks.update(stack, template=base.ONE_VALUE,
                                   parameters={'text': 'second'})
        self.assertEqual({'text': 'second'}, stacks.outputs(shown))

        self.stacks.delete(stack)
        self.assertTrue(self.stacks.is_gone(stack))
        self.assertNotIn(stack.id, [listed.id for listed in
                                    stacks.listed(self.heat)])

    @decorators.idempotent_id('1e534ff3-7b6f-4058-856e-84bf4c001042')
    @markers.smoke
    def test_a_failed_stack_shows_the_reason_and_can_be_deleted(self) -> None:
        stack = self.create("""
heat_template_version: 2018-08-31
resources:
  broken:
    type: OS::Heat::TestResource
    properties: {fail: true}
""", wait='CREATE_FAILED')
        self.assertIn('broken', self.stacks.get(stack).stack_status_reason)
        self.stacks.delete(stack)
        self.assertTrue(self.stacks.is_gone(stack))
