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

"""Targets whose own model or migration is broken: the run shows it."""

from heat_upgrade.tests.functional import base
from heat_upgrade.tests.functional import heat_source


class BrokenCodeTest(base.ToolTestCase):

    def setUp(self):
        super().setUp()
        self.heat = heat_source.checkout(self.work_dir / 'heat')

    def upgrade(self):
        """Upgrade to the checkout; return {step: its findings}."""
        # A selection of scenarios would leave out the checks.
        status, report = self.run_upgrade(
            '--to', str(self.heat), '--quick', '--in-flight', 'none',
            '--no-against')
        self.assertEqual((1, 'fail'), (status, report['verdict']),
                         self.output())
        self.assert_nothing_is_left(self.marker())
        found = {}
        for finding in report['findings']:
            found.setdefault(finding['step'], []).append(finding)
        self.assertEqual([], [finding for finding in report['findings']
                              if finding['origin'] == 'lab'])
        return found

    def test_a_model_without_a_column_fails_in_the_checks_and_later(self):
        heat_source.replace(
            self.heat / 'heat' / 'db' / 'models.py',
            "    convergence = sqlalchemy.Column('convergence', "
            'sqlalchemy.Boolean)\n', '')
        heat_source.commit(self.heat, 'a model without a column')
        found = self.upgrade()
        self.assertIn(2, [finding['class'] for finding in found['checks']])
        self.assertIn('convergence', '\n'.join(
            finding['evidence'] for finding in found['checks']))
        self.assertNotEqual({'checks'}, set(found))

    def test_a_migration_that_fails_without_rows_fails_in_both(self):
        heat_source.add_migration(self.heat, '''\
number, = op.get_bind().exec_driver_sql(
    'SELECT COUNT(*) FROM stack').fetchone()
if not number:
    raise RuntimeError('this migration needs a stack on purpose')
''', 'from alembic import op\n')
        heat_source.commit(self.heat, 'a migration that needs rows')
        found = self.upgrade()
        blamed = [finding for finding in found['checks']
                  if finding['rule'] == 'target.program-fails']
        self.assertIn('this migration needs a stack on purpose', '\n'.join(
            finding['evidence'].splitlines()[0] for finding in blamed))
        self.assertIn('target.does-not-start', {
            finding['rule'] for finding in found['checks']})
