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


import ddt
import testtools

from heat_upgrade.checks.api import values

ONE = '3ee8c4b1-92f1-4d32-9b5c-6a9d0c7c6d11'
OTHER = '0a8f3c52-7d7e-4c0b-9b0f-2b6f6f3f7a10'


@ddt.ddt
class TestComparable(testtools.TestCase):

    @ddt.data(
        ('2026-11-29T11:29:12Z', '<time>'),
        ('2026-11-29 11:29:12', '<time>'),
        ('http://127.0.0.1:33241/v1/stacks', 'http://<host>/v1/stacks'),
        ('http://a/?Signature=abc%3D&Timestamp=2026-11-29T11%3A29%3A12Z',
         'http://<host>/?Signature=<secret>&Timestamp=<time>'),
        ('stack-child-nd3asg7um3bc', 'stack-child-<id 1>'),
        ('8b6b3ef259dd49cb8d56fc24c01f0bf3', '<id 1>'),
        ('calls-f00-member', 'calls-<cloud>-member'),
        ('a plain text', 'a plain text'),
        (4, 4),
        (None, None),
    )
    @ddt.unpack
    def test_accidental_parts_are_replaced(self, value, comparable):
        self.assertEqual(comparable, values.Lane('f00').comparable(value))

    def test_equal_ids_keep_their_number_during_a_lane(self):
        lane = values.Lane()
        self.assertEqual(['<id 1>', '<id 2>', '<id 1>'],
                         lane.comparable([ONE, OTHER, ONE]))
        self.assertEqual('<id 2>', lane.comparable(OTHER))

    def test_lists_without_an_order_are_sorted_before_ids_get_numbers(self):
        answer = {'resources': [
            {'resource_name': 'b', 'physical_resource_id': ONE},
            {'resource_name': 'a', 'physical_resource_id': OTHER}]}
        self.assertEqual(
            [('a', '<id 1>'), ('b', '<id 2>')],
            [(resource['resource_name'], resource['physical_resource_id'])
             for resource in values.Lane().comparable(answer)['resources']])

    def test_lists_with_an_order_keep_it(self):
        self.assertEqual({'stacks': ['b', 'a']},
                         values.Lane().comparable({'stacks': ['b', 'a']}))

    def test_texts_for_people_and_links_are_left_out(self):
        self.assertEqual(
            {'code': 404, 'error': {'type': 'EntityNotFound'}},
            values.Lane().comparable({
                'code': 404, 'explanation': 'gone', 'title': 'Not Found',
                'error': {'type': 'EntityNotFound', 'message': 'not found',
                          'traceback': None}}))


@ddt.ddt
class TestDifferences(testtools.TestCase):

    @ddt.data(
        ({'a': {'b': [1, 2]}}, {'a': {'b': [1, 3]}}, ('a.b.1', 2, 3)),
        ({'a': 1}, {'a': True}, ('a', 1, True)),
        ({'a': 1}, {}, ('a', 1, values.GONE)),
        ({'parameters': {}}, {'parameters': {'x': 1}},
         ('parameters.x', values.GONE, 1)),
        ({'stacks': [1]}, {'stacks': []}, ('stacks', [1], [])),
    )
    @ddt.unpack
    def test_other_value_is_found_with_its_path(self, was, now, difference):
        self.assertEqual([difference], values.differences(was, now))

    def test_new_key_is_not_a_difference(self):
        self.assertEqual([], values.differences(
            {'stack': {'id': 1}}, {'stack': {'id': 1, 'new': 2}}))
