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

from heat_integrationtests import scenario
from heat_integrationtests import stacks


class DeletedStackScenario(scenario.Scenario):

    covers = (7,)
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

    def pre(self) -> None:
        stack = self.create_and_record()
        self.delete(stack)
        shown = self.stacks.get(stack)
        self.record.note('deleted', {
            'status': shown.stack_status, 'time': shown.deletion_time,
            'created': shown.creation_time})
        self.assertEqual('DELETE_COMPLETE', shown.stack_status)

    def verify(self) -> None:
        self.assert_still_deleted()

    def post(self) -> None:
        self.assert_still_deleted()
        record = self.record.stack()
        second = self.create('again', name=record['name'],
                             **record['request'])
        shown = self.stacks.get(second)
        self.assertNotEqual(record['facts']['outputs']['secret'],
                            stacks.outputs(shown)['secret'])
        self.delete(second, 'again')
        self.assert_still_deleted()
