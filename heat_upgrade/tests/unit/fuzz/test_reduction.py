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

"""The removal of parts, with failures that are functions of the texts."""

import json

import testtools

from heat_upgrade.fuzz import model
from heat_upgrade.fuzz import reduction


class ReduceTest(testtools.TestCase):

    def reduce(self, template, fails, **fields):
        return reduction.reduce(
            model.Stack(json.dumps(template), **fields), fails, 60)

    def test_parts_that_the_failure_does_not_need_are_removed(self):
        stack = self.reduce(
            {'a': 1, 'b': {'c': [1, 2, 'bad'], 'd': 2}},
            lambda stack: '"bad"' in stack.template)
        self.assertEqual({'b': {'c': ['bad']}}, json.loads(stack.template))

    def test_files_and_inputs_are_removed(self):
        stack = self.reduce(
            {'bad': 1}, lambda stack: '"bad"' in stack.template
            and 'needed' in stack.files, parameters={'p': 1},
            environment='{"x": 1}', environment_files=('e', 'needed'),
            files={'e': '', 'f': '', 'needed': ''})
        self.assertEqual(
            (('needed',), {}, '{}'),
            (tuple(stack.files), stack.parameters, stack.environment))

    def test_text_stays_if_the_failure_needs_its_words(self):
        text = 'heat_template_version: pike\nyes: no\n'
        stack = reduction.reduce(
            model.Stack(text), lambda stack: 'yes: no' in stack.template, 60)
        self.assertEqual(text, stack.template)

    def test_time_limit_returns_the_stack_so_far(self):
        stack = reduction.reduce(model.Stack('{"a": 1}'),
                                 lambda stack: True, -1)
        self.assertEqual('{"a": 1}', stack.template)
