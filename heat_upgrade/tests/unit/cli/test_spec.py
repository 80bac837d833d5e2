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

"""The commands heat-upgrade spec check and spec template."""

import subprocess

import ddt

from heat_upgrade.tests.unit.support import cli_case
from heat_upgrade.tests.unit.support import tree

EXAMPLE = (tree.ROOT
           / 'doc/source/specs/upgrade-tests.rst')
BAD = 'Title\n=====\n\nText.\n'


@ddt.ddt
class TestSpecCheck(cli_case.CliCase):

    def write(self, name, content):
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, str):
            content = content.encode()
        path.write_bytes(content)
        return path

    def good(self, name='good.rst'):
        return self.write(name, EXAMPLE.read_text())

    def check(self, *words):
        return self.call('spec', 'check', *words)

    def test_a_spec_that_answers_passes(self):
        self.assertEqual(0, self.check(self.good()))
        self.assertEqual('', self.out)
        self.assertEqual('specs: 1 checked, 0 wrong, 0 exempt\n', self.err)

    def test_violation_is_printed_with_file_and_line(self):
        path = self.write('bad.rst', EXAMPLE.read_text().replace(
            'test_random_string', 'test_no_string'))
        self.assertEqual(1, self.check(self.good(), path))
        line = 1 + EXAMPLE.read_text()[:EXAMPLE.read_text().index(
            'test_random_string')].count('\n')
        self.assertTrue(self.out.startswith(
            f'{path}:{line}: Upgrade tests: there is no scenario or suite '
            'test_no_string'))
        self.assertEqual(1, self.out.count('\n'))
        self.assertIn('2 checked, 1 wrong', self.err)

    @ddt.data(b'\xff', b'====\nx', None)
    def test_unreadable_file_does_not_hide_the_others(self, content):
        path = self.home / 'a.rst'
        if content is not None:
            self.write('a.rst', content)
        bad = self.write('bad.rst', BAD)
        self.assertEqual(2, self.check(path, bad))
        first, second = self.out.splitlines()
        self.assertTrue(first.startswith(f'{path}:1: cannot be '), first)
        self.assertTrue(second.startswith(f'{bad}:1: there is no section'))
        self.assertNotIn('Traceback', self.err)

    def test_directories_and_files_are_checked_each_once(self):
        bad = self.write('specs/zed/bad.rst', BAD)
        self.good('specs/2027.1/good.rst')
        self.assertEqual(1, self.check(self.home / 'specs', bad,
                                       self.home / 'specs/zed'))
        self.assertIn('2 checked, 1 wrong', self.err)

    def test_older_specs_are_exempt_on_request(self):
        old = self.write('specs/zed/bad.rst', BAD)
        self.write('specs/liberty/unreadable.rst', b'\xff')
        self.write('specs/backlog/bad.rst', BAD)
        self.good('specs/2027.1/good.rst')
        specs = self.home / 'specs'
        self.assertEqual(0, self.check(specs, '--since', '2027.1'))
        self.assertEqual('specs: 1 checked, 0 wrong, 3 exempt\n', self.err)
        self.assertEqual(0, self.check('--since', 'antelope', old))
        self.assertEqual(1, self.check('--since', 'Zed', specs))
        self.assertIn('2 checked, 1 wrong, 2 exempt', self.err)

    def test_a_missing_spec_is_not_exempt(self):
        self.assertEqual(2, self.check(
            '--since', '2027.1', self.home / 'specs/zed/missing.rst'))

    def test_too_long_name_does_not_hide_the_others(self):
        self.assertEqual(2, self.check('x' * 300, self.write('b.rst', BAD)))
        self.assertIn('cannot be read: File name too long', self.out)
        self.assertIn('b.rst:1: there is no section', self.out)

    @ddt.data((), ('--since', 'yesterday', 'x.rst'), ('--since',),
              ('--since', '', 'x.rst'), ('--since', '2027.3', 'x.rst'))
    def test_bad_words_are_refused(self, words):
        self.refused('spec', 'check', *words)

    def test_a_directory_without_specs_is_refused(self):
        self.assertIn('there is no spec in', self.refused(
            'spec', 'check', self.home))

    @ddt.data((), ('a.rst', '--commit', 'HEAD'))
    def test_either_specs_or_a_commit_are_checked(self, words):
        self.assertIn('give either specs or --commit',
                      self.refused('spec', 'check', *words))

    def commit(self, message):
        git = ['git', '-C', str(self.home), '-c', 'user.name=a', '-c',
               'user.email=a@b']
        for words in (['init', '-q'], ['add', '-A'],
                      ['commit', '-q', '-m', message]):
            subprocess.run([*git, *words], check=True, capture_output=True)

    def test_commit_without_announcement_fails(self):
        path = 'heat/db/migrations/versions/01_add.py'
        self.write(path, 'revision = 1\n')
        self.commit('Add a table')
        words = ('--commit', 'HEAD', '--repository', self.home)
        self.assertEqual(1, self.check(*words))
        self.assertTrue(self.out.startswith(
            f'{path}:1: a database migration is new; missing: '), self.out)
        self.assertEqual('commits: 1 checked, 1 wrong\n', self.err)

    def test_announced_commit_passes(self):
        self.write('heat/db/migrations/versions/01_add.py', 'revision = 1\n')
        self.write('releasenotes/notes/a-1.yaml', 'upgrade:\n  - Run it.\n')
        self.commit('Add a table\n\nUpgradeImpact')
        self.assertEqual(0, self.check('--commit', 'HEAD', '--repository',
                                       self.home))
        self.assertEqual('', self.out)


class TestSpecTemplate(cli_case.CliCase):

    def test_output_completes_a_spec(self):
        self.assertEqual(0, self.call('spec', 'template'))
        path = self.home / 'a.rst'
        path.write_text(f'A change\n########\n\n{self.out}')
        self.assertEqual(1, self.call('spec', 'check', path))
        self.assertIn('Rollback: not answered, there is only the text of the '
                      'template', self.out)
        self.assertNotIn('missing', self.out)
