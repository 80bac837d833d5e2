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

"""Rows of one release are compared with the readings of the other."""

import base64
import json
import pathlib
import sqlite3
import zlib

import ddt
import fixtures
import testtools

from heat_upgrade.checks.rpc import persisted_objects
from heat_upgrade.checks.rpc import shapes
from heat_upgrade.results import findings

FACTS = {'sync points: nodes still waited for': {'halfway 3': ['1/True']},
         'stored context: trust_id': {'done': 'a-trust'},
         'snapshots: template to restore': {'done one': ['x']}}


class Database(fixtures.Fixture):
    """A small database, as ``rows.py`` returns one."""

    def __init__(self, **tables):
        self.tables = tables

    def _setUp(self):
        path = pathlib.Path(self.useFixture(fixtures.TempDir()).path, 'db')
        with sqlite3.connect(path) as database:
            for table, rows in self.tables.items():
                columns = list(rows[0])
                database.execute(
                    f'CREATE TABLE {table} ({", ".join(columns)})')
                for row in rows:
                    database.execute(
                        f'INSERT INTO {table} VALUES '
                        f'({", ".join("?" * len(columns))})',
                        list(row.values()))
        database.close()
        self.packed = base64.b64encode(zlib.compress(
            path.read_bytes())).decode()


@ddt.ddt
class TestShapes(testtools.TestCase):

    def of(self, **tables):
        return shapes.of(self.useFixture(Database(**tables)).packed)

    def test_columns_keys_and_types_are_named(self):
        self.assertEqual(
            {'snapshot.id': {'text'}, 'snapshot.data': {'object'},
             'snapshot.data.files': {'object'},
             'snapshot.data.tags': {'list'}, 'snapshot.data.tags[]': {'text'},
             'snapshot.data.n': {'number'}},
            self.of(snapshot=[{'id': 'x', 'data': json.dumps(
                {'files': {'own': 1}, 'tags': ['a'], 'n': 1.5})}]))

    def test_ids_are_left_out_of_keys(self):
        self.assertIn(
            'sync_point.input_data.tuple:(#, True)',
            self.of(sync_point=[{'input_data': json.dumps(
                {'tuple:(17, True)': None})}]))

    def test_null_has_no_type(self):
        self.assertEqual({'a.b': set()}, self.of(a=[{'b': None}]))
        self.assertEqual({'a.b': set()}, self.of(a=[{'b': 'null'}]))

    def test_text_that_only_looks_like_json_is_text(self):
        self.assertEqual({'a.b': {'text'}}, self.of(a=[{'b': '{x'}]))

    @ddt.data(
        ({'a.b': {'text'}}, {'a.b': {'text'}, 'a.c': {'text'}}, {}),
        ({'a.b': {'text', 'list'}}, {'a.b': {'text'}}, {}),
        ({'a.b': {'text'}}, {'a.b': {'text', 'list'}},
         {'a.b': ({'text'}, {'text', 'list'})}),
        ({'a.b': {'text'}}, {'a.b': set()}, {'a.b': ({'text'}, set())}),
        ({'a.b': {'text'}}, {}, {'a.b': ({'text'}, set())}),
        ({'a.b': {'text'}}, {'a.b': {'list'}},
         {'a.b': ({'text'}, {'list'})}),
        ({'a.b': {'object'}, 'a.b.c': {'text'}}, {},
         {'a.b': ({'object'}, set())}))
    @ddt.unpack
    def test_key_that_is_no_longer_written_is_a_difference(
            self, before, after, expected):
        self.assertEqual(expected, shapes.differences(before, after))


