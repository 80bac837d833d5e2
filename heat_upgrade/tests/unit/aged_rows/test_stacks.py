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

"""The stacks with aged rows, from their creation to their purge."""

import contextlib
import types

import ddt
import fixtures
import testtools

from heat_upgrade.aged_rows import model
from heat_upgrade.aged_rows import stacks
from heat_upgrade import errors
from heat_upgrade.lab import heat_client


class Heat:
    """A cloud whose stacks are in a dictionary.

    :ivar answers: {(method, end of the path): status}; they take precedence
    :ivar ends: {action: (status, reason)} of later operations
    :ivar replaces: whether an update replaces the resource
    :ivar purges: whether a purge removes the rows
    :ivar listed: whether the list of stacks has the stacks
    """

    def __init__(self):
        self.stacks = {}
        self.answers = {}
        self.ends = {}
        self.replaces = False
        self.purges = True
        self.purge_status = self.convert_status = 0
        self.legacy = []
        self.listed = True
        self.shown = 'v1'
        self.written = []
        self.tables = ('stack',)
        self.calls = []
        self.api_url = 'http://api'
        self.mariadb = self
        self.configuration = types.SimpleNamespace(encryption_key='k' * 32)
        self.identity = types.SimpleNamespace(
            of_project=lambda name: types.SimpleNamespace(
                project_id=lambda: 'project-1'))

    def call(self, method, path, body=None):
        self.calls.append((method, path, body))
        for (expected, end), status in self.answers.items():
            if method == expected and path.endswith(end):
                return heat_client.Answer(status, 'no', '', 0, 0)
        status, content = 200, {'shown': self.shown}
        if (method, path) == ('POST', 'stacks'):
            name = body['stack_name']
            self.stacks[f'id-{name}'] = [name, 'CREATE', 'COMPLETE', 'ok', 0,
                                         1, 't', 'physical']
            content = {'stack': {'id': f'id-{name}'}}
        elif path == 'stacks':
            content = {'stacks': [{'id': key} for key in self.stacks
                                  if self.listed]}
        elif method == 'PUT':
            self._end(path, 'UPDATE')
        elif method == 'DELETE':
            self._end(path, 'DELETE')
        elif path.endswith('/snapshots') and method == 'POST':
            self._end(path.removesuffix('/snapshots'), 'SNAPSHOT')
        return heat_client.Answer(status, content, '', 0, 0)

    def _end(self, path, action):
        row = self.stacks[path.rpartition('/')[2]]
        row[1], (row[2], row[3]) = action, self.ends.get(
            action, ('COMPLETE', 'ok'))
        row[4] = int(action == 'DELETE' and row[2] == 'COMPLETE')
        row[5] += 1
        if self.replaces and action == 'UPDATE':
            row[7] = f'physical-{row[5]}'

    def execute(self, statement, values=(), *, database=None):
        if 'information_schema' in statement:
            return [(table,) for table in self.tables]
        if statement.startswith('SELECT id, action'):
            return [(key, *row[1:7]) for key, row in self.stacks.items()]
        if statement.startswith('SELECT r.name'):
            return [('item', self.stacks[values[0]][7])]
        if 'NOT convergence' in statement:
            return self.legacy
        if statement.startswith('SELECT name'):
            return [(row[0],) for row in self.stacks.values()]
        if statement.startswith('SELECT id FROM stack WHERE owner_id'):
            return [('nested-1',)]
        self.written.append((statement, values))
        return []

    @contextlib.contextmanager
    def connection(self, database):
        yield self

    @contextlib.contextmanager
    def cursor(self):
        yield self

    def manage(self, environment, *words, side, check, rpc=False):
        self.calls.append(words)
        if words[1] == 'migrate_convergence_1':
            return self.convert_status, 'no'
        if self.purges:
            self.stacks.clear()
        return self.purge_status, 'output'


def kind(name, *, snapshot=False, convert=False, replaces=False,
         **fields):
    """Return a stack with one builder."""
    return model.AgedStack(name, (model.Builder(**{
        'name': f'row-of-{name}', 'row': 'A row.', 'failures': (1,),
        'statements': ('UPDATE stack SET x = %(new)s WHERE id = %(stack)s',),
        **fields}),), snapshot=snapshot,
        convert=convert, replaces=replaces)


