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

"""Unit tests of heat_upgrade.inflight.operation."""

import ddt
import testtools

from heat_upgrade import errors
from heat_upgrade.inflight import cases
from heat_upgrade.inflight import evidence
from heat_upgrade.inflight import operation
from heat_upgrade.tests.unit.support import inflight_fakes

# kind -> the request that begins its operation: (method, end of its path)
REQUESTS = {
    cases.CREATE: ('POST', 'stacks'),
    cases.UPDATE: ('PUT', ''),
    cases.DELETE: ('DELETE', ''),
    cases.SUSPEND: ('POST', '/actions'),
    cases.RESUME: ('POST', '/actions'),
    cases.SNAPSHOT: ('POST', '/snapshots'),
    cases.RESTORE: ('POST', '/snapshots/snapshot-1/restore'),
    cases.CHECK: ('POST', '/actions'),
    cases.ROLLBACK: ('PUT', ''),
    cases.CANCEL: ('PUT', ''),
}

# kind -> status of the stack after each step that makes it
PREPARED = {
    cases.RESUME: ['CREATE_COMPLETE', 'SUSPEND_COMPLETE'],
    cases.RESTORE: ['CREATE_COMPLETE', 'SNAPSHOT_COMPLETE',
                    'UPDATE_COMPLETE'],
}


def rows(name, status='', **resources):
    """Return the rows of a stack with resources, {name: status}."""
    return evidence.Rows(
        stacks=(('id', name, *status.split('_', 1), 'so', 't', 1),),
        locks=(), sync_points=(), resources=tuple(
            ('id', number, one, *seen.split('_', 1), None, None)
            for number, (one, seen) in enumerate(resources.items())))


def make(case_id):
    case, = cases.by_id([case_id])
    heat, ledger = inflight_fakes.Heat(), inflight_fakes.Ledger()
    return operation.InFlightOperation(case, heat, ledger), heat, ledger


@ddt.ddt
class FlightTest(testtools.TestCase):

    @ddt.data(*cases.KINDS)
    def test_the_operation_of_a_kind_is_asked_for_after_the_holds(self,
                                                                  kind):
        subject, heat, ledger = make(f'{kind}-chain-lock')
        subject.prepare()
        while subject.needs_stack and subject.prepare_next():
            pass
        before = len(heat.asked)
        asked = []
        ledger.hold = lambda *words: asked.append(len(heat.asked))
        subject.start()
        method, path, _ = heat.asked[-1]
        wanted = REQUESTS[kind]
        self.assertEqual(wanted[0], method)
        self.assertTrue(path.endswith(wanted[1]), path)
        # One hold, and nothing was asked of Heat before it.
        self.assertEqual([before], asked)

    @ddt.data(*cases.KINDS)
    def test_a_stack_is_prepared_unless_it_is_to_be_created(self, kind):
        subject, heat, _ = make(f'{kind}-chain-lock')
        subject.prepare()
        self.assertEqual(0 if kind == cases.CREATE else 1, len(heat.asked))

    def test_a_rollback_is_an_update_that_fails_and_may_go_back(self):
        subject, heat, ledger = make('rollback-chain-resource')
        subject.prepare()
        subject.start()
        label = 'inflight/rollback-chain-resource/a'
        self.assertEqual([('hold', label, 'create'),
                          ('fail', label, 'update')], ledger.orders)
        self.assertIs(False, heat.asked[-1][2]['disable_rollback'])

    def test_other_kinds_are_not_rolled_back(self):
        subject, heat, _ = make('update-chain-resource')
        subject.prepare()
        subject.start()
        self.assertEqual([True, True], [
            body['disable_rollback'] for _, _, body in heat.asked])

    def test_two_rounds_of_a_case_have_stacks_of_their_own(self):
        self.assertNotEqual(make('create-chain-lock')[0].name,
                            make('create-chain-lock')[0].name)

    def test_refusal_raises_with_the_request_and_the_answer(self):
        subject, heat, _ = make('create-chain-lock')
        heat.answers['POST', 'stacks'] = 503, 'no server'
        refused = self.assertRaises(errors.LabError, subject.start)
        for word in ('create-chain-lock', 'POST stacks', '503',
                     'no server'):
            self.assertIn(word, str(refused))

    def test_missing_answer_raises_with_the_request(self):
        subject, heat, _ = make('create-chain-lock')

        def call(*words, **more):
            raise OSError('connection refused')
        heat.call = call
        refused = self.assertRaises(errors.LabError, subject.start)
        self.assertIn('POST stacks got no answer: connection refused',
                      str(refused))


