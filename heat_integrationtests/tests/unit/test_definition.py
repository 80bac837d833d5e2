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

"""The directory of a scenario is validated, and errors name file and key."""

import pathlib

import ddt
import fixtures
import testtools

from heat_integrationtests import catalogue
from heat_integrationtests import definition
from heat_integrationtests import history

SKELETON = pathlib.Path(definition.__file__).with_name('skeleton')


@ddt.ddt
class LoadTest(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.directory = pathlib.Path(
            self.useFixture(fixtures.TempDir()).path) / 'mine'
        self.directory.mkdir()
        self.write('template.yaml', 'resources: {}')
        self.write('expect.yaml', 'reason: because')

    def write(self, name, text):
        path = self.directory / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)

    def refused(self):
        return str(self.assertRaises(definition.Invalid, definition.load,
                                     self.directory))

    def test_a_template_and_a_reason_are_enough(self):
        loaded = definition.load(self.directory)
        self.assertEqual(('mine', 'resources: {}', None),
                         (loaded.name, loaded.template, loaded.changed))
        self.assertEqual('CREATE_COMPLETE', loaded.expect['status'])

    def test_all_files_are_read(self):
        self.write('changed.yaml', 'resources: {a: {}}')
        self.write('parameters.yaml', 'a: 1')
        self.write('changed-parameters.yaml', 'a: 2')
        self.write('environment.yaml', 'resource_registry: {}')
        self.write('environments/1.yaml', 'parameters: {}')
        self.write('files/child.yaml', 'resources: {}')
        self.write('changed-files/child.yaml', 'resources: {b: {}}')
        loaded = definition.load(self.directory)
        self.assertEqual(
            ({'a': 1}, {'a': 2}, {'resource_registry': {}},
             {'1.yaml': 'parameters: {}'}, {'child.yaml': 'resources: {}'},
             {'child.yaml': 'resources: {b: {}}'}),
            (loaded.parameters, loaded.changed_parameters,
             loaded.environment, loaded.environments, loaded.files,
             loaded.changed_files))

    def test_a_step_without_arguments_is_its_name(self):
        self.write('expect.yaml', 'reason: x\nhistory: [suspend]')
        self.assertEqual([{'suspend': {}}],
                         definition.load(self.directory).expect['history'])

    @ddt.data(
        ('reason: x\noutput: {}', "expect.yaml: top level: .*'output'"),
        ('reason: x\nweight: heavy', "expect.yaml: weight: 'heavy'"),
        ('reason: x\ntiers: [slow]', "expect.yaml: tiers.0: 'slow'"),
        ('reason: x\nhistory: [sleep]', "expect.yaml: history.0: .*'sleep'"),
        ('reason: x\nhistory: [{update: {tmpl: a}}]',
         "history.0.update: .*'tmpl'"),
        ('reason: x\nhistory: [{update: {template: a.yaml}}]',
         'update.template: files/a.yaml does not exist'),
        ('weight: 3', "top level: 'reason' is a required"),
        ('- reason', 'expect.yaml: expected a mapping'),
        ('reason: [', 'expect.yaml is not valid YAML'),
    )
    @ddt.unpack
    def test_an_error_names_file_and_key(self, text, expected):
        self.write('expect.yaml', text)
        self.assertThat(self.refused(),
                        testtools.matchers.MatchesRegex(f'(?s).*{expected}'))

    def test_a_missing_template_is_refused(self):
        (self.directory / 'template.yaml').unlink()
        self.assertIn('template.yaml does not exist', self.refused())

    def test_an_unknown_file_is_refused(self):
        self.write('paramters.yaml', 'a: 1')
        self.assertIn('paramters.yaml: unknown name', self.refused())

    def test_an_invalid_name_is_refused(self):
        self.directory = self.directory.rename(
            self.directory.with_name('My-Stack'))
        self.assertIn('lower-case letters', self.refused())

    def test_the_skeleton_is_valid(self):
        self.assertEqual({'label': 'second'},
                         definition.load(SKELETON).changed_parameters)

    def test_tiers_and_steps_of_the_schema_are_those_of_the_code(self):
        schema = definition.schema()
        self.assertEqual([*catalogue.TIERS], schema['properties']['tiers'][
            'items']['enum'])
        steps = schema['$defs']['steps']['items']['properties']
        self.assertEqual({*history.ACTIONS, 'status'}, {*steps})
