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

"""Actions on a whole stack: check, suspend, resume."""

from tempest.lib import decorators

from heat_integrationtests import markers
from heat_integrationtests.smoke import base

TEMPLATE = """
heat_template_version: 2018-08-31
resources:
  secret: {type: OS::Heat::RandomString}
outputs:
  secret: {value: {get_attr: [secret, value]}}
"""


class ActionsTest(base.SmokeTest):

    weight = 7

    @decorators.idempotent_id('9b07027c-f964-43ec-bb4b-d665929089a1')
    @markers.smoke
    def test_a_stack_is_suspended_resumed_and_its_secret_kept(self) -> None:
        stack = self.create(TEMPLATE)
        before = self.outputs(stack)
        self.stacks.act(stack, 'suspend')
        resource, = self.heat.resources.list(stack.ref)
        self.assertEqual('SUSPEND_COMPLETE', resource.resource_status)
        self.stacks.act(stack, 'resume')
        resource, = self.heat.resources.list(stack.ref)
        self.assertEqual('RESUME_COMPLETE', resource.resource_status)
        self.assertEqual(before, self.outputs(stack))

    @decorators.idempotent_id('8e3ea634-3903-4a87-a069-9bd96f331172')
    @markers.smoke
    def test_a_stack_is_checked(self) -> None:
        stack = self.create(TEMPLATE)
        self.stacks.act(stack, 'check')
        resource, = self.heat.resources.list(stack.ref)
        self.assertEqual('CHECK_COMPLETE', resource.resource_status)
