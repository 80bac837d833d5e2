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

"""Traffic of smoke tests becomes lanes that can be replayed."""

import json

import fixtures
import testtools

from heat_upgrade.checks.api import recorded_calls
from tools import record_traffic

PROJECT = 'a' * 32
NAME = 'smoke-0123456789ab'
UUID = '3ee8c4b1-92f1-4d32-9b5c-6a9d0c7c6d11'
EVENT = '11111111-92f1-4d32-9b5c-6a9d0c7c6d11'


def _exchange(method, path, body=None, status=200, answer=None):
    return [method, f'http://127.0.0.1:1/v1/{PROJECT}/{path}',
            body and json.dumps(body), status,
            json.dumps(answer) if answer else '']


def _created(name=NAME, uuid=UUID):
    return _exchange('POST', 'stacks', {'stack_name': name}, 201,
                     {'stack': {'id': uuid}})


def _shown(status, name=NAME, uuid=UUID):
    return _exchange('GET', f'stacks/{name}/{uuid}', answer={
        'stack': {'id': uuid, 'stack_status': status, 'project': PROJECT}})


class TestLanes(testtools.TestCase):

    def calls(self, *traffic, added=()):
        return [lane['calls'] for lane in record_traffic.lanes(traffic, added)]

    def test_names_stand_in_place_of_ids(self):
        (create, show), = self.calls(_created(), _shown('CREATE_COMPLETE'))
        self.assertEqual({'id1': 'stack.id'}, create['keep'])
        self.assertEqual('stacks/calls-1/{id1}', show['path'])
        self.assertEqual({'stack_name': 'calls-1'}, create['body'])

    def test_repeated_call_waits_for_the_last_status(self):
        (_, show), = self.calls(_created(), _shown('CREATE_IN_PROGRESS'),
                                _shown('CREATE_COMPLETE'))
        self.assertEqual({'stack.stack_status': 'CREATE_COMPLETE'},
                         show['until'])

    def test_a_call_that_was_not_waited_for_is_not_waited_for(self):
        (_, show), = self.calls(_created(), _shown('CREATE_IN_PROGRESS'))
        self.assertNotIn('until', show)

    def test_an_id_of_an_item_is_kept_by_its_place(self):
        (_, events, event), = self.calls(
            _created(),
            _exchange('GET', f'stacks/{NAME}/{UUID}/events', answer={
                'events': [{'id': EVENT}]}),
            _exchange('GET', f'stacks/{NAME}/{UUID}/resources/a/events/'
                      f'{EVENT}'))
        self.assertEqual({'id2': 'events.0.id'}, events['keep'])
        self.assertEqual('stacks/calls-1/{id1}/resources/a/events/{id2}',
                         event['path'])

    def test_each_stack_has_a_lane(self):
        other = 'smoke-ba9876543210'
        lanes = self.calls(
            _created(), _created(other, EVENT), _shown('CREATE_COMPLETE'),
            _exchange('GET', f'stacks/{other}/{EVENT}/files'))
        self.assertEqual([['POST', 'GET'], ['POST', 'GET']],
                         [[call['method'] for call in lane]
                          for lane in lanes])

    def test_a_lane_with_nothing_of_its_own_is_left_out(self):
        other = 'smoke-ba9876543210'
        self.assertEqual(1, len(self.calls(
            _created(), _shown('CREATE_COMPLETE'), _created(other, EVENT),
            _shown('CREATE_COMPLETE', other, EVENT))))
        added = [{'calls': [
            {'method': 'POST', 'path': 'stacks', 'body': {'stack_name': 'a'}},
            {'method': 'GET', 'path': 'stacks/a/{b}'}]}]
        self.assertEqual([], self.calls(
            _created(), _shown('CREATE_COMPLETE'), added=added))

    def test_lists_of_all_stacks_are_left_out(self):
        self.assertEqual([], self.calls(
            _exchange('GET', 'stacks'), _exchange('GET', 'stacks?limit=1')))

    def test_a_refused_call_is_another_one(self):
        lane, = self.calls(_exchange('POST', 'validate', {}, 400),
                           _exchange('POST', 'validate', {}))
        self.assertEqual(['POST validate that is refused', None],
                         [call.get('name') for call in lane])


class TestWrite(testtools.TestCase):

    def test_part_written_by_hand_stays(self):
        path = self.useFixture(fixtures.TempDir()).join('calls.yaml')
        with open(path, 'w') as out:
            out.write('recorded: []\nadded:\n# By hand.\n- calls:\n'
                      '  - {method: GET, path: b}\n')
        record_traffic.write(
            [{'calls': [{'method': 'GET', 'path': 'a'}]}], path
        )
        self.assertEqual(
            [['a'], ['b']],
            [
                [call.path for call in lane]
                for lane in recorded_calls.read(path)
            ],
        )
        with open(path) as source:
            self.assertIn('# By hand.', source.read())
