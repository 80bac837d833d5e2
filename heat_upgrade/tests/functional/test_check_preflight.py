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

"""The check ``preflight`` with a real MariaDB.

The tables have the columns that the check reads; the tests of rehearsals run
the same queries on Heat's own schema.
"""

import datetime

import pymysql

from heat_upgrade.checks import check_context
from heat_upgrade.checks import preflight
from heat_upgrade.checks import private_database
from heat_upgrade.tests.functional import check_case

TABLES = """
CREATE TABLE stack (id VARCHAR(9), status VARCHAR(20), deleted_at DATETIME,
                    convergence BOOLEAN);
CREATE TABLE stack_lock (stack_id VARCHAR(9), engine_id VARCHAR(9));
CREATE TABLE resource (id INTEGER, engine_id VARCHAR(9));
CREATE TABLE snapshot (id VARCHAR(9), status VARCHAR(20), data TEXT);
CREATE TABLE service (engine_id VARCHAR(9), report_interval INTEGER,
    created_at DATETIME, updated_at DATETIME, deleted_at DATETIME);
INSERT INTO stack VALUES ('a', 'COMPLETE', NULL, 1),
    ('b', 'IN_PROGRESS', NULL, 1), ('c', 'COMPLETE', '{now}', 1);
INSERT INTO stack_lock VALUES ('a', 'gone'), ('b', 'alive');
INSERT INTO resource VALUES (1, 'gone'), (2, 'alive'), (3, NULL);
INSERT INTO snapshot VALUES ('a', 'COMPLETE', '{{}}'), ('b', 'FAILED', NULL);
INSERT INTO service VALUES ('alive', 60, '{then}', '{now}', NULL),
    ('gone', 60, '{then}', '{then}', NULL);
"""


class TestPreflight(check_case.CheckCase):

    def test_objects_of_a_running_cloud_are_counted(self):
        now = datetime.datetime.now(datetime.UTC)
        tables = TABLES.format(
            now=f'{now:%Y-%m-%d %H:%M:%S}',
            then=f'{now - datetime.timedelta(hours=1):%Y-%m-%d %H:%M:%S}')
        with private_database.mariadb_server(self.workspace, 'pre') as server:
            url = server.database('heat')
            connection = pymysql.connect(
                host='127.0.0.1', port=server.port, user='heat_test',
                password=server.account('heat_test', 'heat', 'ALL'),
                database='heat', autocommit=True)
            with connection, connection.cursor() as cursor:
                for statement in tables.split(';')[:-1]:
                    cursor.execute(statement)
            found = preflight.check(None, None, check_context.Context(
                self.workspace, check_context.OperatorInputs(
                    live_database=url)))
        self.assertEqual({
            '1 stacks in progress', '1 locks of stacks whose engine is gone',
            '1 locks of resources whose engine is gone',
            '1 deleted stacks that were not purged',
            '1 snapshots without data, which cannot be restored',
            '1 services that are down'},
            {finding.title for finding in found})
