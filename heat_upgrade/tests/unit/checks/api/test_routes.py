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

"""The requests that two APIs accept are compared."""

import copy

import testtools

from heat_upgrade.checks.api import routes


def _route(shown, query=None, body=None):
    return {'shown': shown, 'query': query or {}, 'body': body or {}}


WAS = {
    'routes': {
        'GET /{}/stacks': _route('GET /stacks', {
            'limit': 'one', 'name': 'many'}),
        'POST /{}/stacks': _route('POST /stacks', {}, {
            '*': 'all', 'template': 'one', 'tags': 'one'}),
    },
    'actions': {'actions': ['check', 'suspend']},
    'stack_arguments': ['tags', 'timeout_mins'],
    'keys': {'STACK_KEYS': ['id', 'tags']},
}


class TestCompare(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.was, self.now = copy.deepcopy(WAS), copy.deepcopy(WAS)
        self.list = self.now['routes']['GET /{}/stacks']
        self.create = self.now['routes']['POST /{}/stacks']

    def assert_found(self, *titles):
        found = routes.compare(self.was, self.now)
        self.assertEqual(list(titles), [one.title for one in found])
        for one in found:
            self.assertEqual((6, 'error'), (one.failure_class, one.severity))
            self.assertTrue(one.remedy)
            self.assertEqual('check-api', one.step)

    def test_the_same_twice_differs_in_nothing(self):
        self.assert_found()

    def test_missing_route_is_reported_without_its_parameters(self):
        del self.now['routes']['GET /{}/stacks']
        self.assert_found('route GET /stacks is gone')

    def test_a_parameter_that_is_gone_is_found(self):
        del self.list['query']['limit']
        self.assert_found('parameter limit is no longer accepted by '
                          'GET /stacks')

    def test_parameter_that_is_accepted_only_once_is_reported(self):
        self.list['query']['name'] = 'one'
        self.assert_found('parameter name is accepted only once by '
                          'GET /stacks')

    def test_parameter_that_is_accepted_more_often_is_not_reported(self):
        self.list['query']['limit'] = 'many'
        self.assert_found()

    def test_a_body_key_that_is_gone_is_found(self):
        del self.create['body']['template']
        self.assert_found('body key template is no longer accepted by '
                          'POST /stacks')

    def test_body_key_that_is_passed_on_and_accepted_is_not_reported(self):
        del self.create['body']['tags']
        self.assert_found()

    def test_a_body_key_that_is_not_passed_on_is_found(self):
        del self.create['body']['tags']
        del self.create['body']['*']
        self.assert_found('body key tags is no longer accepted by '
                          'POST /stacks')

    def test_one_change_of_many_routes_is_one_finding(self):
        for number in range(5):
            key = f'GET /{number}'
            self.was['routes'][key] = _route(key, {'limit': 'one'})
            self.now['routes'][key] = _route(key)
        self.assert_found('parameter limit is no longer accepted by 5 routes')

    def test_name_removed_from_a_list_is_reported(self):
        self.now['actions']['actions'].remove('check')
        self.now['stack_arguments'].remove('timeout_mins')
        self.now['keys']['STACK_KEYS'].remove('id')
        self.assert_found(
            'action check of actions is no longer accepted',
            'argument timeout_mins of stacks is no longer accepted',
            'key id is gone from STACK_KEYS')

    def test_new_parts_are_not_reported(self):
        self.now['routes']['GET /new'] = _route('GET /new')
        self.list['query']['new'] = 'one'
        self.create['body']['new'] = 'one'
        self.now['actions']['actions'].append('new')
        self.now['keys']['STACK_KEYS'].append('new')
        self.now['keys']['NEW_KEYS'] = ['new']
        self.assert_found()
