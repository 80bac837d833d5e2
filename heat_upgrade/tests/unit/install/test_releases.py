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

import ddt
import fixtures
import testtools
from testtools import matchers

from heat_upgrade import errors
from heat_upgrade.install import releases
from heat_upgrade.tests.unit.support import installables


@ddt.ddt
class TestParse(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.locks = self.useFixture(installables.Locks())

    def refused(self, text):
        return str(self.assertRaises(errors.UsageError, releases.parse, text))

    def test_a_series_is_its_newest_release_in_the_lock(self):
        release = releases.parse('2026.1')
        self.assertEqual(('series', '2026.1', '26.0.2'),
                         (release.kind, release.series, release.version))

    def test_a_release_belongs_to_the_series_of_its_major_version(self):
        release = releases.parse('25.0.0')
        self.assertEqual(('release', '2025.2', '25.0.0'),
                         (release.kind, release.series, release.version))

    @ddt.data('2031.1', '24.0.0', '28.0.0', '27', 'heat', '', '26.0.x')
    def test_unknown_text_is_refused_with_the_known_series(self, text):
        self.assertThat(self.refused(text), matchers.MatchesAll(
            matchers.Contains('2025.2 (25.0.2), 2026.1 (26.0.2), '
                              '2026.2 (27.0.1)'),
            matchers.Contains('git checkout')))

    def test_a_missing_file_is_refused(self):
        self.assertIn('existing file', self.refused('/nowhere/heat.tar.gz'))

    @ddt.data(installables.write_sdist, installables.write_wheel)
    def test_package_has_the_version_of_its_metadata(self, write):
        path = write(self.useFixture(fixtures.TempDir()).path,
                     version='26.0.1')
        release = releases.parse(str(path))
        self.assertEqual(('file', '2026.1', '26.0.1', path),
                         (release.kind, release.series, release.version,
                          release.source))

    def test_a_package_beyond_all_series_takes_the_newest_lock(self):
        path = installables.write_wheel(
            self.useFixture(fixtures.TempDir()).path, version='28.0.0.0rc1')
        self.assertEqual('2026.2', releases.parse(path).series)

    def test_a_package_older_than_all_series_is_refused(self):
        path = installables.write_wheel(
            self.useFixture(fixtures.TempDir()).path, version='22.0.0')
        self.assertIn('22.0.0', self.refused(path))

    def test_a_package_of_something_else_is_refused(self):
        path = installables.write_wheel(
            self.useFixture(fixtures.TempDir()).path, name='keystone')
        self.assertIn('is keystone, not openstack-heat', self.refused(path))

    @ddt.data('heat.whl', 'heat.tar.gz', 'heat.txt')
    def test_file_that_is_not_a_package_is_refused(self, name):
        path = self.locks.path / name
        path.write_text('nothing of the kind')
        self.assertIn('is not an sdist or wheel', self.refused(path))

    def test_a_directory_outside_of_git_is_refused(self):
        path = self.useFixture(fixtures.TempDir()).path
        self.assertIn('not a git checkout', self.refused(path))

    def test_a_checkout_of_something_else_is_refused(self):
        checkout = self.useFixture(installables.Checkout(name='nova'))
        self.assertIn('a checkout of nova', self.refused(checkout.path))

    def test_default_is_the_two_newest_series(self):
        self.assertEqual(['2026.1', '2026.2'],
                         [r.name for r in releases.newest_two()])

    @ddt.data(('2026.2', '2026.1'), ('27.0.0', '2026.1'),
              ('2026.1', '2025.2'))
    @ddt.unpack
    def test_the_base_is_the_series_before(self, target, base):
        self.assertEqual(
            base, releases.before(releases.parse(target)).name)

    def test_oldest_target_needs_a_base(self):
        error = self.assertRaises(errors.UsageError, releases.before,
                                  releases.parse('2025.2'))
        self.assertIn('name the base', str(error))

    def test_the_report_gets_plain_data(self):
        checkout = self.useFixture(installables.Checkout(tag='27.0.1'))
        described = releases.parse(checkout.path).describe()
        self.assertThat(described, matchers.ContainsDict({
            'kind': matchers.Equals('checkout'),
            'version': matchers.Equals('27.0.1'),
            'commit': matchers.HasLength(40),
            'digest': matchers.HasLength(64),
            'dirty': matchers.Equals(False),
            'source': matchers.Equals(str(checkout.path))}))


@ddt.ddt
class TestOrder(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.useFixture(installables.Locks())

    def check(self, base, target):
        releases.check_order(releases.parse(base), releases.parse(target))

    @ddt.unpack
    @ddt.data(('2026.1', '2026.2'), ('2025.2', '2026.2'),
              ('26.0.0', '26.0.2'), ('26.0.1', '2026.1'))
    def test_newer_after_older_is_an_upgrade(self, base, target):
        self.check(base, target)

    @ddt.unpack
    @ddt.data(('2026.2', '2026.1'), ('26.0.2', '26.0.0'))
    def test_a_downgrade_is_refused(self, base, target):
        exc = self.assertRaises(errors.UsageError, self.check, base, target)
        self.assertIn('is older than', str(exc))

    @ddt.unpack
    @ddt.data(('2026.2', '2026.2'), ('26.0.2', '2026.1'))
    def test_the_same_release_twice_is_refused(self, base, target):
        exc = self.assertRaises(errors.UsageError, self.check, base, target)
        self.assertIn('same release', str(exc))

    def test_a_checkout_without_a_version_is_newer_than_all(self):
        checkout = self.useFixture(installables.Checkout())
        self.check('2026.2', checkout.path)
        self.assertRaises(errors.UsageError,
                          self.check, checkout.path, '2026.2')

    def test_an_old_checkout_is_refused_with_a_hint_at_its_tags(self):
        checkout = self.useFixture(installables.Checkout(tag='25.0.0'))
        exc = self.assertRaises(errors.UsageError,
                                self.check, '2026.2', checkout.path)
        self.assertIn('fetch the tags', str(exc))

    def test_a_checkout_may_have_the_version_of_its_base(self):
        checkout = self.useFixture(installables.Checkout(tag='26.0.2'))
        self.check('26.0.2', checkout.path)

    def test_the_same_checkout_twice_is_refused(self):
        checkout = self.useFixture(installables.Checkout())
        exc = self.assertRaises(errors.UsageError,
                                self.check, checkout.path, checkout.path)
        self.assertIn('same content', str(exc))
