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

"""Directories with stacks and templates."""

import pathlib

import fixtures
import testtools

from heat_upgrade import errors
from heat_upgrade.fuzz import model
from heat_upgrade.fuzz import stack_files

TEMPLATE = """
heat_template_version: 2015-04-30
parameters:
  name: {type: string}
  size: {type: number, constraints: [{allowed_values: [3, 4]}]}
  free: {type: json, default: {}}
resources:
  r: {type: nested/inner.yaml}
  s: {type: 'OS::Heat::Value', properties: {value: {get_file: run.sh}}}
"""


class StackFilesTest(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.place = pathlib.Path(self.useFixture(fixtures.TempDir()).path)

    def write(self, name, text):
        path = self.place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def test_written_stack_is_read_unchanged(self):
        stack = model.Stack('{"heat_template_version": "pike"}', '{"a": 1}',
                            ('e0.yaml',), {'e0.yaml': '{}', 't.txt': 'é\n'},
                            {'p': [None, 1.0]})
        stack_files.write(stack, self.place / 'one')
        found, = stack_files.read(self.place)
        self.assertEqual(stack, found.stack)

    def test_template_is_read_with_the_files_that_it_names(self):
        self.write('a.yaml', TEMPLATE)
        self.write('run.sh', 'true')
        self.write('other.sh', 'false')
        self.write('nested/inner.yaml', 'heat_template_version: pike')
        found = {str(one.path.relative_to(self.place)): one.stack
                 for one in stack_files.read(self.place)}
        self.assertEqual({'a.yaml', 'nested/inner.yaml'}, set(found))
        self.assertEqual({'run.sh', 'nested/inner.yaml'},
                         set(found['a.yaml'].files))

    def test_parameter_without_default_gets_a_legal_value(self):
        self.write('a.yaml', TEMPLATE)
        found, = stack_files.read(self.place)
        self.assertEqual({'name': 'a-value', 'size': 3},
                         found.stack.parameters)

    def test_files_that_are_no_templates_are_left_out(self):
        self.write('a.yaml', TEMPLATE)
        self.write('b.yaml', 'key: value')
        self.write('c.yaml', '{{ jinja }}: [')
        self.write('d.json', '[]')
        self.assertEqual(1, len(stack_files.read(self.place)))

    def test_directory_without_templates_is_refused(self):
        error = self.assertRaises(errors.UsageError, stack_files.read,
                                  self.place)
        self.assertIn('contains no Heat template', str(error))
