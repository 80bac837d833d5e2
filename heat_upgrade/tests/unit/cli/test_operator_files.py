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

"""Files that an operator names on the command line."""

import pathlib

import fixtures
import testtools

from heat_upgrade.checks import check_context
from heat_upgrade.cli import operator_files
from heat_upgrade import errors


class TestFiles(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.place = pathlib.Path(self.useFixture(fixtures.TempDir()).path)

    def write(self, *names):
        paths = [self.place / name for name in names]
        for path in paths:
            path.parent.mkdir(exist_ok=True, parents=True)
            path.touch()
        return paths

    def refused(self, function, *names, **more):
        return str(self.assertRaises(
            errors.UsageError, function,
            [self.place / name for name in names], **more))

    def test_all_missing_files_are_named_at_once(self):
        self.write('a.yaml')
        text = self.refused(operator_files.existing, 'b.yaml', 'a.yaml',
                            'c.yaml')
        self.assertIn('b.yaml, ', text)
        self.assertIn('c.yaml do not exist', text)
        self.assertNotIn('a.yaml', text)

    def test_pattern_stands_for_the_files_that_match(self):
        first, second, _ = self.write('a.yaml', 'd/b.yaml', 'c.txt')
        self.assertEqual((first, second), operator_files.existing(
            [self.place / '**/*.yaml'], patterns=True))

    def test_pattern_that_matches_nothing_is_refused(self):
        self.assertIn('*.yaml does not exist', self.refused(
            operator_files.existing, '*.yaml', patterns=True))

    def test_files_of_a_check_that_does_not_run_are_not_checked(self):
        conf, template, environment, dump = self.write(
            'c/heat.conf', 'a.yaml', 'e.yaml', 'heat.sql')
        asked = check_context.OperatorInputs(
            config_dirs=(conf.parent,), templates=(template,),
            environments=(environment,), stacks_from=dump)
        self.assertEqual([conf], operator_files.checked(['config'], asked))
        self.assertEqual([conf], operator_files.checked(['policy'], asked))
        self.assertEqual([template, environment, dump],
                         operator_files.checked(['resources', 'rpc'], asked))

    def test_pattern_is_no_environment(self):
        self.write('a.yaml')
        self.refused(operator_files.existing, '*.yaml')

    def test_file_whose_name_looks_like_a_pattern_is_that_file(self):
        path, _ = self.write('[a].yaml', 'a.yaml')
        self.assertEqual((path,), operator_files.existing([path],
                                                          patterns=True))

    def test_directory_stands_for_its_configuration_files(self):
        second, first, _, other = self.write(
            'd/b.conf', 'd/a.conf', 'd/policy.yaml', 'heat.conf')
        self.assertEqual(
            (other, first, second),
            operator_files.configuration([other, self.place / 'd']))

    def test_directory_without_configuration_files_is_refused(self):
        self.write('d/policy.yaml')
        self.assertIn('has no file that ends in .conf', self.refused(
            operator_files.configuration, 'd'))