@ddt.ddt
class AgedStacksTest(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.heat = Heat()
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.lab.heat_client.Api',
            lambda identity, url: self.heat))
        self.useFixture(fixtures.MockPatchObject(stacks, 'TIMEOUT', 0))

    def aged(self, *kinds):
        self.aged_ = stacks.AgedStacks(
            self.heat, kinds or (kind('one'), kind('two')))
        self.aged_.make()
        self.aged_.age()
        return self.aged_

    def on_target(self):
        """Do everything that a run does on the target."""
        self.aged_.read()
        self.aged_.convert('environment', side='target')
        self.aged_.update(changed=False)
        self.aged_.update(changed=True)
        self.aged_.delete()
        self.aged_.purge('environment', side='target')
        return [(failure.problem.name, failure.name)
                for failure in self.aged_.failures]

    def test_a_healthy_target_has_no_failure(self):
        self.aged().ask_base()
        self.assertEqual([], self.on_target())

    def test_each_stack_is_aged(self):
        self.aged()
        self.assertEqual(
            ['one', 'two'],
            [values['stack'].split('-')[2]
             for _, values in self.heat.written])

    def test_a_builder_without_its_table_writes_nothing(self):
        self.aged(kind('one', table='resource_snapshot'))
        self.assertEqual([], self.heat.written)

    def test_a_stack_has_its_snapshot(self):
        self.aged(kind('one', snapshot=True))
        self.assertIn('SNAPSHOT', [row[1] for row in
                                   self.heat.stacks.values()])

    def test_a_stack_that_cannot_be_created_is_the_labs_failure(self):
        self.heat.answers['POST', 'stacks'] = 500
        self.assertRaises(errors.LabError, self.aged)

    def test_rows_that_the_base_refuses_take_no_part(self):
        self.aged()
        refused, other = self.heat.stacks
        self.heat.answers['GET', refused] = 500
        answer = self.aged_.ask_base()
        self.assertEqual(['one'], list(answer))
        self.assertIn('500', answer['one'])
        self.assertEqual(1, len(self.aged_))
        self.assertEqual([], self.on_target())

    def test_a_base_that_lists_no_stack_is_the_labs_failure(self):
        self.aged()
        self.heat.listed = False
        self.assertRaises(errors.LabError, self.aged_.ask_base)

    def test_a_refused_request_is_a_failure_of_its_stack(self):
        self.aged().ask_base()
        self.heat.answers['GET', list(self.heat.stacks)[1]] = 500
        self.assertEqual([('UNLOADABLE', 'two')], self.on_target())

    def test_a_stack_that_is_not_listed_cannot_be_loaded(self):
        self.aged().ask_base()
        self.heat.listed = False
        self.assertEqual([('UNLOADABLE', 'one'), ('UNLOADABLE', 'two')],
                         self.on_target())

    def test_a_refused_list_is_one_failure(self):
        self.aged().ask_base()
        self.heat.answers['GET', 'stacks'] = 500
        self.assertEqual([('UNLOADABLE', 'list')], self.on_target())

    def test_a_purge_that_fails_is_a_failure(self):
        self.aged().ask_base()
        self.heat.purge_status = 1
        self.assertEqual([('NOT_PURGED', 'purge_deleted')], self.on_target())

    def test_another_answer_is_a_failure_and_the_tests_continue(self):
        self.aged(kind('one')).ask_base()
        self.heat.shown = 'v2'
        self.heat.ends['DELETE'] = 'FAILED', 'no'
        self.heat.purges = True
        self.assertEqual([('CHANGED', 'one'), ('NOT_DELETABLE', 'one')],
                         self.on_target())

    def test_a_refused_update_is_a_failure(self):
        self.aged(kind('one')).ask_base()
        self.heat.answers['PUT', ''] = 409
        self.assertEqual([('NOT_UPDATABLE', 'one')], self.on_target())

    @ddt.data('FAILED', 'IN_PROGRESS')
    def test_an_update_that_does_not_complete_is_a_failure(self, status):
        self.aged(kind('one')).ask_base()
        self.heat.ends['UPDATE'] = status, 'broken'
        self.assertEqual([('NOT_UPDATABLE', 'one')], self.on_target())
        self.assertIn('broken', self.aged_.failures[0].text)

    @ddt.data((1, []), (0, [('nested',)]))
    @ddt.unpack
    def test_a_conversion_that_fails_is_a_failure(self, status, legacy):
        self.aged(kind('one', convert=True), kind('two')).ask_base()
        self.heat.convert_status, self.heat.legacy = status, legacy
        self.assertEqual([('NOT_CONVERTED', 'one')], self.on_target())

    def test_only_the_stacks_that_ask_for_it_are_converted(self):
        self.aged(kind('one', convert=True), kind('two')).ask_base()
        self.on_target()
        self.assertEqual(1, len([call for call in self.heat.calls if
                                 call[1] == 'migrate_convergence_1']))

    def test_a_replaced_resource_is_a_failure(self):
        self.aged(kind('one')).ask_base()
        self.heat.replaces = True
        self.assertEqual([('REPLACED', 'one')], self.on_target())

    def test_a_replacement_that_each_release_makes_is_no_failure(self):
        self.aged(kind('one', replaces=True)).ask_base()
        self.heat.replaces = True
        self.assertEqual([], self.on_target())

    def test_the_first_update_repeats_the_request(self):
        self.aged(kind('one')).ask_base()
        self.on_target()
        created, = [body for method, _, body in self.heat.calls[:1]]
        updates = [call[2] for call in self.heat.calls if call[0] == 'PUT']
        self.assertEqual([created], updates[:1])
        self.assertEqual('v2', updates[1]['parameters']['value'])

    def test_a_stack_that_is_not_purged_is_a_failure(self):
        self.aged(kind('one')).ask_base()
        self.heat.purges = False
        self.assertEqual([('NOT_PURGED', 'one')], self.on_target())
        self.assertIn('purge_deleted', self.heat.calls[-1])
