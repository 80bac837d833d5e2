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

"""Findings, steps and reports of a rehearsal."""

import io
import pathlib
from unittest import mock

import ddt
import fixtures
import testtools

from heat_upgrade import errors
from heat_upgrade.install import releases
from heat_upgrade.rehearsal import comparison
from heat_upgrade.rehearsal import dump_summary
from heat_upgrade.rehearsal import expected_changes
from heat_upgrade.rehearsal import heat_commands
from heat_upgrade.rehearsal import heat_options
from heat_upgrade.rehearsal import lock_contention
from heat_upgrade.rehearsal import migration
from heat_upgrade.rehearsal import order as orders
from heat_upgrade.rehearsal import progress
from heat_upgrade.rehearsal import report
from heat_upgrade.rehearsal import runner
from heat_upgrade.rehearsal import workspace
from heat_upgrade.results import findings

OLD, NEW = 'c6214ca60943', '97b2a986f922'
BASE = {'revisions': [{'id': OLD, 'after': None, 'title': 'initial'}]}
TARGET = {'revisions': [
    *BASE['revisions'], {'id': NEW, 'after': OLD, 'title': 'snapshots'}]}
SNAPSHOT = comparison.Table(3, '42', {'id': '1', 'data': '2'})


def surveyed(revision=OLD, legacy=False):
    return dump_summary.Survey(
        database=None, revision=revision, legacy=legacy, tables=(), size=1,
        bytes=1, skipped={})


def path(survey_, base=BASE, target=TARGET):
    return migration.path(survey_, base, target, dump='heat.sql',
                          named=('25.0.2', '27.0.1'))


@ddt.ddt
class TestMigration(testtools.TestCase):

    def test_revisions_after_the_dumps_own_are_run(self):
        self.assertEqual([NEW], [one['id'] for one in path(surveyed())])

    def test_equal_schemas_need_no_statement(self):
        self.assertEqual([], path(surveyed(NEW), TARGET))

    @ddt.data(
        (NEW, False, 'Heat 2026.1 or 2026.2'), (None, False, 'no revision'),
        ('hunter2', False, 'no release known here'), (OLD, True, 'Zed'))
    @ddt.unpack
    def test_a_dump_of_another_release_is_named(self, revision, legacy, said):
        exc = self.assertRaises(errors.UsageError, path,
                                surveyed(revision, legacy))
        self.assertIn(said, str(exc))
        self.assertNotIn('hunter2', str(exc))

    def test_a_revision_has_its_time_and_its_statements(self):
        ran = migration.ran([
            {'time': 0.5, 'event': 'ready'},
            {'time': 1.0, 'event': 'start', 'revision': NEW},
            {'time': 2.0, 'event': 'statement', 'statement': 'ALTER',
             'rows': 3, 'seconds': 0.5},
            {'time': 3.5, 'event': 'end', 'revision': NEW}], {NEW: 'it'})
        self.assertEqual([migration.Revision(
            NEW, 'it', 2.5, 1.0, 3.5,
            [{'statement': 'ALTER', 'rows': 3, 'seconds': 0.5}])], ran)

    def test_failure_has_its_place_and_not_its_text(self):
        found = migration.of_failure({
            'revision': NEW, 'error': 'sqlalchemy.exc.OperationalError',
            'number': 1060, 'statement': 'ALTER TABLE x', 'where': ['a:1']})
        self.assertEqual((1, findings.ERROR),
                         (found.failure_class, found.severity))
        self.assertIn('error 1060 (DUP_FIELDNAME)', found.evidence)

    def test_the_longest_wait_is_that_of_a_migration(self):
        waits = lock_contention.Waits(
            'snapshot',
            lock_contention.WRITE,
            50,
            4.0,
            [(0.0, 9.0), (10.5, 2.0), (11.0, 0.3)],
        )
        ran = [migration.Revision(NEW, 'it', 3.0, 10.0, 13.0, [])]
        waited = migration.waits([waits], ran)
        self.assertEqual((2.0, NEW, 50, 12.2), tuple(
            waited[0][name] for name in ('longest_s', 'migration',
                                         'samples', 'per_second')))
        found, = migration.of_waits(waited)
        self.assertEqual((8, findings.WARNING),
                         (found.failure_class, found.severity))

    def test_a_short_wait_is_no_finding(self):
        self.assertEqual([], migration.of_waits([{
            'table': 't', 'kind': 'read', 'samples': 9, 'longest_s': 0.9,
            'migration': NEW, 'error': ''}]))

    @ddt.data(
        (lock_contention.READ, 'SELECT 1 FROM `t` WHERE `id` = %s', (7,)),
        (
            lock_contention.WRITE,
            'UPDATE `t` SET `a` = `a` WHERE `id` = %s',
            (7,),
        ),
    )
    @ddt.unpack
    def test_a_sample_touches_one_row(self, kind, sql, arguments):
        self.assertEqual((sql, arguments), lock_contention.statement(
            kind, 't', {'id': True, 'a': False}, {'id': 7}))


