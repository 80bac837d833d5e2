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

"""A snapshot from before the upgrade can be restored after it."""

from tempest import config

from heat_integrationtests import aliases
from heat_integrationtests import scenario
from heat_integrationtests import stacks

CONF = config.CONF


class SnapshotScenario(scenario.Scenario):

    covers = (32,)
    weight = 9
    template = 'random_string.yaml'
    changed_parameters = {'label': 'second'}

    @classmethod
    def skip_checks(cls) -> None:
        super().skip_checks()
        if not CONF.heat_integrationtests.stack_snapshots:
            raise cls.skipException(
                'stack_snapshots is off in [heat_integrationtests]')

    def after_create(self, stack: stacks.Stack,
                     record: aliases.Json) -> None:
        taken = self.heat.stacks.snapshot(stack.ref, 'before')
        self.record.note('snapshot', taken['id'])
        self.stacks.wait(stack, 'SNAPSHOT_COMPLETE')
        self.record.note('content', self.snapshot(stack))

    def snapshot(self, stack: stacks.Stack) -> aliases.Json:
        """Return the snapshot as Heat shows it now."""
        shown: aliases.Json = self.heat.stacks.snapshot_show(
            stack.ref, self.record.noted('snapshot'))['snapshot']
        return shown

    def check(self, record: aliases.Json, outputs: aliases.Json) -> None:
        self.assertEqual(f'first:{outputs["secret"]}', outputs['labelled'])

    def assert_snapshot_unchanged(self) -> None:
        """Assert that the snapshot is listed and has not changed."""
        stack = self.stack()
        listed = self.heat.stacks.snapshot_list(stack.ref)['snapshots']
        self.assertEqual([self.record.noted('snapshot')],
                         [shown['id'] for shown in listed])
        before, now = self.record.noted('content'), self.snapshot(stack)
        self.assertEqual('COMPLETE', now['status'])
        self.assert_same({'snapshot': before}, {'snapshot': now},
                         heading='The snapshot has changed:')

    def update_with_change(self, stack: stacks.Stack, before: aliases.Json,
                           key: str = scenario.MAIN) -> None:
        super().update_with_change(stack, before, key)
        self.heat.stacks.restore(stack.ref, self.record.noted('snapshot'))
        restored = stacks.outputs(
            self.stacks.wait(stack, 'RESTORE_COMPLETE'))
        self.assertEqual(before['outputs'], restored)
        self.heat.stacks.snapshot_delete(
            stack.ref, self.record.noted('snapshot'))
        # Since 2026.1 the request returns before the snapshot is gone.
        self.stacks.wait_for(
            'the snapshot to disappear from the list', lambda: not
            self.heat.stacks.snapshot_list(stack.ref)['snapshots'])

    def verify(self) -> None:
        super().verify()
        self.assert_snapshot_unchanged()
