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

"""Unit tests of the calls to Heat's API."""

import types

import testtools

from heat_upgrade.lab import heat_client


class FakeIdentity:

    def __init__(self, content):
        self.content = content
        self.requests = []

    def project_id(self):
        return 'p1'

    def request(self, method, url, *, json, timeout):
        self.requests.append((method, url, json, timeout))

        def parsed():
            if self.content == b'oops':
                raise ValueError(self.content)
            return {'stacks': []}
        return types.SimpleNamespace(
            status_code=200, content=self.content, json=parsed,
            text=self.content.decode(),
            headers={heat_client.NODE_HEADER: 'node-2'})


class TestApi(testtools.TestCase):

    def call(self, content=b'{}', **options):
        self.identity = FakeIdentity(content)
        return heat_client.Api(self.identity, 'http://h/v1').call(
            'GET', 'stacks', **options)

    def test_a_call_is_sent_to_the_project(self):
        self.call(body={'a': 1}, timeout=3)
        self.assertEqual([('GET', 'http://h/v1/p1/stacks', {'a': 1}, 3)],
                         self.identity.requests)

    def test_an_answer_has_the_node_and_its_times(self):
        answer = self.call()
        self.assertEqual((200, {'stacks': []}, 'node-2'),
                         (answer.status, answer.body, answer.node))
        self.assertLessEqual(answer.start, answer.end)

    def test_body_that_is_not_json_is_text(self):
        self.assertEqual('oops', self.call(b'oops').body)

    def test_empty_body_is_none(self):
        self.assertIsNone(self.call(b'').body)
