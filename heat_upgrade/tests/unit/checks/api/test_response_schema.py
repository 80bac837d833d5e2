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

"""Answers are reduced to the structure that clients depend on."""

import ddt
import testtools

from heat_upgrade.checks.api import check
from heat_upgrade.checks.api import replay
from heat_upgrade.checks.api import response_schema

UUID = '3ee8c4b1-92f1-4d32-9b5c-6a9d0c7c6d11'


def _reduced(body, status=200, headers=None, **how):
    return response_schema.reduced(status, headers or {}, body, **how)


def _differences(before, after):
    return response_schema.differences(_reduced(before), _reduced(after))


@ddt.ddt
class TestReduced(testtools.TestCase):

    @ddt.data((None, 'null'), (True, 'boolean'), (1, 'number'),
              (1.5, 'number'), ({}, 'object'), ([], 'list'), ('', 'string'),
              ('text', 'string'), ('1', 'number as string'),
              ('False', 'boolean as string'), (UUID, 'uuid'),
              ('a' * 32, 'hexadecimal id'), ('http://a/b?c', 'url'),
              ('arn:openstack:heat::a:stacks/b', 'arn'),
              ('2026-01-02T03:04:05Z', 'timestamp with Z'),
              ('2026-01-02T03:04:05.678Z', 'timestamp with Z'),
              ('2026-01-02T03:04:05+00:00', 'timestamp with offset'),
              ('2026-01-02T03:04:05', 'timestamp without zone'))
    @ddt.unpack
    def test_a_value_has_a_format(self, value, name):
        self.assertEqual(name, response_schema.format_of(value))

    def test_structure_contains_no_value(self):
        secret = 'gAAAAAB-this-is-secret'
        made = _reduced(
            {'outputs': [{'output_value': secret}], 'name': secret,
             'parameters': {secret: secret}}, headers={
                 'X-Auth-Token': secret, 'Set-Cookie': secret,
                 'Location': f'http://host/{secret}?Signature=x',
                 'Content-Type': 'application/json; charset=UTF-8'})
        self.assertNotIn(secret, str(made))
        self.assertEqual({'Location': ['url'],
                          'Content-Type': ['application/json']},
                         made['headers'])

    def test_a_list_has_the_union_of_its_items(self):
        body = _reduced({'a': [{'b': 1, 'c': 1}, {'b': 'x'}]})['body']
        self.assertEqual({'formats': ['number', 'string'], 'always': True},
                         body['body.a[].b'])
        self.assertEqual({'formats': ['number'], 'always': False},
                         body['body.a[].c'])

    def test_keys_that_users_choose_are_one(self):
        body = _reduced({'parameters': {'a': {'Type': 's'},
                                        'b': {'Type': 's'}}})['body']
        self.assertEqual({'body', 'body.parameters', 'body.parameters.*',
                          'body.parameters.*.Type'}, set(body))

    def test_value_that_users_gave_has_no_structure(self):
        body = _reduced({'template': {'resources': {}}})['body']
        self.assertEqual(['anything'], body['body.template']['formats'])
        self.assertEqual({'body'}, set(_reduced({'a': 1}, opaque=True)[
            'body']))

    def test_key_missing_in_one_of_several_answers_is_optional(self):
        made = response_schema.merged(_reduced({'a': 1, 'b': {'c': 1}}),
                                      _reduced({'a': None}))['body']
        self.assertEqual({'formats': ['null', 'number'], 'always': True},
                         made['body.a'])
        self.assertFalse(made['body.b']['always'])
        # Where there is a b, it has a c.
        self.assertTrue(made['body.b.c']['always'])


@ddt.ddt
class TestDifferences(testtools.TestCase):

    @ddt.data(
        ({'a': 1}, {'a': 2}), ({'a': 1}, {'a': 1, 'b': 2}),
        ({'a': None}, {'a': 'x'}), ({'a': 'x'}, {'a': UUID}),
        ({'a': [1, None]}, {'a': [None]}), ({'parameters': {'a': 'x'}},
                                            {'parameters': {'b': 'y'}}),
        ({'output_value': 1}, {'output_value': [2]}))
    @ddt.unpack
    def test_compatible_change_is_not_reported(self, before, after):
        self.assertEqual([], _differences(before, after))

    def test_a_key_that_is_gone_is_found_once(self):
        self.assertEqual(
            [('key', 'body.a', 'object', 'gone')],
            _differences({'a': {'b': {'c': 1}}, 'd': 1}, {'d': 1}))

    def test_a_key_that_is_not_always_there_is_found(self):
        self.assertEqual(
            [('key', 'body.a[].b', 'always there', 'not always there')],
            _differences({'a': [{'b': 1}]}, {'a': [{'b': 1}, {}]}))

    @ddt.data((1, '1', 'number', 'number as string'),
              ('x', None, 'string', 'null'), ([], {}, 'list', 'object'),
              (UUID, 'a' * 32, 'uuid', 'hexadecimal id'),
              ('2026-01-02T03:04:05Z', '2026-01-02T03:04:05',
               'timestamp with Z', 'timestamp without zone'))
    @ddt.unpack
    def test_another_format_is_found(self, before, after, was, now):
        self.assertEqual([('format', 'body.a', was, now)],
                         _differences({'a': before}, {'a': after}))

    def test_another_status_is_found_and_not_its_body(self):
        self.assertEqual(
            [('status', '', '202', '200')],
            response_schema.differences(
                _reduced({'a': 1}, 202), _reduced({}, 200)
            ),
        )

    def test_a_header_that_is_gone_or_other_is_found(self):
        was = _reduced({}, headers={'Location': 'http://a/',
                                    'Content-Type': 'application/json'})
        now = _reduced({}, headers={'Content-Type': 'text/plain'})
        self.assertEqual(
            [('header', 'Content-Type', 'application/json', 'text/plain'),
             ('header', 'Location', 'url', 'gone')],
            sorted(response_schema.differences(was, now)))


class TestCompare(testtools.TestCase):

    def titles(self, was, now):
        return [one.title for one in check.compare(was, now)]

    def test_change_that_calls_share_is_one_finding(self):
        was = {f'GET {number}': _reduced({'a': {'id': UUID}})
               for number in range(5)}
        now = {call: _reduced({'a': {}}) for call in was}
        self.assertEqual(['key id is gone from the answers to 5 calls'],
                         self.titles(was, now))

    def test_missing_key_is_one_finding_for_all_its_formats(self):
        was = {'GET a': _reduced({'b': 1}), 'GET c': _reduced({'b': None})}
        found, = check.compare(was, {call: _reduced({}) for call in was})
        self.assertEqual('key b is gone from the answer to GET a and GET c',
                         found.title)
        self.assertIn('GET a: body.b: number becomes gone', found.evidence)

    def test_call_that_was_not_made_is_not_reported(self):
        self.assertEqual([], self.titles(
            {'GET a': _reduced({}, 200)},
            {'GET a': _reduced({}, replay.NOT_MADE)}))

    def test_few_calls_are_named(self):
        self.assertEqual(
            ['status 202 becomes 200 in the answer to PUT a'],
            self.titles({'PUT a': _reduced({}, 202)},
                        {'PUT a': _reduced({}, 200)}))

    def test_the_map_of_a_users_key_is_named(self):
        self.assertEqual(
            ['parameters.*: number becomes string in the answer to GET a'],
            self.titles({'GET a': _reduced({'parameters': {'a': 1}})},
                        {'GET a': _reduced({'parameters': {'a': 'x'}})}))
