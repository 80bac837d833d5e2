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

"""Whole upgrades of a full database: slow code is seen, a release is not."""

from heat_upgrade.tests.functional import base
from heat_upgrade.tests.functional import heat_source

VOLUME = ('--volume', '1000', '--in-flight', 'none', *base.ONE_SCENARIO)

_LIST = ('        return [api.format_stack_db_object(stack) '
         'for stack in stacks]')
_IMPORTS = 'from alembic import op\nimport sqlalchemy as sa\n'


class VolumeTest(base.ToolTestCase):

    def upgrade(self, *, listing, migration):
        """Upgrade to a changed Heat; returns (exit status, report).

        :param listing: code in place of the last line of list_stacks()
        :param migration: code of a new migration
        """
        heat = heat_source.checkout(self.work_dir / 'heat')
        heat_source.replace(heat / 'heat' / 'engine' / 'service.py',
                            _LIST, listing)
        heat_source.add_migration(heat, migration, _IMPORTS)
        heat_source.commit(heat, 'a change')
        return self.run_upgrade('--to', str(heat), *VOLUME)

    def test_bad_list_index_and_migration_are_named_in_their_steps(self):
        """A list that queries for each stack, a lost index, and a loop."""
        status, report = self.upgrade(
            listing=(
                '        return [api.format_stack_db_object(\n'
                '            stack_object.Stack.get_by_id(cnxt, stack.id))\n'
                '            for stack in stacks]'),
            migration=(
                "op.drop_index('ix_stack_name', 'stack')\n"
                'connection = op.get_bind()\n'
                'for row in connection.execute(\n'
                "        sa.text('SELECT id FROM event')).fetchall():\n"
                '    connection.execute(sa.text(\n'
                "        'UPDATE event SET resource_status_reason = '\n"
                "        'resource_status_reason WHERE id = :id'),\n"
                "        {'id': row.id})\n"))
        self.assertEqual((1, 'fail'), (status, report['verdict']),
                         self.output())
        found = {(finding['rule'], finding['subject'], finding['step'])
                 for finding in report['findings']}
        for rule, subject, step in (
                ('volume.migration-slow', 'db_sync', 'db-sync'),
                ('volume.statements-grew', 'list of 200', 'measure-target'),
                ('volume.rows-read-grew', 'show by name',
                 'measure-target')):
            self.assertIn((rule, subject, step), found)

    def test_release_is_measured_on_both_sides_and_not_reported(self):
        _, report = self.run_upgrade(*VOLUME)
        # The budgets of the probes depend on the load of the machine.
        self.assertEqual([], [
            finding['title'] for finding in report['findings']
            if finding['rule'].startswith('volume.')
            and finding['severity'] == 'error'])
        for side in ('base', 'target'):
            self.assertEqual(
                50, report['volume'][side]['purge']['stacks'])