class TestStored(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.rows = [{'wrote': {'done': None}, 'database': self.useFixture(
            Database(user_creds=[{'trust_id': 't', 'tenant': 'p'}])).packed}
            for _ in range(2)]
        self.own, self.other = (
            [{'stacks': 1, 'failed': [],
              'facts': {kind: dict(items) for kind, items in FACTS.items()}}
             for _ in range(2)] for _ in range(2))

    def found(self):
        return persisted_objects.findings(
            *(
                persisted_objects.Side(
                    role,
                    name,
                    self.rows[number],
                    self.own[number],
                    self.other[number],
                )
                for number, (role, name) in enumerate(
                    (('base', '1.0.0'), ('target', '2.0.0'))
                )
            )
        )

    def summary(self):
        return [(finding.severity, finding.failure_class, finding.title)
                for finding in self.found()]

    def test_equal_readings_are_not_reported(self):
        self.assertEqual([], self.found())

    def test_different_reading_of_the_target_is_of_class_old_stacks(self):
        self.other[1]['facts']['stored context: trust_id'] = {'done': None}
        self.assertEqual(
            [(findings.ERROR, 2, '[stored context: trust_id] data that the '
              'base writes is read differently by the target')],
            self.summary())

    def test_different_reading_of_the_base_is_of_class_rpc(self):
        self.other[0]['facts']['stored context: trust_id'] = {'done': 'x'}
        self.assertEqual(
            [(findings.ERROR, 5, '[stored context: trust_id] data that the '
              'target writes is read differently by the base')],
            self.summary())

    def test_missing_fact_is_an_error(self):
        del self.other[1]['facts']['stored context: trust_id']
        found, = self.found()
        self.assertIn('(not read at all)', found.evidence)

    def test_fact_that_only_the_reader_knows_is_not_reported(self):
        self.other[1]['facts']['more: than before'] = {'done': 1}
        self.assertEqual([], self.found())

    def test_row_of_an_in_flight_operation_is_of_class_rpc(self):
        self.other[1]['facts']['sync points: nodes still waited for'] = {
            'halfway 3': ['1/True', '2/True']}
        found, = self.found()
        self.assertEqual(5, found.failure_class)
        self.assertIn('in flight', found.evidence)

    def test_a_failure_is_one_error_and_what_follows_from_it_none(self):
        self.other[1]['failed'] = [
            {'stack': 'id', 'what': 'snapshot', 'name': 'done',
             'error': "KeyError: 'environment'"}]
        del self.other[1]['facts']['snapshots: template to restore']
        self.assertEqual(
            [(findings.ERROR, 2, '[snapshot] data that the base writes cannot '
              'be read by the target')], self.summary())

    def test_a_failure_of_its_writer_is_no_finding(self):
        failed = [{'stack': 'id', 'what': 'snapshot', 'name': 'done',
                   'error': 'KeyError'}]
        self.own[0]['failed'] = self.other[1]['failed'] = failed
        self.assertEqual([], self.found())

    def test_one_failure_that_shows_in_several_things_is_one_error(self):
        self.other[0]['failed'] = [
            {'stack': 'id', 'what': what, 'name': 'halfway', 'error': 'E'}
            for what in ('dependency graph', 'sync points')]
        found, = self.found()
        self.assertIn('sync points of the stand-in stack(s) halfway',
                      found.evidence)

    def test_column_that_is_no_longer_written_is_a_warning(self):
        self.rows[1]['database'] = self.useFixture(Database(
            user_creds=[{'trust_id': 't', 'tenant': None}])).packed
        self.assertEqual(
            [(findings.WARNING, 5, '[user_creds.tenant] is no longer '
              'written')], self.summary())

    def test_column_is_named_by_the_finding_about_its_values(self):
        self.rows[1]['database'] = self.useFixture(Database(
            user_creds=[{'trust_id': 't', 'tenant': None}])).packed
        self.other[0]['facts']['stored context: trust_id'] = {'done': 'x'}
        found, = self.found()
        self.assertIn('keys: user_creds.tenant: 2.0.0 not written, 1.0.0 '
                      'text', found.evidence)

    def test_operation_that_only_the_target_fails_is_an_error(self):
        self.rows[1]['wrote'] = {'done': 'TypeError: no'}
        self.assertEqual([(findings.ERROR, 2, '[rows] done fails')],
                         self.summary())

    def test_operation_that_both_fail_is_not_reported(self):
        for rows in self.rows:
            rows['wrote'] = {'done': 'TypeError: no'}
        self.assertEqual([], self.found())
