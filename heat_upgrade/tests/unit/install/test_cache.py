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

"""Unit tests of the cache: its directory, locks and pruning."""

from concurrent import futures
import math
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
    def test_cache_is_in_the_standard_directory(self, given, expected):
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

    def test_shared_lock_cannot_be_held(self):
        self.lock().share()
        self.lock().share()
        self.assertFalse(self.lock().try_hold())

    def test_held_lock_is_exclusive_until_its_release(self):
        with cache.Lock(self.path):
            self.assertFalse(self.lock().try_hold())
        self.assertTrue(self.lock().try_hold())

    def test_wait_ends_at_its_deadline_and_names_the_path(self):
        self.useFixture(
            fixtures.MonkeyPatch('heat_upgrade.install.cache.TIMEOUT', 0.1)
        )
        with cache.Lock(self.path):
            exc = self.assertRaises(errors.WaitTimeout, self.lock().hold)
        self.assertIn('another run that makes thing', str(exc))

    def test_error_of_the_check_ends_a_wait(self):
        def check():
            raise errors.LabError('enough')
        with cache.Lock(self.path):
            self.assertRaises(errors.LabError, self.lock(check=check).share)

    def test_lock_of_a_complete_path_is_shared(self):
        self.assertFalse(self.lock().share_or_hold(lambda: True))
        self.assertFalse(self.lock().try_hold())
        self.lock().share()

    def test_lock_of_an_incomplete_path_is_held(self):
        self.assertTrue(self.lock().share_or_hold(lambda: False))
        self.assertFalse(self.lock().try_hold())

    def test_two_runs_that_make_the_same_path_do_not_deadlock(self):
        # Both share the lock during their check. The first makes the path and
        # then shares the lock for its whole run, which once blocked the
        # second run for as long.
        made = []
        both_look = threading.Barrier(2, timeout=10)
        first_looks = {}

        def is_made():
            if first_looks.setdefault(threading.get_ident(), True):
                first_looks[threading.get_ident()] = False
                both_look.wait()
            return bool(made)

        def make(lock):
            if lock.share_or_hold(is_made):
                made.append(lock)
                lock.share()

        self.useFixture(
            fixtures.MonkeyPatch('heat_upgrade.install.cache.TIMEOUT', 10)
        )
        with futures.ThreadPoolExecutor(2) as pool:
            list(pool.map(make, [self.lock(), self.lock()]))
        self.assertEqual(1, len(made))


class TestEnsure(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.path = pathlib.Path(
            self.useFixture(fixtures.TempDir()).join('sub/thing'))
        self.made = []

    def make(self, directory):
        self.made.append(directory)
        (directory / 'content').write_text('whole')

    def test_directory_is_made_once(self):
        for _ in range(2):
            path = cache.ensure(self.path, self.make)
            self.assertEqual('whole', (path / 'content').read_text())
        self.assertEqual(1, len(self.made))

    def test_failure_leaves_no_directory(self):
        def fail(directory):
            self.make(directory)
            raise errors.LabError('disk full')
        self.assertRaises(errors.LabError, cache.ensure, self.path, fail)
        self.assertEqual([], list(self.path.parent.glob('*/')))

    def test_use_of_one_directory_removes_its_unused_siblings(self):
        old = self.path.with_name('old')
        old.mkdir(parents=True)
        os.utime(old, (0, 0))
        cache.ensure(self.path, self.make)
        self.assertFalse(old.exists())


class TestPrune(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.root = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        for name in ('new', 'old'):
            (self.root / name).mkdir()
        self.old = self.root / 'old'
        os.utime(self.old, (0, 0))

    def kept(self):
        return sorted(path.name for path in self.root.glob('*/'))

    def test_an_unused_directory_is_removed(self):
        cache.prune(self.root)
        self.assertEqual(['new'], self.kept())

    def test_removed_path_counts_as_used(self):
        self.assertEqual(math.inf, cache.last_use(self.root / 'removed'))

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
