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

"""Unit tests of the hooks for pre-commit."""

import re

import ddt
import testtools
import yaml

from heat_upgrade.cli import main
from heat_upgrade.tests.unit.support import tree


@ddt.ddt
class TestHook(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.hook, self.commit_hook = yaml.safe_load(
            (tree.ROOT / '.pre-commit-hooks.yaml').read_text())

    def test_hooks_run_an_existing_command(self):
        manager = main.App().command_manager
        for hook, given in ((self.hook, ['a.rst']), (self.commit_hook, [])):
            program, *words = hook['entry'].split()
            self.assertEqual('python', hook['language'])
            self.assertIn(f'    {program} = heat_upgrade.cli.main:main',
                          (tree.ROOT / 'setup.cfg').read_text().splitlines())
            factory, name, rest = manager.find_command([*words, *given])
            self.assertEqual('spec check', name)
            parsed = factory(main.App(), None).get_parser(name).parse_args(
                rest)
            self.assertEqual(given, parsed.paths)

    def test_hook_of_commits_reads_no_file_names(self):
        self.assertFalse(self.commit_hook['pass_filenames'])
        self.assertTrue(self.commit_hook['always_run'])

    @ddt.data('specs/2027.1/a.rst', 'specs/2027.1/approved/a.rst',
              'specs/a.rst', 'specs/2027.1/templates-of-groups.rst')
    def test_hook_runs_for_specs(self, path):
        self.assertTrue(re.search(self.hook['files'], path))

    @ddt.data('specs/templates/2027.1-template.rst', 'specs/template.rst',
              'specs/rocky/rocky-template.rst', 'specs/index.rst',
              'specs/2027.1/index.rst', 'README.rst', 'specs/a.txt',
              'doc/source/specs/a.rst')
    def test_hook_runs_for_no_other_file(self, path):
        self.assertFalse(re.search(self.hook['files'], path))
