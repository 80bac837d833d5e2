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

"""Unit tests of the ledger's durable event log."""

import dataclasses
import json
import os
import pathlib

import fixtures
import testtools

from heat_upgrade.ledger import event_log

EVENT = event_log.Event(
    time=1.5, monotonic=2.5, item='i', label='a', stack='s', resource='r',
    row='u', operation='create', status=event_log.STARTED, number=1, value='v')


class TestEventLog(testtools.TestCase):

    def setUp(self):
        super().setUp()
        home = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.path = home / 'ledger.jsonl'

    def open(self):
        opened = event_log.EventLog(self.path)
        self.addCleanup(opened.close)
        return opened

    def test_written_events_are_read_again(self):
        other = dataclasses.replace(EVENT, status=event_log.DONE)
        opened = self.open()
        opened.append(EVENT)
        opened.append(other)
        self.assertEqual([EVENT, other], event_log.read(self.path))
        self.assertEqual([EVENT, other], self.open().events)

    def test_event_is_on_the_disk_when_append_returns(self):
        order = []
        opened = self.open()
        write, fsync = os.write, os.fsync
        self.useFixture(fixtures.MockPatchObject(
            os, 'write', lambda *args: order.append('write')
            or write(*args)))
        self.useFixture(fixtures.MockPatchObject(
            os, 'fsync', lambda fd: order.append('fsync') or fsync(fd)))
        opened.append(EVENT)
        self.assertEqual(['write', 'fsync'], order)

    def test_a_last_line_without_its_end_is_cut_off(self):
        self.open().append(EVENT)
        with open(self.path, 'a') as torn:
            torn.write('{"time": 3')
        self.assertEqual([EVENT], event_log.read(self.path))
        opened = self.open()
        opened.append(EVENT)
        self.assertEqual([EVENT, EVENT], event_log.read(self.path))

    def test_a_damaged_line_is_an_error(self):
        self.open().append(EVENT)
        self.path.write_text('{"time": 3\n' + self.path.read_text())
        self.assertRaises(ValueError, event_log.read, self.path)

    def test_fields_of_a_newer_log_are_left_out(self):
        line = {**dataclasses.asdict(EVENT), 'colour': 'red'}
        self.path.write_text(json.dumps(line) + '\n')
        self.assertEqual([EVENT], event_log.read(self.path))

    def test_unwritable_event_has_not_happened(self):
        opened = self.open()
        self.useFixture(fixtures.MockPatchObject(
            os, 'write', side_effect=OSError(28, 'disk full')))
        exc = self.assertRaises(event_log.Unwritable, opened.append, EVENT)
        self.assertIn('disk full', str(exc))
        self.assertEqual([], opened.events)