@ddt.ddt
class ParkedTest(testtools.TestCase):

    def parked(self, subject, labels, status, values=None, **resources):
        return subject.not_parked(
            labels, rows(subject.name, status, **resources), values or {})

    def test_operation_is_parked_when_all_its_holds_are_reached(self):
        subject, _, _ = make('create-fan-out-lock')
        labels = {f'inflight/create-fan-out-lock/{name}' for name in 'bcd'}
        self.assertEqual('', self.parked(
            subject, labels, 'CREATE_IN_PROGRESS'))
        self.assertIn('/d not held', self.parked(
            subject, {label for label in labels if not label.endswith('d')},
            'CREATE_IN_PROGRESS'))

    def test_operation_is_not_parked_during_another_action(self):
        subject, _, _ = make('rollback-chain-lock')
        self.assertIn('UPDATE_IN_PROGRESS', self.parked(
            subject, {'inflight/rollback-chain-lock/c'}, 'UPDATE_IN_PROGRESS'))

    def test_resources_of_the_same_level_must_be_complete(self):
        subject, _, _ = make('create-fan-in-resource')
        labels = {'inflight/create-fan-in-resource/b'}
        for seen, parked in (('CREATE_IN_PROGRESS', False),
                             ('CREATE_COMPLETE', True)):
            self.assertEqual(parked, not self.parked(
                subject, labels, 'CREATE_IN_PROGRESS', a=seen))

    def test_deleted_resources_of_the_same_level_must_be_gone(self):
        subject, _, _ = make('delete-fan-out-queued')
        labels = {'inflight/delete-fan-out-queued/d'}
        self.assertIn('b on the same level is', self.parked(
            subject, labels, 'DELETE_IN_PROGRESS', b='DELETE_IN_PROGRESS'))
        self.assertEqual('', self.parked(
            subject, labels, 'DELETE_IN_PROGRESS'))

    @ddt.data(('rollback', 'ROLLBACK'), ('cancel', 'ROLLBACK'),
              ('restore', 'RESTORE'))
    @ddt.unpack
    def test_resources_of_the_same_level_must_be_unchanged(self, kind,
                                                           action):
        subject, _, _ = make(f'{kind}-fan-in-resource')
        base = f'inflight/{kind}-fan-in-resource'
        for value, parked in (('v2', False), ('v1', True)):
            self.assertEqual(parked, not self.parked(
                subject, {f'{base}/b'}, f'{action}_IN_PROGRESS',
                {f'{base}/a': value}, a='UPDATE_COMPLETE'))

    def test_a_wait_condition_must_be_waiting(self):
        subject, _, _ = make('create-chain-signal')
        self.assertIn('gone', self.parked(subject, set(),
                                          'CREATE_IN_PROGRESS'))
        self.assertEqual('', self.parked(
            subject, set(), 'CREATE_IN_PROGRESS', gate='CREATE_IN_PROGRESS'))


class PreparationTest(testtools.TestCase):

    def test_each_step_ends_in_the_status_that_the_next_one_needs(self):
        for kind in cases.KINDS:
            subject, _, _ = make(f'{kind}-chain-lock')
            subject.prepare()
            seen = []
            while subject.needs_stack:
                seen.append(subject.awaited)
                if not subject.prepare_next():
                    break
            wanted = PREPARED.get(kind, ['CREATE_COMPLETE'])
            self.assertEqual([] if kind == cases.CREATE else wanted, seen)

    def test_a_restore_is_of_the_snapshot_that_was_taken(self):
        subject, heat, _ = make('restore-chain-lock')
        subject.prepare()
        while subject.prepare_next():
            pass
        subject.start()
        self.assertIn('/snapshots/snapshot-1/restore', heat.asked[-1][1])


