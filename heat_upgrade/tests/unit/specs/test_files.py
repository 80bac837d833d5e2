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

"""Unit tests of the search for specs, and of their exemption."""

import os
import pathlib

import ddt
import fixtures
import testtools

from heat_upgrade import errors
from heat_upgrade.specs import files
from heat_upgrade.specs import series


class TestFind(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.home = pathlib.Path(self.useFixture(fixtures.TempDir()).path)

    def write(self, *names):
        for name in names:
            path = self.home / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text('')

    def find(self, *names):
        return [str(path.relative_to(self.home))
                for path in files.find([self.home / name for name in names])]

    def test_a_directory_has_specs_and_other_files(self):
        self.write('specs/zed/b.rst', 'specs/zed/a.rst', 'specs/c.rst',
                   'specs/index.rst', 'specs/template.rst', 'specs/a.txt',
                   'specs/zed/zed-template.rst', 'specs/templates/d.rst',
                   'specs/.tox/e.rst', 'specs/.f.rst')
        self.assertEqual(
            ['specs/c.rst', 'specs/zed/a.rst', 'specs/zed/b.rst'],
            self.find('specs'))

    def test_a_file_is_taken_as_it_is(self):
        self.write('template.rst')
        self.assertEqual(['template.rst', 'missing.rst'],
                         self.find('template.rst', 'missing.rst'))

    def test_a_spec_named_twice_is_one(self):
        self.write('zed/a.rst', 'zed/b.rst')
        self.assertEqual(['zed/b.rst', 'zed/a.rst'],
                         self.find('zed/b.rst', 'zed', 'zed/../zed/a.rst'))

    def test_a_directory_without_specs_is_a_mistake(self):
        self.write('zed/index.rst')
        self.assertIn('there is no spec in', str(self.assertRaises(
            errors.UsageError, self.find, 'zed')))

    def test_a_linked_directory_is_not_searched_again(self):
        self.write('specs/zed/a.rst', 'doc/b.rst')
        os.symlink('../specs', self.home / 'doc/specs')
        self.assertEqual(['doc/b.rst'], self.find('doc'))
        self.assertEqual(['doc/specs/zed/a.rst'], self.find('doc/specs'))


@ddt.ddt
class TestExempt(testtools.TestCase):

    def exempt(self, path, since='2027.1'):
        return files.exempt(path, series.parse(since))

    @ddt.data('specs/liberty/a.rst', 'specs/2026.2/a.rst',
              '/x/heat-specs/specs/zed/approved/a.rst',
              '/2027.1/specs/zed/a.rst', 'specs/Kilo/a.rst', '/x/zed/a.rst',
              '/specs/2027.1/specs/zed/a.rst')
    def test_older_spec_is_exempt(self, path):
        self.assertTrue(self.exempt(path))

    @ddt.data('specs/2027.1/a.rst', 'specs/2027.2/approved/a.rst',
              'specs/indri/a.rst', 'specs/2027.1/zed/a.rst')
    def test_the_series_itself_and_newer_ones_are_checked(self, path):
        self.assertFalse(self.exempt(path))

    @ddt.data('/x/specs/a.rst', '/zed/heat-specs/specs/misc/a.rst',
              '/zed/misc/a.rst', '/x/specs/zzz/a.rst', '/zed.rst')
    def test_spec_without_a_series_is_checked(self, path):
        self.assertFalse(self.exempt(path))

    def test_the_backlog_answers_when_a_series_takes_it_on(self):
        self.assertTrue(self.exempt('specs/backlog/a.rst'))
        self.assertTrue(self.exempt('specs/zed/backlog/a.rst'))
        self.assertFalse(self.exempt('specs/2027.1/backlog/a.rst'))

    def test_no_spec_is_exempt_by_default(self):
        for directory in ('liberty', 'backlog'):
            self.assertFalse(files.exempt(f'specs/{directory}/a.rst', None))

    def test_the_path_of_a_spec_may_be_relative(self):
        home = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        (home / 'specs' / 'zed').mkdir(parents=True)
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(home / 'specs' / 'zed')
        self.assertTrue(self.exempt('a.rst'))
        self.assertFalse(self.exempt('../2027.1/a.rst'))
