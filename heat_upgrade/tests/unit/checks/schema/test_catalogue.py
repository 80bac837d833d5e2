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

"""Unit tests of reading a server's catalogue, with a doctored one."""

import importlib.util

import fixtures
import testtools

from heat_upgrade.checks import introspection
from heat_upgrade import errors
from heat_upgrade.lab.services import postgresql


def program():
    spec = importlib.util.spec_from_file_location(
        'schema_shape', introspection.PROGRAMS / 'schema_shape.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class _Catalogue:
    """Answers a query for a view with the rows given for it."""

    def __init__(self, **rows):
        self.rows = rows

    def __call__(self, statement):
        for view, rows in self.rows.items():
            if view in statement:
                return rows
        return []


class TestMariaDB(testtools.TestCase):

    VERSION = '10.11.6-MariaDB-0+deb12u1'

    def shape(self, **rows):
        catalogue = {'.tables': [('stack', 'InnoDB', 'utf8mb4_bin')],
                     'VERSION()': [(self.VERSION,)], **rows}
        return program().shape('mysql', _Catalogue(**catalogue))['stack']

    def test_null_in_letters_is_no_default(self):
        shape = self.shape(**{'.columns': [
            ('stack', 'name', b'varchar(9)', 'YES', b'NULL', None, ''),
            ('stack', 'id', b'int(11)', 'NO', b"'1'", None, '')]})
        self.assertEqual(
            {'name': (None, True, 'varchar(9)'), 'id': ("'1'", False,
                                                        'int(11)')},
            {name: (column['default'], column['nullable'], column['type'])
             for name, column in shape['columns'].items()})

    def test_index_has_the_length_of_a_column_prefix(self):
        shape = self.shape(**{'.statistics': [
            ('stack', 'ix', 1, 'tenant', 255), ('stack', 'ix', 1, 'id', None),
            ('stack', 'PRIMARY', 0, 'id', None)]})
        self.assertEqual(
            {'ix': {'unique': False, 'columns': ['tenant(255)', 'id']},
             'PRIMARY': {'unique': True, 'columns': ['id']}},
            shape['indexes'])

    def test_a_foreign_key_without_an_action_restricts(self):
        shape = self.shape(key_column_usage=[
            ('stack', 'fk', 'a', 'other', 'x', 'NO ACTION', 'CASCADE'),
            ('stack', 'fk', 'b', 'other', 'y', 'NO ACTION', 'CASCADE')])
        self.assertEqual(
            {'fk': {'columns': ['a', 'b'], 'table': 'other',
                    'referred': ['x', 'y'], 'delete': 'RESTRICT',
                    'update': 'CASCADE'}}, shape['foreign_keys'])

    def test_table_of_alembic_is_left_out(self):
        self.assertEqual({}, program().shape('mysql', _Catalogue(**{
            'VERSION()': [(self.VERSION,)],
            '.tables': [('alembic_version', 'InnoDB', 'utf8mb4_bin')]})))

    def test_check_names_its_table(self):
        shape = self.shape(check_constraints=[('stack', 'c', 'id > 0')])
        self.assertEqual({'c': 'id > 0'}, shape['checks'])


class TestMySQL(TestMariaDB):

    VERSION = '8.0.36-0ubuntu0.24.04.1'

    def test_the_table_of_a_check_is_looked_up(self):
        shape = self.shape(table_constraints=[('stack', 'c', 'id > 0')])
        self.assertEqual({'c': 'id > 0'}, shape['checks'])


class TestPostgreSQL(testtools.TestCase):

    def test_a_shape_has_the_same_keys_as_mariadb_s(self):
        shape = program().shape('postgresql', _Catalogue(**{
            'pg_tables': [('stack',)],
            'pg_attribute': [('stack', 'id', 'integer', True, None)],
            'pg_index ': [('stack', 'ix', True,
                           'CREATE UNIQUE INDEX ix ON stack USING btree '
                           '(id)')],
            'pg_constraint': [('stack', 'fk', 'f', 'FOREIGN KEY ...',
                               'other')]}))['stack']
        self.assertEqual({'ix': {'unique': True, 'columns': ['btree (id)']}},
                         shape['indexes'])
        self.assertFalse(shape['columns']['id']['nullable'])
        self.assertEqual('other', shape['foreign_keys']['fk']['table'])

    def test_without_the_server_the_package_is_named(self):
        self.useFixture(fixtures.MonkeyPatch('shutil.which',
                                             lambda name, path=None: None))
        self.assertIn('install postgresql', str(self.assertRaises(
            errors.LabError, postgresql.find, 'initdb')))