class CancelTest(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.subject, self.heat, _ = make('cancel-chain-resource')
        self.subject.prepare()
        self.subject.start()
        self.labels = {'inflight/cancel-chain-resource/a'}
        self.rows = rows(self.subject.name, 'UPDATE_IN_PROGRESS')

    def cancelled(self):
        return [words for words in self.heat.asked
                if words[2] == {'cancel_update': None}]

    def test_an_update_is_cancelled_once_when_it_is_held(self):
        self.subject.proceed(set(), self.rows)
        self.assertEqual([], self.cancelled())
        for _ in range(2):
            self.subject.proceed(self.labels, self.rows)
        self.assertEqual(1, len(self.cancelled()))

    def test_an_update_is_cancelled_through_the_node_that_got_it(self):
        case, = cases.by_id(['cancel-chain-resource'])
        heat, node = inflight_fakes.Heat(), inflight_fakes.Heat()
        heat.node = 'node-2'
        subject = operation.InFlightOperation(
            case, heat, inflight_fakes.Ledger(),
            nodes={'node-1': inflight_fakes.Heat(), 'node-2': node})
        subject.prepare()
        subject.start()
        subject.proceed(self.labels, rows(subject.name, 'UPDATE_IN_PROGRESS'))
        self.assertEqual([{'cancel_update': None}],
                         [body for _, _, body in node.asked])
        self.assertNotIn({'cancel_update': None},
                         [body for _, _, body in heat.asked])

    def test_cancelled_update_is_parked_in_the_rollback(self):
        self.assertIn('not ROLLBACK', self.subject.not_parked(
            self.labels, self.rows, {}))
        self.assertEqual('', self.subject.not_parked(
            self.labels, rows(self.subject.name, 'ROLLBACK_IN_PROGRESS'), {}))

    def test_refused_cancel_raises(self):
        self.heat.answers['POST', '/actions'] = 400, 'no'
        self.assertRaises(errors.LabError, self.subject.proceed, self.labels,
                          self.rows)

    def test_no_other_update_is_cancelled(self):
        subject, heat, _ = make('update-chain-resource')
        subject.proceed({'inflight/update-chain-resource/a'},
                        rows(subject.name, 'UPDATE_IN_PROGRESS'))
        self.assertEqual([], heat.asked)


class SignalTest(testtools.TestCase):

    def test_a_signal_goes_to_the_stack_with_the_wait_condition(self):
        subject, heat, _ = make('create-nested-signal')
        subject.start()
        inner = f'{subject.name}-inner-abc'
        self.assertFalse(subject.signal({subject.name: 'outer'}))
        self.assertTrue(subject.signal({subject.name: 'outer',
                                       inner: 'one'}))
        self.assertEqual(f'stacks/{inner}/one/resources/handle/signal',
                         heat.asked[-1][1])

    def test_a_signal_goes_to_the_stack_two_deep(self):
        subject, heat, _ = make('create-deep-signal')
        subject.start()
        middle = f'{subject.name}-middle-abc'
        self.assertFalse(subject.signal({subject.name: 'outer',
                                        middle: 'one'}))
        self.assertTrue(subject.signal({f'{middle}-inner-def': 'two'}))
        self.assertIn('/two/', heat.asked[-1][1])

    def test_a_signal_that_did_not_arrive_is_sent_again(self):
        subject, heat, _ = make('create-chain-signal')
        subject.start()
        heat.answers['POST', '/signal'] = 503, None
        self.assertFalse(subject.signal({}))
        heat.answers.clear()
        self.assertTrue(subject.signal({}))
        asked = len(heat.asked)
        self.assertTrue(subject.signal({}))
        self.assertEqual(asked, len(heat.asked))

    def test_a_case_without_a_wait_condition_needs_no_signal(self):
        subject, heat, _ = make('create-chain-lock')
        self.assertTrue(subject.signal({}))
        self.assertEqual([], heat.asked)
