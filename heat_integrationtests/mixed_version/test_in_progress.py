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

"""A node interrupts or replaces an operation in progress on another node.

Engines of one release ask each other to stop, and whether they are alive
(Heat's engine/worker.py and engine/check_resource.py). Engines of two
releases cannot, if each release has its own virtual host, as in Heat's guide
to rolling upgrades. In both cases the stack must reach the state of the last
request, perhaps after a second attempt, and leave nothing behind.
"""


from tempest.lib import decorators

from heat_integrationtests import markers
from heat_integrationtests.mixed_version import base
from heat_integrationtests.mixed_version import in_progress


class Overtaken(in_progress.InProgress):

    def overtake(self, first: base.Node, second: base.Node) -> None:
        """Update a stack during its creation."""
        stack, handles = self.create_parked(first)
        self.update(second, stack, 'second', handles)
        self.assert_ended(stack, 'UPDATE_COMPLETE',
                          texts=['second', 'second'])
        self.delete(first, second, stack)


class OvertakenBaseToTargetTest(Overtaken):

    @decorators.idempotent_id('77563416-82b3-4a44-a0aa-b428a69652a2')
    @markers.mixed_version
    def test_a_stack_in_creation_is_updated_through_nodes_named_later(
            self) -> None:
        self.forth(self.overtake)


class OvertakenTargetToBaseTest(Overtaken):

    @decorators.idempotent_id('0bfa83bf-9fa1-448f-b48f-441bb2492392')
    @markers.mixed_version
    def test_a_stack_in_creation_is_updated_through_nodes_named_earlier(
            self) -> None:
        self.back(self.overtake)


class RolledBack(in_progress.InProgress):

    def roll_back(self, first: base.Node, second: base.Node) -> None:
        """Cancel an update."""
        stack, handles = self.update_parked(first)
        secret = second.outputs(stack)['secret']
        second.heat.actions.cancel_update(stack.ref)
        self.wait_and_release(second, stack, 'ROLLBACK_COMPLETE', handles)
        self.assert_ended(stack, 'ROLLBACK_COMPLETE',
                          texts=['first', 'first'], secret=secret)
        self.delete(first, second, stack)


class RolledBackBaseToTargetTest(RolledBack):

    @decorators.idempotent_id('2c98b41d-e3c3-4c7b-bc50-fc66a523503d')
    @markers.mixed_version
    def test_an_update_is_cancelled_through_nodes_named_later(self) -> None:
        self.forth(self.roll_back)


class RolledBackTargetToBaseTest(RolledBack):

    @decorators.idempotent_id('b65926b9-30a6-4631-abc8-93ed9ebd3a14')
    @markers.mixed_version
    def test_an_update_is_cancelled_through_nodes_named_earlier(self) -> None:
        self.back(self.roll_back)


class Stopped(in_progress.InProgress):

    def stop(self, first: base.Node, second: base.Node) -> None:
        """Cancel an update without rollback, and start another update."""
        stack, handles = self.update_parked(first)
        secret = second.outputs(stack)['secret']
        second.heat.actions.cancel_without_rollback(stack.ref)
        second.stacks.wait(stack, 'UPDATE_FAILED')
        self.update(second, stack, 'third', handles)
        self.assert_ended(stack, 'UPDATE_COMPLETE',
                          texts=['third', 'third'], secret=secret)
        self.delete(first, second, stack)


class StoppedBaseToTargetTest(Stopped):

    @decorators.idempotent_id('c40026e5-4149-46d7-ab2b-c777600b3681')
    @markers.mixed_version
    def test_an_update_is_stopped_through_nodes_named_later(self) -> None:
        self.forth(self.stop)


class StoppedTargetToBaseTest(Stopped):

    @decorators.idempotent_id('486e6207-f7d6-4830-9913-39140f591552')
    @markers.mixed_version
    def test_an_update_is_stopped_through_nodes_named_earlier(self) -> None:
        self.back(self.stop)


class Deleted(in_progress.InProgress):

    def delete_parked(self, first: base.Node, second: base.Node) -> None:
        """Delete a stack whose creation waits for a signal."""
        stack, _ = self.create_parked(first)
        self.delete(first, second, stack)


class DeletedBaseToTargetTest(Deleted):

    @decorators.idempotent_id('511c2149-3cda-4673-9ed2-4cf36b13df58')
    @markers.mixed_version
    def test_a_stack_in_creation_is_deleted_through_nodes_named_later(
            self) -> None:
        self.forth(self.delete_parked)


class DeletedTargetToBaseTest(Deleted):

    @decorators.idempotent_id('2db26d81-4680-4a42-a058-2a8d036c9395')
    @markers.mixed_version
    def test_a_stack_in_creation_is_deleted_through_nodes_named_earlier(
            self) -> None:
        self.back(self.delete_parked)
