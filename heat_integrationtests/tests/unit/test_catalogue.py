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

"""Every scenario is found: here, in entry points and in directories."""

import os
import pathlib
import subprocess
import sys
import unittest

import fixtures
import testtools

from heat_integrationtests import catalogue
from heat_integrationtests import definition

HERE = pathlib.Path(__file__).parent
STARS = HERE / 'other_project'

_LIST = '''
import unittest
from heat_integrationtests import scenarios
from heat_integrationtests.scenarios import test_data
for suite in unittest.defaultTestLoader.loadTestsFromModule(test_data):
    for test in suite:
        print(test.id())
'''


def loaded():
    directory = os.path.dirname(catalogue.OWN)
    found, suites = set(), [unittest.TestLoader().discover(
        catalogue.OWN, top_level_dir=os.path.dirname(directory))]
    while suites:
        for test in suites.pop():
            if isinstance(test, unittest.TestSuite):
                suites.append(test)
            else:
                found.add(test.id().partition('[')[0])
    return found


class CatalogueTest(testtools.TestCase):

    def by_name(self, *paths):
        return {entry.name: entry for entry in catalogue.entries(paths)}

    def scenario(self, name, **files):
        parent = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        (parent / name).mkdir()
        for file, text in {'expect.yaml': 'reason: x', 'template.yaml':
                           'heat_template_version: 2018-08-31',
                           **files}.items():
            (parent / name / file).write_text(text)
        return parent

    def test_tests_parsed_from_the_sources_equal_the_loaded_tests(self):
        self.assertEqual(loaded(), set(catalogue.tests()))

    def test_attributes_of_python_scenarios_are_read_from_the_source(self):
        entry = self.by_name()['autoscaling']
        self.assertEqual(
            (25, 'heat-upgrade-tests', None),
            (entry.weight, entry.source, entry.definition))
        self.assertEqual(
            'heat_integrationtests.scenarios.test_autoscaling.'
            'AutoScalingScenario', entry.test_class)

    def test_a_scenario_in_a_directory_is_found(self):
        parent = self.scenario('mine')
        entry = self.by_name(parent)['mine']
        self.assertEqual((str(parent), 6), (entry.source, entry.weight))
        self.assertEqual(
            'heat_integrationtests.scenarios.test_data.mine.'
            'test_the_stack_is_as_recorded', entry.tests[1])

    def test_a_second_scenario_of_one_name_is_refused(self):
        error = self.assertRaises(
            definition.Invalid, catalogue.entries,
            [self.scenario('random_string')])
        self.assertIn('Two scenarios have the name random_string',
                      str(error))

    def test_a_missing_directory_is_refused(self):
        error = self.assertRaises(definition.Invalid, catalogue.entries,
                                  [pathlib.Path('/nowhere')])
        self.assertIn('/nowhere is not a directory', str(error))

    def test_the_variable_takes_precedence_over_the_option(self):
        self.assertEqual(
            (pathlib.Path('/a'), pathlib.Path('/b')),
            catalogue.paths(['/c'], {catalogue.PATH_VARIABLE: '/a:/b'}))
        self.assertEqual((pathlib.Path('/c'),), catalogue.paths(['/c'], {}))

    def test_types_are_found_in_data_and_in_python(self):
        types = {entry.name: entry.resource_types
                 for entry in catalogue.entries()}
        self.assertLessEqual({'OS::Nova::Server', 'OS::Neutron::Port'},
                             types['server'])
        self.assertIn('OS::Keystone::User', types['keystone_resources'])
        # Of a nested template.
        self.assertIn('OS::Heat::RandomString', types['heat_types'])
        self.assertNotIn('OS::Nova::Server', types['heat_types'])

    def test_smoke_tests_are_listed(self):
        self.assertTrue(all(test.startswith('heat_integrationtests.smoke.')
                            for test in catalogue.smoke_tests()))
        self.assertNotEqual([], catalogue.smoke_tests())


class OtherProjectTest(testtools.TestCase):
    """A package with an entry point, in a process that can import it."""

    def setUp(self):
        super().setUp()
        self.path = [*sys.path, str(STARS)]

    def run_python(self, code, **variables):
        return subprocess.run(
            [sys.executable, '-c', code], check=True, text=True,
            stdout=subprocess.PIPE,
            env={**os.environ, 'PYTHONPATH': os.pathsep.join(self.path),
                 **variables}).stdout.split()

    def test_tests_of_a_package_are_listed_with_tags_of_their_own(self):
        ids = {line.partition('[')[0]: line
               for line in self.run_python(_LIST)}
        dipper, pole = (
            f'{catalogue.GENERATED}.{name}.test_the_stack_is_as_recorded'
            for name in ('dipper', 'pole_star'))
        self.assertIn(',tier-quick,', ids[dipper])
        self.assertIn(',verify]', ids[dipper])
        self.assertNotIn('tier-quick', ids[pole])
        self.assertIn(',tier-thorough,', ids[pole])

    def test_scenarios_of_a_package_are_in_the_catalogue(self):
        lines = self.run_python(
            'from heat_integrationtests import catalogue\n'
            'for entry in catalogue.entries():\n'
            '    print(f"{entry.source}:{entry.name}:{entry.weight}")')
        self.assertIn('stars:dipper:4', lines)
        self.assertIn('stars:pole_star:3', lines)

    def test_tests_of_a_directory_are_listed(self):
        parent = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        (parent / 'mine').mkdir()
        (parent / 'mine' / 'expect.yaml').write_text('reason: x')
        (parent / 'mine' / 'template.yaml').write_text('resources: {}')
        ids = self.run_python(
            _LIST, **{catalogue.PATH_VARIABLE: str(parent)})
        self.assertEqual(4, sum('.test_data.mine.' in line for line in ids))
