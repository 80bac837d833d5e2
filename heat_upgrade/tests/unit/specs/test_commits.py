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
"""Unit tests of the reading of commits, with a real repository."""

import pathlib
import subprocess

import fixtures
import testtools

from heat_upgrade import errors
from heat_upgrade.specs import commits


class TestRead(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.home = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.git('init', '-q', '-b', 'main')

    def git(self, *words):
        subprocess.run(
            ['git', '-c', 'user.name=a', '-c', 'user.email=a@b', *words],
            cwd=self.home, check=True, capture_output=True)

    def commit(self, message, **files):
        for name, text in files.items():
            path = self.home / f'{name}.py'
            path.unlink() if text is None else path.write_text(text)
        self.git('add', '-A')
        self.git('commit', '-q', '--allow-empty', '-m', message)

    def read(self, revision, wanted=''):
        return [(each.message.strip(),
                 [(file.path, file.before, file.after) for file in each.files])
                for each in commits.read(revision, self.home, wanted)]

    def test_commit_has_its_message_and_both_sides_of_its_files(self):
        self.commit('One', a='1', b='1')
        self.commit('Two\n\nBody.', a='2', b=None, c='ü')
        self.assertEqual([('One', [('a.py', None, '1'), ('b.py', None, '1')])],
                         self.read('HEAD^'))
        self.assertEqual(
            [('Two\n\nBody.', [('a.py', '1', '2'), ('b.py', '1', None),
                               ('c.py', None, 'ü')])], self.read('HEAD'))

    def test_only_wanted_files_are_read(self):
        self.commit('One', a='1', b='1')
        self.assertEqual([('One', [('b.py', None, '1')])],
                         self.read('HEAD', '^b'))

    def test_range_has_its_commits_in_order_without_merges(self):
        self.commit('One')
        self.git('switch', '-q', '-c', 'topic')
        self.commit('Two', a='1')
        self.commit('Three', a='2')
        self.git('switch', '-q', 'main')
        self.git('merge', '-q', '--no-ff', '-m', 'Merge', 'topic')
        self.assertEqual(['Two', 'Three'],
                         [message for message, _ in self.read('HEAD^1..HEAD')])

    def test_merge_alone_is_refused(self):
        self.commit('One')
        self.git('switch', '-q', '-c', 'topic')
        self.commit('Two')
        self.git('switch', '-q', 'main')
        self.git('merge', '-q', '--no-ff', '-m', 'Merge', 'topic')
        exc = self.assertRaises(errors.UsageError, self.read, 'HEAD')
        self.assertIn('HEAD contains no commit that can be checked', str(exc))

    def test_unknown_revision_is_refused(self):
        self.commit('One')
        exc = self.assertRaises(errors.UsageError, self.read, 'nowhere')
        self.assertIn('nowhere', str(exc))

    def test_option_of_git_is_no_revision(self):
        self.commit('One')
        self.assertRaises(errors.UsageError, self.read, '--all')
