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

"""Unit tests of the ledger's backend and client, over real HTTP."""

import os
import threading

import ddt
import fixtures
import testtools

from heat_upgrade import errors
from heat_upgrade.ledger import backend
from heat_upgrade.ledger import client
from heat_upgrade.ledger import event_log
from heat_upgrade.ledger import state
from heat_upgrade.tests.unit.support import ledger_backend


class BackendCase(testtools.TestCase):

    def setUp(self):
        super().setUp()
        served = self.useFixture(ledger_backend.Backend())
        self.store, self.client, self.url = (
            served.store, served.client, served.url)

    def create(self, label='a'):
        return self.store.start(operation='create', label=label, value='v',
                                stack='s', resource='r', row='u').start.item


class TestClient(BackendCase):

    def test_client_sees_the_backend_answer(self):
        self.assertTrue(self.client.answers())

    def test_items_exist_now(self):
        item = self.create()
        self.assertEqual([state.Item(item, 'a', 'v', 's', 'r', 'u',
                                     state.ACTIVE)], self.client.items())

    def test_events_start_after_the_known_ones(self):
        self.create()
        events = self.client.events()
        self.assertEqual([event_log.STARTED, event_log.DONE],
                         [event.status for event in events])
        self.assertEqual(self.store.events, events)
        self.assertEqual(events[1:], self.client.events(after=1))

    def test_held_operation_is_parked_until_it_is_released(self):
        self.client.hold('a*', 'create')
        item = self.create('ab')
        parked, = self.client.parked('ab')
        self.assertEqual(
            (item, 'ab', 'create', 's', 'r'),
            (parked.item, parked.label, parked.operation, parked.stack,
             parked.resource))
        self.assertEqual(self.store.events[0].monotonic, parked.since)
        self.assertEqual([], self.client.parked('other'))
        self.client.release('a*', 'create')
        self.assertEqual([], self.client.parked())

    def test_next_operation_fails_when_it_was_set_to(self):
        self.client.fail('a', 'create')
        self.create()
        self.create()
        self.assertEqual(
            [event_log.FAILED, event_log.DONE],
            [event.status for event in self.client.events()
             if event.status != event_log.STARTED])

    def test_slow_operation_is_in_progress(self):
        self.client.slow('a', 'create', 60)
        self.create()
        self.assertEqual([state.CREATING],
                         [item.state for item in self.client.items()])

    def test_snapshots_exist_now(self):
        item = self.create()
        taken = self.store.start(operation='snapshot', item=item)
        self.assertEqual([taken.start.snapshot],
                         [snapshot.id for snapshot in self.client.snapshots()])


@ddt.ddt
class TestRefusals(BackendCase):

    @ddt.data('', 'wrong', 'token-of-the-tes')
    def test_a_wrong_token_is_refused(self, token):
        stranger = client.Client(self.url, token)
        exc = self.assertRaises(errors.LabError, stranger.release)
        self.assertIn('403', str(exc))

    @ddt.unpack
    @ddt.data(('hold', 'a', 'explode'), ('fail', 'a', 'explode'),
              ('slow', 'a', 'explode', 1))
    def test_an_unknown_operation_is_refused(self, method, *arguments):
        exc = self.assertRaises(
            errors.LabError, getattr(self.client, method), *arguments)
        self.assertIn('explode', str(exc))

    @ddt.unpack
    @ddt.data(('GET', '/nothing', 404), ('GET', '/items/none', 404),
              ('GET', '/operations/9', 404), ('POST', '/nothing', 404),
              ('POST', '/operations', 400))
    def test_a_wrong_request_is_refused(self, method, path, status):
        exc = self.assertRaises(errors.LabError, self.client._call, method,
                                path)
        self.assertIn(f'answers {status} to {method} {path}', str(exc))

    def test_closed_port_is_an_oserror(self):
        closed = client.Client('http://127.0.0.1:1', '')
        self.assertRaises(OSError, closed.items)


class TestMany(BackendCase):

    def test_fifty_polls_at_once_are_answered(self):
        self.client.hold('a', 'create')
        self.create()
        seen = []

        def poll():
            seen.append(len(self.client.parked('a')))
        threads = [threading.Thread(target=poll) for _ in range(50)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual([1] * 50, seen)


class TestUnwritable(BackendCase):

    def test_backend_exits_rather_than_answer_without_a_log(self):
        self.useFixture(fixtures.MockPatchObject(
            self.store, 'start', side_effect=event_log.Unwritable('full')))
        self.useFixture(fixtures.MockPatchObject(backend, 'traceback'))
        # In place of the process, the thread of the request ends.
        ended = self.useFixture(fixtures.MockPatchObject(
            os, '_exit', side_effect=SystemExit)).mock
        self.assertRaises(OSError, self.client._call, 'POST', '/operations',
                          operation='create')
        ended.assert_called_once_with(1)
