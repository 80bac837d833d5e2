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


import dataclasses
import json
import pathlib
import threading
import time

import ddt
import fixtures
import testtools
from testtools import matchers

from heat_upgrade import errors
from heat_upgrade.tests.unit.support import simulated_heat
from heat_upgrade.traffic import client
from heat_upgrade.traffic import generator
from heat_upgrade.traffic import history
from heat_upgrade.traffic import revalidate
from heat_upgrade.traffic import validator
from heat_upgrade.traffic import workload


@ddt.ddt
class TestWorkload(testtools.TestCase):

    def walks(self, seed=1):
        return [workload.walk(seed, 0, number) for number in range(30)]

    def test_the_same_seed_gives_the_same_walks(self):
        self.assertEqual(self.walks(), self.walks())
        self.assertNotEqual(self.walks(1), self.walks(2))

    def test_every_stack_has_a_name_of_its_own(self):
        names = [workload.walk(1, one, number).stack
                 for one in range(3) for number in range(30)]
        self.assertEqual(len(names), len(set(names)))

    def test_every_shape_and_every_operation_has_its_turn(self):
        walks = self.walks()
        self.assertEqual(set(workload.SHAPES), {one.shape for one in walks})
        self.assertEqual(set(history.MUTATIONS), {
            operation for one in walks for operation in one.operations})

    def test_walk_requests_only_operations_that_heat_allows(self):
        for walk in self.walks():
            self.assertEqual((history.CREATE, history.DELETE),
                             (walk.operations[0], walk.operations[-1]))
            text = ' '.join(walk.operations)
            self.assertIn('suspend resume', text)
            self.assertIn('snapshot update restore', text)
            self.assertEqual(walk.shape == workload.SIGNALLED,
                             history.SIGNAL in walk.operations)

    @ddt.data(*workload.SHAPES)
    def test_the_outputs_are_those_of_the_template(self, shape):
        template = workload.template('load-0-0', shape)
        self.assertEqual(set(workload.outputs(shape, 'v1')),
                         set(template['outputs']))
        for name, source in workload.ITEMS[shape].items():
            self.assertEqual(
                f'load/load-0-0/{name}',
                template['resources'][name]['properties']['label'])
            self.assertEqual(
                'v1' if source is None else f'v1/{name}',
                workload.outputs(shape, 'v1')[name])

    @ddt.unpack
    @ddt.data(('load/load-0-0/first', 'load-0-0'), ('inflight/a/first', None),
              ('load/first', None), ('', None))
    def test_label_names_its_stack(self, label, stack):
        self.assertEqual(stack, workload.stack_of(label))


