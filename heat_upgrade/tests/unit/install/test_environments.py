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

import os
import pathlib
import time

import ddt
import fixtures
import testtools
from testtools import matchers

from heat_upgrade import errors
from heat_upgrade.install import cache
from heat_upgrade.install import constraints
from heat_upgrade.install import environments
from heat_upgrade.install import releases
from heat_upgrade.tests.unit.support import installables


class EnvironmentsCase(testtools.TestCase):

    def setUp(self):
        super().setUp()
        # A lock that is never released would make the test hang.
        self.useFixture(fixtures.Timeout(30, gentle=True))
        self.locks = self.useFixture(installables.Locks())
        self.cache = self.useFixture(fixtures.TempDir()).path
        self.logs = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.useFixture(
            fixtures.EnvironmentVariable('XDG_CACHE_HOME', self.cache))

    def heat(self, text='2026.1', **options):
        return environments.heat(releases.parse(text), **options)

    def ensure(self, spec, uv):
        return environments.ensure(spec, log_dir=self.logs, uv=uv)


class TestEnsure(EnvironmentsCase):

    def test_a_series_gets_the_release_of_its_lock(self):
        uv = installables.FakeUv()
        built = self.ensure(self.heat(), uv)
        self.assertEqual('26.0.2', built.version)
        self.assertEqual(built.path / 'bin' / 'uwsgi', built.bin('uwsgi'))
        self.assertEqual(1, uv.count('openstack-heat==26.0.2', 'pyuwsgi',
                                     'PyMySQL', '--offline'))

    def test_keystone_is_that_of_the_series(self):
        spec = environments.keystone(releases.parse('26.0.0'))
        uv = installables.FakeUv()
        self.assertEqual('29.1.0', self.ensure(spec, uv).version)

    def test_environment_is_built_once(self):
        uv = installables.FakeUv()
        first = self.ensure(self.heat(), uv)
        second = self.ensure(self.heat(), uv)
        self.assertEqual(first.path, second.path)
        self.assertEqual(1, uv.count('venv'))

    def test_two_concurrent_requests_build_an_environment_once(self):
        def slow(argv):
            if argv[0] == 'venv':
                time.sleep(0.1)
        uv = installables.FakeUv(fails=slow)
        one, two = environments.ensure_all(
            [self.heat(), self.heat('26.0.2')], log_dir=self.logs, uv=uv)
        self.assertEqual(one.path, two.path)
        self.assertEqual(1, uv.count('venv'))

    def test_environments_come_in_the_order_of_their_specs(self):
        specs = [self.heat('2026.2'), self.heat('2026.1'),
                 environments.keystone(releases.parse('2026.1'))]
        built = environments.ensure_all(
            specs, log_dir=self.logs, uv=installables.FakeUv())
        self.assertEqual(['27.0.1', '26.0.2', '29.1.0'],
                         [env.version for env in built])

    def test_incomplete_environment_is_built_again(self):
        spec = self.heat()
        left = cache.directory() / 'environments' / spec.key / 'bin'
        left.mkdir(parents=True)
        (left / 'python').touch()
        uv = installables.FakeUv()
        self.assertEqual('26.0.2', self.ensure(spec, uv).version)
        self.assertEqual(1, uv.count('venv'))

    def test_a_failure_leaves_nothing_half_built(self):
        def fails(argv):
            return 'no space left' if argv[0] == 'pip' else None
        spec = self.heat()
        self.assertRaises(errors.LabError, self.ensure, spec,
                          installables.FakeUv(fails=fails))
        self.assertFalse(
            (cache.directory() / 'environments' / spec.key).exists())

    def test_failure_releases_the_lock(self):
        def killed(argv):
            return 'killed' if argv[0] == 'pip' else None
        spec = self.heat()
        # The test still has the exception, and so its traceback.
        failed = self.assertRaises(errors.LabError, self.ensure, spec,
                                   installables.FakeUv(fails=killed))
        self.ensure(spec, installables.FakeUv())
        self.assertIsNotNone(failed.__traceback__)

    def test_environment_without_its_python_is_built_again(self):
        uv = installables.FakeUv()
        self.ensure(self.heat(), uv).bin('python').unlink()
        self.ensure(self.heat(), uv)
        self.assertEqual(2, uv.count('venv'))

    def test_network_is_used_if_the_cache_is_not_enough(self):
        def offline(argv):
            return 'not in the cache' if '--offline' in argv else None
        uv = installables.FakeUv(fails=offline)
        self.ensure(self.heat(), uv)
        self.assertEqual(2, uv.count('pip', 'install'))

    def test_a_first_import_that_fails_is_left_to_the_service(self):
        def broken(argv):
            return 'ImportError' if '-c' in argv else None
        uv = installables.FakeUv(fails=broken)
        self.assertEqual('26.0.2', self.ensure(self.heat(), uv).version)

    def test_one_failure_cancels_the_other_builds(self):
        def fails(argv):
            return ('no route to host'
                    if argv[0] == 'pip' and 'openstack-heat==26.0.2' in argv
                    else None)
        uv = installables.FakeUv(fails=fails)
        exc = self.assertRaises(
            errors.LabError, environments.ensure_all,
            [self.heat('2026.1'), self.heat('2026.2')],
            log_dir=self.logs, uv=uv)
        self.assertIn('no route to host', str(exc))
        self.assertRaises(errors.LabError, uv.check)


