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

"""Unit tests of heat_upgrade.inflight.orphans."""

import re

import fixtures
import testtools

from heat_upgrade import errors
from heat_upgrade.inflight import orphans
from heat_upgrade.tests.unit.support import inflight_fakes


class Cloud(inflight_fakes.Cloud):
    """A database that records its writes.

    :ivar written: list of (statement, values)
    """

    def __init__(self, logs, heat):
        super().__init__(logs, heat)
        self.written = []

    def execute(self, statement, arguments=None, *, database=None):
        if statement.startswith('SELECT name, action, status FROM stack'):
            return [(name, *status.split('_', 1))
                    for name, status in self.heat.stacks.items()]
        if statement.startswith('SHOW COLUMNS'):
            return [('id',), ('template',), ('files_id',)]
        if 'raw_template_id FROM stack' in statement:
            return [(11,)]
        if 'MAX(id)' in statement:
            return [(12,)]
        if statement.startswith('SELECT id FROM resource'):
            return [(1,), (2,), (3,)]
        if statement.startswith('SELECT'):
            return super().execute(statement, arguments)
        self.written.append((statement, arguments))
        return []

    def writes(self, table):
        """Return the values written into a table."""
        return [values for statement, values in self.written if re.match(
            rf'(INSERT INTO|UPDATE) {table}\b', statement)]


class OrphansTest(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.heat = inflight_fakes.Heat()
        self.cloud = Cloud(self.useFixture(fixtures.TempDir()).path,
                           self.heat)
        for name in ('MAKE_TIMEOUT', 'REMOVE_TIMEOUT', 'INTERVAL'):
            self.useFixture(fixtures.MockPatchObject(orphans, name, 0))
        self.orphans = orphans.Orphans(self.heat, self.cloud)
        self.orphans.make()
        self.held, self.locked, self.deleted = (
            self.orphans.names[kind] for kind in (
                orphans.HELD, orphans.LOCKED, orphans.DELETED))

    def recover(self, **statuses):
        """Recover; the stacks are then as given, the rest as they must."""
        for recovery in orphans.RECOVERIES:
            self.heat.stacks[self.orphans.names[recovery.kind]] = (
                statuses.get(recovery.kind, recovery.status))
        return {one.recovery.kind: one
                for one in self.orphans.recover(timeout=0)}

    def test_stack_that_cannot_be_created_is_a_lab_error(self):
        self.heat.on_create = 'CREATE_FAILED'
        broken = orphans.Orphans(self.heat, self.cloud)
        self.assertIn('CREATE_FAILED', str(self.assertRaises(
            errors.LabError, broken.make)))

    def test_two_stacks_have_a_resource_held_by_a_dead_engine(self):
        self.orphans.leave()
        self.assertEqual(
            [('engine-1', f'id-{name}') for name in (self.held,
                                                     self.deleted)],
            self.cloud.writes('resource'))
        for statement, _ in self.cloud.written:
            if statement.startswith('UPDATE resource'):
                self.assertIn("status = 'IN_PROGRESS'", statement)
                self.assertIn('atomic_key = atomic_key + 1', statement)

    def test_stacks_have_the_sync_points_of_their_traversal(self):
        self.orphans.leave()
        traversals = [values[0] for values in self.cloud.writes('stack')
                      if len(values) == 3]
        for name, traversal, values in zip(
                (self.held, self.deleted), traversals,
                self.cloud.writes('sync_point')):
            points = [values[at:at + 4] for at in range(0, len(values), 4)]
            self.assertEqual(
                [(row, traversal, is_update, f'id-{name}')
                 for row in '123' for is_update in (0, 1)]
                + [(f'id-{name}', traversal, 1, f'id-{name}')], points)

    def test_three_stacks_have_a_dead_engine_s_lock(self):
        self.orphans.leave()
        self.assertEqual(
            [(f'id-{self.orphans.names[kind]}', 'engine-1')
             for kind in (orphans.LOCKED, orphans.BEGUN, orphans.NESTED)],
            self.cloud.writes('stack_lock'))

    def test_one_stack_is_nested_until_it_is_removed(self):
        nested = f'id-{self.orphans.names[orphans.NESTED]}'
        self.orphans.leave()
        self.orphans.remove()
        self.assertEqual(
            [(f'id-{self.orphans.names[orphans.BEGUN]}', nested),
             (None, nested)],
            [values for statement, values in self.cloud.written
             if 'owner_id' in statement])

    def test_stack_that_no_engine_resets_is_not_recovered(self):
        outcome = self.recover(nested='SUSPEND_IN_PROGRESS')[orphans.NESTED]
        self.assertIn('SUSPEND_IN_PROGRESS after', outcome.story)

    def test_each_is_asked_for_its_operation(self):
        self.recover()
        asked = [(method, path.split('/')[1]) for method, path, _
                 in self.heat.asked[5:]]
        self.assertEqual({('PUT', self.held), ('POST', self.locked),
                          ('DELETE', self.deleted)}, set(asked))

    def test_stack_with_the_expected_status_is_recovered(self):
        self.assertEqual([''] * 5, [
            one.story for one in self.recover().values()])

    def test_refusal_is_not_a_recovery(self):
        self.heat.answers['POST', '/actions'] = 409, 'in progress'
        outcome = self.recover(locked='CREATE_COMPLETE')[orphans.LOCKED]
        self.assertIn('409', outcome.story)
        self.assertEqual('a stack with the lock of a dead engine cannot be '
                         'recovered: suspend', outcome.title)
        self.assertFalse(outcome.as_dict()['recovered'])

    def test_failure_is_not_a_recovery(self):
        outcome = self.recover(held='UPDATE_FAILED')[orphans.HELD]
        self.assertEqual('the stack ended in UPDATE_FAILED', outcome.story)
        self.assertIn('queues', outcome.evidence)

    def test_operation_that_never_ends_is_not_a_recovery(self):
        outcome = self.recover(held='UPDATE_IN_PROGRESS')[orphans.HELD]
        self.assertIn('UPDATE_IN_PROGRESS after 0 s', outcome.story)

    def test_a_stack_that_was_complete_before_is_waited_for(self):
        outcome = self.recover(locked='CREATE_COMPLETE')[orphans.LOCKED]
        self.assertIn('CREATE_COMPLETE after', outcome.story)

    def test_all_are_removed(self):
        self.assertEqual([], self.orphans.remove())
        self.assertEqual({}, self.heat.stacks)

    def test_remaining_stack_is_returned(self):
        self.heat.answers['DELETE', self.orphans._ids[orphans.HELD]] = (
            204, None)
        self.assertEqual([f'{self.held}: CREATE_COMPLETE'],
                         self.orphans.remove())
