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

"""Unit tests of the plugin, with a stand-in for Heat."""

import http.client
import importlib.util
import json
import pathlib
import sys
import types
from unittest import mock

import ddt
import fixtures
import testtools

from heat_upgrade.lab.services import ledger
from heat_upgrade.ledger import event_log
from heat_upgrade.ledger import state
from heat_upgrade.tests.unit.support import ledger_backend


class Error(Exception):
    """Stand-in for the error that ends an operation."""


class ResourceInError(Exception):
    """Stand-in for the error after which Heat retries a create."""

    def __init__(self, *, resource_status, status_reason):
        super().__init__(status_reason)


class Schema:

    STRING = 'string'
    CACHE_NONE = 'none'

    def __init__(self, *arguments, **options):
        self.options = options


class Resource:
    """The part of heat.engine.resource.Resource that the plugin uses."""

    def __init__(self, **properties):
        self.stack = types.SimpleNamespace(id='s')
        self.name = 'r'
        self.uuid = 'u'
        self.context = None
        self.properties = {'value': '', **properties}
        self.resource_id = None
        self.noted = {}

    def resource_id_set(self, name):
        self.resource_id = name

    def data_set(self, key, value):
        self.noted[key] = value


class Values(dict):

    @property
    def data(self):
        return self


class Definition:
    """A resource of a template, with its properties resolved."""

    def __init__(self, **values):
        self.values = Values(values)

    def properties(self, schema, context):
        return self.values

    def freeze(self, *, properties):
        return Definition(**properties)


def heat():
    """Return the modules of Heat that the plugin imports."""
    modules = {name: types.ModuleType(name) for name in (
        'heat', 'heat.common', 'heat.common.exception', 'heat.engine',
        'heat.engine.attributes', 'heat.engine.properties',
        'heat.engine.resource', 'heat.engine.plugins')}
    for name, module in modules.items():
        parent, _, child = name.rpartition('.')
        if parent:
            setattr(modules[parent], child, module)
    modules['heat.common.exception'].Error = Error
    modules['heat.common.exception'].ResourceInError = ResourceInError
    modules['heat.engine.attributes'].Schema = Schema
    modules['heat.engine.properties'].Schema = Schema
    modules['heat.engine.resource'].Resource = Resource
    return modules