@ddt.ddt
class TestFailures(EnvironmentsCase):

    CONFLICT = ('error: No solution found when resolving dependencies:\n'
                'because oslo.config>=10 is not to be had')

    def failing(self, spec, output):
        def fails(argv):
            return output if argv[0] == 'pip' else None
        return self.assertRaises(errors.HeatUpgradeError, self.ensure, spec,
                                 installables.FakeUv(fails=fails))

    def test_a_release_that_is_not_on_the_index_is_a_usage_error(self):
        exc = self.failing(
            self.heat('26.9.9'),
            'error: No solution found\n  Because there is no version of\n'
            '  openstack-heat==26.9.9 and you require it')
        self.assertIsInstance(exc, errors.UsageError)
        self.assertIn('2026.1 (26.0.2)', str(exc))

    def test_a_conflict_names_the_constraints_and_the_option(self):
        checkout = self.useFixture(installables.Checkout())
        exc = self.failing(self.heat(checkout.path), self.CONFLICT)
        self.assertIsInstance(exc, errors.LabError)
        for part in ('2026.2.txt', '--constraints', 'oslo.config>=10'):
            self.assertIn(part, str(exc))

    def test_other_failures_have_the_output_and_the_log_of_uv(self):
        exc = self.failing(self.heat(), 'error: connection refused')
        self.assertIsInstance(exc, errors.LabError)
        self.assertIn('connection refused', str(exc))
        self.assertEqual(self.logs, exc.log.parent)


@ddt.ddt
class TestKeys(EnvironmentsCase):

    def test_a_series_and_its_newest_release_share_an_environment(self):
        self.assertEqual(self.heat('2026.1').key, self.heat('26.0.2').key)

    def test_another_release_has_another_key(self):
        self.assertNotEqual(self.heat('26.0.1').key, self.heat('26.0.2').key)

    def test_the_key_is_readable(self):
        self.assertThat(self.heat().key,
                        matchers.MatchesRegex('heat-26.0.2-[0-9a-f]{16}$'))

    def test_a_change_of_the_lock_file_changes_the_key(self):
        before = self.heat().key
        with open(self.locks.path / '2026.1.txt', 'a') as lock:
            lock.write('webob==1.8.8\n')
        self.assertNotEqual(before, self.heat().key)

    def test_comment_in_the_lock_file_does_not_change_the_key(self):
        before = self.heat().key
        with open(self.locks.path / '2026.1.txt', 'a') as lock:
            lock.write('# as of another day\n')
        self.assertEqual(before, self.heat().key)

    def test_other_constraints_change_the_key(self):
        path = self.locks.path / 'upper.txt'
        path.write_text('oslo.config===9.9\n')
        self.assertNotEqual(self.heat().key,
                            self.heat(constraints=path).key)

    @ddt.data('heat/engine.py', 'heat/untracked.py')
    def test_a_change_in_a_checkout_changes_the_key(self, name):
        checkout = self.useFixture(installables.Checkout())
        before = self.heat(checkout.path).key
        checkout.write({name: 'WORKS = False\n'})
        self.assertNotEqual(before, self.heat(checkout.path).key)


