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

"""Temporary databases of a check on an existing server."""

import contextlib
import pathlib

import fixtures
import pymysql
import testtools

from heat_upgrade.checks import external_database
from heat_upgrade import errors

URL = 'mysql+pymysql://root:p%40ss@db:3307/heat?charset=utf8'


class Connection(contextlib.AbstractContextManager):
    """Records statements; refuses those that contain a word."""

    def __init__(self, refused=None):
        self.refused = refused
        self.statements = []

    def __exit__(self, *exc):
        pass

    def cursor(self):
        return self

    def __enter__(self):
        return self

    def execute(self, statement):
        if self.refused and self.refused in statement:
            raise pymysql.err.OperationalError(1044, 'Access denied')
        self.statements.append(statement)

    def fetchone(self):
        return '8.0.36', 'Ubuntu'


class TestUrl(testtools.TestCase):

    def conf(self, text):
        path = pathlib.Path(self.useFixture(fixtures.TempDir()).path, 'heat')
        path.write_text(text)
        return path

    def test_url_comes_from_a_configuration_file(self):
        path = self.conf(f'[database]\nconnection = {URL}\n')
        self.assertEqual(URL, external_database.url_of(path))

    def test_file_without_a_connection_is_refused(self):
        error = self.assertRaises(errors.UsageError, external_database.url_of,
                                  self.conf('[DEFAULT]\n'))
        self.assertIn('[database] connection', str(error))

    def test_file_that_cannot_be_read_is_refused(self):
        self.assertRaises(
            errors.UsageError, external_database.url_of, '/no/such/file'
        )


class TestDatabases(testtools.TestCase):

    def connect(self, connection):
        def connect(**options):
            self.options = options
            return connection
        self.patch(pymysql, 'connect', connect)
        return connection

    def test_databases_are_new_and_dropped_after_the_check(self):
        connection = self.connect(Connection())
        with external_database.databases(URL, ['a', 'b']) as urls:
            self.assertEqual({'a', 'b'}, set(urls))
            for name, url in urls.items():
                self.assertRegex(
                    url, r'^mysql\+pymysql://root:p%40ss@db:3307/'
                         rf'heat_upgrade_check_\w+_{name}\?charset=utf8$')
        created, dropped = connection.statements[:2], connection.statements[2:]
        self.assertEqual(
            [statement.split('`')[1] for statement in created],
            [statement.split('`')[1] for statement in dropped])
        self.assertNotIn('`heat`', ' '.join(connection.statements))

    def test_databases_are_dropped_after_a_check_that_fails(self):
        connection = self.connect(Connection())
        with testtools.ExpectedException(KeyError):
            with external_database.databases(URL, ['a']):
                raise KeyError()
        self.assertIn('DROP', connection.statements[-1])

    def test_user_comes_from_the_url(self):
        self.connect(Connection())
        external_database.version(URL)
        self.assertEqual(('db', 3307, 'root', 'p@ss'), tuple(
            self.options[name] for name in ('host', 'port', 'user',
                                            'password')))

    def test_version_comes_from_the_server(self):
        self.connect(Connection())
        self.assertEqual('8.0.36 Ubuntu', external_database.version(URL))

    def test_user_who_may_not_create_databases_gets_an_error(self):
        connection = self.connect(Connection(refused='_b`'))
        error = self.assertRaises(errors.LabError, self._enter, ['a', 'b'])
        self.assertIn('must be allowed', str(error))
        self.assertEqual(2, len(connection.statements))

    def _enter(self, names):
        with external_database.databases(URL, names):
            self.fail('there are databases')

    def test_error_of_a_refused_login_shows_no_secret(self):
        def connect(**options):
            raise pymysql.err.OperationalError(1045, 'denied')
        self.patch(pymysql, 'connect', connect)
        error = self.assertRaises(
            errors.LabError, external_database.version, URL
        )
        self.assertIn('db:3307', str(error))
        self.assertNotIn('p@ss', str(error))

    def test_existing_database_is_only_read(self):
        connection = self.connect(Connection())
        with external_database.reader(URL) as cursor:
            cursor.execute('SELECT 1')
        self.assertEqual('heat', self.options['database'])
        self.assertEqual(['SET SESSION TRANSACTION READ ONLY', 'SELECT 1'],
                         connection.statements)

    def test_server_of_another_kind_is_refused(self):
        error = self.assertRaises(errors.LabError, external_database.version,
                                  'postgresql://a:b@db/heat')
        self.assertIn('postgresql', str(error))
