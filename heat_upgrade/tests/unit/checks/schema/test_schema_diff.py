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

"""Unit tests of comparing shapes of a database."""

import ddt
import testtools

from heat_upgrade.checks.schema import schema_diff
from heat_upgrade.tests.unit.checks.schema import test_check

_KEY = {'columns': ['stack_id'], 'table': 'stack', 'referred': ['id'],
        'delete': 'RESTRICT', 'update': 'RESTRICT'}


def texts(before, after, **more):
    return [
        str(found) for found in schema_diff.differences(before, after, **more)
    ]


@ddt.ddt
class TestDifferences(testtools.TestCase):

    def test_a_shape_does_not_differ_from_itself(self):
        self.assertEqual([], texts(test_check.shape(), test_check.shape()))

    def test_added_and_removed_tables_are_shown_by_their_columns(self):
        self.assertEqual(
            ['event is removed: id, stack_id', 'note is added: text'],
            texts(test_check.shape(), test_check.shape(
                event=None, note=test_check.table(text=test_check.column()))))

    def test_columns_are_shown_by_type_null_and_default(self):
        after = test_check.with_columns(
            'stack', name=test_check.column('varchar(64)', nullable=False,
                                            default="'x'"),
            id=None, note=test_check.column('text'))
        self.assertEqual(
            ['stack.id is removed: varchar(36) NOT NULL',
             'stack.name changes from varchar(255) NULL to varchar(64) NOT '
             "NULL DEFAULT 'x'",
             'stack.note is added: text NULL'],
            texts(test_check.shape(), test_check.shape(stack=after)))

    def test_the_order_of_columns_does_not_count(self):
        columns = dict(reversed(
            test_check.SHAPE['stack']['columns'].items()))
        self.assertEqual([], texts(test_check.shape(), test_check.shape(
            stack={**test_check.SHAPE['stack'], 'columns': columns})))

    def test_the_order_of_the_columns_of_an_index_counts(self):
        def indexed(*columns):
            return test_check.shape(stack={
                **test_check.SHAPE['stack'],
                'indexes': {'ix': test_check.index(*columns)}})
        self.assertEqual(
            ['stack index ix changes from (id, name) to (name, id)'],
            texts(indexed('id', 'name'), indexed('name', 'id')))

    def test_names_of_keys_count_only_when_asked_for(self):
        def keyed(name):
            return test_check.shape(event={
                **test_check.SHAPE['event'], 'foreign_keys': {name: _KEY},
                'indexes': {name: test_check.index('stack_id')}})
        self.assertEqual([], texts(keyed('a'), keyed('b'), names=False))
        self.assertEqual(
            ['event foreign key a is removed: (stack_id) to stack(id) on '
             'delete RESTRICT',
             'event foreign key b is added: (stack_id) to stack(id) on '
             'delete RESTRICT'], texts(keyed('a'), keyed('b')))

    def test_delete_action_of_a_foreign_key_counts(self):
        def keyed(delete):
            return test_check.shape(event={
                **test_check.SHAPE['event'],
                'foreign_keys': {'a': {**_KEY, 'delete': delete}}})
        self.assertEqual(
            ['event foreign key a changes from (stack_id) to stack(id) on '
             'delete CASCADE to (stack_id) to stack(id) on delete RESTRICT'],
            texts(keyed('CASCADE'), keyed('RESTRICT')))

    def test_an_index_that_another_covers_is_not_missed(self):
        def indexed(**indexes):
            return test_check.shape(stack={**test_check.SHAPE['stack'],
                                           'indexes': indexes})
        short = test_check.index('name')
        long = test_check.index('name', 'id', unique=True)
        self.assertEqual(
            ['stack index b is added: unique (name, id)'],
            texts(indexed(a=short), indexed(b=long)))
        self.assertEqual(
            ['stack index a is removed: (name)'],
            texts(indexed(a=short, c=test_check.index('id')),
                  indexed(c=test_check.index('id'))))

    def test_options_and_checks_are_shown(self):
        after = {**test_check.SHAPE['stack'],
                 'options': {'engine': 'Aria'},
                 'checks': {'c': 'name > 1'}}
        self.assertEqual(
            ['stack changes from engine InnoDB to engine Aria',
             'stack check c is added: name > 1'],
            texts(test_check.shape(), test_check.shape(stack=after)))

    @ddt.data(('varchar(36)', 'varchar(64)'), ('varchar(255)', 'longtext'),
              ('int(11)', 'bigint(20)'), ('text', 'longtext'),
              ('blob', 'longblob'), ('integer', 'bigint'),
              ('character varying(36)', 'character varying'),
              ('datetime', 'datetime'))
    @ddt.unpack
    def test_a_wider_type_holds_all(self, before, after):
        self.assertTrue(schema_diff.holds_all(before, after))

    @ddt.data(('varchar(255)', 'varchar(64)'), ('longtext', 'text'),
              ('bigint(20)', 'int(11)'), ('int(11)', 'varchar(255)'),
              ('text', 'blob'), ('int(11)', 'int(11) unsigned'),
              ('datetime', 'date'), ('longtext', 'json'),
              ('varchar(16384)', 'text'))
    @ddt.unpack
    def test_a_narrower_or_other_type_does_not(self, before, after):
        self.assertFalse(schema_diff.holds_all(before, after))
