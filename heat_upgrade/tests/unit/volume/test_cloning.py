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

"""The statements that clone rows."""

import hashlib

import pymysql
import testtools

from heat_upgrade.volume import cloning

ROOT, NESTED = 'aaaa-root', 'bbbb-nested'
TABLES = {
    'stack': [
        {'id': ROOT, 'name': 'group', 'tenant': 'p', 'deleted_at': None,
         'owner_id': None, 'raw_template_id': 5, 'prev_raw_template_id': None,
         'current_traversal': 't', 'current_deps':
         '{"edges": [[[11, true], [12, true]]]}', 'new_in_27': 'it\'s'},
        {'id': NESTED, 'name': 'gone', 'tenant': 'p', 'owner_id': ROOT,
         'deleted_at': '2026-01-01', 'raw_template_id': 6,
         'prev_raw_template_id': None, 'current_traversal': None,
         'current_deps': None, 'new_in_27': None}],
    'resource': [
        {'id': 11, 'uuid': 'u', 'stack_id': ROOT, 'nova_instance': NESTED,
         'requires': '[12]', 'current_template_id': 5,
         'rsrc_prop_data_id': None, 'attr_data_id': None},
        {'id': 12, 'uuid': 'v', 'stack_id': ROOT, 'nova_instance': 'a-server',
         'requires': '[99]', 'current_template_id': 6,
         'rsrc_prop_data_id': None, 'attr_data_id': None}],
    'raw_template': [{'id': 5, 'template': '{}'}, {'id': 6, 'template': ''}],
    'event': [{'id': 3, 'uuid': 'e', 'stack_id': ROOT,
               'rsrc_prop_data_id': None}],
}
HIGHEST = 100


class Cursor:
    """Answers the reads of the cloner, and records its writes."""

    def __init__(self, connection):
        self._connection, self._rows = connection, []

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        pass

    def execute(self, statement, arguments=None):
        words = statement.replace('`', '').split()
        if statement.startswith('SELECT MAX'):
            self._rows = [(HIGHEST,)]
        elif statement.startswith('SELECT *'):
            self._connection.read.append((words[3], words[5], arguments[0]))
            self._rows = TABLES.get(words[3], [])
        else:
            self._connection.written.append(statement)

    def fetchall(self):
        return self._rows


class Connection:

    def __init__(self):
        self.read, self.written = [], []

    def cursor(self, kind=None):
        return Cursor(self)

    def literal(self, value):
        return pymysql.converters.escape_item(value, 'utf8')


class TestCloning(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.connection = Connection()
        self.cloner = cloning.Cloner(self.connection, project='p', seed=7)

    def values(self, table, number, first=1, last=3):
        """Return {column: expression} of the statement of a row."""
        statement = self.cloner.statement(
            table, TABLES[table][number], first, last)
        head, _, rest = statement.partition(' SELECT ')
        rest, _, self.sequence = rest.rpartition(' FROM ')
        names = head.partition('(')[2].rstrip(')').replace('`', '')
        parts, depth, text = [''], 0, False
        for letter in rest:
            text ^= letter == "'"
            depth += 0 if text else (letter == '(') - (letter == ')')
            if letter == ',' and not depth and not text:
                parts.append('')
            else:
                parts[-1] += letter
        return dict(zip(names.split(', '), map(str.strip, parts)))

    def test_numbers_of_a_generation_follow_the_highest_of_the_table(self):
        self.assertEqual('101 + (seq - 1) * 2',
                         self.values('resource', 0)['id'])
        self.assertEqual('102 + (seq - 1) * 2',
                         self.values('resource', 1)['id'])

    def test_reference_has_the_range_of_the_table_that_it_refers_to(self):
        self.assertEqual('102 + (seq - 1) * 2',
                         self.values('resource', 1)['current_template_id'])

    def test_resources_in_json_are_renumbered(self):
        self.assertEqual(
            r"""CONCAT('{\"edges\": [[[', 101 + (seq - 1) * 2, """
            "', true], [', 102 + (seq - 1) * 2, ', true]]]}')",
            self.values('stack', 0)['current_deps'])

    def test_number_in_json_that_is_no_resource_stays(self):
        self.assertEqual("CONCAT('[', '99', ']')",
                         self.values('resource', 1)['requires'])

    def test_nested_stack_is_renamed_where_a_resource_names_it(self):
        self.assertEqual(self.values('stack', 1)['id'],
                         self.values('resource', 0)['nova_instance'])
        self.assertEqual("'a-server'",
                         self.values('resource', 1)['nova_instance'])

    def test_unknown_column_is_copied(self):
        values = self.values('stack', 0)
        self.assertEqual(("'it\\'s'", 'NULL'),
                         (values['new_in_27'], values['owner_id']))

    def test_deleted_clones_have_two_owners_to_purge(self):
        self.assertEqual("'p'", self.values('stack', 0)['tenant'])
        self.assertEqual(
            "IF(seq % 2, 'volume-purged-on-the-base', "
            "'volume-purged-on-the-target')",
            self.values('stack', 1)['tenant'])

    def test_statement_takes_its_numbers_from_the_sequence_engine(self):
        self.values('stack', 0, 4, 9)
        self.assertEqual('seq_4_to_9', self.sequence)

    def test_uuid_of_a_clone_depends_on_seed_original_and_generation(self):
        digest = hashlib.md5(b'7:aaaa-root:2').hexdigest()
        clone = cloning.clone_of(7, ROOT, 2)
        self.assertEqual(digest, clone.replace('-', ''))
        self.assertEqual([8, 4, 4, 4, 12], list(map(len, clone.split('-'))))
        self.assertIn("MD5(CONCAT('7:aaaa-root:', seq))",
                      self.values('stack', 0)['id'])

    def test_each_table_is_written_after_those_that_it_refers_to(self):
        self.cloner.clone(2)
        tables = [statement.split('`')[1]
                  for statement in self.connection.written]
        self.assertEqual(['raw_template', 'stack', 'resource', 'event'],
                         list(dict.fromkeys(tables)))
        for table, columns in cloning.COLUMNS.items():
            for other in columns.values():
                if isinstance(other, str):
                    order = list(cloning.COLUMNS)
                    self.assertLessEqual(order.index(other),
                                         order.index(table))

    def test_many_generations_are_written_in_batches(self):
        rows = self.cloner.clone(cloning.BATCH + 1)
        self.assertEqual(2 * (cloning.BATCH + 1), rows['stack'])
        stacks = [statement.rpartition(' FROM ')[2]
                  for statement in self.connection.written
                  if statement.startswith('INSERT INTO `stack`')]
        self.assertEqual(['seq_1_to_500'] * 2 + ['seq_501_to_501'] * 2,
                         stacks)

    def test_additional_events_are_shared_by_the_first_clones(self):
        self.cloner.add_events(ROOT, cloning.EVENTS_BATCH + 5, 3)
        first, second = self.connection.written
        self.assertIn("MD5(CONCAT('7:aaaa-root:', seq % 3 + 1))", first)
        self.assertNotIn('`id`', first)
        self.assertIn('seq_50001_to_50005', second)
