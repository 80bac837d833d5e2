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

"""A stack that was deleted before the upgrade stays deleted after it."""

from tempest.lib import decorators

from heat_integrationtests import markers
from heat_integrationtests import scenario
from heat_integrationtests import stacks


class DeletedStackScenario(scenario.Scenario):

    template = 'random_string.yaml'

    def assert_still_deleted(self) -> None:
        """Assert that the stack is shown as deleted, and not listed."""
        stack = self.stack()
        shown = self.stacks.get(stack)
        self.assertEqual(self.record.noted('deleted'), {
            'status': shown.stack_status, 'time': shown.deletion_time,
            'created': shown.creation_time})
        self.assertNotIn(stack.id, [
            shown.id for shown in stacks.listed(self.heat, show_nested=True)])

    @decorators.idempotent_id('74b04b3f-59a2-458c-b62a-63e92b1de154')
    @markers.pre
    def test_a_stack_is_created_and_deleted(self) -> None:
        stack = self.create_and_record()
        self.delete(stack)
        shown = self.stacks.get(stack)
        self.record.note('deleted', {
            'status': shown.stack_status, 'time': shown.deletion_time,
            'created': shown.creation_time})
        self.assertEqual('DELETE_COMPLETE', shown.stack_status)

    @decorators.idempotent_id('2531e21d-c6ce-4ffb-8565-50e3d8777be4')
    @markers.verify
    def test_the_stack_is_deleted_and_not_listed(self) -> None:
        self.assert_still_deleted()

    @decorators.idempotent_id('89a011f9-2cca-4ac4-a077-e98f5f187415')
    @markers.during
    def test_nothing_serves_the_stack_while_heat_is_down(self) -> None:
        self.assert_out_of_reach()

    @decorators.idempotent_id('ffbf05c4-8c79-41e0-be6b-4afc2c90d25c')
    @markers.post
    def test_its_name_can_be_used_again(self) -> None:
        self.assert_still_deleted()
        record = self.record.stack()
        second = self.create('again', name=record['name'],
                             **record['request'])
        shown = self.stacks.get(second)
        self.assertNotEqual(record['facts']['outputs']['secret'],
                            stacks.outputs(shown)['secret'])
        self.delete(second, 'again')
        self.assert_still_deleted()
