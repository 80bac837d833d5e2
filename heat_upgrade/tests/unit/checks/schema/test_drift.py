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

"""Unit tests of the path of migrations, and of schema drift."""

import ddt
import testtools

from heat_upgrade.checks.schema import drift as schema_drift
from heat_upgrade.checks.schema import migration_path
from heat_upgrade.tests.unit.checks.schema import test_check

_STEPS = [{'revision': name, 'title': name, 'down': None, 'file': name}
          for name in ('bbb', 'ccc')]


def one_way(**of_target):
    base, target = test_check.sides()
    target.update(of_target)
    return migration_path.findings(base, target)


class TestPath(testtools.TestCase):

    def test_two_heads_are_found_once(self):
        found, = one_way(heads=['bbb', 'ccc'])
        self.assertEqual('the migrations have more than one head',
                         found.title)
        self.assertIn('bbb, ccc', found.evidence)

    def test_two_heads_that_the_base_has_too_are_no_finding(self):
        base, target = test_check.sides()
        base['heads'] = target['heads'] = ['bbb', 'ccc']
        self.assertEqual([], migration_path.findings(base, target))

    def test_revision_unknown_to_the_target_is_the_only_finding(self):
        base, target = test_check.sides()
        target = {'heads': ['000'], 'unknown': ['aaa'], 'failed': {},
                  'seconds': {}}
        found, = migration_path.findings(base, target)
        self.assertEqual(
            (1, 'error', 'the target does not know the revision of the '
             'base'), (found.failure_class, found.severity, found.title))
        self.assertFalse(migration_path.migrated(target))

    def test_migrations_that_cannot_be_loaded_are_the_only_finding(self):
        base, _ = test_check.sides()
        target = {'failed': {'revisions': "KeyError: 'ddd'"}, 'seconds': {}}
        found, = migration_path.findings(base, target)
        self.assertEqual('the migrations cannot be loaded', found.title)
        self.assertIn('ddd', found.evidence)
        self.assertEqual([], schema_drift.findings(base, target))

    def test_a_migration_that_fails_on_rows_names_statement_and_reason(self):
        found, = one_way(
            failed={'migrate': 'DataError: too long'},
            last={'migrate': 'ALTER TABLE stack'}, path=_STEPS[:1],
            seconds={'migrate': 1, 'migrate-empty': 1})
        self.assertEqual('db_sync fails on rows of the base', found.title)
        self.assertIn('revision bbb: ALTER TABLE stack\nDataError: too long',
                      found.evidence)

    def test_migration_that_fails_without_rows_has_its_own_title(self):
        found, = one_way(
            failed={'migrate': 'no', 'migrate-empty': 'still no'},
            last={'migrate-empty': 'ALTER TABLE stack'}, path=_STEPS,
            seen=[test_check.statement('CREATE TABLE x', test_check.shape())])
        self.assertEqual('db_sync fails on a database of the base',
                         found.title)
        self.assertIn('revision ccc: ALTER TABLE stack\nstill no',
                      found.evidence)

    def test_a_target_that_cannot_be_installed_is_found(self):
        found, = one_way(failed={'fresh': 'no such table'})
        self.assertEqual('db_sync fails on an empty database', found.title)

    def test_a_second_db_sync_that_does_something_is_found(self):
        found, = one_way(again=['UPDATE stack SET name = 1'])
        self.assertEqual('a second db_sync is not without effect',
                         found.title)
        self.assertIn('UPDATE stack SET name = 1', found.evidence)

    def test_a_second_db_sync_that_fails_is_found(self):
        found, = one_way(failed={'again': 'table exists'})
        self.assertIn('table exists', found.evidence)

    def test_a_second_db_sync_is_not_judged_if_the_first_failed(self):
        self.assertEqual(1, len(one_way(
            failed={'migrate': 'no', 'migrate-empty': 'no', 'again': 'no'},
            seconds={'migrate-empty': 1}, path=_STEPS)))


