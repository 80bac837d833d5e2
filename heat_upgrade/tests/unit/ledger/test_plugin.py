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

"""Unit tests of Heat's side: the plugin, with a stand-in for Heat."""

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
    """What ends an operation."""


class ResourceInError(Exception):
    """What Heat tries a create again after."""

    def __init__(self, *, resource_status, status_reason):
        super().__init__(status_reason)


class Schema:

    STRING = 'string'
    CACHE_NONE = 'none'

    def __init__(self, *arguments, **options):
        self.options = options


class Resource:
    """What the plugin uses of heat.engine.resource.Resource."""

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
        self.book, self.client = served.book, served.client
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
        return self.book.state.items.get(made.resource_id)

    def update(self, made, **changes):
        return made.handle_update(Definition(**changes), None, changes)


@ddt.ddt
class TestItem(PluginCase):

    def test_heat_is_told_its_name(self):
        self.assertEqual(
            {'HeatUpgrade::Ledger::Item': self.plugin.LedgerItem},
            self.plugin.resource_mapping())

    def test_a_create_tells_who_asks(self):
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
    def test_an_operation_is_complete_when_the_backend_says_so(self, name,
                                                               left):
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

    def test_an_update_of_nothing_asks_for_nothing(self):
        made = self.created()
        self.assertIsNone(self.update(made, restore_from=None))
        self.assertTrue(made.check_update_complete(None))
        self.assertEqual(2, len(self.book.events))

    def test_only_another_label_is_a_replacement(self):
        schema = self.plugin.LedgerItem.properties_schema
        self.assertEqual(
            {'label': False, 'value': True, 'restore_from': True},
            {name: one.options.get('update_allowed', False)
             for name, one in schema.items()})

    @ddt.data('label', 'value', 'id')
    def test_an_attribute_is_what_the_backend_holds(self, name):
        made = self.created(value='v')
        self.assertEqual(getattr(self.item(made), name),
                         made._resolve_attribute(name))

    def test_the_value_is_never_one_that_heat_kept(self):
        schema = self.plugin.LedgerItem.attributes_schema
        self.assertEqual({'cache_mode': Schema.CACHE_NONE},
                         {name: value for name, value in
                          schema['value'].options.items() if name != 'type'})
        self.assertNotIn('cache_mode', schema['cached_value'].options)
        made = self.created(value='v')
        self.assertEqual('v', made._resolve_attribute('cached_value'))

    def test_what_is_gone_has_no_attributes(self):
        self.assertIsNone(self.resource()._resolve_attribute('value'))
        made = self.created()
        self.book.start(operation='delete', item=made.resource_id)
        self.assertIsNone(made._resolve_attribute('value'))


@ddt.ddt
class TestDelete(PluginCase):

    def test_a_delete_ends_the_item(self):
        made = self.created()
        self.assertTrue(made.check_delete_complete(made.handle_delete()))
        self.assertIsNone(self.item(made))

    def test_what_is_gone_is_deleted(self):
        made = self.created()
        made.handle_delete()
        self.assertTrue(made.check_delete_complete(made.handle_delete()))

    def test_what_never_was_is_deleted(self):
        made = self.resource()
        self.assertTrue(made.check_delete_complete(made.handle_delete()))
        self.assertEqual([], self.book.events)

    @ddt.data('update', 'suspend', 'resume', 'check', 'snapshot')
    def test_anything_else_fails_for_what_is_gone(self, name):
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

    def test_a_retry_by_heat_is_nothing_made_twice(self):
        self.client.fail('a', 'create', transient=True)
        made = self.resource()
        self.assertRaises(ResourceInError, made.check_create_complete,
                          made.handle_create())
        made.check_delete_complete(made.handle_delete())
        made.check_create_complete(made.handle_create())
        self.assertEqual(1, len(self.book.state.items))


class TestSnapshots(PluginCase):

    def snapshot(self, made):
        made.check_snapshot_complete(made.handle_snapshot())
        return {'resource_data': dict(made.noted)}

    def test_a_restore_brings_the_value_back_by_an_update(self):
        made = self.created(value='1')
        taken = self.snapshot(made)
        self.update(made, value='2')
        before = len(self.book.events)
        restored = made.handle_restore(
            Definition(label='a', value='1', restore_from=None), taken)
        # Heat 27 asks for it when a snapshot is deleted, too.
        self.assertEqual(before, len(self.book.events))
        self.assertEqual(
            {'label': 'a', 'value': '1',
             'restore_from': taken['resource_data']['snapshot_id']},
            restored.values)
        made.check_update_complete(made.handle_update(
            restored, None, dict(restored.values)))
        self.assertEqual('1', self.item(made).value)
        self.assertEqual('restore', self.book.events[-1].operation)

    def test_a_resource_without_a_snapshot_is_restored_as_it_stands(self):
        given = Definition(label='a')
        for data in (None, {}, {'resource_data': None}):
            self.assertIs(given,
                          self.resource().handle_restore(given, data))

    def test_a_snapshot_is_deleted_without_its_row(self):
        taken = self.snapshot(self.created())
        other = self.resource()
        other.uuid = None
        self.assertTrue(other.check_delete_snapshot_complete(
            other.handle_delete_snapshot(taken)))
        self.assertEqual({}, self.book.state.snapshots)

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
    def test_it_is_asked_again_and_makes_one_item(self, error):
        ask = self.calls._ask

        def answers_once_lost(*arguments):
            answer = ask(*arguments)
            if self.now < 1:
                raise error
            return answer

        self.useFixture(fixtures.MockPatchObject(
            self.calls, '_ask', answers_once_lost))
        made = self.created()
        self.assertEqual([made.resource_id], list(self.book.state.items))
        self.assertEqual(
            [event_log.STARTED, event_log.DONE],
            [event.status for event in self.book.events])

    def test_it_is_given_up_in_the_end(self):
        self.useFixture(fixtures.MockPatchObject(
            self.calls, '_ask', side_effect=ConnectionRefusedError))
        self.assertRaises(OSError, self.resource().handle_create)
        self.assertGreaterEqual(self.now, self.calls.AWAY_TIMEOUT)
        self.assertLess(self.now, self.calls.AWAY_TIMEOUT + 1)

    def test_a_refusal_is_no_reason_to_ask_again(self):
        self.useFixture(fixtures.MockPatchObject(
            self.calls, '_ask', return_value=(403, 'no')))
        self.assertRaises(self.calls.Refused, self.resource().handle_create)
        self.assertEqual(0, self.now)
