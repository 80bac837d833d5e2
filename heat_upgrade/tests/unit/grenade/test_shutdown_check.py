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

"""The proof that Heat is down."""

import json
import os
import pathlib
import socket
import types

import psutil
import testtools

from heat_upgrade import errors
from heat_upgrade.grenade import shutdown_check
from heat_upgrade.grenade import systemd
from heat_upgrade.tests.unit.support import grenade_fakes


class TestDown(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.grenade = self.useFixture(grenade_fakes.Grenade())
        self.record = self.grenade.record()
        self.addCleanup(self.record.close)
        self.systemctl = grenade_fakes.Systemctl(
            h_eng='active', h_api='active', h_api_cfn='active')
        self.systemd = systemd.Systemd(self.grenade.settings, '/nowhere',
                                       run=self.systemctl)
        self.patch(psutil, 'process_iter', lambda fields: [])

    def stop(self):
        for name in self.systemctl.states:
            self.systemctl.states[name] = 'inactive'

    def prove(self):
        shutdown_check.prove(self.record, self.systemd, self.grenade.settings)

    def refused(self):
        return str(self.assertRaises(errors.WaitTimeout, self.prove))

    def test_running_units_are_recorded(self):
        self.assertEqual(['h-eng', 'h-api', 'h-api-cfn'],
                         shutdown_check.remember(self.record, self.systemd))
        self.assertEqual(['h-eng', 'h-api', 'h-api-cfn'],
                         shutdown_check.remembered(self.record))

    def test_without_an_engine_there_is_no_heat_to_upgrade(self):
        del self.systemctl.states['h-eng']
        error = self.assertRaises(errors.LabError, shutdown_check.remember,
                                  self.record, self.systemd)
        self.assertIn('h-eng', str(error))

    def test_units_that_were_not_recorded_are_an_error(self):
        error = self.assertRaises(errors.LabError, self.prove)
        self.assertIn('resources.sh create', str(error))

    def test_when_nothing_runs_it_is_down(self):
        shutdown_check.remember(self.record, self.systemd)
        self.stop()
        self.assertIsNone(self.prove())

    def test_a_unit_that_is_up_is_named(self):
        shutdown_check.remember(self.record, self.systemd)
        self.stop()
        self.systemctl.states['h-api'] = 'deactivating'
        self.assertIn('devstack@h-api.service is deactivating',
                      self.refused())

    def test_a_process_that_was_there_before_is_named(self):
        self.systemctl.more['h-eng'] = {'MainPID': os.getpid()}
        shutdown_check.remember(self.record, self.systemd)
        self.stop()
        self.assertIn(f'process {os.getpid()} of Heat', self.refused())

    def test_recycled_pid_is_not_reported(self):
        shutdown_check.remember(self.record, self.systemd)
        path = self.record.data(shutdown_check.FILE)
        content = json.loads(path.read_text())
        content['processes'] = {str(os.getpid()): 1.0}
        path.write_text(json.dumps(content))
        self.stop()
        self.assertIsNone(self.prove())

    def test_clock_change_does_not_hide_a_process(self):
        shutdown_check.remember(self.record, self.systemd)
        path = self.record.data(shutdown_check.FILE)
        content = json.loads(path.read_text())
        content['processes'] = {
            str(os.getpid()): psutil.Process().create_time() + 0.5}
        path.write_text(json.dumps(content))
        self.stop()
        self.assertIn(f'process {os.getpid()} of Heat', self.refused())

    def test_an_engine_that_no_unit_knows_is_named(self):
        shutdown_check.remember(self.record, self.systemd)
        self.stop()
        conf = f'--config-file={self.grenade.settings.heat_conf}'
        self.patch(psutil, 'process_iter', lambda fields: [
            types.SimpleNamespace(info={'pid': pid, 'cmdline': words})
            for pid, words in (
                (7, ['/venv/bin/python', '/venv/bin/heat-engine', conf]),
                (8, ['/venv/bin/python', '/venv/bin/heat-engine',
                     '--config-file=/somebody/elses/heat.conf']),
                (9, ['vi', conf]), (10, None))])
        said = self.refused()
        self.assertIn('process 7', said)
        self.assertNotIn('process 8', said)
        self.assertNotIn('process 9', said)

    def listen(self, family, address):
        one = socket.socket(family)
        self.addCleanup(one.close)
        one.bind(address)
        one.listen()
        return one

    def ini(self, line):
        path = self.grenade.settings.heat_conf_dir / 'heat-api-uwsgi.ini'
        path.write_text(f'[uwsgi]\nmaster\n{line}\n')

    def test_listener_at_a_socket_of_uwsgi_is_named(self):
        shutdown_check.remember(self.record, self.systemd)
        self.stop()
        path = str(pathlib.Path(self.grenade.root, 's'))
        self.listen(socket.AF_UNIX, path)
        self.ini(f'socket = {path}')
        self.assertIn(f'a process listens at {path}', self.refused())

    def test_listener_at_a_port_of_uwsgi_is_named(self):
        shutdown_check.remember(self.record, self.systemd)
        self.stop()
        one = self.listen(socket.AF_INET, ('127.0.0.1', 0))
        address = f'127.0.0.1:{one.getsockname()[1]}'
        self.ini(f'http-socket = {address}')
        self.assertIn(f'a process listens at {address}', self.refused())

    def test_socket_without_a_listener_is_down(self):
        shutdown_check.remember(self.record, self.systemd)
        self.stop()
        self.ini('socket = /no/such/socket')
        self.assertIsNone(self.prove())