def load(name):
    """Load a file of the plugin as Heat does."""
    spec = importlib.util.spec_from_file_location(
        f'heat.engine.plugins.{name}', ledger.PLUGIN_DIR / f'{name}.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    setattr(sys.modules['heat.engine.plugins'], name, module)
    return module


class PluginCase(testtools.TestCase):

    def setUp(self):
        super().setUp()
        patched = mock.patch.dict(sys.modules, heat())
        patched.start()
        self.addCleanup(patched.stop)
        self.calls = load('ledger_calls')
        self.plugin = load('ledger_item')
        served = self.useFixture(ledger_backend.Backend())
        self.store, self.client = served.store, served.client
        access = pathlib.Path(self.useFixture(fixtures.TempDir()).path, 'a')
        access.write_text(json.dumps({'url': served.url,
                                      'token': served.token}))
        self.useFixture(fixtures.EnvironmentVariable(ledger.VARIABLE,
                                                     str(access)))

    def resource(self, **properties):
        return self.plugin.LedgerItem(**{'label': 'a', **properties})

    def created(self, **properties):
        made = self.resource(**properties)
        self.assertTrue(made.check_create_complete(made.handle_create()))
        return made

    def item(self, made):
        return self.store.state.items.get(made.resource_id)

    def update(self, made, **changes):
        return made.handle_update(Definition(**changes), None, changes)


@ddt.ddt
class TestItem(PluginCase):

    def test_heat_gets_the_resource_type(self):
        self.assertEqual(
            {'HeatUpgrade::Ledger::Item': self.plugin.LedgerItem},
            self.plugin.resource_mapping())

    def test_a_create_names_its_stack_and_row(self):
        made = self.created(value='v')
        self.assertEqual(
            state.Item(made.resource_id, 'a', 'v', 's', 'r', 'u',
                       state.ACTIVE), self.item(made))

    def test_the_id_is_noted_while_the_create_is_held(self):
        self.client.hold('a', 'create')
        made = self.resource()
        work = made.handle_create()
        self.assertFalse(made.check_create_complete(work))
        self.assertIsNotNone(self.item(made))
        self.client.release()
        self.assertTrue(made.check_create_complete(work))

    @ddt.unpack
    @ddt.data(('suspend', state.SUSPENDED), ('resume', state.ACTIVE),
              ('check', state.ACTIVE), ('snapshot', state.ACTIVE))
    def test_an_operation_is_complete_when_the_backend_is_done(
            self, name, left):
        made = self.created()
        self.client.hold('a', name)
        work = getattr(made, f'handle_{name}')()
        check = getattr(made, f'check_{name}_complete')
        self.assertFalse(check(work))
        self.client.release()
        self.assertTrue(check(work))
        self.assertEqual(left, self.item(made).state)

    def test_an_update_changes_the_value(self):
        made = self.created(value='1')
        self.assertTrue(made.check_update_complete(
            self.update(made, value='2')))
        self.assertEqual('2', self.item(made).value)

    def test_an_update_without_changes_sends_no_request(self):
        made = self.created()
        self.assertIsNone(self.update(made, restore_from=None))
        self.assertTrue(made.check_update_complete(None))
        self.assertEqual(2, len(self.store.events))

    def test_only_another_label_is_a_replacement(self):
        schema = self.plugin.LedgerItem.properties_schema
        self.assertEqual(
            {'label': False, 'value': True, 'restore_from': True},
            {name: option.options.get('update_allowed', False)
             for name, option in schema.items()})

    @ddt.data('label', 'value', 'id')
    def test_an_attribute_comes_from_the_backend(self, name):
        made = self.created(value='v')
        self.assertEqual(getattr(self.item(made), name),
                         made._resolve_attribute(name))

    def test_the_value_is_never_cached_by_heat(self):
        schema = self.plugin.LedgerItem.attributes_schema
        self.assertEqual({'cache_mode': Schema.CACHE_NONE},
                         {name: value for name, value in
                          schema['value'].options.items() if name != 'type'})
        self.assertNotIn('cache_mode', schema['cached_value'].options)
        made = self.created(value='v')
        self.assertEqual('v', made._resolve_attribute('cached_value'))

    def test_missing_item_has_no_attributes(self):
        self.assertIsNone(self.resource()._resolve_attribute('value'))
        made = self.created()
        self.store.start(operation='delete', item=made.resource_id)
        self.assertIsNone(made._resolve_attribute('value'))


@ddt.ddt
class TestDelete(PluginCase):

    def test_a_delete_ends_the_item(self):
        made = self.created()
        self.assertTrue(made.check_delete_complete(made.handle_delete()))
        self.assertIsNone(self.item(made))

    def test_missing_item_counts_as_deleted(self):
        made = self.created()
        made.handle_delete()
        self.assertTrue(made.check_delete_complete(made.handle_delete()))

    def test_item_that_never_existed_counts_as_deleted(self):
        made = self.resource()
        self.assertTrue(made.check_delete_complete(made.handle_delete()))
        self.assertEqual([], self.store.events)

    @ddt.data('update', 'suspend', 'resume', 'check', 'snapshot')
    def test_other_operations_on_a_missing_item_fail(self, name):
        made = self.created()
        made.handle_delete()
        operation = (lambda: self.update(made, value='2')) if (
            name == 'update') else getattr(made, f'handle_{name}')
        self.assertRaises(self.calls.Gone, operation)


@ddt.ddt
class TestFailure(PluginCase):

    @ddt.unpack
    @ddt.data((False, Error), (True, ResourceInError))
    def test_heat_gives_up_unless_it_is_transient(self, transient, error):
        self.client.fail('a', 'create', transient=transient)
        made = self.resource()
        work = made.handle_create()
        exc = self.assertRaises(error, made.check_create_complete, work)
        self.assertIn(f'create of {made.resource_id}', str(exc))

    def test_a_retry_by_heat_makes_no_duplicate(self):
        self.client.fail('a', 'create', transient=True)
        made = self.resource()
        self.assertRaises(ResourceInError, made.check_create_complete,
                          made.handle_create())
        made.check_delete_complete(made.handle_delete())
        made.check_create_complete(made.handle_create())
        self.assertEqual(1, len(self.store.state.items))


class TestSnapshots(PluginCase):

    def snapshot(self, made):
        made.check_snapshot_complete(made.handle_snapshot())
        return {'resource_data': dict(made.noted)}

    def test_a_restore_brings_the_value_back_by_an_update(self):
        made = self.created(value='1')
        taken = self.snapshot(made)
        self.update(made, value='2')
        before = len(self.store.events)
        restored = made.handle_restore(
            Definition(label='a', value='1', restore_from=None), taken)
        # Heat 27 also calls it for the delete of a snapshot.
        self.assertEqual(before, len(self.store.events))
        self.assertEqual(
            {'label': 'a', 'value': '1',
             'restore_from': taken['resource_data']['snapshot_id']},
            restored.values)
        made.check_update_complete(made.handle_update(
            restored, None, dict(restored.values)))
        self.assertEqual('1', self.item(made).value)
        self.assertEqual('restore', self.store.events[-1].operation)

    def test_a_resource_without_a_snapshot_is_restored_as_it_stands(self):
        definition = Definition(label='a')
        for data in (None, {}, {'resource_data': None}):
            self.assertIs(
                definition,
                self.resource().handle_restore(definition, data))

    def test_a_snapshot_is_deleted_without_its_row(self):
        taken = self.snapshot(self.created())
        other = self.resource()
        other.uuid = None
        self.assertTrue(other.check_delete_snapshot_complete(
            other.handle_delete_snapshot(taken)))
        self.assertEqual({}, self.store.state.snapshots)

    def test_a_snapshot_that_is_gone_is_deleted(self):
        made = self.created()
        taken = self.snapshot(made)
        made.handle_delete_snapshot(taken)
        self.assertTrue(made.check_delete_snapshot_complete(
            made.handle_delete_snapshot(taken)))
        self.assertIsNone(made.handle_delete_snapshot({}))


@ddt.ddt
class TestAwayBackend(PluginCase):

    def setUp(self):
        super().setUp()
        self.now = 0.0
        self.useFixture(fixtures.MockPatchObject(
            self.calls, 'time', types.SimpleNamespace(
                monotonic=lambda: self.now, sleep=self.sleep)))

    def sleep(self, seconds):
        self.now += seconds

    @ddt.data(ConnectionRefusedError, ConnectionResetError, TimeoutError,
              http.client.RemoteDisconnected)
    def test_a_repeated_request_makes_one_item(self, error):
        ask = self.calls._ask

        def answers_once_lost(*arguments):
            answer = ask(*arguments)
            if self.now < 1:
                raise error
            return answer

        self.useFixture(fixtures.MockPatchObject(
            self.calls, '_ask', answers_once_lost))
        made = self.created()
        self.assertEqual([made.resource_id], list(self.store.state.items))
        self.assertEqual(
            [event_log.STARTED, event_log.DONE],
            [event.status for event in self.store.events])

    def test_requests_end_at_the_deadline(self):
        self.useFixture(fixtures.MockPatchObject(
            self.calls, '_ask', side_effect=ConnectionRefusedError))
        self.assertRaises(OSError, self.resource().handle_create)
        self.assertGreaterEqual(self.now, self.calls.AWAY_TIMEOUT)
        self.assertLess(self.now, self.calls.AWAY_TIMEOUT + 1)

    def test_a_refused_request_is_not_repeated(self):
        self.useFixture(fixtures.MockPatchObject(
            self.calls, '_ask', return_value=(403, 'no')))
        self.assertRaises(self.calls.Refused, self.resource().handle_create)
        self.assertEqual(0, self.now)
