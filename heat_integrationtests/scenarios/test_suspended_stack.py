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

"""A stack that was suspended before the upgrade resumes after it."""

from tempest.lib import decorators

from heat_integrationtests import aliases
from heat_integrationtests import markers
from heat_integrationtests import scenario
from heat_integrationtests import stacks


class SuspendedStackScenario(scenario.Scenario):

    weight = 7
    template = 'random_string.yaml'
    changed_parameters = {'label': 'second'}

    def after_create(self, stack: stacks.Stack,
                     record: aliases.Json) -> None:
        self.stacks.act(stack, 'suspend')

    def before_update(self, stack: stacks.Stack,
                      record: aliases.Json) -> bool:
        self.stacks.act(stack, 'resume')
        return True

    def check_changed(self, record: aliases.Json,
                      outputs: aliases.Json) -> None:
        self.assertEqual(record['facts']['outputs']['secret'],
                         outputs['secret'])

    @decorators.idempotent_id('c7057aa7-21b9-4b56-8946-458ad5789cc5')
    @markers.pre
    def test_a_stack_is_suspended(self) -> None:
        self.create_and_record()
        self.assertEqual('SUSPEND_COMPLETE',
                         self.record.facts()['stack']['stack_status'])

    @decorators.idempotent_id('f9d1e315-e2e3-472c-b68a-202beeebfeac')
    @markers.verify
    def test_the_stack_is_still_suspended(self) -> None:
        self.assert_unchanged()

    @decorators.idempotent_id('a42dba31-6304-41d3-a2d8-431f5de364a4')
    @markers.during
    def test_nothing_serves_the_stack_while_heat_is_down(self) -> None:
        self.assert_out_of_reach()

    @decorators.idempotent_id('4f6e1d37-4164-4b78-bb78-c451049af90f')
    @markers.post
    def test_the_stack_resumes_and_can_be_updated(self) -> None:
        self.update_and_delete()
