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
import stat
import threading
import types

import fixtures
import testtools
from testtools import matchers

from heat_upgrade import concurrency
from heat_upgrade import errors
from heat_upgrade.lab import database_template
from heat_upgrade.tests.unit.support import fakes


class MariaDB:
    """A fake server with a data directory."""

    def __init__(self, workspace):
        self.data = workspace.directory('mariadb') / 'data'
        self.data.mkdir()
        self.stopped = False

    def start(self):
        (self.data / 'ibdata1').write_text('empty')

    def wait_ready(self):
        pass

    def database(self, name):
        return f'mysql://{name}'

    def stop(self):
        self.stopped = True


class TemplateCase(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.home = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.useFixture(fixtures.EnvironmentVariable(
            'XDG_CACHE_HOME', str(self.home / 'cache')))
        self.keystone = types.SimpleNamespace(key='keystone-1')
        self.heat = types.SimpleNamespace(key='heat-1')
        self.version = 'mariadbd 10.11.14'
        self.servers, self.filled = [], []
        self.failure = None
        for name, value in {
                'mariadb.MariaDB': self.server,
                'mariadb.find': lambda name: f'/usr/sbin/{name}',
                'process.run': lambda *args, **more: (0, self.version),
                '_fill_keystone': self.fill,
                '_fill_heat': lambda *args: None}.items():
            self.useFixture(fixtures.MonkeyPatch(
                f'heat_upgrade.lab.database_template.{name}', value))

    def server(self, workspace):
        self.servers.append(MariaDB(workspace))
        return self.servers[-1]

    def fill(self, workspace, environment, secrets, url):
        self.filled.append(url)
        if self.failure:
            raise self.failure
        self.servers[-1].data.joinpath('ibdata1').write_text('filled')

    def state(self, further=None):
        workspace = self.useFixture(fakes.Workspace()).workspace
        return database_template.state(workspace, self.keystone, self.heat,
                                       further)

    @property
    def cache(self):
        return self.home / 'cache/heat-upgrade/prepared'

    def kept(self):
        return [path.name for path in self.cache.iterdir() if path.is_dir()]


class TestState(TemplateCase):

    def test_state_is_the_data_of_a_stopped_server(self):
        state = self.state()
        self.assertEqual('filled', (state.data / 'ibdata1').read_text())
        self.assertTrue(self.servers[0].stopped)

    def test_state_has_three_passwords(self):
        state = self.state()
        self.assertEqual(3, len({
            state.admin_password, state.service_password,
            state.domain_password}))

    def test_passwords_have_mode_0600(self):
        self.addCleanup(os.umask, os.umask(0))
        state = self.state()
        path = state.data.parent / 'secrets.json'
        self.assertIn(state.admin_password, path.read_text())
        self.assertEqual(0o600, stat.S_IMODE(path.stat().st_mode))
        self.assertEqual(0o700, stat.S_IMODE(
            path.parent.stat().st_mode))

    def test_state_is_made_once(self):
        self.assertEqual(self.state(), self.state())
        self.assertThat(self.servers, matchers.HasLength(1))

    def test_two_concurrent_runs_make_a_state_once(self):
        at_work, other = threading.Event(), []

        def fill(*args):
            at_work.set()
            self.fill(*args)
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.lab.database_template._fill_keystone', fill))
        workspaces = [self.useFixture(fakes.Workspace()).workspace
                      for _ in range(2)]

        def second():
            at_work.wait(10)
            other.append(database_template.state(workspaces[1], self.keystone,
                                                 self.heat))
        first, _ = concurrency.run_parallel(
            lambda: database_template.state(
                workspaces[0], self.keystone, self.heat
            ),
            second,
        )
        self.assertEqual([first], other)
        self.assertThat(self.servers, matchers.HasLength(1))

    def test_another_release_or_server_has_its_own_state(self):
        seen = {self.state().data}
        self.heat.key = 'heat-2'
        seen.add(self.state().data)
        self.keystone.key = 'keystone-2'
        seen.add(self.state().data)
        self.version = 'mariadbd 11'
        seen.add(self.state().data)
        self.assertThat(seen, matchers.HasLength(4))

    def test_further_services_have_their_own_state_and_password(self):
        plain, filled = self.state(), []
        further = types.SimpleNamespace(
            key=['glance'], fill=lambda *args: filled.append(args))
        state = self.state(further)
        self.assertEqual(1, len(filled))
        self.assertNotEqual(plain.data, state.data)
        self.assertEqual('', plain.services_password)
        self.assertNotEqual('', state.services_password)

    def test_use_sets_the_time_of_a_state(self):
        path = self.state().data.parent
        os.utime(path, (0, 0))
        self.state()
        self.assertThat(path.stat().st_mtime, matchers.GreaterThan(0))

    def test_an_unused_state_is_removed(self):
        old = self.state().data.parent
        os.utime(old, (0, 0))
        self.heat.key = 'heat-2'
        self.assertEqual([self.state().data.parent.name], self.kept())


class TestFailure(TemplateCase):

    def test_a_failure_leaves_nothing_and_stops_the_server(self):
        self.failure = errors.LabError('no such column')
        self.assertRaises(errors.LabError, self.state)
        self.assertEqual([], self.kept())
        self.assertTrue(self.servers[0].stopped)

    def test_next_run_makes_a_failed_state_again(self):
        self.failure = errors.LabError('no such column')
        self.assertRaises(errors.LabError, self.state)
        self.failure = None
        self.assertEqual('filled', (
            self.state().data / 'ibdata1').read_text())

    def test_failure_of_the_last_step_leaves_nothing(self):
        def fail(path, text):
            raise OSError('disk full')
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.filesystem.write_atomically', fail))
        self.assertRaises(OSError, self.state)
        self.assertEqual([], self.kept())

    def test_a_ctrl_c_leaves_nothing(self):
        self.failure = KeyboardInterrupt()
        self.assertRaises(KeyboardInterrupt, self.state)
        self.assertEqual([], self.kept())
