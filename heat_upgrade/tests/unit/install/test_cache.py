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

"""The cache: where it is, and the locks on what is in it."""

from concurrent import futures
import os
import pathlib
import threading
import types

import ddt
import fixtures
import testtools

from heat_upgrade import errors
from heat_upgrade.install import cache


@ddt.ddt
class TestDirectory(testtools.TestCase):

    @ddt.unpack
    @ddt.data((None, '/home/me/.cache/heat-upgrade'),
              ('/caches', '/caches/heat-upgrade'))
    def test_it_is_where_caches_belong(self, given, expected):
        self.useFixture(fixtures.EnvironmentVariable('XDG_CACHE_HOME',
                                                     given))
        self.useFixture(fixtures.EnvironmentVariable('HOME', '/home/me'))
        self.assertEqual(pathlib.Path(expected), cache.directory())


class TestLock(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.path = pathlib.Path(
            self.useFixture(fixtures.TempDir()).join('sub/thing'))

    def lock(self, **options):
        lock = cache.Lock(self.path, **options)
        self.addCleanup(lock.release)
        return lock

    def test_many_share_it_and_none_of_them_holds_it_alone(self):
        self.lock().share()
        self.lock().share()
        self.assertFalse(self.lock().try_hold())

    def test_who_holds_it_holds_it_alone_until_released(self):
        with cache.Lock(self.path):
            self.assertFalse(self.lock().try_hold())
        self.assertTrue(self.lock().try_hold())

    def test_a_wait_ends_with_its_deadline_and_names_the_thing(self):
        self.useFixture(
            fixtures.MonkeyPatch('heat_upgrade.install.cache.TIMEOUT', 0.1)
        )
        with cache.Lock(self.path):
            exc = self.assertRaises(errors.WaitTimeout, self.lock().hold)
        self.assertIn('another run that makes thing', str(exc))

    def test_a_wait_can_be_ended(self):
        def check():
            raise errors.LabError('enough')
        with cache.Lock(self.path):
            self.assertRaises(errors.LabError, self.lock(check=check).share)

    def test_what_is_made_is_shared(self):
        self.assertFalse(self.lock().share_or_hold(lambda: True))
        self.assertFalse(self.lock().try_hold())
        self.lock().share()

    def test_what_is_not_made_is_held(self):
        self.assertTrue(self.lock().share_or_hold(lambda: False))
        self.assertFalse(self.lock().try_hold())

    def test_two_that_miss_it_at_once_do_not_wait_for_each_other(self):
        # Both share it when both look; the first makes it and goes on sharing
        # it, which kept the second out for as long as the first's run lasted.
        made = []
        both_look = threading.Barrier(2, timeout=10)
        first_looks = {}

        def is_made():
            if first_looks.setdefault(threading.get_ident(), True):
                first_looks[threading.get_ident()] = False
                both_look.wait()
            return bool(made)

        def one(lock):
            if lock.share_or_hold(is_made):
                made.append(lock)
                lock.share()

        self.useFixture(
            fixtures.MonkeyPatch('heat_upgrade.install.cache.TIMEOUT', 10)
        )
        with futures.ThreadPoolExecutor(2) as pool:
            list(pool.map(one, [self.lock(), self.lock()]))
        self.assertEqual(1, len(made))


class TestPrune(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.root = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        for name in ('new', 'old'):
            (self.root / name).mkdir()
        self.old = self.root / 'old'
        os.utime(self.old, (0, 0))

    def kept(self):
        return sorted(place.name for place in self.root.glob('*/'))

    def test_an_unused_directory_is_removed(self):
        cache.prune(self.root)
        self.assertEqual(['new'], self.kept())

    def test_a_directory_that_another_run_holds_stays(self):
        with cache.Lock(self.old):
            cache.prune(self.root)
        self.assertEqual(['new', 'old'], self.kept())

    def test_a_directory_that_another_run_has_just_removed_is_passed_over(
            self):
        removed = self.root / 'removed'
        root = types.SimpleNamespace(glob=lambda _: [removed, self.old])
        cache.prune(root)
        self.assertEqual(['new'], self.kept())
