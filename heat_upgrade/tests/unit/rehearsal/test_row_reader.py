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

"""The rows of a table of a dump, and files that are not dumps."""

import os

import ddt
import fixtures
import testtools

from heat_upgrade import errors
from heat_upgrade.rehearsal import row_reader
from heat_upgrade.rehearsal import tokenizer
from heat_upgrade.tests.unit.support import dumps

SECRET = 'hunter2'


@ddt.ddt
class TestReader(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.place = self.useFixture(fixtures.TempDir()).path

    def rows(self, text, table='stack', *, packing=None, **options):
        path = dumps.write(self.place, text, packing=packing)
        return list(row_reader.rows(path, table, **options))

    def refused(self, text, **options):
        """Return the text of the error that a dump is refused with."""
        exc = self.assertRaises(errors.UsageError, self.rows, text, **options)
        self.assertNotIn(SECRET, str(exc))
        return str(exc)

    @ddt.data(None, 'gzip', 'zstd')
    def test_rows_are_dicts_whatever_the_file_is_packed_with(self, packing):
        self.assertEqual(
            [{'id': '1', 'name': 'a'}, {'id': '2', 'name': None}],
            self.rows(dumps.HEAD + dumps.table(
                'stack', ['id', 'name'], "'1','a'", "'2',NULL")
                + dumps.TAIL, packing=packing))

    @ddt.data(
        ("'it\\'s'", "it's"), ("'it''s'", "it's"), (r"'a\\nb\n'", 'a\\nb\n'),
        ("'a;b'", 'a;b'), ("'-- no comment'", '-- no comment'),
        ("'/*!50000 none */'", '/*!50000 none */'), ("'),(1'", '),(1'),
        ('NULL', None), ('-12', -12), ('1.5e3', 1500.0), ('0x6162', 'ab'),
        ("_binary 'ab'", 'ab'), ("''", ''), ("'größe €'", 'größe €'),
        ("x'6162'", 'ab'), ('0xFF', b'\xff'), (r"'\0\Z\t\"'", '\0\x1a\t"'))
    @ddt.unpack
    def test_value_is_that_which_the_server_stores(self, written, value):
        self.assertEqual([{'id': 1, 'v': value, 'w': 2}], self.rows(
            dumps.HEAD + dumps.table('stack', ['id', 'v', 'w'],
                                     f'1,{written},2') + dumps.TAIL))

    def test_bytes_that_are_no_text_stay_bytes(self):
        text = (dumps.HEAD + dumps.table('stack', ['id'], "'@'") + dumps.TAIL)
        self.assertEqual(
            [{'id': b'\x80\x03'}],
            self.rows(text.encode().replace(b"'@'", b"'\x80\x03'")))

    def test_columns_are_those_of_the_insert_if_it_names_them(self):
        text = dumps.table('stack', ['id', 'name'], "'a',1").replace(
            'INTO `stack` VALUES', 'INTO `stack` (`name`, `id`) VALUES')
        self.assertEqual([{'name': 'a', 'id': 1}],
                         self.rows(dumps.HEAD + text + dumps.TAIL))

    def test_database_with_heats_tables_is_selected(self):
        text = (dumps.HEAD + dumps.use('nova')
                + dumps.table('stack', ['id'], "'nova'")
                + dumps.use('orchestration') + dumps.heat() + dumps.TAIL)
        self.assertEqual([{'id': 's', 'name': 'x'}], self.rows(text))
        self.assertEqual([{'id': 'nova'}],
                         self.rows(text, database='nova'))

    def test_no_database_of_heat_is_an_error_with_those_that_there_are(self):
        text = self.refused(dumps.HEAD + dumps.use('nova') + dumps.table(
            'instances', ['id'], f"'{SECRET}'") + dumps.TAIL)
        self.assertIn('no database of Heat', text)
        self.assertIn('nova', text)

    def test_a_statement_may_be_longer_than_what_is_read_at_once(self):
        long = 'x' * (3 * tokenizer.CHUNK)
        self.assertEqual([{'id': long}, {'id': 'y'}], self.rows(
            dumps.HEAD + dumps.table('stack', ['id'], f"'{long}'", "'y'")
            + dumps.TAIL))

    def test_routines_with_delimiters_of_their_own_are_skipped(self):
        text = (dumps.HEAD + 'DELIMITER ;;\n/*!50003 CREATE TRIGGER t BEFORE '
                'INSERT ON stack FOR EACH ROW BEGIN SET @a = 1; END */;;\n'
                'DELIMITER ;\n' + dumps.table('stack', ['id'], '1')
                + dumps.TAIL)
        self.assertEqual([{'id': 1}], self.rows(text))

    @ddt.data('LOAD DATA LOCAL INFILE "/etc/passwd" INTO TABLE stack',
              'SELECT "hunter2" INTO OUTFILE "/tmp/x"', 'system id hunter2',
              'source /etc/passwd', '\\! id', 'UPDATE stack SET id = 1',
              'CREATE TABLE x SELECT "hunter2"', 'DELETE FROM stack',
              'INSERT INTO heat.stack VALUES ("hunter2")',
              'INSERT INTO `a`.`stack` VALUES ("hunter2")',
              'INSERT INTO `stack` SELECT "hunter2"', 'CALL hunter2()',
              'INSERT INTO `stack` VALUES (LOAD_FILE("hunter2"))',
              "INSERT INTO `stack` VALUES ('hunter2'), (SLEEP(9))",
              "INSERT INTO `stack` VALUES ('a' /*!, (SLEEP(9)) */)",
              'XA START "hunter2"', 'PREPARE x FROM "hunter2"',
              'RENAME TABLE stack TO stack2', 'HANDLER stack OPEN',
              'pager cat', 'delete', '/*!50000 DO SLEEP(9) */')
    def test_statement_that_no_dump_has_is_refused(self, statement):
        text = self.refused(dumps.HEAD + dumps.heat(
            extra=f'{statement};\n') + dumps.TAIL)
        self.assertRegex(text, 'statement that begins on line [0-9]+ ')

    @ddt.data(
        (b'', 'is empty'), (b' \n', 'is empty'), (b'BZh9xxxxxxx', 'bzip2'),
        ((dumps.HEAD + 'é').encode('utf-16'), 'UTF-16'),
        (dumps.HEAD.encode('utf-16-le'), 'UTF-16'),
        (b'\x7fELF\0\0\0\1' + b'x' * 99, 'is not a text'),
        (b'PK\x03\x04xxxxxxxxxxxxxxxx', 'zip'), (b'hunter2\n', 'is cut off'),
        (b'--\n-- PostgreSQL database dump\n--', 'PostgreSQL'),
        (b'hunter2 is it;\n', 'is not a statement'))
    @ddt.unpack
    def test_file_that_is_not_a_dump_is_refused(self, content, text):
        self.assertIn(text, self.refused(content))

    @ddt.data((None, ''), (-300, ''), (None, dumps.TAIL + 'COMMIT;'))
    @ddt.unpack
    def test_a_dump_without_its_last_line_is_cut_off(self, end, more):
        self.assertIn('is cut off', self.refused(
            dumps.HEAD + dumps.heat()[:end] + more))

    @ddt.data('gzip', 'zstd')
    def test_a_packed_file_without_its_end_is_cut_off(self, packing):
        rows = [os.urandom(40).hex() for _ in range(500)]
        path = dumps.write(self.place, dumps.HEAD + dumps.table(
            'stack', ['id'], *(f"'{row}'" for row in rows)) + dumps.TAIL,
            packing=packing)
        os.truncate(path, path.stat().st_size - 100)
        exc = self.assertRaises(errors.UsageError, list,
                                row_reader.rows(path, 'stack'))
        self.assertIn('is cut off', str(exc))

    @ddt.data('gzip', 'zstd')
    def test_a_packed_file_with_other_bytes_is_damaged(self, packing):
        path = dumps.write(self.place, dumps.HEAD + dumps.heat()
                           + dumps.TAIL, packing=packing)
        content = bytearray(path.read_bytes())
        content[60:120] = bytes(60)
        path.write_bytes(content)
        exc = self.assertRaises(errors.UsageError, list,
                                row_reader.rows(path, 'stack'))
        self.assertRegex(str(exc), 'is (damaged|cut off): ')

    def test_a_file_that_is_not_there_is_an_error_with_its_name(self):
        exc = self.assertRaises(errors.UsageError, list, row_reader.rows(
            f'{self.place}/none.sql', 'stack'))
        self.assertIn('none.sql cannot be read: No such file', str(exc))

    def test_a_pipe_or_directory_is_no_dump(self):
        os.mkfifo(f'{self.place}/pipe')
        for path in (self.place, f'{self.place}/pipe'):
            exc = self.assertRaises(errors.UsageError, list,
                                    row_reader.rows(path, 'stack'))
            self.assertIn('is not a file', str(exc))
