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

import pathlib

import ddt
import fixtures
import testtools

from heat_upgrade.install import releases
from heat_upgrade.install import source_metadata
from heat_upgrade.tests.unit.support import installables


@ddt.ddt
class TestBefore(testtools.TestCase):
    """The default base of a checkout."""

    def setUp(self):
        super().setUp()
        self.useFixture(installables.Locks())

    @ddt.data(
        ('2026.2', {'tag': '27.0.0.0rc1'}, 1),
        ('2026.1', {'tag': '26.0.0.0rc1'}, 1),
        ('2026.1', {'tag': '27.0.1', 'branch': 'stable/2026.2'}, 1),
        ('2025.2', {'tag': '26.0.2'}, 0),
        ('2025.2', {'branch': 'stable/2026.1'}, 0),
        ('2026.2', {}, 0))
    @ddt.unpack
    def test_default_base_is_the_release_before(self, base, options, commits):
        checkout = self.useFixture(installables.Checkout(**options))
        for _ in range(commits):
            checkout.commit()
        self.assertEqual(
            base, releases.before(releases.parse(checkout.path)).name)


@ddt.ddt
class TestSeriesAndVersion(testtools.TestCase):
    """The series and the version of a checkout."""

    def setUp(self):
        super().setUp()
        self.useFixture(installables.Locks())

    def parsed(self, commits=0, **options):
        checkout = self.useFixture(installables.Checkout(**options))
        for _ in range(commits):
            checkout.commit()
        release = releases.parse(checkout.path)
        return release.series, release.version

    def test_a_tag_is_that_release(self):
        self.assertEqual(('2026.1', '26.0.1'), self.parsed(tag='26.0.1'))

    def test_master_after_a_branch_point_is_the_next_series(self):
        self.assertEqual(('2026.2', '27.0.0.dev2'),
                         self.parsed(tag='26.0.0.0rc1', commits=2))

    def test_master_beyond_the_newest_series_takes_its_lock(self):
        self.assertEqual(('2026.2', '28.0.0.dev1'),
                         self.parsed(tag='27.0.0.0rc1', commits=1))

    @ddt.data('stable/2026.1', 'unmaintained/2026.1')
    def test_a_stable_branch_keeps_its_series(self, branch):
        self.assertEqual(('2026.1', '26.0.1.dev1'),
                         self.parsed(tag='26.0.0', commits=1, branch=branch))

    def test_commits_on_a_point_release_keep_its_series(self):
        self.assertEqual(('2026.1', '26.0.3.dev3'),
                         self.parsed(tag='26.0.2', commits=3))

    def test_a_shallow_clone_of_a_stable_branch_is_of_its_series(self):
        self.assertEqual(('2025.2', None),
                         self.parsed(branch='stable/2025.2'))

    def test_checkout_without_any_hint_is_of_the_newest_series(self):
        self.assertEqual(('2026.2', None), self.parsed())

    @ddt.data(('28.0.0', 'stable/2027.1', '2026.2'),
              ('20.0.0', 'unmaintained/2023.1', '2025.2'))
    @ddt.unpack
    def test_a_branch_without_a_lock_file_is_of_the_series_next_to_it(
            self, tag, branch, series):
        self.assertEqual((series, tag), self.parsed(tag=tag, branch=branch))

    def test_tags_that_are_no_releases_do_not_count(self):
        self.assertEqual(('2026.2', None), self.parsed(tag='zed-eom'))


class TestContent(testtools.TestCase):
    """The content hash of a checkout, and its side effects."""

    def setUp(self):
        super().setUp()
        self.useFixture(installables.Locks())
        self.checkout = self.useFixture(installables.Checkout())
        self.before = releases.parse(self.checkout.path)

    def assertChanged(self, dirty):
        after = releases.parse(self.checkout.path)
        self.assertNotEqual(self.before.digest, after.digest)
        self.assertEqual(dirty, after.dirty)

    def test_an_uncommitted_change_counts(self):
        self.checkout.write({'heat/engine.py': 'WORKS = False\n'})
        self.assertChanged(dirty=True)

    def test_an_untracked_file_counts(self):
        self.checkout.write({'heat/new.py': ''})
        self.assertChanged(dirty=True)

    def test_a_local_commit_counts(self):
        self.checkout.write({'heat/engine.py': 'WORKS = False\n'})
        self.checkout.commit()
        self.assertChanged(dirty=False)

    def test_a_removed_file_counts(self):
        (self.checkout.path / 'heat/engine.py').unlink()
        self.assertChanged(dirty=True)

    def test_a_mode_counts(self):
        (self.checkout.path / 'heat/engine.py').chmod(0o755)
        self.assertChanged(dirty=True)

    def test_an_ignored_file_does_not_count(self):
        self.checkout.write({'heat/engine.pyc': 'x'})
        self.assertEqual(self.before, releases.parse(self.checkout.path))

    def test_a_subdirectory_names_its_whole_checkout(self):
        below = releases.parse(self.checkout.path / 'heat')
        self.assertEqual((self.before.source, self.before.digest),
                         (below.source, below.digest))

    def test_a_copy_has_the_same_content(self):
        self.checkout.write({'heat/new.py': '', 'heat/engine.pyc': 'x'})
        (self.checkout.path / 'link').symlink_to('setup.cfg')
        target = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        read = source_metadata.read_checkout(self.checkout.path)
        self.assertEqual(read.digest(), read.copy(target))
        self.assertFalse((target / 'heat/engine.pyc').exists())
        self.assertTrue((target / 'link').is_symlink())

    def test_reading_leaves_nothing_behind(self):
        index = self.checkout.path / '.git/index'
        # A stale time stamp makes git rewrite its index.
        (self.checkout.path / 'setup.cfg').touch()
        before = index.read_bytes()
        releases.parse(self.checkout.path)
        self.assertEqual(before, index.read_bytes())
        self.assertEqual('', self.checkout.git('status', '--porcelain'))

    def test_the_repository_of_a_git_hook_is_not_taken_for_it(self):
        self.useFixture(fixtures.EnvironmentVariable('GIT_DIR', '/nowhere'))
        self.assertEqual(self.before, releases.parse(self.checkout.path))
