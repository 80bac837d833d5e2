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

"""The reference of a run, cached by content."""

import json
import os
import pathlib
import stat

import ddt
import fixtures
import testtools

from heat_upgrade.install import cache
from heat_upgrade.install import releases
from heat_upgrade.plan import planner
from heat_upgrade.run import reference_run

PLAN = planner.make('cold', base='2026.1', target='2026.2')


class Spec:
    """An environment with a key."""

    def __init__(self, key):
        self.key = key


BASE, TARGET = Spec('heat-26.0.2-a'), Spec('heat-27.0.1-b')


@ddt.ddt
class TestKey(testtools.TestCase):

    def key(self, plan=PLAN, base=BASE, target=TARGET):
        return reference_run.key(plan, base, target)

    def test_names_of_releases_do_not_change_the_key(self):
        self.assertEqual(self.key(), self.key(planner.make(
            'cold', base='26.0.2', target='/src/heat')))

    def test_another_plan_has_another_key(self):
        self.assertNotEqual(self.key(), self.key(planner.make(
            'cold', base='2026.1', target='2026.2', seed=1)))

    def test_another_environment_has_another_key(self):
        keys = {self.key(), self.key(base=Spec('x')),
                self.key(target=Spec('x')), self.key(base=TARGET,
                                                     target=BASE)}
        self.assertEqual(4, len(keys))

    def test_another_tool_has_another_key(self):
        before = self.key()
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.run.reference_run._tool', lambda: 'another'))
        self.assertNotEqual(before, self.key())

    def test_reference_plan_differs_only_in_its_target(self):
        made = reference_run.plan_of(PLAN, releases.Release(
            '27.0.0', 'release', '2026.2', '27.0.0'))
        self.assertEqual(('27.0.0', PLAN.stages, self.key()),
                         (made.target, made.stages, self.key(made)))

    @ddt.unpack
    @ddt.data(('series', '27.0.1', None, False),
              ('release', '27.0.0.0rc1', None, True),
              ('checkout', '27.0.2.dev3', '/src/heat', True),
              ('checkout', None, '/src/heat', True),
              ('file', '27.0.1', '/tmp/heat.whl', True))
    def test_unpublished_release_is_unreleased(self, kind, version,
                                               source, unreleased):
        self.assertEqual(unreleased, reference_run.is_unreleased(
            releases.Release('x', kind, '2026.2', version, source)))


class TestKept(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.home = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.useFixture(fixtures.EnvironmentVariable(
            'XDG_CACHE_HOME', str(self.home / 'cache')))
        self.run_dir = self.home / 'run'
        self.run_dir.mkdir()
        self.report = self.home / 'report.json'
        self.report.write_text('{"verdict": "pass"}')

    def copied(self):
        return json.loads(
            (self.run_dir / 'against' / 'report.json').read_text())

    def test_missing_report_is_not_used(self):
        self.assertFalse(reference_run.use('key', self.run_dir))
        self.assertFalse((self.run_dir / 'against').exists())

    def test_cached_report_is_copied_into_this_run_and_the_next(self):
        reference_run.keep('key', self.run_dir, self.report)
        self.assertEqual({'verdict': 'pass'}, self.copied())
        (self.run_dir / 'against' / 'report.json').unlink()
        self.assertTrue(reference_run.use('key', self.run_dir))
        self.assertEqual({'verdict': 'pass'}, self.copied())
        self.assertFalse(reference_run.use('another', self.run_dir))

    def test_new_report_replaces_the_cached_one(self):
        reference_run.keep('key', self.run_dir, self.report)
        self.report.write_text('{"verdict": "fail"}')
        reference_run.keep('key', self.run_dir, self.report)
        self.assertEqual({'verdict': 'fail'}, self.copied())

    def test_directory_of_the_report_is_private(self):
        reference_run.keep('key', self.run_dir, self.report)
        self.assertEqual(0o700, stat.S_IMODE(
            (self.run_dir / 'against').stat().st_mode))

    def age(self, name):
        long_ago = os.stat(self.home).st_mtime - (
            cache.KEEP_DAYS + 1) * 86400
        os.utime(reference_run.place(name), (long_ago, long_ago))

    def test_unused_report_is_pruned(self):
        reference_run.keep('old', self.run_dir, self.report)
        reference_run.keep('used', self.run_dir, self.report)
        self.age('old')
        self.age('used')
        reference_run.use('used', self.run_dir)
        reference_run.keep('new', self.run_dir, self.report)
        self.assertEqual(
            {'used', 'new'},
            {path.name for path in reference_run.place('x').parent.iterdir()
             if path.is_dir()})

    def test_report_in_use_is_not_pruned(self):
        reference_run.keep('old', self.run_dir, self.report)
        self.age('old')
        with cache.Lock(reference_run.place('old')):
            reference_run.keep('new', self.run_dir, self.report)
        self.assertTrue(reference_run.place('old').is_dir())
