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

"""Unit tests of reading and changing the rows of the other release."""

import copy

import ddt
import testtools

from heat_upgrade.checks.schema import compatibility
from heat_upgrade.tests.unit.checks.schema import test_check

_FAILED = {'failed': 'OperationalError: (1054, Unknown column)'}
_FOREIGN = ('IntegrityError: (1451, Cannot delete: (`upgraded`.`{}`, '
            'CONSTRAINT `k` FOREIGN KEY (`a`) REFERENCES `b` (`id`))')


def served(change):
    base, target = copy.deepcopy(test_check.sides())
    change(base, target)
    return compatibility.findings(base, target)


def outcome(of, side, how='models'):
    """Return the outcomes of the rows of stacks in a reading."""
    return of[side][how]['stack']


@ddt.ddt
class TestReading(testtools.TestCase):

    @ddt.data(
        ('base', 'after', 'before', 5,
         'stack: the base cannot read rows that it wrote before the '
         'migration'),
        ('base', 'during', 'during', 5,
         'stack: the base cannot read rows that it writes after the '
         'migration'),
        ('base', 'theirs', 'target', 5,
         'stack: the base cannot read rows that the target wrote'),
        ('target', 'before', 'before', 1,
         'stack: the target cannot read rows that the base wrote before the '
         'migration'),
        ('target', 'during', 'during', 5,
         'stack: the target cannot read rows that the base writes after the '
         'migration'))
    @ddt.unpack
    def test_rows_that_cannot_be_read_are_found(self, side, look, wrote,
                                                failure_class, title):
        def change(base, target):
            of = base if side == 'base' else target
            outcome(of, look)[f'{wrote}-full'] = _FAILED
        found, = served(change)
        self.assertEqual((failure_class, 'error', title), (
            found.failure_class, found.severity, found.title))
        self.assertIn(f'row {wrote}-full, by its models: OperationalError',
                      found.evidence)

    @ddt.data(
        ('base', 'after', 'before', 'stack.name is read differently by the '
         'base in rows that it wrote before the migration'),
        ('base', 'theirs', 'target', 'stack.name is read differently by the '
         'base in rows that the target wrote'),
        ('target', 'before', 'before', 'stack.name is read differently by '
         'the target in rows that the base wrote before the migration'),
        ('target', 'during', 'during', 'stack.name is read differently by the '
         'target in rows that the base writes after the migration'))
    @ddt.unpack
    def test_values_that_are_read_differently_are_found(
            self, side, look, wrote, title):
        def change(base, target):
            of = base if side == 'base' else target
            outcome(of, look, 'objects')[f'{wrote}-bare']['values'][
                'name'] = '"y"'
        found, = served(change)
        self.assertEqual(title, found.title)
        self.assertIn('by its objects: "x"\n    now: "y"', found.evidence)

    def test_rewritten_value_is_reported_for_the_base_alone(self):
        def change(base, target):
            for look in (base['after'], target['before']):
                look['models']['stack']['before-full']['values'][
                    'name'] = '"y"'
        found, = served(change)
        self.assertIn('by the base', found.title)

    def test_row_that_the_base_never_could_read_is_not_reported(self):
        def change(base, target):
            for of, look in ((base, 'before'), (base, 'after'),
                             (target, 'before')):
                outcome(of, look, 'objects')['before-bare'] = _FAILED
            for of in (base, target):
                outcome(of, 'during', 'objects')['during-bare'] = _FAILED
        self.assertEqual([], served(change))

    def test_columns_that_one_side_does_not_know_do_not_count(self):
        def change(base, target):
            outcome(target, 'before')['before-full']['values']['new'] = '1'
            outcome(target, 'own')['target-full']['values']['new'] = '1'
        self.assertEqual([], served(change))

    def test_tables_that_one_side_does_not_know_do_not_count(self):
        def change(base, target):
            target['own']['models']['note'] = {'target-full': _FAILED}
            target['wrote']['target']['note'] = {'target-full': None}
        self.assertEqual([], served(change))

    def test_rows_that_a_migration_could_not_keep_are_not_judged(self):
        def change(base, target):
            target.update(rows=False)
            for of in (base, target):
                of.pop('after', None)
            target.pop('before')
        self.assertEqual([], served(change))

    def test_database_without_a_migration_is_not_judged(self):
        def change(base, target):
            target.update(failed={'migrate': 'no', 'migrate-empty': 'no'},
                          seconds={'migrate-empty': 1})
            base.pop('after')
        self.assertEqual([], served(change))

    def test_many_rows_are_reported_in_few_lines(self):
        def change(base, target):
            for number in range(40):
                kind = f'before-{number}'
                outcome(base, 'before')[kind] = {'values': {'id': '1'}}
                outcome(base, 'after')[kind] = _FAILED
        found, = served(change)
        self.assertIn('... and 28 more', found.evidence)


class TestWriting(testtools.TestCase):

    def test_rows_that_the_base_can_no_longer_write_are_found(self):
        def change(base, target):
            base['wrote']['during']['stack']['during-bare'] = 'no default'
        found, = served(change)
        self.assertEqual(
            (5, 'stack: the base cannot write rows after the migration'),
            (found.failure_class, found.title))
        self.assertIn('during-bare, by its models: no default',
                      found.evidence)

    def test_objects_that_the_base_can_no_longer_make_are_found(self):
        def change(base, target):
            base['made']['during']['stack'] = 'no default'
        found, = served(change)
        self.assertIn('by its objects: no default', found.evidence)

    def test_rows_that_the_target_cannot_write_are_found(self):
        def change(base, target):
            target['wrote']['target']['stack']['target-full'] = 'no column'
        found, = served(change)
        self.assertEqual(
            (1, 'stack: the target cannot write rows after the migration'),
            (found.failure_class, found.title))

    def test_row_that_the_base_never_could_write_is_not_reported(self):
        def change(base, target):
            base['wrote']['before']['stack']['before-full'] = 'too long'
            base['wrote']['during']['stack']['during-full'] = 'too long'
            base['made']['before']['stack'] = 'no'
            base['made']['during']['stack'] = 'no'
        self.assertEqual([], served(change))

    def test_missing_row_to_refer_to_is_reported_for_its_own_table(self):
        def change(base, target):
            wrote = base['wrote']['during']
            wrote['stack']['during-full'] = 'no default'
            wrote['event']['during-full'] = 'NothingToReferTo: stack'
            base['made']['during']['event'] = "KeyError: 'stack'"
        self.assertEqual(
            ['stack: the base cannot write rows after the migration'],
            test_check.titles(served(change)))

    def test_rows_of_the_target_that_the_base_cannot_delete_are_found(self):
        def change(base, target):
            base['deleted'] = {
                'event': {'target-full': _FOREIGN.format('note')},
                'stack': {'target-full': _FOREIGN.format('event')}}
        found, = served(change)
        self.assertEqual(
            'event: the base cannot delete rows that the target wrote',
            found.title)
        self.assertIn('and with it rows of: stack', found.evidence)

    def test_rows_that_the_base_can_no_longer_change_are_found(self):
        def change(base, target):
            base['changed'] = {'stack': {'during-bare': 'read-only'}}
        self.assertEqual(
            ['stack: the base cannot change rows after the migration'],
            test_check.titles(served(change)))
