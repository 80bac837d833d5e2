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

"""A snapshot that one node took is restored by another."""

from tempest import config
from tempest.lib import decorators

from heat_integrationtests import aliases
from heat_integrationtests import markers
from heat_integrationtests.mixed_version import base
from heat_integrationtests import stacks

CONF = config.CONF

TEMPLATE = """
heat_template_version: 2018-08-31
parameters:
  text: {type: string, default: first}
resources:
  secret: {type: OS::Heat::RandomString}
  value:
    type: OS::Heat::Value
    properties: {type: string, value: {get_param: text}}
outputs:
  text: {value: {get_attr: [value, value]}}
  secret: {value: {get_attr: [secret, value]}}
"""


class Snapshots(base.MixedVersionTest):

    weight = 15

    @classmethod
    def skip_checks(cls) -> None:
        super().skip_checks()
        if not CONF.heat_integrationtests.stack_snapshots:
            raise cls.skipException(
                'stack_snapshots is off in [heat_integrationtests]')

    def restore(self, first: base.Node, second: base.Node) -> None:
        """Take a snapshot through the first node; restore by the second."""
        stack = self.create_through(first, TEMPLATE)
        before = first.outputs(stack)
        snapshot = self.snapshot(first, stack, 'before')
        self.assertEqual([], list(map(str, base.differences(
            self.content(first, stack, snapshot),
            self.content(second, stack, snapshot)))))

        first.stacks.update(stack, template=TEMPLATE,
                            parameters={'text': 'second'})
        second.heat.stacks.restore(stack.ref, snapshot)
        second.stacks.wait(stack, 'RESTORE_COMPLETE')
        self.assertEqual((before, before),
                         (first.outputs(stack), second.outputs(stack)))

        first.stacks.delete(stack)

    def remove(self, first: base.Node, second: base.Node) -> None:
        """Delete a snapshot through a node that did not take it."""
        stack = self.create_through(first, TEMPLATE)
        snapshot = self.snapshot(first, stack, 'before')
        second.heat.stacks.snapshot_delete(stack.ref, snapshot)
        # Since 2026.1 the request returns before the snapshot is gone.
        first.stacks.wait_for(
            'the snapshot to disappear from the list', lambda: not
            first.heat.stacks.snapshot_list(stack.ref)['snapshots'])
        first.stacks.delete(stack)

    def leave(self, first: base.Node, second: base.Node) -> None:
        """Delete a stack through a node that did not take its snapshot."""
        stack = self.create_through(first, TEMPLATE)
        self.snapshot(first, stack, 'left')
        second.stacks.delete(stack)
        self.assertTrue(first.stacks.is_gone(stack))

    def snapshot(self, node: base.Node, stack: stacks.Stack,
                 name: str) -> str:
        """Take a snapshot, and return its ID when it is complete."""
        snapshot_id: str = node.heat.stacks.snapshot(stack.ref, name)['id']
        node.stacks.wait(stack, 'SNAPSHOT_COMPLETE')
        return snapshot_id

    def content(self, node: base.Node, stack: stacks.Stack,
                snapshot: str) -> aliases.Json:
        """Return a complete snapshot, as a node shows it."""
        shown = node.heat.stacks.snapshot_show(
            stack.ref, snapshot)['snapshot']
        self.assertEqual('COMPLETE', shown['status'])
        return {'snapshot': shown}


class SnapshotsBaseToTargetTest(Snapshots):

    @decorators.idempotent_id('d4997300-72ba-4b8f-8324-fdc3505c067e')
    @markers.mixed_version
    def test_a_snapshot_is_restored_through_nodes_named_later(self) -> None:
        self.forth(self.restore)


class SnapshotsTargetToBaseTest(Snapshots):

    @decorators.idempotent_id('d289aec3-12f8-4675-a77a-b57d8a18a2e2')
    @markers.mixed_version
    def test_a_snapshot_is_restored_through_nodes_named_earlier(self) -> None:
        self.back(self.restore)


class RemovedSnapshotBaseToTargetTest(Snapshots):

    weight = 8

    @decorators.idempotent_id('678914b3-a853-44be-bcb3-7311c0b5abd9')
    @markers.mixed_version
    def test_a_snapshot_is_deleted_through_nodes_named_later(self) -> None:
        self.forth(self.remove)


class RemovedSnapshotTargetToBaseTest(Snapshots):

    weight = 8

    @decorators.idempotent_id('3a1e7e35-bbe1-42dc-8fce-16c9d39471b4')
    @markers.mixed_version
    def test_a_snapshot_is_deleted_through_nodes_named_earlier(self) -> None:
        self.back(self.remove)


class LeftSnapshotBaseToTargetTest(Snapshots):

    weight = 8

    @decorators.idempotent_id('5d2d7420-bc55-4346-b2e4-e9e12485b2b9')
    @markers.mixed_version
    def test_a_snapshot_ends_with_its_stack_through_nodes_named_later(
            self) -> None:
        self.forth(self.leave)


class LeftSnapshotTargetToBaseTest(Snapshots):

    weight = 8

    @decorators.idempotent_id('a55f489c-4dbe-439d-9ef6-3609ea76b50d')
    @markers.mixed_version
    def test_a_snapshot_ends_with_its_stack_through_nodes_named_earlier(
            self) -> None:
        self.back(self.leave)
