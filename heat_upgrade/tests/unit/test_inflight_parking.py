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

"""Unit tests of heat_upgrade.inflight.parking."""

import ddt
import testtools

from heat_upgrade import errors
from heat_upgrade.inflight import cases
from heat_upgrade.inflight import parking
from heat_upgrade.tests.unit import inflight_fakes as fakes

# kind -> the request that begins its operation: (method, end of its path)
REQUESTS = {
    cases.CREATE: ('POST', 'stacks'),
    cases.UPDATE: ('PUT', ''),
    cases.DELETE: ('DELETE', ''),
    cases.SUSPEND: ('POST', '/actions'),
    cases.SNAPSHOT: ('POST', '/snapshots'),
    cases.ROLLBACK: ('PUT', ''),
}


def make(case_id):
    case, = cases.by_id([case_id])
    heat, ledger = fakes.Heat(), fakes.Ledger()
    return parking.Flight(case, heat, ledger), heat, ledger


@ddt.ddt
class FlightTest(testtools.TestCase):

    @ddt.data(*cases.KINDS)
    def test_the_operation_of_a_kind_is_asked_for_after_the_holds(self,
                                                                  kind):
        flight, heat, ledger = make(f'{kind}-chain-lock')
        flight.prepare()
        before = len(heat.asked)
        asked = []
        ledger.hold = lambda *words: asked.append(len(heat.asked))
        flight.start()
        method, path, _ = heat.asked[-1]
        wanted = REQUESTS[kind]
        self.assertEqual(wanted[0], method)
        self.assertTrue(path.endswith(wanted[1]), path)
        # One hold, and nothing was asked of Heat before it.
        self.assertEqual([before], asked)

    @ddt.data(*cases.KINDS)
    def test_a_stack_is_prepared_unless_it_is_to_be_created(self, kind):
        flight, heat, _ = make(f'{kind}-chain-lock')
        flight.prepare()
        self.assertEqual(0 if kind == cases.CREATE else 1, len(heat.asked))

    def test_a_rollback_is_an_update_that_fails_and_may_go_back(self):
        flight, heat, ledger = make('rollback-chain-resource')
        flight.prepare()
        flight.start()
        label = 'inflight/rollback-chain-resource/a'
        self.assertEqual([('hold', label, 'create'),
                          ('fail', label, 'update')], ledger.orders)
        self.assertIs(False, heat.asked[-1][2]['disable_rollback'])

    def test_nothing_else_is_rolled_back(self):
        flight, heat, _ = make('update-chain-resource')
        flight.prepare()
        flight.start()
        self.assertEqual([True, True], [
            body['disable_rollback'] for _, _, body in heat.asked])

    def test_two_rounds_of_a_case_have_stacks_of_their_own(self):
        self.assertNotEqual(make('create-chain-lock')[0].name,
                            make('create-chain-lock')[0].name)

    def test_a_refusal_is_told_with_the_request_and_the_answer(self):
        flight, heat, _ = make('create-chain-lock')
        heat.answers['POST', 'stacks'] = 503, 'nobody there'
        refused = self.assertRaises(errors.LabError, flight.start)
        for word in ('create-chain-lock', 'POST stacks', '503',
                     'nobody there'):
            self.assertIn(word, str(refused))

    def test_no_answer_is_told_with_the_request(self):
        flight, heat, _ = make('create-chain-lock')

        def call(*words, **more):
            raise OSError('connection refused')
        heat.call = call
        refused = self.assertRaises(errors.LabError, flight.start)
        self.assertIn('POST stacks got no answer: connection refused',
                      str(refused))


class ParkedTest(testtools.TestCase):

    def test_it_is_parked_when_all_that_is_to_be_held_is(self):
        flight, _, _ = make('create-fan-out-lock')
        labels = {f'inflight/create-fan-out-lock/{name}' for name in 'bcd'}
        self.assertEqual('', flight.not_parked(
            labels, 'CREATE_IN_PROGRESS', {}))
        self.assertIn('/d not held', flight.not_parked(
            {label for label in labels if not label.endswith('d')},
            'CREATE_IN_PROGRESS', {}))

    def test_it_is_not_parked_in_another_operation(self):
        flight, _, _ = make('rollback-chain-lock')
        self.assertIn('UPDATE_IN_PROGRESS', flight.not_parked(
            {'inflight/rollback-chain-lock/c'}, 'UPDATE_IN_PROGRESS', {}))

    def test_what_stands_beside_must_be_complete(self):
        flight, heat, _ = make('create-fan-in-resource')
        flight.start()
        labels = {'inflight/create-fan-in-resource/b'}
        for seen, parked in (('CREATE_IN_PROGRESS', False),
                             ('CREATE_COMPLETE', True)):
            heat.resources[flight.name, 'a'] = seen
            self.assertEqual(parked, not flight.not_parked(
                labels, 'CREATE_IN_PROGRESS', {}))

    def test_what_is_deleted_beside_must_be_gone(self):
        flight, heat, _ = make('delete-fan-out-queued')
        flight.prepare()
        labels = {'inflight/delete-fan-out-queued/d'}
        heat.resources[flight.name, 'b'] = 'DELETE_IN_PROGRESS'
        self.assertIn('b beside it', flight.not_parked(
            labels, 'DELETE_IN_PROGRESS', {}))
        heat.resources.clear()
        self.assertEqual('', flight.not_parked(
            labels, 'DELETE_IN_PROGRESS', {}))

    def test_what_stands_beside_a_rollback_must_be_as_before(self):
        flight, heat, ledger = make('rollback-fan-in-resource')
        flight.prepare()
        heat.resources[flight.name, 'a'] = 'UPDATE_COMPLETE'
        base = 'inflight/rollback-fan-in-resource'
        for value, parked in (('v2', False), ('v1', True)):
            ledger.values[f'{base}/a'] = value
            self.assertEqual(parked, not flight.not_parked(
                {f'{base}/b'}, 'ROLLBACK_IN_PROGRESS', {}))

    def test_a_wait_condition_must_be_waiting(self):
        flight, heat, _ = make('create-chain-signal')
        flight.start()
        self.assertIn('gone', flight.not_parked(
            set(), 'CREATE_IN_PROGRESS', {}))
        heat.resources[flight.name, 'gate'] = 'CREATE_IN_PROGRESS'
        self.assertEqual('', flight.not_parked(
            set(), 'CREATE_IN_PROGRESS', {}))


class SignalTest(testtools.TestCase):

    def test_a_signal_goes_to_the_stack_with_the_wait_condition(self):
        flight, heat, _ = make('create-nested-signal')
        flight.start()
        inner = f'{flight.name}-inner-abc'
        self.assertFalse(flight.signal({flight.name: 'outer'}))
        self.assertTrue(flight.signal({flight.name: 'outer',
                                       inner: 'one'}))
        self.assertEqual(f'stacks/{inner}/one/resources/handle/signal',
                         heat.asked[-1][1])

    def test_a_signal_that_did_not_arrive_is_sent_again(self):
        flight, heat, _ = make('create-chain-signal')
        flight.start()
        heat.answers['POST', '/signal'] = 503, None
        self.assertFalse(flight.signal({}))
        heat.answers.clear()
        self.assertTrue(flight.signal({}))
        asked = len(heat.asked)
        self.assertTrue(flight.signal({}))
        self.assertEqual(asked, len(heat.asked))

    def test_a_case_without_a_wait_condition_needs_no_signal(self):
        flight, heat, _ = make('create-chain-lock')
        self.assertTrue(flight.signal({}))
        self.assertEqual([], heat.asked)