@ddt.ddt
class TestDowngrade(testtools.TestCase):

    NEW = test_check.shape(note=test_check.table(id=test_check.column()))
    HALF = test_check.shape(note=test_check.table())

    @ddt.data(test_check.shape(), NEW, None)
    def test_a_good_one_or_none_is_no_finding(self, left):
        self.assertEqual([], one_way(fresh_shape=self.NEW, downgrade=left))

    @ddt.data("AttributeError: module has no attribute 'downgrade'",
              'NotImplementedError: ')
    def test_one_that_is_refused_is_no_finding(self, failure):
        self.assertEqual([], one_way(failed={'downgrade': failure}))

    def test_that_of_a_database_that_could_not_be_made_is_not_judged(self):
        found, = one_way(failed={'fresh': 'no', 'downgrade': 'no'})
        self.assertEqual('db_sync fails on an empty database', found.title)

    def test_one_that_leads_elsewhere_is_a_warning(self):
        found, = one_way(fresh_shape=self.NEW, downgrade=self.HALF)
        self.assertEqual(
            ('warning', 'the downgrades of the migrations do not lead back'),
            (found.severity, found.title))
        self.assertIn('note is added', found.evidence)

    def test_one_that_fails_is_a_warning(self):
        found, = one_way(failed={'downgrade': 'OperationalError: 1091'})
        self.assertIn('1091', found.evidence)


def equal(base_has=None, **of_target):
    base, target = test_check.sides()
    base.update(base_has or {})
    target.update(of_target)
    return schema_drift.findings(base, target)


@ddt.ddt
class TestEquality(testtools.TestCase):

    NARROW = test_check.shape(stack=test_check.with_columns(
        'stack', name=test_check.column('varchar(64)')))
    MORE = test_check.shape(stack=test_check.with_columns(
        'stack', note=test_check.column()))

    def test_an_upgraded_and_a_new_database_must_be_equal(self):
        found, = equal(fresh_shape=self.NARROW, model_shape=self.NARROW)
        self.assertEqual(
            (1, 'error', 'stack.name is not the same in an upgraded and in '
             'a new database'),
            (found.failure_class, found.severity, found.title))
        self.assertIn('from upgraded to new: stack.name changes from '
                      'varchar(255) NULL to varchar(64) NULL',
                      found.evidence)

    @ddt.data(
        ('error', 'stack.note', MORE),
        ('error', 'note', test_check.shape(
            note=test_check.table(id=test_check.column()))),
        ('error', 'stack.id', test_check.shape(stack=test_check.with_columns(
            'stack', id=test_check.column('varchar(36)')))),
        ('error', 'stack.name', test_check.shape(stack=test_check.with_columns(
            'stack', name=test_check.column('text')))),
        ('warning', 'stack.name', NARROW),
        ('warning', 'stack.name', test_check.shape(
            stack=test_check.with_columns('stack', name=None))),
        ('error', 'event.stack_id', test_check.shape(
            event=test_check.with_columns('event', stack_id=None))),
        ('warning', 'event', test_check.shape(event=None)),
        ('warning', 'stack index (name)', test_check.shape(stack={
            **test_check.SHAPE['stack'], 'indexes': {
                'PRIMARY': test_check.index('id', unique=True)}})))
    @ddt.unpack
    def test_models_that_differ_are_found(self, severity, place, models):
        found, = equal(model_shape=models)
        self.assertEqual(
            (1, severity, f'models and migrations differ in {place}'),
            (found.failure_class, found.severity, found.title))

    def test_drift_of_the_base_is_not_reported(self):
        self.assertEqual([], equal({'model_shape': self.MORE},
                                   model_shape=self.MORE))

    def test_difference_of_alembic_is_added_to_the_evidence(self):
        found, = equal(model_shape=self.MORE,
                       drift=[['add_column', 'stack', 'note']])
        self.assertIn('alembic says: add_column stack note', found.evidence)

    def test_difference_that_only_alembic_sees_is_a_warning(self):
        found, = equal(drift=[['modify_comment', 'stack', 'name']])
        self.assertEqual(
            ('warning', 'models and migrations differ in stack'),
            (found.severity, found.title))

    def test_difference_that_alembic_sees_in_the_base_is_not_reported(self):
        drift = [['modify_comment', 'stack', 'name']]
        self.assertEqual([], equal({'drift': drift}, drift=drift))

    def test_a_database_that_did_not_get_there_is_not_compared(self):
        self.assertEqual([], equal(
            failed={'migrate': 'no', 'migrate-empty': 'no'},
            seconds={'migrate-empty': 1}, fresh_shape=self.NARROW,
            model_shape=self.NARROW))
