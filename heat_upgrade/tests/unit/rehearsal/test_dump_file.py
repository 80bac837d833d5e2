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

"""The summary of a dump, and the statements that are executed."""

import ddt
import fixtures
import testtools

from heat_upgrade import errors
from heat_upgrade.rehearsal import dump_summary
from heat_upgrade.rehearsal import loading
from heat_upgrade.rehearsal import row_reader
from heat_upgrade.rehearsal import statement_filter
from heat_upgrade.rehearsal import workspace
from heat_upgrade.tests.unit.support import dumps
from tools import dump_generator

TABLE = b'CREATE TABLE `t` (\n  `id` int(11) NOT NULL%s\n) ENGINE=%s'


def quiet(done, size):
    pass


@ddt.ddt
class TestDump(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.place = self.useFixture(fixtures.TempDir()).path

    def survey(self, text, **options):
        self.path = dumps.write(self.place, dumps.HEAD + text + dumps.TAIL)
        return dump_summary.survey(self.path, **options)

    def executed(self, text):
        found = self.survey(text)
        return [(kind, name) for _, kind, name, _ in loading.to_execute(
            self.path, found, quiet)]

    def refused(self, text, **options):
        return str(self.assertRaises(errors.UsageError, self.survey, text,
                                     **options))

    def test_a_survey_has_the_revision_and_the_tables(self):
        found = self.survey(dumps.heat('97b2a986f922'))
        self.assertEqual(
            (None, '97b2a986f922', False,
             ('alembic_version', 'event', 'raw_template', 'resource',
              'stack')),
            (found.database, found.revision, found.legacy, found.tables))

    def revisions(self, *rows):
        return dumps.heat().replace("('c6214ca60943')", ',\n'.join(
            f"('{row}')" for row in rows))

    def test_database_with_two_heads_is_refused_with_the_remedy(self):
        text = self.refused(self.revisions('c6214ca60943', '97b2a986f922'))
        self.assertIn('2 revisions (c6214ca60943, 97b2a986f922)', text)
        self.assertIn('heat-manage db_version', text)

    def test_revision_that_is_there_twice_is_refused_with_the_remedy(self):
        text = self.refused(self.revisions('c6214ca60943', 'c6214ca60943'))
        self.assertIn('DELETE FROM alembic_version LIMIT 1', text)

    def test_dump_without_the_table_event_says_how_to_make_it(self):
        text = self.refused(dumps.heat().replace('`event`', '`ignored`'))
        self.assertIn('--ignore-table-data=heat.event', text)

    def test_survey_lists_the_skipped_statements(self):
        found = self.survey(dumps.heat() + '''
/*!50001 CREATE ALGORITHM=UNDEFINED */
/*!50013 DEFINER=`root`@`%` SQL SECURITY DEFINER */
/*!50001 VIEW `v` AS SELECT 1 */;
GRANT ALL ON *.* TO `x`@`%`;
CREATE USER `x`@`%` IDENTIFIED BY 'hunter2';
CHANGE MASTER TO MASTER_LOG_FILE='x';
DELIMITER ;;
CREATE DEFINER=`root`@`%` TRIGGER t BEFORE INSERT ON s FOR EACH ROW BEGIN END;;
DELIMITER ;
SET @@GLOBAL.GTID_PURGED='a:1';
''')
        self.assertEqual({
            'views': 1, 'accounts or privileges': 2,
            'positions of replication': 1,
            'triggers, routines or events': 1}, found.skipped)

    def test_of_a_server_heats_database_alone_is_executed(self):
        executed = self.executed(
            dumps.use('keystone') + dumps.table('local_user', ['id'], '1')
            + dumps.use('heat') + dumps.heat()
            + dumps.use('nova') + dumps.table('stack', ['id'], '1'))
        self.assertEqual(
            {'alembic_version', 'event', 'raw_template', 'resource',
             'stack'}, {name for _, name in executed})
        self.assertEqual(5, sum(kind is statement_filter.Kind.INSERT
                                for kind, _ in executed))

    def test_definitions_and_rows_and_removals_are_all_that_is_executed(self):
        self.assertEqual(
            {
                statement_filter.Kind.DROP,
                statement_filter.Kind.CREATE,
                statement_filter.Kind.INSERT,
            },
            {kind for kind, _ in self.executed(dumps.heat())},
        )

    @ddt.data(
        ('nova', 'instances', 'Nova'), ('neutron', 'ports', 'Neutron'),
        ('keystone', 'assignment', 'Keystone'), ('x', 'y', 'none of'))
    @ddt.unpack
    def test_a_dump_of_another_service_is_named(self, database, table, said):
        self.assertIn(said, self.refused(dumps.table(table, ['id'])))

    def test_two_databases_of_heat_need_a_name(self):
        text = (dumps.use('heat') + dumps.heat()
                + dumps.use('old') + dumps.heat('x'))
        self.assertIn('heat, old; name one with --database',
                      self.refused(text))
        self.assertEqual('x', self.survey(text, database='old').revision)
        self.assertIn('has no database no; it has heat, old',
                      self.refused(text, database='no'))

    def test_dump_without_definitions_is_refused(self):
        self.assertIn('defines no table', self.refused(
            'INSERT INTO `stack` VALUES (1);\n'))

    @ddt.data(
        ('SET NAMES latin1;', 'latin1'),
        ("SET SQL_MODE='ANSI_QUOTES';", 'ANSI_QUOTES'),
        ("/*!40101 SET SQL_MODE='x,NO_BACKSLASH_ESCAPES' */;",
         'NO_BACKSLASH_ESCAPES'))
    @ddt.unpack
    def test_settings_that_change_strings_are_refused(self, text, said):
        self.assertIn(said, self.refused(f'{text}\n{dumps.heat()}'))

    @ddt.data(b'utf8', b'utf8mb3', b'utf8mb4', b'binary')
    def test_utf8_is_accepted(self, name):
        self.assertIn(
            statement_filter.charset(b'SET NAMES ' + name),
            statement_filter.UTF8,
        )

    def test_any_engine_becomes_innodb(self):
        self.assertTrue(statement_filter.definition(TABLE % (
            b'', b'FEDERATED')).endswith(b'ENGINE=InnoDB'))

    @ddt.data(
        b" COMMENT 'ENGINE=MyISAM SELECT'", b' CHECK (`id` in (0,1))',
        b' COLLATE utf8mb4_general_ci')
    def test_a_plain_definition_is_executed_as_it_is(self, extra):
        text = TABLE % (extra, b'InnoDB')
        self.assertEqual(text, statement_filter.definition(text))

    def test_collations_of_mysql_8_become_like_ones(self):
        self.assertIn(
            b' COLLATE utf8mb4_uca1400_nopad_ai_ci',
            statement_filter.definition(TABLE % (
                b' COLLATE utf8mb4_0900_ai_ci', b'InnoDB')))

    @ddt.data(
        b"InnoDB DATA DIRECTORY='/etc'", b"CONNECT CONNECTION='mysql://x'",
        b'InnoDB AS SELECT * FROM mysql.user', b'MERGE UNION=(a,b)',
        b'InnoDB; DROP TABLE x')
    def test_a_definition_that_is_more_than_a_table_is_not_executed(self, it):
        self.assertIsNone(statement_filter.definition(TABLE % (b'', it)))

    def test_a_key_into_another_database_is_not_executed(self):
        self.assertIsNone(statement_filter.definition(TABLE % (
            b', FOREIGN KEY (`id`) REFERENCES `mysql`.`user` (`x`)',
            b'InnoDB')))

    @ddt.data(
        (b'/*!40101 SET NAMES utf8 */', b'SET NAMES utf8'),
        (b'CREATE /*!80016 x */ TABLE', b'CREATE   TABLE'),
        (b'CREATE /*M!100100 x */TABLE', b'CREATE   x  TABLE'),
        (b'CREATE /*M!999999 x */TABLE', b'CREATE  TABLE'),
        (b"'/*!40101 x */'", b"'/*!40101 x */'"), (b'a/* b */c', b'a c'))
    @ddt.unpack
    def test_executable_comments_are_seen_as_mariadb_does(self, text, seen):
        self.assertEqual(seen, statement_filter.plain(text))

    @ddt.data(
        (b'CREATE TABLE `t` (`a` text CHARACTER SET latin1) ENGINE=InnoDB '
         b'DEFAULT CHARSET=utf8mb3', 'CHARACTER SET utf8mb3'),
        (b'CREATE TABLE `t` (`a` text) DEFAULT CHARSET=utf8mb4 '
         b'COLLATE=utf8mb4_0900_ai_ci',
         'CHARACTER SET utf8mb4 COLLATE utf8mb4_uca1400_nopad_ai_ci'),
        (b'CREATE DATABASE  IF NOT EXISTS `x`  DEFAULT CHARACTER SET utf8 '
         b'COLLATE utf8_bin', 'CHARACTER SET utf8 COLLATE utf8_bin'),
        (b"CREATE TABLE `t` (`a` text) COMMENT='CHARSET=x'", ''))
    @ddt.unpack
    def test_new_tables_get_the_character_set_of_the_old(self, text, said):
        self.assertEqual(said, statement_filter.default_charset(text))

    def test_database_has_its_own_character_set(self):
        self.assertEqual('CHARACTER SET utf8mb4', self.survey(
            dumps.heat()).charset.partition(' COLLATE')[0])
        self.assertEqual('CHARACTER SET latin1', self.survey(
            dumps.use('heat').replace('utf8mb4', 'latin1')
            + dumps.heat()
            + dumps.use('nova').replace('utf8mb4', 'utf8mb3')
            + '\nUSE `heat`;\n').charset)

    def test_a_generated_dump_is_the_same_each_time(self):
        paths = [f'{self.place}/{name}' for name in ('a.sql.gz', 'b.sql.gz')]
        counts = [dump_generator.write(path, stacks=20, events=100)
                  for path in paths]
        self.assertEqual(*[open(path, 'rb').read() for path in paths])
        self.assertEqual(counts[0], counts[1])
        self.assertEqual((20, 100, 36), tuple(counts[0][name] for name in (
            'stack', 'event', 'resource')))

    @ddt.data('.sql', '.sql.gz', '.sql.zst')
    def test_generated_dump_is_complete(self, suffix):
        path = f'{self.place}/dump{suffix}'
        counts = dump_generator.write(path, stacks=20, events=100)
        found = dump_summary.survey(path)
        self.assertEqual((dump_generator.REVISION, set(counts)),
                         (found.revision, set(found.tables)))
        self.assertEqual(
            {name: len(list(row_reader.rows(path, name))) for name in counts},
            counts)

    def test_a_disk_that_is_too_small_is_refused_at_once(self):
        exc = self.assertRaises(errors.UsageError, workspace.Place, self.place,
                                2**60)
        self.assertIn('of free space; this dump needs', str(exc))

    def test_a_place_too_deep_for_a_socket_is_refused(self):
        exc = self.assertRaises(errors.UsageError, workspace.Place,
                                f'{self.place}/{"x" * 90}', 0)
        self.assertIn('too long for a socket', str(exc))
