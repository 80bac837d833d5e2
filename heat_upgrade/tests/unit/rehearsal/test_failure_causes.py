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

"""Causes of failed migrations, in words."""

import ddt
from pymysql.constants import ER
import testtools

from heat_upgrade.rehearsal import failure_causes
from heat_upgrade.rehearsal import migration

# The statement of revision 88be64598c0f.
CREATE = ('CREATE TABLE resource_snapshot ( id VARCHAR(36) NOT NULL, '
          'snapshot_id VARCHAR(36) NOT NULL, PRIMARY KEY (id), FOREIGN '
          'KEY(snapshot_id) REFERENCES snapshot (id) )ENGINE=InnoDB')


def schema(default='utf8mb4_general_ci', collation='utf8mb4_general_ci',
           engine='InnoDB', table='snapshot'):
    return failure_causes.Schema(default, {(table, 'id'): collation},
                                 {table: engine})


@ddt.ddt
class TestCauses(testtools.TestCase):

    @ddt.data(
        ('utf8mb4_general_ci', 'utf8mb3_general_ci', 'utf8mb3'),
        ('utf8mb3_general_ci', 'utf8mb4_general_ci', 'utf8mb4'),
        ('utf8mb4_uca1400_ai_ci', 'utf8mb4_unicode_ci', 'utf8mb4'),
        ('latin1_swedish_ci', 'utf8mb3_unicode_ci', 'utf8mb3'))
    @ddt.unpack
    def test_key_between_collations_is_named(self, default, collation,
                                             charset):
        for number in (ER.CANT_CREATE_TABLE, ER.CANNOT_ADD_FOREIGN):
            self.assertEqual(
                f'snapshot.id is {collation}, and new tables get the default '
                f'of the database, {default}: ALTER DATABASE heat CHARACTER '
                f'SET {charset} COLLATE {collation}, before db_sync',
                failure_causes.cause(number, CREATE,
                                     schema(default, collation)))

    def test_key_to_another_engine_is_named(self):
        self.assertIn(
            'ALTER TABLE snapshot ENGINE=InnoDB', failure_causes.cause(
                ER.CANT_CREATE_TABLE, CREATE, schema(engine='MyISAM')))

    def test_key_to_a_table_that_is_left_out_is_named(self):
        self.assertIn('table snapshot is missing', failure_causes.cause(
            ER.CANT_CREATE_TABLE, CREATE, schema(table='stack')))

    @ddt.data(
        (ER.TABLE_EXISTS_ERROR, CREATE, 'table resource_snapshot: the table '
         'is there already: an earlier db_sync stopped half way'),
        (ER.DUP_FIELDNAME, 'ALTER TABLE snapshot ADD COLUMN action '
         'VARCHAR(255)', 'table snapshot: the column is there already'),
        (ER.CANT_DROP_FIELD_OR_KEY, 'ALTER TABLE `stack` DROP KEY x',
         'table stack: the migration removes a key'),
        (ER.TRUNCATED_WRONG_VALUE, 'ALTER TABLE event ADD x INT', '0000-00'))
    @ddt.unpack
    def test_other_errors_have_words(self, number, statement, said):
        self.assertIn(said, failure_causes.cause(number, statement, schema()))

    @ddt.data((None, ''), (9999, CREATE), (ER.CANT_CREATE_TABLE, CREATE),
              (ER.CANT_CREATE_TABLE, 'CREATE TABLE x (id INT)'))
    @ddt.unpack
    def test_cause_that_is_not_known_is_not_made_up(self, number, statement):
        self.assertEqual('', failure_causes.cause(number, statement,
                                                  schema()))

    def test_finding_begins_with_the_cause(self):
        failure = {'revision': 'r', 'error': 'e', 'number': 1005,
                   'statement': '', 'where': []}
        self.assertTrue(migration.of_failure(failure, 'because').evidence
                        .startswith('cause: because\nerror: e'))
        self.assertTrue(migration.of_failure(failure).evidence.startswith(
            'error: e'))
