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

"""Unit tests of the ledger as a service, with a real process."""

import json
import pathlib
import signal
import stat

import testtools
from testtools import matchers

from heat_upgrade.lab.services import ledger
from heat_upgrade.ledger import event_log
from heat_upgrade.ledger import state
from heat_upgrade.tests.unit.support import fakes


class TestLedger(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.workspace = self.useFixture(fakes.Workspace()).workspace
        self.ledger = ledger.Ledger(self.workspace)
        self.addCleanup(self.ledger.process.kill)
        self.access = json.loads(self.ledger.path.read_text())

    def start(self):
        self.ledger.start()
        self.ledger.wait_ready()

    def create(self, label):
        self.ledger.client._call('POST', '/operations', operation='create',
                                 label=label, value='v')

    def test_token_is_only_in_a_file_of_mode_0600(self):
        self.assertEqual(0o600,
                         stat.S_IMODE(self.ledger.path.stat().st_mode))
        self.assertEqual({'url', 'token'}, set(self.access))
        for word in self.ledger.process.argv:
            self.assertNotIn(self.access['token'], word)
        self.assertNotIn(self.access['token'],
                         str(self.ledger.process.env))

    def test_heat_finds_the_file_by_the_environment(self):
        self.assertEqual({'HEAT_UPGRADE_LEDGER': str(self.ledger.path)},
                         self.ledger.environment)

    def test_plugin_directory_has_the_modules_for_heat(self):
        self.assertThat(
            sorted(path.name for path in ledger.PLUGIN_DIR.glob('*.py')),
            matchers.Equals(
                ['__init__.py', 'ledger_calls.py', 'ledger_item.py']))

    def test_the_record_is_in_the_run_directory_and_survives_sigkill(self):
        self.start()
        self.ledger.client.hold('held', 'create')
        self.create('done')
        self.create('held')
        before = event_log.read(self.workspace.run_dir / 'ledger.jsonl')
        self.assertEqual(3, len(before))
        self.ledger.process.kill()
        self.assertEqual(before, event_log.read(self.ledger.record))

        self.start()
        after = self.ledger.client.events()
        self.assertEqual(before, after[:3])
        self.assertEqual(
            {'done': state.ACTIVE, 'held': state.ACTIVE},
            {item.label: item.state for item in self.ledger.client.items()})

    def test_sigterm_ends_the_backend_with_a_held_operation(self):
        self.start()
        self.ledger.client.hold('*', 'create')
        self.create('held')
        _, killed = self.ledger.stop()
        self.assertFalse(killed)
        self.assertEqual(-signal.SIGTERM,
                         self.ledger.process._popen.returncode)

    def test_slow_operation_ends_without_a_request(self):
        self.start()
        self.ledger.client.slow('*', 'create', 0.01)
        self.create('slow')
        self.ledger.process.wait_ready(
            lambda: len(event_log.read(self.ledger.record)) == 2, timeout=10,
            what='the end in the record')
        self.assertEqual(event_log.DONE,
                         event_log.read(self.ledger.record)[-1].status)

    def test_log_has_no_token(self):
        self.start()
        self.create('a')
        self.assertNotIn(self.access['token'],
                         pathlib.Path(self.ledger.process.log).read_text())