class Answers:
    """Gives the answers in order; repeats the last."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []

    def call(self, method, path, body=None):
        self.asked.append((method, path))
        answer = (self.answers.pop(0) if len(self.answers) > 1
                  else self.answers[0])
        if isinstance(answer, Exception):
            raise answer
        status, content = answer
        return simulated_heat.heat_client.Answer(
            status, content, 'node-2', 0, 0)


def shown(state):
    return 200, {'stack': {'id': 'id-1', 'stack_status': state}}


class TestStack(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.clock = simulated_heat.Clock()
        self.run_dir = self.useFixture(fixtures.TempDir()).path
        self.calls = history.History(self.run_dir)
        self.addCleanup(self.calls.close)

    def stack(self, *answers, shape=workload.CHAIN):
        walk = dataclasses.replace(workload.walk(0, 0, 0), shape=shape)
        self.api = Answers(*answers)
        return client.Stack(
            walk, client='client-0', api=self.api, calls=self.calls,
            release_of={'node-2': '27.0.1'}.get, clock=self.clock,
            sleep=self.clock.sleep)

    def recorded(self):
        return history.read(self.run_dir)

    def test_a_call_is_recorded_with_its_node_and_release(self):
        stack = self.stack((201, {'stack': {'id': 'id-1'}}),
                           shown('CREATE_COMPLETE'))
        self.assertEqual(history.COMPLETE, stack.do(history.CREATE))
        create, poll, wait = self.recorded()
        self.assertThat(create, matchers.MatchesStructure.byEquality(
            operation='create', node='node-2', release='27.0.1', status=201,
            result='ok', stack='load-0-0', client='client-0'))
        self.assertEqual('id-1', create.detail['id'])
        self.assertEqual('CREATE_COMPLETE', poll.detail['state'])
        self.assertEqual((create.id, 'COMPLETE'),
                         (wait.detail['of'], wait.result))

    def test_the_end_of_another_operation_is_not_its_own(self):
        stack = self.stack((202, None), shown('UPDATE_COMPLETE'),
                           shown('CHECK_IN_PROGRESS'), shown('CHECK_COMPLETE'))
        self.assertEqual(history.COMPLETE, stack.do(history.CHECK))
        self.assertEqual(4, len(self.api.asked))

    def test_polls_are_a_second_apart(self):
        stack = self.stack((202, None), shown('CHECK_IN_PROGRESS'))
        stack.do(history.CHECK)
        starts = [call.start for call in self.recorded()
                  if call.operation == history.POLL]
        self.assertEqual({1.0}, {after - before for before, after
                                 in zip(starts, starts[1:])})

    def test_operation_that_does_not_end_in_time_is_stuck(self):
        stack = self.stack((202, None), shown('CHECK_IN_PROGRESS'))
        self.assertEqual(history.STUCK, stack.do(history.CHECK))
        self.assertEqual(client.DEADLINE, self.clock.now - 1000)

    def test_accepted_operation_that_never_begins_is_not_stuck(self):
        stack = self.stack((202, None), shown('UPDATE_COMPLETE'))
        self.assertEqual(history.NOT_BEGUN, stack.do(history.CHECK))

    def test_unreadable_stack_has_not_ended(self):
        stack = self.stack((202, None), ConnectionRefusedError('no'))
        self.assertEqual(history.UNREADABLE, stack.do(history.CHECK))
        self.assertEqual(
            'ConnectionRefusedError: no', self.recorded()[1].detail['error'])

    def test_bad_answer_at_the_deadline_does_not_hide_a_stuck_stack(self):
        stack = self.stack((202, None), *[shown('CHECK_IN_PROGRESS')] * 80,
                           (503, 'no server'))
        self.assertEqual(history.STUCK, stack.do(history.CHECK))

    def test_a_refused_call_is_not_waited_for(self):
        stack = self.stack((409, {'error': {'message': 'in progress'}}))
        self.assertEqual(history.REFUSED, stack.do(history.CHECK))
        self.assertEqual('in progress', self.recorded()[0].detail['error'])

    def test_unknown_call_is_awaited_until_the_stack_is_at_rest(self):
        stack = self.stack((504, None), shown('UPDATE_COMPLETE'),
                           shown('CHECK_IN_PROGRESS'), shown('CHECK_COMPLETE'))
        self.assertEqual(history.AT_REST, stack.do(history.CHECK))
        self.assertEqual(5, len(self.api.asked))

    def test_missing_stack_after_an_unknown_create_is_read_twice(self):
        stack = self.stack(ConnectionResetError('x'), (404, None))
        self.assertEqual(history.GONE, stack.do(history.CREATE))
        self.assertEqual(3, len(self.api.asked))

    def test_a_snapshot_has_ended_when_it_can_be_restored(self):
        stack = self.stack(
            (200, {'id': 's'}), shown('SNAPSHOT_COMPLETE'),
            (200, {'snapshot': {'status': 'IN_PROGRESS'}}),
            shown('SNAPSHOT_COMPLETE'),
            (200, {'snapshot': {'status': 'COMPLETE'}}))
        self.assertFalse(stack.fits(history.RESTORE))
        self.assertEqual(history.COMPLETE, stack.do(history.SNAPSHOT))
        self.assertTrue(stack.fits(history.RESTORE))

    def test_a_signal_has_ended_when_it_is_in_the_metadata(self):
        stack = self.stack((200, None), (200, {'metadata': {}}),
                           (200, {'metadata': {'s1': {}}}),
                           shape=workload.SIGNALLED)
        self.assertEqual(history.COMPLETE, stack.do(history.SIGNAL))

    def test_suspended_stack_allows_only_resume_and_delete(self):
        stack = self.stack(shown('SUSPEND_COMPLETE'))
        stack.show()
        self.assertEqual(
            [history.RESUME, history.DELETE],
            [one for one in history.MUTATIONS if stack.fits(one)])


@ddt.ddt
class TestClient(testtools.TestCase):

    def run_client(self, **options):
        self.run_dir = self.useFixture(fixtures.TempDir()).path
        return simulated_heat.run(self.run_dir, **options)

    def test_client_does_the_whole_workload_and_leaves_no_stack(self):
        calls, ledger, final, _ = self.run_client(stacks=3)
        walk = workload.walk(0, 0, 0)
        self.assertEqual(walk.operations, tuple(
            call.operation for call in calls
            if call.stack == walk.stack
            and call.operation in history.MUTATIONS))
        self.assertEqual(
            ['DELETE_COMPLETE'] * 3, [one['state'] for one in final.values()])

    @ddt.data(1, 2, 5)
    def test_stopped_client_finishes_and_deletes_its_stack(self, after):
        calls, ledger, final, _ = self.run_client(stacks=9, stop_at=after)
        asked = [call.operation for call in calls
                 if call.operation in history.MUTATIONS]
        self.assertEqual(after + 1, len(asked))
        self.assertEqual(history.DELETE, asked[-1])
        self.assertEqual([], validator.validate(calls, ledger, final))

    def test_stuck_stack_stays_as_evidence_and_the_client_continues(self):
        calls, _, final, _ = self.run_client(stacks=3, bug='never-end')
        self.assertEqual(
            ['CREATE_IN_PROGRESS', 'DELETE_COMPLETE', 'DELETE_COMPLETE'],
            [one['state'] for one in final.values()])

    def test_failed_stack_is_deleted(self):
        calls, _, final, _ = self.run_client(stacks=2, bug='fail')
        self.assertEqual(
            [history.CREATE, history.DELETE],
            [call.operation for call in calls if call.stack == 'load-0-0'
             and call.operation in history.MUTATIONS])


class TestPace(testtools.TestCase):

    def test_client_pauses_longer_while_tests_run(self):
        waits = []

        class Stopping(threading.Event):
            def wait(self, seconds):
                waits.append(seconds)
                one.slow_down(generator.SLOWER)
                if len(waits) == 2:
                    self.set()
        clock = simulated_heat.Clock()
        calls = history.History(self.useFixture(fixtures.TempDir()).path)
        self.addCleanup(calls.close)
        one = generator.Client(
            0, seed=0, rate=2, stopping=Stopping(), calls=calls,
            api=simulated_heat.Heat(clock), clock=clock, sleep=clock.sleep,
            release_of=lambda node: '26.0.2')
        one.run()
        self.assertIsNone(one.error)
        self.assertEqual([2, 2 * generator.SLOWER], waits)


class Ledger:

    def __init__(self, events):
        self._events = events

    def events(self):
        return self._events


class TestStream(testtools.TestCase):
    """Real threads, on a simulated Heat whose clock does not wait."""

    def setUp(self):
        super().setUp()
        self.run_dir = pathlib.Path(
            self.useFixture(fixtures.TempDir()).path)
        self.clock = simulated_heat.Clock()
        self.heat = simulated_heat.Heat(self.clock)
        self.calls = history.History(self.run_dir)
        self.called = threading.Event()

    def call(self, *args, **options):
        self.called.set()
        return self.heat.call(*args, **options)

    def stream(self, api=None, **options):
        made = generator.Stream(api or self, Ledger(self.heat.ledger),
                                self.calls, lambda node: '26.0.2', clients=1,
                                **options)
        made._clients[0]._options.update(clock=self.clock,
                                         sleep=self.clock.sleep)
        made._clients[0]._clock = self.clock
        made._clients[0]._sleep = self.clock.sleep
        return made

    def test_saved_history_can_be_validated(self):
        made = self.stream()
        made.start()
        self.assertTrue(self.called.wait(10))
        self.assertGreaterEqual(made.stop(10), 2)
        self.assertEqual([], revalidate.rejudge(self.run_dir))
        self.assertEqual(
            ['load-0-0'],
            list(json.loads((self.run_dir / 'final.json').read_text())
                 ['stacks'])[:1])
        self.assertEqual(
            self.heat.ledger, revalidate.ledger_events(self.run_dir))

    def test_the_ledgers_own_record_is_left_alone(self):
        (self.run_dir / 'ledger.jsonl').write_text('')
        made = self.stream()
        made.start()
        self.called.wait(10)
        made.stop(10)
        self.assertEqual('', (self.run_dir / 'ledger.jsonl').read_text())

    def test_client_that_raises_is_a_lab_error(self):
        made = self.stream(Answers((201, None)))
        made.start()
        error = self.assertRaises(errors.LabError, made.stop, 10)
        self.assertIn('traffic client 0 failed during create of load-0-0',
                      str(error))
        self.assertRaises(errors.LabError, made.check)

    def test_a_client_that_does_not_end_is_named(self):
        going = threading.Event()
        self.addCleanup(going.set)

        class Slow:
            def call(self, *args, **options):
                going.wait(10)
                raise OSError
        made = self.stream(Slow())
        made.start()
        error = self.assertRaises(errors.WaitTimeout, made.stop, 0.05)
        self.assertIn('still in progress: create of load-0-0', str(error))

    def test_stream_stopped_at_once_does_almost_nothing(self):
        made = self.stream()
        made.ask_to_stop()
        made.start()
        began = time.monotonic()
        self.assertEqual(0, made.stop(10))
        self.assertLess(time.monotonic() - began, 10)
