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


import json
import os
import pathlib
import stat
import types

import ddt
import fixtures
import testtools
from testtools import matchers

from heat_upgrade import cloud as clouds
from heat_upgrade import errors
from heat_upgrade import process
from heat_upgrade.tests.unit import children
from heat_upgrade.tests.unit import fakes
from heat_upgrade import workspace as workspaces


class Child:
    """A process that stops as it is told to, or has died."""

    def __init__(self, name, died=None):
        self.name, self._died = name, died

    def died(self):
        return self._died

    def stop(self):
        return 1.234, False


def service(name, died=None):
    return types.SimpleNamespace(process=Child(name, died))


class TestCloud(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.workspace = self.useFixture(fakes.Workspace()).workspace
        self.cloud = clouds.Cloud(self.workspace, keystone_environment=None,
                                  heat_environment=None)

    def test_before_it_is_up_nothing_has_died(self):
        self.assertEqual([], self.cloud.died())

    def test_who_ended_by_itself_has_died(self):
        self.cloud.mariadb = service('mariadb', died=1)
        self.cloud.keystone = service('keystone')
        self.cloud.heat = types.SimpleNamespace(
            processes=[Child('heat-api'), Child('heat-engine', died=0)])
        self.assertEqual({'mariadb', 'heat-engine'},
                         {one.name for one in self.cloud.died()})

    def test_how_long_each_of_heat_s_services_took_to_stop_is_told(self):
        self.cloud.heat = types.SimpleNamespace(
            processes=[Child('heat-engine'), Child('heat-api')])
        one = {'seconds': 1.23, 'killed': False}
        self.assertEqual({'heat-engine': one, 'heat-api': one},
                         self.cloud.stop_heat())

    def test_an_unfinished_cloud_can_be_stopped(self):
        self.cloud.down()


@ddt.ddt
class TestKept(testtools.TestCase):
    """A cloud that outlives the tool."""

    def setUp(self):
        super().setUp()
        self.run_dir = pathlib.Path(
            self.useFixture(fixtures.TempDir()).path)

    def keep(self):
        workspace = workspaces.Workspace(self.run_dir)
        child = process.Process('child', ['sleep', '600'],
                                log=workspace.log('child'),
                                env=workspace.environment())
        self.addCleanup(child.kill)
        child.start()
        cloud = clouds.Cloud(workspace, keystone_environment=None,
                             heat_environment=None)
        cloud.configuration = types.SimpleNamespace(api_port=5, cfn_port=6)
        cloud.keystone = types.SimpleNamespace(url='http://keystone')
        cloud.heat = types.SimpleNamespace(
            environment=types.SimpleNamespace(version='27.0.1'))
        cloud.keep()
        return workspace, child

    def test_it_stays_and_is_noted_until_it_is_ended(self):
        workspace, child = self.keep()
        self.assertTrue(children.alive(child.pid))
        self.assertThat(clouds.kept(self.run_dir), matchers.ContainsDict({
            'api': matchers.Equals('http://127.0.0.1:5/v1'),
            'release': matchers.Equals('27.0.1')}))
        self.assertEqual(0o600, stat.S_IMODE(os.stat(
            self.run_dir / clouds.STATE_FILE).st_mode))
        self.assertEqual(1, clouds.end_kept(self.run_dir))
        children.gone(child.pid)
        self.assertThat(str(workspace.data),
                        matchers.Not(matchers.PathExists()))
        self.assertRaises(errors.UsageError, clouds.kept, self.run_dir)

    @ddt.data(clouds.kept, clouds.end_kept)
    def test_without_one_it_is_said_how_to_start_one(self, function):
        exc = self.assertRaises(errors.UsageError, function, self.run_dir)
        self.assertIn('heat-upgrade cloud up', str(exc))

    @ddt.data('', '{', '{}', '[]')
    def test_a_damaged_note_is_named(self, text):
        path = self.run_dir / clouds.STATE_FILE
        path.write_text(text)
        exc = self.assertRaises(errors.UsageError, clouds.end_kept,
                                self.run_dir)
        self.assertIn(str(path), str(exc))

    def test_data_that_somebody_removed_does_no_harm(self):
        (self.run_dir / clouds.STATE_FILE).write_text(json.dumps(
            {'marker': 'nobody', 'data': '/nowhere/data'}))
        self.assertEqual(0, clouds.end_kept(self.run_dir))
