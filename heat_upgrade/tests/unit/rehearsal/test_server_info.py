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

"""Facts about a server that a dump does not carry."""

import dataclasses
import pathlib

import ddt
import fixtures
import testtools

from heat_upgrade import errors
from heat_upgrade.rehearsal import default_charset
from heat_upgrade.rehearsal import dump_summary
from heat_upgrade.rehearsal import lost_in_dump
from heat_upgrade.rehearsal import server_info
from heat_upgrade.rehearsal import statement_filter
from heat_upgrade.tests.unit.support import dumps

# The first line has the names of the columns.
BATCH = ('charset\tDEFAULT_CHARACTER_SET_NAME\n'
         'charset\tutf8mb3\ncollation\tutf8mb3_general_ci\n'
         'version\t10.11.6-MariaDB\nsql_mode\tSTRICT_TRANS_TABLES\n'
         'key event.x_event\tstack\nkey stack.gone\traw_template\n')
TABLE = """\
+-----------+--------------------+
| charset   | utf8mb3            |
| collation | utf8mb3_general_ci |
+-----------+--------------------+
"""
SURVEY = dump_summary.Survey(
    database=None, revision='x', legacy=False, tables=(), size=1, bytes=1,
    skipped={}, charset='CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci',
    has_default=False)


@ddt.ddt
class TestServerInfo(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.place = pathlib.Path(self.useFixture(fixtures.TempDir()).path)

    def read(self, text):
        path = self.place / 'info.txt'
        path.write_text(text)
        return server_info.read(path)

    @ddt.data(BATCH, TABLE)
    def test_answer_is_read_with_tabs_or_with_bars(self, text):
        self.assertEqual(
            'CHARACTER SET utf8mb3 COLLATE utf8mb3_general_ci',
            self.read(text).default)

    def test_answer_has_the_version_and_the_keys(self):
        info = self.read(BATCH)
        self.assertEqual(
            ('10.11.6-MariaDB', {'event.x_event', 'stack.gone'}),
            (info.version, info.keys))

    @ddt.data('', 'charset\tutf8mb3\n', 'hunter2',
              'charset\tutf8;DROP\ncollation\tx\n',
              'charset\tNULL \'x\ncollation\tx\n')
    def test_other_text_is_refused_and_not_executed(self, text):
        exc = self.assertRaises(errors.UsageError, self.read, text)
        self.assertIn('is not the output of the query', str(exc))
        self.assertNotIn('hunter2', str(exc))

    def test_missing_file_is_refused(self):
        self.assertRaises(errors.UsageError, server_info.read,
                          self.place / 'none')

    def test_query_is_the_one_of_the_documentation(self):
        page = pathlib.Path(__file__).parents[4] / (
            'doc/source/user/rehearse.rst')
        words = ' '.join(page.read_text().split())
        self.assertIn(' '.join(server_info.QUERY.split()), words)

    def survey(self, text):
        path = dumps.write(self.place, dumps.HEAD + text + dumps.TAIL)
        return dump_summary.survey(path)

    def test_default_of_the_server_replaces_the_guess(self):
        survey = self.survey(dumps.heat())
        self.assertFalse(survey.has_default)
        completed = lost_in_dump.completed(survey, self.read(BATCH))
        self.assertEqual(
            (True, 'CHARACTER SET utf8mb3 COLLATE utf8mb3_general_ci'),
            (completed.has_default, completed.charset))
        self.assertIs(survey, lost_in_dump.completed(survey, None))

    @ddt.data(('utf8mb3 COLLATE utf8mb3_general_ci', False, True),
              ('utf8mb4 COLLATE utf8mb4_unicode_ci', False, True),
              ('latin1', False, True),
              ('utf8mb3 COLLATE utf8mb3_general_ci', True, False),
              ('utf8mb4 COLLATE utf8mb4_general_ci', False, False),
              ('utf8mb4 COLLATE utf8mb4_uca1400_nopad_ai_ci', False, False))
    @ddt.unpack
    def test_default_is_guessed_or_not(self, charset, known, expected):
        self.assertEqual(expected, default_charset.is_guessed(
            dataclasses.replace(SURVEY, charset=f'CHARACTER SET {charset}',
                                has_default=known)))

    def test_dump_of_several_databases_has_the_default(self):
        self.assertTrue(self.survey(
            dumps.use('heat') + dumps.heat()).has_default)

    def test_keys_that_the_dump_lacks_are_told(self):
        survey = self.survey(dumps.heat())
        self.assertIn('event.x_event', survey.keys)
        found, = lost_in_dump.findings_of(survey, self.read(BATCH), 'read')
        self.assertEqual(('warning', 'rehearsal.keys-left-out', 'stack.gone'),
                         (found.severity, found.rule, found.evidence))

    def test_dump_with_all_keys_is_no_finding(self):
        survey = self.survey(dumps.heat())
        for info in (None, self.read(TABLE)):
            self.assertEqual([], lost_in_dump.findings_of(survey, info, 'x'))

    def test_engine_that_the_server_lacks_is_told(self):
        found, = lost_in_dump.findings_of(self.survey(dumps.heat().replace(
            'ENGINE=InnoDB', 'ENGINE=ROCKSDB', 1)), None, 'read')
        self.assertEqual('table alembic_version: ROCKSDB, rehearsed as '
                         'InnoDB', found.evidence)

    @ddt.data((b'MyISAM', b'MyISAM'), (b'innodb', b'innodb'),
              (b'Aria', b'Aria'), (b'ROCKSDB', b'InnoDB'),
              (b'CONNECT', b'InnoDB'), (b'FEDERATED', b'InnoDB'))
    @ddt.unpack
    def test_engine_is_kept_if_the_server_has_it(self, engine, expected):
        text = b"CREATE TABLE `a` (`b` int COMMENT 'ENGINE=x') ENGINE=%s"
        self.assertEqual(text % expected,
                         statement_filter.definition(text % engine))