@ddt.ddt
class TestComparison(testtools.TestCase):

    def compare(self, after, changes=(), wrong=None):
        return comparison.compare(
            {'snapshot': SNAPSHOT}, after, changes, wrong or {})

    def test_the_same_is_no_finding(self):
        self.assertEqual([], self.compare({'snapshot': SNAPSHOT}))

    @ddt.data(
        ({}, 'is gone', 1),
        ({'snapshot': comparison.Table(2, '42', SNAPSHOT.columns)},
         'another number of rows', 1),
        ({'snapshot': comparison.Table(3, '43', {'id': '1', 'data': '3'})},
         'other content', 1),
        ({'snapshot': comparison.Table(3, '42', {'id': '1'})},
         'lost columns in db_sync: data', 5),
        ({'snapshot': comparison.Table(3, '43', SNAPSHOT.columns)},
         'other content', 1))
    @ddt.unpack
    def test_difference_is_an_error(self, after, title, failure_class):
        found, = self.compare(after)
        self.assertIn(title, found.title)
        self.assertEqual((failure_class, findings.ERROR, 'compare'),
                         (found.failure_class, found.severity, found.step))

    def test_a_changed_column_is_named(self):
        found, = self.compare({'snapshot': comparison.Table(
            3, '43', {'id': '1', 'data': '3'})})
        self.assertIn('columns that changed: data\n', found.evidence)

    def test_expected_change_is_not_a_finding(self):
        self.assertEqual([], self.compare(
            {'snapshot': comparison.Table(3, '42', {'id': '1',
                                                    'data': '3'})},
            [expected_changes.Change('snapshot', 'data', 'because')]))

    def test_change_other_than_expected_is_an_error(self):
        change = expected_changes.CHANGES[NEW][0]
        found, = self.compare({'snapshot': SNAPSHOT}, [change],
                              {('snapshot', 'action'): 4})
        self.assertIn('snapshot.action differs from', found.title)
        self.assertIn('rows that differ: 4', found.evidence)

    def test_rows_are_hashed_with_their_keys_and_without_exceptions(self):
        sql = comparison.query('t', ['id'], ['id', 'a`b'], {('t', 'a`b')})
        self.assertEqual(1, sql.split('MD5')[1].split(', 15')[0].count(
            'IFNULL('))
        self.assertEqual(2, sql.count('CRC32(CONCAT(ISNULL(`id`)'))
        self.assertIn('`a``b`', sql)

    def test_every_stated_change_has_a_series(self):
        self.assertEqual([], [one for one in expected_changes.CHANGES
                              if one not in expected_changes.SERIES])


@ddt.ddt
class TestSettings(testtools.TestCase):

    def write(self, content):
        self.path = pathlib.Path(
            self.useFixture(fixtures.TempDir()).path, 'heat.conf')
        self.path.write_bytes(content)
        return heat_options.of_files([self.path])

    def test_key_is_used_and_the_database_is_ignored(self):
        self.assertEqual(
            {'auth_encryption_key': 'k' * 32, 'plugin_dirs': '/a,/b'},
            self.write(b'[DEFAULT]\nauth_encryption_key = ' + b'k' * 32
                       + b'\nplugin_dirs = /a,/b\n[database]\n'
                       b'connection = mysql://u:hunter2@db/heat\n'))

    @ddt.data(b'[DEFAULT\nhunter2', b'hunter2', b'\xff\xfe\0hunter2')
    def test_invalid_file_is_refused_without_its_content(self, text):
        exc = self.assertRaises(errors.UsageError, self.write, text)
        self.assertNotIn('hunter2', str(exc))

    @ddt.data(1, 31, 33, 64)
    def test_key_of_a_length_that_heat_refuses_is_a_usage_error(self, size):
        exc = self.assertRaises(
            errors.UsageError, self.write,
            b'[DEFAULT]\nauth_encryption_key = ' + b'k' * size + b'\n')
        self.assertIn(f'has {size} characters', str(exc))
        self.assertNotIn('kk', str(exc))

    def test_relative_directory_starts_at_the_configuration(self):
        place = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        (place / 'plugins').mkdir()
        (place / 'heat.conf').write_text(
            '[DEFAULT]\nplugin_dirs = plugins,/usr/lib/heat\n')
        self.assertEqual(
            {'plugin_dirs': f'{place}/plugins,/usr/lib/heat'},
            heat_options.of_files([place / 'heat.conf']))

    def test_a_file_that_is_not_there_is_refused(self):
        exc = self.assertRaises(errors.UsageError, heat_options.of_files,
                                ['/none/heat.conf'])
        self.assertIn('cannot find /none/heat.conf', str(exc))


