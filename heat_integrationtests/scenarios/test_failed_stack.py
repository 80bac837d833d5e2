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

"""A stack that had failed before the upgrade can be repaired after it."""

from tempest.lib import decorators

from heat_integrationtests import aliases
from heat_integrationtests import markers
from heat_integrationtests import scenario
from heat_integrationtests import stacks


class FailedStackScenario(scenario.Scenario):

    weight = 7
    template = 'failed_stack.yaml'
    created = 'CREATE_FAILED'
    changed_parameters = {'label': 'second'}

    def before_update(self, stack: stacks.Stack,
                      record: aliases.Json) -> bool:
        # From here on, an update with no change repeats this request.
        record['request']['parameters']['fail'] = False
        shown = self.stacks.update(stack, **record['request'])
        self.assertEqual(
            {'secret': record['facts']['outputs']['secret'],
             'label': 'first'}, stacks.outputs(shown))
        return True

    def check_changed(self, record: aliases.Json,
                      outputs: aliases.Json) -> None:
        self.assertEqual(
            {'secret': record['facts']['outputs']['secret'],
             'label': 'second'}, outputs)

    @decorators.idempotent_id('13241bf8-5e55-495c-b172-cff5545e4908')
    @markers.pre
    def test_a_stack_fails_and_the_reason_is_recorded(self) -> None:
        self.create_and_record()
        self.assertIn('broken', self.record.facts()['stack'][
            'stack_status_reason'])

    @decorators.idempotent_id('25ec08b5-d8d4-45f7-978f-9d6e5242c407')
    @markers.verify
    def test_the_stack_has_failed_for_the_reason_recorded(self) -> None:
        self.assert_unchanged()

    @decorators.idempotent_id('7040bd08-0fab-4f00-ac88-36b295fed2e4')
    @markers.during
    def test_nothing_serves_the_stack_while_heat_is_down(self) -> None:
        self.assert_out_of_reach()

    @decorators.idempotent_id('641c586c-4028-4205-84ff-ed8f0f3eaf28')
    @markers.post
    def test_an_update_repairs_the_stack_and_keeps_its_secret(self) -> None:
        self.update_and_delete()