class TestSources(EnvironmentsCase):

    def test_a_checkout_is_built_once_and_left_as_it_was(self):
        checkout = self.useFixture(installables.Checkout(tag='27.0.0.0rc1'))
        checkout.write({'heat/new.py': ''})
        uv = installables.FakeUv()
        spec = self.heat(checkout.path)
        built = self.ensure(spec, uv)
        self.assertEqual('28.0.0.dev0', built.version)
        (built.path / environments.MARKER).unlink()
        del built
        self.ensure(spec, uv)
        self.assertEqual(1, uv.count('build'))
        self.assertEqual('?? heat/new.py\n',
                         checkout.git('status', '--porcelain'))

    def test_a_checkout_of_unknown_version_is_built_as_newer_than_all(self):
        checkout = self.useFixture(installables.Checkout())
        built = self.ensure(self.heat(checkout.path), installables.FakeUv())
        self.assertEqual('28.0.0.dev0', built.version)

    def test_checkout_that_changes_during_the_run_is_not_installed(self):
        checkout = self.useFixture(installables.Checkout())
        spec = self.heat(checkout.path)
        checkout.write({'heat/engine.py': 'WORKS = False\n'})
        exc = self.assertRaises(errors.LabError, self.ensure, spec,
                                installables.FakeUv())
        self.assertIn('changed', str(exc))

    def test_a_wheel_is_installed_as_it_is(self):
        wheel = installables.write_wheel(self.logs)
        uv = installables.FakeUv()
        self.ensure(self.heat(wheel), uv)
        self.assertEqual((1, 0), (uv.count(str(wheel)), uv.count('build')))

    def test_an_sdist_is_built(self):
        sdist = installables.write_sdist(self.logs)
        uv = installables.FakeUv()
        self.assertEqual('27.0.1', self.ensure(self.heat(sdist), uv).version)
        self.assertEqual(1, uv.count('build', str(sdist)))


class TestPrune(EnvironmentsCase):

    def build(self, text='2026.1', days=0):
        built = self.ensure(self.heat(text), installables.FakeUv())
        then = time.time() - days * 86400
        os.utime(built.path / environments.MARKER, (then, then))
        return built

    def test_unused_environment_is_removed(self):
        path = self.build(days=31).path
        environments.prune()
        self.assertFalse(path.exists())

    def test_old_cache_of_entry_points_is_removed(self):
        paths = [cache.entry_points() / 'python-entrypoints' / name
                 for name in ('old', 'new')]
        paths[0].parent.mkdir(parents=True)
        for path, days in zip(paths, (31, 29)):
            path.write_text('{}')
            then = time.time() - days * 86400
            os.utime(path, (then, then))
        environments.prune()
        self.assertEqual([False, True], [path.exists() for path in paths])

    def test_recently_used_environment_stays(self):
        path = self.build(days=29).path
        environments.prune()
        self.assertTrue(path.exists())

    def test_environment_that_a_run_holds_stays(self):
        held = self.build(days=31)
        environments.prune()
        self.assertTrue(held.path.exists())

    def test_environment_that_a_process_runs_from_stays(self):
        path = self.build(days=31).path
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.install.environments._runs_from',
            lambda used: used == path))
        environments.prune()
        self.assertTrue(path.exists())

    def test_use_resets_the_age_of_an_environment(self):
        self.build(days=31)
        path = self.build().path
        environments.prune()
        self.assertTrue(path.exists())


@ddt.ddt
class TestConstraints(EnvironmentsCase):

    def test_constraints_do_not_pin_heat_and_keystone(self):
        self.assertEqual(
            ('PyMySQL==1.1.1', 'oslo-config==9.6', 'pyuwsgi==2.0.30',
             'setuptools==80.9.0'),
            constraints.constraints('2026.1').lines)

    def test_published_upper_constraints_are_accepted(self):
        self.assertEqual(
            ("Babel==2.16.0;python_version>='3.11'", 'oslo.config==9.9'),
            constraints.normalize(
                "oslo.config===9.9  # a comment\n"
                "\n# another\n--index-url https://example.org\n"
                "-e git+https://example.org/heat#egg=openstack-heat\n"
                "openstack_heat===26.0.0\nKeystone===29.0.0\n"
                "Babel===2.16.0;python_version>='3.11'\n"))

    def test_pins_missing_in_upper_constraints_come_from_the_lock(self):
        path = self.locks.path / 'upper.txt'
        path.write_text('PyMySQL===1.1.2\n')
        self.assertEqual(
            ('PyMySQL==1.1.2', 'pyuwsgi==2.0.30', 'setuptools==80.9.0'),
            constraints.constraints('2026.1', path).lines)

    def test_constraints_may_be_a_url(self):
        path = self.locks.path / 'by-url.txt'
        path.write_text('webob===1.8.8\n')
        self.assertIn('webob==1.8.8', constraints.constraints(
            '2026.1', path.as_uri()).lines)

    def test_variable_of_tox_is_not_read_here(self):
        self.useFixture(fixtures.EnvironmentVariable(
            'TOX_CONSTRAINTS_FILE', '/nowhere/upper.txt'))
        self.assertIn(
            'oslo-config==9.6', constraints.constraints('2026.1').lines
        )

    @ddt.data('/nowhere/upper.txt', 'file:///nowhere/upper.txt')
    def test_missing_constraints_are_a_usage_error(self, given):
        exc = self.assertRaises(errors.UsageError, constraints.constraints,
                                '2026.1', given)
        self.assertIn(given, str(exc))