class TestReport(testtools.TestCase):

    def outcome(self, *found):
        return orders.Outcome(
            findings=list(found),
            steps=[{'name': name, 'title': title, 'outcome': 'ok',
                    'start': 0.0, 'end': 1.0}
                   for name, title in runner.STEPS.items()],
            facts={
                'dump': {'database': None, 'revision': OLD, 'bytes': 9,
                         'skipped': {'views': 2}},
                'load': {'rows': 9, 'seconds': 1.0, 'rows_per_second': 9},
                'rows': {'stack': 9}, 'upgrade_check': [],
                'revisions': [{'id': NEW, 'title': 'snapshots',
                               'seconds': 0.5, 'statements': [
                                   {'statement': 'ALTER', 'rows': 0,
                                    'seconds': 0.1}]}],
                'waits': [{'table': 't', 'kind': 'read', 'samples': 9,
                           'longest_s': 0.2, 'migration': NEW,
                           'error': ''}],
                'tables': [{'table': 't', 'rows': 1, 'rows_after': 1,
                            'same': True}],
                'stated': [{'table': 't', 'column': None, 'reason': 'x'}],
                'stacks': {'stacks': 9, 'all': 9, 'deleted': 1,
                           'encrypted': 0, 'failures': [
                               {'stack': 'id-7', 'part': 'object',
                                'error': 'ValueError', 'where': 'a:1'}]},
                'memory': {'ours': 2**20, 'server': 2**21}})

    def make(self, *found):
        order = orders.Order('heat.sql', releases.parse('25.0.2'),
                             releases.parse('27.0.1'))
        return report.make(order, self.outcome(*found),
                           words=['heat-upgrade', 'rehearse'])

    def test_a_report_is_written_for_its_owner_alone(self):
        place = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        report.write(self.make(), place)
        self.assertEqual(
            dict.fromkeys(report.FILES, 33152),
            {path.name: path.stat().st_mode for path in place.iterdir()})
        page = (place / 'report.html').read_text()
        self.assertIn('id-7', page)
        self.assertIn('ALTER', page)

    def test_the_verdict_is_that_of_the_findings(self):
        self.assertEqual('pass', self.make()['verdict'])
        found = findings.make('rehearsal.migration-fails', OLD, 't', 'e',
                              step='db-sync')
        self.assertEqual('fail', self.make(found)['verdict'])
        text = report.summary(self.make(found))
        self.assertIn(f'Remedy: {found.remedy}', text)

    def test_summary_has_the_main_numbers(self):
        text = report.summary(self.make())
        for part in ('verdict: PASS', '9 in 1.0 s',
                     'views: 2', NEW, '8 of 9 load', 'no findings'):
            self.assertIn(part, text)

    def test_a_log_has_a_line_for_each_step(self):
        stream = io.StringIO()
        with progress.display(stream, runner.STEPS) as show:
            show.step(runner.LOAD)
            show.progress(1, 2)
            show.note('9 rows')
        self.assertEqual(
            ['load: load it into a private MariaDB', '9 rows'],
            [line.partition('] ')[2].strip()
             for line in stream.getvalue().splitlines()])


class TestPrograms(testtools.TestCase):

    def test_traceback_is_reduced_to_its_class_and_place(self):
        text = heat_commands._error(
            'Traceback (most recent call last):\n'
            '  File "/e/lib/site-packages/heat/db/api.py", line 7, in x\n'
            '    raise it\n'
            'pymysql.err.DataError: (1406, "hunter2")\n')
        self.assertEqual('pymysql.err.DataError in heat/db/api.py, line 7',
                         text)

    def test_a_traceback_of_several_lines_quotes_nothing(self):
        self.assertNotIn('hunter2', heat_commands._error(
            'Traceback (most recent call last):\n'
            '  File "/e/lib/site-packages/heat/db/api.py", line 7, in x\n'
            'ValueError: a\nhunter2 is: it\n'))

    def test_no_configuration_but_ours_is_read(self):
        directory = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        there = workspace.Place(directory, 0)
        self.addCleanup(there.close)
        environment = mock.Mock(version='27.0.1')
        environment.bin.return_value = '/bin/echo'
        status, output = heat_commands.manage(
            there, environment, 'our.conf', 'heat-manage', 'db_sync',
            timeout=20)
        self.assertEqual(
            ['--config-file', 'our.conf', '--config-dir',
             str(there.data / 'no-more-configuration'), 'db_sync'],
            output.split())
        self.assertEqual([], list(
            (there.data / 'no-more-configuration').iterdir()))

    def test_a_configuration_names_the_private_database_alone(self):
        there = workspace.Place(self.useFixture(fixtures.TempDir()).path, 0)
        self.addCleanup(there.close)
        path = heat_commands.configuration(there, 'mysql+pymysql://u:p@h/d', {
            'auth_encryption_key': 'a$b'})
        self.assertEqual(0o100600, path.stat().st_mode)
        self.assertEqual(
            ['[DEFAULT]', 'auth_encryption_key = a$$b', '[database]',
             'connection = mysql+pymysql://u:p@h/d',
             'slave_connection = mysql+pymysql://u:p@h/d'],
            path.read_text().splitlines()[:5])
