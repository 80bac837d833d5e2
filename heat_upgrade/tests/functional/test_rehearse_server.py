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

"""The comparison and the samples of a rehearsal, on a real server."""

import pathlib
import time

import ddt
import fixtures
import pymysql
import testtools

from heat_upgrade.lab.services import mariadb
from heat_upgrade.rehearsal import comparison
from heat_upgrade.rehearsal import dump_summary
from heat_upgrade.rehearsal import loading
from heat_upgrade.rehearsal import lock_contention
from heat_upgrade.rehearsal import migration
from heat_upgrade.rehearsal import workspace
from tools import dump_generator


@ddt.ddt
class TestOnServer(testtools.TestCase):
    def setUp(self):
        super().setUp()
        directory = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        dump = directory / 'heat.sql'
        dump_generator.write(dump, stacks=20, events=100)
        place = workspace.Place(directory, 0)
        self.addCleanup(place.close)
        self.server = mariadb.MariaDB(place)
        self.server.start()
        self.server.wait_ready()
        loading.load(
            dump, self.server, 'heat', survey=dump_summary.survey(dump)
        )

    def connect(self):
        return pymysql.connect(unix_socket=str(self.server.socket),
                               user='root', database='heat')

    def described(self, tables=None):
        with self.connect() as connection, connection.cursor() as cursor:
            return comparison.describe(
                cursor, tables or comparison.columns(cursor))

    def execute(self, *statements):
        for statement in statements:
            self.server.execute(statement, database='heat')

    @ddt.data(
        ('UPDATE event SET resource_name = NULL WHERE id = 3',
         'event has other content', 'changed: resource_name\n'),
        ("UPDATE stack SET name = CONCAT(name, ' ') WHERE id LIKE '%7'",
         'stack has other content', 'changed: name\n'),
        # Two rows that change their places, of the same length.
        ("UPDATE event SET physical_resource_id = IF(physical_resource_id = "
         "'stack-0-000000000003', 'stack-0-000000000004', "
         "'stack-0-000000000003') WHERE id IN (3, 4)",
         'event has other content', 'changed: physical_resource_id\n'),
        ("UPDATE resource SET rsrc_metadata = '{ }' WHERE id = 1",
         'resource has other content', 'changed: rsrc_metadata\n'),
        ('DELETE FROM event WHERE id = 9', 'event has another number of', ''),
        ('ALTER TABLE event DROP resource_type', 'event lost columns', ''),
        ('DROP TABLE stack_tag', 'stack_tag is gone', ''))
    @ddt.unpack
    def test_changed_content_is_found(self, statement, title, evidence):
        before = self.described()
        self.execute(statement)
        found, = comparison.compare(before, self.described(), (), {})
        self.assertIn(title, found.title)
        self.assertIn(evidence, found.evidence)

    @ddt.data(
        'ALTER TABLE event ADD more INT, MODIFY resource_name TEXT',
        'ALTER TABLE event ENGINE=InnoDB, ORDER BY uuid',
        'ALTER TABLE resource_data CONVERT TO CHARACTER SET utf8mb3',
        'CREATE INDEX more ON event (resource_name)')
    def test_unchanged_content_is_not_reported(self, statement):
        before = self.described()
        with self.connect() as connection, connection.cursor() as cursor:
            tables = comparison.columns(cursor)
        self.execute(statement)
        self.assertEqual([], comparison.compare(
            before, self.described(tables), (), {}))

    @ddt.data(
        # A write to a child locks its parent too.
        ('LOCK TABLES stack WRITE',
         {('stack', 'read'), ('stack', 'write'), ('event', 'write')}),
        ('BEGIN', set()),
        ("UPDATE stack SET name = 'x'", {('stack', 'write')}))
    @ddt.unpack
    def test_waits_are_those_of_what_is_locked(self, statement, waiting_):
        with self.connect() as connection, connection.cursor() as cursor:
            tables = {table: columns for table, columns
                      in comparison.columns(cursor).items()
                      if table in ('stack', 'event')}
            with lock_contention.Sampling(self.connect, tables) as samples:
                samples.start()
                start = time.monotonic()
                cursor.execute(statement)
                # Held for this long: that is what is to be seen.
                time.sleep(1.5)
                connection.rollback()
                cursor.execute('UNLOCK TABLES')
                end = time.monotonic()
        ran = [migration.Revision('r', 't', end - start, start, end, [])]
        self.assertEqual(waiting_, {
            (one['table'], one['kind'])
            for one in migration.waits(samples.waits, ran)
            if one['longest_s'] > 1.2})
