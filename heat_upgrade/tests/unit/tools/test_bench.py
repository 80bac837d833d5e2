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
import os
import pathlib

import fixtures
import testtools
from testtools import matchers

from heat_upgrade.report import model
from heat_upgrade.tests.unit.support import stories
from tools.bench import run


class TestRows(testtools.TestCase):

    def setUp(self):
        super().setUp()
        run_dir = self.useFixture(fixtures.TempDir()).path
        stories.Story(run_dir).tell()
        self.rows = {name: (value, cpu) for name, value, cpu in run._rows(
            model.make(run_dir), 'whole run')}

    def test_every_step_has_its_seconds_and_its_cpu(self):
        for step in stories.PLAN.steps:
            self.assertEqual((2.0, 1.25), self.rows[step.name])

    def test_every_limit_is_measured(self):
        self.assertEqual((16.0, 10.0), self.rows['whole run'])
        self.assertEqual((9.25, ''), self.rows['downtime'])
        self.assertEqual((1024, ''), self.rows['peak memory, MiB'])
        self.assertEqual(
            {'whole run, empty caches', 'cloud up'},
            set(run.LIMITS) - set(self.rows))


class TestEmptyCaches(testtools.TestCase):

    def test_empty_caches_are_restored(self):
        self.useFixture(fixtures.EnvironmentVariable(
            'XDG_CACHE_HOME', '/mine'))
        self.useFixture(fixtures.EnvironmentVariable('UV_CACHE_DIR'))
        with contextlib.ExitStack() as stack:
            run._empty_caches(stack)
            empty = pathlib.Path(os.environ['XDG_CACHE_HOME'])
            self.assertEqual([], list(empty.iterdir()))
            self.assertThat(os.environ['UV_CACHE_DIR'],
                            matchers.StartsWith(str(empty)))
        self.assertEqual('/mine', os.environ['XDG_CACHE_HOME'])
        self.assertNotIn('UV_CACHE_DIR', os.environ)
        self.assertFalse(empty.exists())
