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

import contextlib
import io
import pathlib
import re

import ddt
import fixtures
from packaging import version
import testtools

from heat_upgrade import errors
from heat_upgrade.install import releases
from tools import lock_constraints


@ddt.ddt
class TestLockFiles(testtools.TestCase):
    """The lock files of this repository, as they are committed."""

    def text(self, name):
        return releases.lock_file(name).read_text()

    def test_each_series_has_a_lock_file(self):
        self.assertEqual([series.name for series in lock_constraints.SERIES],
                         releases.known_series())

    @ddt.data(*lock_constraints.SERIES)
    def test_lock_file_pins_the_releases_of_its_series(self, series):
        pins = releases.pins(self.text(series.name))
        self.assertEqual(
            (series.heat, series.keystone),
            (version.Version(pins[releases.HEAT]).major,
             version.Version(pins[releases.KEYSTONE]).major))

    @ddt.data(*lock_constraints.SERIES)
    def test_lock_file_has_a_setuptools_with_pkg_resources(self, series):
        pins = releases.pins(self.text(series.name))
        self.assertLess(version.Version(pins['setuptools']).major, 82)

    @ddt.data(*lock_constraints.names())
    def test_lock_file_has_its_command_in_its_header(self, name):
        text = self.text(name)
        day = re.search(r'--as-of (\S+)', text)[1]
        self.assertTrue(text.startswith(lock_constraints.header(name, day)))

    @ddt.data(*lock_constraints.names())
    def test_lock_file_has_only_pins(self, name):
        lines = [line for line in self.text(name).splitlines()
                 if not line.startswith('#')]
        self.assertEqual([], [line for line in lines if not re.fullmatch(
            r'[a-z0-9-]+==[^\s;/:]+', line)])


class TestLock(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.out = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.calls = []

    def uv(self, argv, *, log):
        self.calls.append(argv)
        pathlib.Path(argv[argv.index('-o') + 1]).write_text('cliff==4.7.0\n')
        return ''

    def write(self, name, as_of='2026-11-22'):
        return lock_constraints.write_lock(
            name, self.out, as_of=as_of, uv=self.uv, log=self.out / 'log')

    def test_libraries_are_of_the_day_and_heat_of_a_later_day(self):
        self.write('2026.1')
        self.assertEqual(
            ['--exclude-newer', '2026-04-02T00:00:00Z',
             '--exclude-newer-package',
             'openstack-heat=2026-11-22T00:00:00Z',
             '--exclude-newer-package', 'keystone=2026-11-22T00:00:00Z'],
            lock_constraints.resolver_options(lock_constraints.SERIES[3],
                                              '2026-11-22'))

    def test_file_is_the_header_and_the_resolved_pins(self):
        self.assertEqual(
            lock_constraints.header('2026.1', '2026-11-22') + 'cliff==4.7.0\n',
            self.write('2026.1').read_text())

    def test_no_other_file_is_left(self):
        self.write('2026.1')
        self.assertEqual(['2026.1.txt'],
                         [path.name for path in self.out.iterdir()])

    def test_the_tool_is_locked_from_its_requirements(self):
        self.write('tool')
        self.assertIn(str(releases.lock_dir().parent / 'requirements.txt'),
                      self.calls[0])

    def test_unknown_series_is_refused_with_the_known_ones(self):
        exc = self.assertRaises(errors.UsageError, self.write, '2031.1')
        self.assertIn('2026.2, tool', str(exc))

    def test_a_bad_day_is_refused(self):
        self.assertRaises(errors.UsageError, self.write, '2026.1', 'today')

    def test_command_without_names_makes_all_lock_files(self):
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.install.uv_runner.Uv', lambda: self.uv))
        with contextlib.redirect_stdout(io.StringIO()) as stdout:
            self.assertEqual(0, lock_constraints.main(
                ['--output', str(self.out), '--as-of', '2026-11-22']))
        self.assertEqual(
            [str(self.out / f'{name}.txt')
             for name in lock_constraints.names()],
            stdout.getvalue().splitlines())

    def test_command_refuses_an_unknown_series_with_status_2(self):
        with contextlib.redirect_stderr(io.StringIO()) as stderr:
            self.assertEqual(2, lock_constraints.main(
                ['--output', str(self.out), '2031.1']))
        self.assertIn('unknown lock file', stderr.getvalue())
