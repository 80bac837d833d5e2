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
import socket
import stat
import tempfile

import fixtures
import testtools
from testtools import matchers

from heat_upgrade.install import cache
from heat_upgrade.lab import workspace as workspaces
from heat_upgrade import process
from heat_upgrade import reaper
from heat_upgrade.tests.unit.support import children
from heat_upgrade.tests.unit.support import fakes


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


class WorkspaceCase(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.home = pathlib.Path(
            self.useFixture(fixtures.TempDir()).path).resolve()
        self.temporary = self.home / 'tmp'
        self.temporary.mkdir()
        self.useFixture(fixtures.MonkeyPatch('tempfile.tempdir',
                                             str(self.temporary)))

    def workspace(self, name='run'):
        made = workspaces.Workspace(self.home / name)
        self.addCleanup(made.close)
        return made


class QuietCase(WorkspaceCase):
    """Without processes there is no need of a reaper."""

    def setUp(self):
        super().setUp()
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.reaper.Reaper', fakes.Reaper))


class TestPorts(QuietCase):

    def setUp(self):
        super().setUp()
        self.port = self.workspace().port()

    def listen(self):
        server = socket.socket()
        self.addCleanup(server.close)
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(('127.0.0.1', self.port))
        server.listen()
        return server

    def test_port_is_on_loopback_and_refuses_connections(self):
        self.assertRaises(ConnectionRefusedError, socket.create_connection,
                          ('127.0.0.1', self.port), 5)

    def test_port_is_given_to_no_other_process(self):
        other = socket.socket()
        self.addCleanup(other.close)
        exc = self.assertRaises(OSError, other.bind,
                                ('127.0.0.1', self.port))
        self.assertIn('in use', str(exc))

    def test_service_can_listen_on_the_port_again_after_a_restart(self):
        for _ in range(2):
            server = self.listen()
            client = socket.create_connection(('127.0.0.1', self.port), 5)
            self.addCleanup(client.close)
            # The server closes first: its side lingers in TIME_WAIT.
            server.accept()[0].close()
            server.close()

    def test_two_runs_never_share_a_port(self):
        first, second = self.workspace('one'), self.workspace('other')
        ports = [run.port() for _ in range(50) for run in (first, second)]
        self.assertEqual(100, len(set(ports)))


class TestFiles(QuietCase):

    def test_data_directories_have_mode_0700(self):
        run = self.workspace()
        self.assertEqual((0o700, 0o700),
                         (mode(run.data), mode(run.directory('a/b'))))

    def test_directory_may_be_made_twice(self):
        run = self.workspace()
        self.assertEqual(run.directory('heat'), run.directory('heat'))

    def test_secret_file_has_mode_0600(self):
        self.addCleanup(os.umask, os.umask(0))
        path = self.workspace().secret_file('heat.conf', 'password = x\n')
        self.assertEqual((0o600, 'password = x\n'),
                         (mode(path), path.read_text()))

    def test_open_file_is_replaced_and_not_overwritten(self):
        run = self.workspace()
        path = run.secret_file('heat.conf', 'old')
        with open(path) as held:
            run.secret_file('heat.conf', 'new')
            self.assertEqual('old', held.read())
        self.assertEqual('new', path.read_text())

    def test_failed_write_changes_and_leaves_nothing(self):
        run = self.workspace()
        path = run.secret_file('heat.conf', 'old')
        self.assertRaises(TypeError, run.secret_file, 'heat.conf', None)
        self.assertEqual('old', path.read_text())
        self.assertEqual(['heat.conf'], os.listdir(run.data))

    def test_logs_are_in_the_run_directory(self):
        run = self.workspace()
        self.assertEqual(self.home / 'run/logs/heat-api.log',
                         run.log('heat-api'))
        self.assertThat(str(run.logs), matchers.DirExists())

    def test_passwords_differ_and_are_long(self):
        made = {workspaces.password() for _ in range(100)}
        self.assertEqual(100, len(made))
        self.assertEqual({32}, set(map(len, made)))


class TestEnd(WorkspaceCase):

    def start(self, run):
        child = process.Process('child', ['sleep', '600'],
                                log=run.log('child'), env=run.environment())
        self.addCleanup(child.kill)
        child.start()
        return child

    def test_closing_ends_processes_and_removes_data(self):
        run = self.workspace()
        run.secret_file('heat.conf', 'x')
        child = self.start(run)
        run.close()
        self.assertFalse(children.alive(child.pid))
        self.assertEqual([], os.listdir(self.temporary))
        self.assertThat(str(run.logs), matchers.DirExists())

    def test_closing_removes_its_files_in_shared_memory_only(self):
        first, second = self.workspace('one'), self.workspace('other')
        paths = [pathlib.Path('/dev/shm', f'{run.host("node-1")}_x_qmanager')
                 for run in (first, second)]
        for path in paths:
            path.write_text('1:1:1')
            self.addCleanup(path.unlink, missing_ok=True)
        first.close()
        self.assertEqual([False, True], [path.exists() for path in paths])

    def test_closing_gives_the_ports_back(self):
        run = self.workspace()
        port = run.port()
        run.close()
        with socket.socket() as other:
            other.bind(('127.0.0.1', port))

    def test_keeping_leaves_data_and_processes(self):
        run = self.workspace()
        path = run.secret_file('heat.conf', 'x')
        child = self.start(run)
        run.close(keep=True)
        self.assertTrue(children.alive(child.pid))
        self.assertThat(str(path), matchers.FileExists())

    def test_workspace_may_be_closed_twice(self):
        run = self.workspace()
        run.close()
        run.close()

    def test_error_closes_the_workspace(self):
        def fail():
            with workspaces.Workspace(self.home / 'run') as run:
                self.started = self.start(run)
                raise ValueError
        self.assertRaises(ValueError, fail)
        self.assertFalse(children.alive(self.started.pid))
        self.assertEqual([], os.listdir(self.temporary))

    def test_run_does_not_end_the_processes_of_another_run(self):
        first, second = self.workspace('one'), self.workspace('other')
        child = self.start(second)
        first.close()
        self.assertTrue(children.alive(child.pid))
        self.assertThat(str(second.data), matchers.DirExists())

    def test_processes_write_below_the_data_directory(self):
        run = self.workspace()
        env = run.environment(EXTRA='x')
        self.assertThat(env, matchers.ContainsDict({
            'HOME': matchers.Equals(str(run.data)),
            'TMPDIR': matchers.Equals(str(run.data)),
            'XDG_CACHE_HOME': matchers.Equals(str(cache.entry_points())),
            'EXTRA': matchers.Equals('x')}))
        self.assertEqual([], reaper.marked(f'{process.RUN_MARKER}='
                                           f'{run.marker}'))
        self.assertEqual(str(self.temporary), tempfile.gettempdir())
