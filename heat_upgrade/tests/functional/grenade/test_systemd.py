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


"""The node's systemd is true to the real one where a unit takes long to stop.
"""

import os
import pathlib
import time

import fixtures
import testtools

from heat_upgrade.lab import workspace as workspaces
from heat_upgrade.tests.functional.grenade import systemd
from heat_upgrade import waiting

UNIT = 'devstack@one.service'

# Ends when it is asked to, and then when somebody writes into the pipe.
SCRIPT = '''\
#!/bin/sh
trap 'read -r _ <pipe; exit' TERM
touch ready
while :; do sleep 0.05; done
'''


class SystemdTest(testtools.TestCase):

    def setUp(self):
        super().setUp()
        root = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        workspace = workspaces.Workspace(root / 'lab')
        self.addCleanup(workspace.close)
        self.pipe = root / 'pipe'
        os.mkfifo(self.pipe)
        script = root / 'script'
        script.write_text(SCRIPT.replace('pipe', str(self.pipe)).replace(
            'ready', str(root / 'ready')))
        script.chmod(0o755)
        units = root / 'units'
        units.mkdir()
        self.file = units / UNIT
        self.file.write_text(f'[Service]\nExecStart = {script}\n')
        self.systemd = systemd.Systemd(units, workspace, {})
        self.addCleanup(self.systemd.down)
        self.systemd.systemctl('start', UNIT)
        waiting.wait_until((root / 'ready').exists, timeout=30,
                           what='the unit')

    def state(self):
        return self.systemd.systemctl(
            'show', '--property=ActiveState', '--value', UNIT).output.strip()

    def wait_for(self, state):
        waiting.wait_until(lambda: self.state() == state, timeout=30,
                           what=f'the unit to be {state}')

    def stop(self, *options):
        """Stop it; returns how many seconds that took."""
        started = time.monotonic()
        self.assertEqual(
            0, self.systemd.systemctl('stop', *options, UNIT).status)
        return time.monotonic() - started

    def test_a_stop_that_does_not_block_returns_before_the_unit_is_down(self):
        self.stop('--no-block')
        self.assertEqual('deactivating', self.state())
        self.assertEqual(
            systemd.INACTIVE, self.systemd.systemctl('status', UNIT).status)
        self.pipe.write_text('end\n')
        self.wait_for('inactive')
        self.assertEqual([('start', UNIT), ('stop', UNIT)],
                         self.systemd.events)

    def test_a_unit_that_does_not_end_is_waited_for_and_killed(self):
        with open(self.file, 'a') as out:
            out.write('TimeoutStopSec = 1\n')
        self.assertGreaterEqual(self.stop(), 1)
        self.assertEqual('failed', self.state())

    def test_a_stubborn_unit_blocks_a_stop_as_long_and_no_other(self):
        self.systemd.stubborn.add(UNIT)
        with open(self.file, 'a') as out:
            out.write('TimeoutStopSec = 1\n')
        self.stop('--no-block')
        self.assertEqual('deactivating', self.state())
        self.stop()
        self.assertEqual('failed', self.state())

    def test_a_unit_is_started_again_once_it_has_stopped(self):
        self.stop('--no-block')
        self.systemd.systemctl('start', '--no-block', UNIT)
        self.assertEqual('deactivating', self.state())
        self.pipe.write_text('end\n')
        self.wait_for('active')
