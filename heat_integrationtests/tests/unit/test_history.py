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

"""The steps of a scenario by data reach Heat as requests."""

import types

from heatclient import exc
import testtools

from heat_integrationtests import history
from heat_integrationtests import stacks

STACK = stacks.Stack('one', 'id-1')


class Recorder:
    """Records the calls of a client; answers by name."""

    def __init__(self, calls, answers, path=''):
        self._calls, self._answers, self._path = calls, answers, path

    def __getattr__(self, name):
        return Recorder(self._calls, self._answers,
                        f'{self._path}.{name}'.lstrip('.'))

    def __call__(self, *args, **kwargs):
        self._calls.append((self._path, args, kwargs))
        answer = self._answers.get(self._path)
        return answer() if callable(answer) else answer


class HistoryTest(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.calls, self.answers = [], {}
        entry = {'name': 'one', 'id': 'id-1', 'request': {
            'template': 't', 'parameters': {'a': 1, 'b': 2}}}
        self.record = types.SimpleNamespace(
            content={'notes': {}}, save=lambda: None, stack=lambda: entry,
            noted=lambda key: self.record.content['notes'][key],
            note=lambda key, value: self.record.content['notes'].update(
                {key: value}))
        self.entry = entry
        self.scenario = types.SimpleNamespace(
            record=self.record, stack=lambda: STACK,
            heat=Recorder(self.calls, self.answers),
            stacks=Recorder(self.calls, self.answers, 'stacks_'),
            stack_name=lambda key: f'other-{key}',
            defined=types.SimpleNamespace(files={'b.yaml': 'other'}))

    def perform(self, *steps):
        return history.perform(self.scenario, steps)

    def called(self, name):
        return [(args, kwargs) for path, args, kwargs in self.calls
                if path == name]

    def test_an_update_merges_parameters_and_becomes_the_request(self):
        self.assertTrue(self.perform({'update': {
            'parameters': {'b': 3}, 'template': 'b.yaml', 'rollback': True}}))
        (args, request), = self.called('stacks.update')
        self.assertEqual((('one/id-1',), {
            'template': 'other', 'parameters': {'a': 1, 'b': 3},
            'disable_rollback': False}), (args, request))
        self.assertEqual(request, self.entry['request'])
        self.assertEqual([((STACK, 'UPDATE_COMPLETE'), {})],
                         self.called('stacks_.wait'))

    def test_a_patch_sends_only_the_change_and_records_the_whole(self):
        self.perform({'update': {'parameters': {'b': 3}, 'patch': True},
                      'status': 'UPDATE_FAILED'})
        (args, request), = self.called('stacks.update')
        self.assertEqual({'parameters': {'b': 3}, 'existing': True}, request)
        self.assertEqual({'a': 1, 'b': 3},
                         self.entry['request']['parameters'])
        self.assertEqual([((STACK, 'UPDATE_FAILED'), {})],
                         self.called('stacks_.wait'))

    def test_an_update_in_progress_is_not_waited_for(self):
        self.perform({'update': {}, 'status': 'UPDATE_IN_PROGRESS'})
        self.assertEqual([], self.called('stacks_.wait'))

    def test_two_snapshots_of_one_name_are_noted(self):
        ids = iter('ab')
        self.answers['stacks.snapshot'] = lambda: {'id': next(ids)}
        self.perform({'snapshot': 'same'}, {'snapshot': 'same'},
                     {'restore': 'same'})
        self.assertEqual({'same': ['a', 'b']}, self.record.noted('snapshots'))
        self.assertEqual([(('one/id-1', 'a'), {})],
                         self.called('stacks.restore'))

    def test_an_adopted_stack_takes_the_place_of_the_abandoned_one(self):
        self.answers['stacks.abandon'] = {'name': 'one'}
        self.answers['stacks_.request_creation'] = stacks.Stack('x', 'id-2')
        self.perform({'abandon_and_adopt': {}})
        self.assertEqual(('other-adopted', 'id-2'),
                         (self.entry['name'], self.entry['id']))
        (args, request), = self.called('stacks_.request_creation')
        self.assertEqual('{"name": "one"}', request['adopt_stack_data'])

    def test_a_nested_resource_is_found_by_its_path(self):
        self.answers['resources.get'] = types.SimpleNamespace(
            physical_resource_id='nested')
        self.answers['resources.list'] = [
            types.SimpleNamespace(resource_name=name) for name in 'ba']
        self.perform({'mark_unhealthy': 'group/*'})
        (args, _), = self.called('resources.mark_unhealthy')
        self.assertEqual(('nested', 'a'), args)

    def test_a_hook_is_cleared_once_it_is_reached(self):
        def refuse():
            raise exc.HTTPBadRequest()

        self.perform({'clear_hook': {'resource': 'r', 'hook': 'pre-create'}})
        (args, _), = self.called('stacks_.wait_for')
        self.answers['resources.signal'] = refuse
        self.assertFalse(args[1]())
        self.answers['resources.signal'] = None
        self.assertTrue(args[1]())

    def test_no_step_changes_nothing(self):
        self.assertFalse(self.perform())
        self.assertEqual([], self.calls)


class RequestTest(testtools.TestCase):
    """Steps that send a request to another service than Heat."""

    def setUp(self):
        super().setUp()
        self.calls = []
        heat = Recorder(self.calls, {
            'resources.get': types.SimpleNamespace(
                physical_resource_id='box')})
        self.scenario = types.SimpleNamespace(
            stack=lambda: STACK, heat=heat, assertIn=self.assertIn,
            session=Recorder(self.calls, {}, 'session'),
            stacks=Recorder(self.calls, {
                'stacks.get': types.SimpleNamespace(outputs=[
                    {'output_key': 'url', 'output_value': 'http://u'}])},
                'stacks'))
        self.patch(history, 'CONF', None)
        self.patch(history.clients, 'endpoint',
                   lambda conf, session, service: f'http://{service}')
        self.patch(history.clients, 'session', lambda conf: Recorder(
            self.calls, {'bare.request': types.SimpleNamespace(
                status_code=201, text='')}, 'bare'))

    def called(self, name):
        return [args for path, args, _ in self.calls if path == name]

    def test_an_object_is_put_into_the_container_of_a_resource(self):
        history.perform(self.scenario, [{'put_object': {
            'container': 'box', 'name': 'o', 'text': 't'}}])
        self.assertEqual([('http://object-store/box/o', 'PUT')],
                         self.called('session.request'))

    def test_a_signal_is_put_to_a_url_and_its_end_is_waited_for(self):
        history.perform(self.scenario, [{
            'put_url': 'url', 'status': 'CREATE_COMPLETE'}])
        self.assertEqual([('http://u', 'PUT')], self.called('bare.request'))
        self.assertEqual([(STACK, 'CREATE_COMPLETE')],
                         self.called('stacks.wait'))
