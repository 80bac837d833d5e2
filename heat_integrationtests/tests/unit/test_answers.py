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
"""Tests of the comparison of answers."""

import testtools

from heat_integrationtests import facts
from heat_integrationtests.scenarios import test_answers


class KeyedTest(testtools.TestCase):

    def differ(self, before, after):
        return [mismatch.path for mismatch in facts.compare(
            test_answers.keyed(before), test_answers.keyed(after))]

    def test_another_order_of_stacks_is_a_mismatch(self):
        self.assertEqual(['stacks.0.id', 'stacks.1.id'], self.differ(
            {'stacks': [{'id': 1}, {'id': 2}]},
            {'stacks': [{'id': 2}, {'id': 1}]}))

    def test_a_further_stack_is_a_mismatch(self):
        self.assertEqual(['stacks.length'], self.differ(
            {'stacks': [{'id': 1}]}, {'stacks': [{'id': 1}, {'id': 2}]}))

    def test_a_further_field_is_legal(self):
        self.assertEqual([], self.differ(
            {'stacks': [{'id': 1}]}, {'stacks': [{'id': 1, 'new': None}]}))

    def test_resources_and_their_dependents_have_no_order(self):
        self.assertEqual([], self.differ(
            {'resources': [{'name': 'a', 'required_by': ['b', 'c']},
                           {'name': 'b'}]},
            {'resources': [{'name': 'b'},
                           {'name': 'a', 'required_by': ['c', 'b']}]}))
