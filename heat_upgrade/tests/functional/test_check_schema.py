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

"""The schema check on real releases and real databases."""

import pathlib
import re
import time

import ddt
import fixtures

from heat_upgrade.checks import check_context
from heat_upgrade.checks.schema import check as schema
from heat_upgrade.checks.schema import ddl
from heat_upgrade.checks.schema import migration_trace
from heat_upgrade import errors
from heat_upgrade.tests.functional import check_case
from heat_upgrade.tests.functional import planting

# Findings from 2025.2 to 2026.1; see doc/source/reference/checks/schema.rst.
_SNAPSHOTS = ['rows of snapshot are rewritten',
              'snapshot: the base cannot delete rows that the target wrote']

_MIGRATION = '''"""Planted."""
from alembic import op
import sqlalchemy as sa
revision = 'cccccccc0001'
down_revision = '97b2a986f922'
def upgrade():
    {}
'''


class _Case(check_case.CheckCase):

    def check(self, base, target, **asked):
        found = schema.check(base, target, check_context.Context(
            self.workspace, check_context.OperatorInputs(**asked)))
        return {finding.title: finding for finding in found}

    def planted(self, statement):
        return planting.planted(self.subject('2026.2'), [planting.Change(
            'a migration', 'heat/db/migrations/versions/cccccccc0001_x.py',
            '', _MIGRATION.format(statement))], self.place / 'planted')


@ddt.ddt
class TestReleases(_Case):

    @ddt.data(('2025.1', '2025.2', []), ('2025.2', '2026.1', _SNAPSHOTS),
              ('2026.1', '2026.2', []), ('2025.1', '2026.1', _SNAPSHOTS))
    @ddt.unpack
    def test_findings_are_those_of_the_documentation(
            self, base, target, expected):
        self.assertEqual(expected, list(self.check(
            self.subject(base), self.subject(target))))

    def test_postgresql_shows_the_same(self):
        self.assertEqual(_SNAPSHOTS, list(self.check(
            self.subject('2025.2'), self.subject('2026.1'),
            postgresql=True)))

    def test_a_target_older_than_the_base_is_refused(self):
        self.assertEqual(
            ['the target does not know the revision of the base'],
            list(self.check(self.subject('2026.1'),
                            self.subject('2025.2'))))

    def test_each_operation_of_2026_1_has_its_class_and_revision(self):
        seen = migration_trace.observe(
            self.subject('2025.2'), self.subject('2026.1'),
            check_context.Context(self.workspace))
        found = ddl.operations(seen['base'], seen['target'])
        self.assertEqual(
            [('d2db381e3324', 'AddColumnOp', {ddl.EXPAND}),
             ('88be64598c0f', 'CreateTableOp', {ddl.EXPAND}),
             ('88be64598c0f', 'CreateTableOp', {ddl.EXPAND}),
             ('97b2a986f922', 'AddColumnOp', {ddl.EXPAND}),
             ('97b2a986f922', 'ExecuteSQLOp', {ddl.REWRITING})],
            [(operation.revision, operation.name, operation.classes)
             for operation in found])
        self.assertIn('ALGORITHM=INSTANT, LOCK=NONE', found[0].method)


class TestFailures(_Case):

    def test_a_migration_that_rows_stop_is_seen_to_its_end(self):
        found = self.check(self.subject('2026.2'), self.planted(
            "op.alter_column('stack', 'name', type_=sa.String(9), "
            'existing_type=sa.String(255))'))
        stopped = found['db_sync fails on rows of the base']
        self.assertIn('revision cccccccc0001: ALTER TABLE stack',
                      stopped.evidence)
        self.assertIn('stack.name is narrowed or retyped from varchar(255) '
                      'to varchar(9)', found)
        self.assertIn('stack: the base cannot write rows after the '
                      'migration', found)

    def test_a_migration_that_cannot_succeed_is_found(self):
        found = self.check(self.subject('2026.2'), self.planted(
            "op.drop_column('stack', 'no_such')"))
        self.assertEqual({'db_sync fails on an empty database',
                          'db_sync fails on a database of the base'},
                         set(found))

    def test_migrations_that_cannot_be_loaded_are_found(self):
        found = self.check(self.subject('2026.2'), self.planted('pass; ?'))
        self.assertEqual({'the migrations cannot be loaded'}, set(found))

    def test_a_target_that_cannot_be_imported_ends_both_sides(self):
        broken = planting.planted(self.subject('2026.2'), [planting.Change(
            'no models', 'heat/db/models.py', 'BASE = declarative_base()',
            'BASE = no_such_thing')], self.place / 'planted')
        started = time.monotonic()
        self.assertRaises(errors.LabError, self.check,
                          self.subject('2026.2'), broken)
        self.assertLess(time.monotonic() - started, migration_trace.WAIT / 2)


class TestTraces(_Case):

    def test_a_second_time_takes_no_second_and_nothing_is_left(self):
        base, target = self.subject('2026.1'), self.subject('2026.2')
        # Made anew, by a cache of its own that has the environments.
        kept = self.useFixture(fixtures.TempDir()).path
        self.useFixture(fixtures.EnvironmentVariable('XDG_CACHE_HOME', kept))
        self.check(base, target)
        started = time.monotonic()
        self.assertEqual({}, self.check(base, target))
        self.assertLess(time.monotonic() - started, 1)
        self.assertEqual([], list(self.workspace.data.glob('*')))
        reading, = pathlib.Path(kept).glob('heat-upgrade/readings/*.json')
        for path in (reading, *self.workspace.logs.glob('*')):
            self.assertIsNone(re.search(
                r'://\w+:\w|\b[0-9a-f]{32}\b', path.read_text()), path)
