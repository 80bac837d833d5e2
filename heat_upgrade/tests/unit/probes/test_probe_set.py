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


import threading
import time
import types

import ddt
import fixtures
import testtools
from testtools import matchers

from heat_upgrade import errors
from heat_upgrade.lab import heat_client
from heat_upgrade.probes import canary
from heat_upgrade.probes import probe
from heat_upgrade.probes import probe_set
from heat_upgrade.probes import samples

NAME = canary.PREFIX + 'canary-1'
OUTPUTS = [{'output_key': 'url', 'output_value': 'http://signal'},
           {'output_key': 'user', 'output_value': 'user-id'}]


def stack(status, reason='because', **more):
    return {'stack_name': NAME, 'id': '1', 'stack_status': status,
            'stack_status_reason': reason, **more}


def shown(status, **more):
    return 200, {'stack': stack(status, **more)}


class Api:
    """Gives the answers in order; repeats the last.

    :param answers: {(method, path or its end): [(status, body) or OSError]}
    """

    url = 'http://127.0.0.1:1/v1'

    def __init__(self, answers):
        self._answers = {key: list(values) for key, values in
                         answers.items()}
        self.calls = []

    def call(self, method, path, body=None):
        self.calls.append((method, path))
        key = next(key for key in self._answers if key[0] == method
                   and path.partition('?')[0].endswith(key[1]))
        answers = self._answers[key]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, OSError):
            raise answer
        return heat_client.Answer(*answer, node='node-1', start=0, end=0)


def cycle(*, create=(201, {'stack': {'id': '1'}}), delete=(204, None),
          seen=(shown('CREATE_COMPLETE'), (404, None))):  # noqa: B008
    return Api({('POST', 'stacks'): [create], ('DELETE', '/1'): [delete],
                ('GET', '/1'): seen})


class CanaryCase(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.useFixture(fixtures.MockPatchObject(canary, 'POLL', 0))


@ddt.ddt
class TestCycle(CanaryCase):

    def ask(self, api, timeout=10):
        return canary.Cycle(api, threading.Event(), timeout=timeout)()

    @ddt.data(
        (shown('CREATE_COMPLETE'), (404, None)),
        (shown('CREATE_IN_PROGRESS'), shown('CREATE_COMPLETE'),
         shown('DELETE_IN_PROGRESS'), shown('DELETE_COMPLETE')),
        # who reads badly meanwhile is for other probes
        (OSError('refused'), (503, 'no server'), (500, None), (404, None),
         shown('CREATE_COMPLETE'), OSError(), (404, None)),
    )
    def test_canary_that_is_created_and_deleted_is_good(self, seen):
        self.assertEqual('', self.ask(cycle(seen=seen)).error)

    @ddt.unpack
    @ddt.data(
        ('503', 'create: no', {'create': (503, 'no')}),
        ('500', 'delete: no', {'delete': (500, 'no')}),
        ('failed', 'CREATE_FAILED: because', {
            'seen': (shown('CREATE_FAILED'),)}),
        ('failed', 'DELETE_FAILED: because', {
            'seen': (shown('CREATE_COMPLETE'), shown('DELETE_FAILED'))}),
    )
    def test_bad_canary_names_its_failure(self, error, detail, answers):
        reply = self.ask(cycle(**answers))
        self.assertEqual((error, 'node-1'), (reply.error, reply.node))
        self.assertIn(detail, reply.detail)

    def test_hanging_canary_is_abandoned_with_its_last_state(self):
        reply = self.ask(cycle(seen=(shown('CREATE_IN_PROGRESS'),)), 0.02)
        self.assertEqual('timeout', reply.error)
        self.assertIn('CREATE_IN_PROGRESS', reply.detail)

    def test_failed_canary_is_deleted(self):
        api = cycle(seen=(shown('CREATE_FAILED'),), delete=(500, None))
        self.assertEqual('failed', self.ask(api).error)
        self.assertIn('DELETE', [method for method, _ in api.calls])

    def test_a_refused_request_is_the_error_of_the_socket(self):
        api = Api({('POST', 'stacks'): [ConnectionRefusedError()]})
        self.assertRaises(ConnectionRefusedError, self.ask, api)

    def test_each_canary_has_a_name_of_its_own(self):
        api = cycle(seen=(shown('CREATE_COMPLETE'), (404, None)) * 2)
        question = canary.Cycle(api, threading.Event())
        question()
        question()
        self.assertThat({path for method, path in api.calls
                         if method == 'DELETE'}, matchers.HasLength(2))

    def at_the_end(self, *seen):
        """Ask when the probes end."""
        ended = threading.Event()
        ended.set()
        self.api = cycle(seen=seen)
        return canary.Cycle(self.api, ended)()

    @ddt.data((shown('CREATE_IN_PROGRESS'),),
              (shown('CREATE_COMPLETE'), shown('DELETE_IN_PROGRESS')))
    def test_young_canary_at_the_end_of_the_probes_is_no_sample(self, seen):
        self.assertRaises(samples.Unknown, self.at_the_end, *seen)
        self.assertIn('DELETE', [method for method, _ in self.api.calls])

    def test_old_canary_at_the_end_of_the_probes_is_bad(self):
        self.useFixture(fixtures.MockPatchObject(canary, 'HELD', 0))
        reply = self.at_the_end(shown('CREATE_IN_PROGRESS'))
        self.assertEqual('timeout', reply.error)
        self.assertIn('CREATE_IN_PROGRESS', reply.detail)

    def test_complete_canary_at_the_end_of_the_probes_is_good(self):
        self.assertEqual('', self.at_the_end(
            shown('CREATE_COMPLETE'), (404, None)).error)


class TestStanding(CanaryCase):

    def test_standing_stack_has_its_outputs(self):
        one = canary.Standing(cycle(seen=(
            shown('CREATE_IN_PROGRESS'), (500, None),
            shown('CREATE_COMPLETE', outputs=OUTPUTS))), 'project-id')
        self.assertEqual(('1', 'project-id', 'http://signal', 'user-id'),
                         (one.id, one.project, one.url, one.user))

    def refused(self, **answers):
        return str(self.assertRaises(
            errors.LabError, canary.Standing, cycle(**answers), 'project-id',
            timeout=0.02))

    def test_refused_standing_stack_raises(self):
        self.assertIn('400 no role', self.refused(create=(400, 'no role')))

    def test_failed_standing_stack_raises_with_its_reason(self):
        self.assertIn('CREATE_FAILED: because',
                      self.refused(seen=(shown('CREATE_FAILED'),)))

    def test_standing_stack_that_does_not_end_raises(self):
        self.assertIn('still CREATE_IN_PROGRESS',
                      self.refused(seen=(shown('CREATE_IN_PROGRESS'),)))


class TestRemove(CanaryCase):

    def listing(self, *stacks):
        return 200, {'stacks': list(stacks)}

    def test_all_stacks_of_the_probes_are_deleted(self):
        theirs = {'stack_name': 'theirs', 'id': '2'}
        api = Api({('GET', 'stacks'): [
            self.listing(stack('CREATE_COMPLETE'), theirs),
            (500, 'not now'),
            self.listing(stack('DELETE_IN_PROGRESS'), theirs),
            self.listing(stack('DELETE_FAILED'), theirs),
            self.listing(theirs)], ('DELETE', '/1'): [(204, None)]})
        canary.remove(api)
        self.assertEqual([('DELETE', f'stacks/{NAME}/1')] * 2,
                         [call for call in api.calls if call[0] == 'DELETE'])

    def test_lost_deletion_is_repeated(self):
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.probes.canary.AGAIN_AFTER', 0))
        api = Api({('GET', 'stacks'): [
            self.listing(stack('DELETE_IN_PROGRESS')),
            self.listing(stack('DELETE_IN_PROGRESS')), self.listing()],
            ('DELETE', '/1'): [(204, None)]})
        canary.remove(api)
        self.assertEqual(2, len([call for call in api.calls
                                 if call[0] == 'DELETE']))

    def test_remaining_stack_raises(self):
        api = Api({('GET', 'stacks'): [self.listing(stack('DELETE_FAILED'))],
                   ('DELETE', '/1'): [(204, None)]})
        exc = self.assertRaises(errors.WaitTimeout, canary.remove, api,
                                timeout=0.02)
        self.assertIn(f'{NAME} DELETE_FAILED: because', str(exc))


class TestProbes(CanaryCase):

    def setUp(self):
        super().setUp()
        self.run_dir = self.useFixture(fixtures.TempDir()).path
        self.removed = []
        self.good = True
        for module, name, new in (
                (canary, 'Standing', lambda api, project: None),
                (canary, 'remove',
                 lambda api, **more: self.removed.append(api)),
                (probe_set, 'FIRST_ANSWER_TIMEOUT', 0.02)):
            self.useFixture(fixtures.MockPatchObject(module, name, new))
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.probes.definitions.of_cloud', self.of_cloud))
        cloud = types.SimpleNamespace(
            identity=types.SimpleNamespace(project_id=lambda: 'project-id'),
            api_url='http://127.0.0.1:1/v1',
            workspace=types.SimpleNamespace(run_dir=self.run_dir))
        self.probes = probe_set.Probes(cloud)
        self.addCleanup(self.probes.stop)

    def of_cloud(self, cloud, api, standing, ended):
        return [types.SimpleNamespace(
            name=name, meaning='', ask=ask, interval=0.001, in_flight=1,
            spare=0) for name, ask in (
                ('stack-list', lambda: self.good),
                ('canary', lambda: False))]

    def test_probes_ask_until_they_are_stopped(self):
        self.probes.start()
        self.assertTrue(self.probes.running())
        summaries = self.probes.stop()
        self.assertFalse(self.probes.running())
        self.assertEqual({'stack-list', 'canary'}, set(summaries))
        self.assertThat(summaries['stack-list']['sent'],
                        matchers.GreaterThan(0))

    def test_probes_end_after_ask_to_stop(self):
        self.probes.start()
        self.probes.ask_to_stop()
        for one in self.probes.probes.values():
            for thread in one._threads:
                thread.join(10)
        self.assertFalse(self.probes.running())
        self.assertEqual([], self.removed)

    def test_base_without_a_good_answer_raises(self):
        self.good = False
        exc = self.assertRaises(errors.LabError, self.probes.start)
        self.assertIn('stack-list', str(exc))

    def test_stacks_are_removed_unless_remove_is_false(self):
        self.probes.start()
        self.probes.stop(remove=False)
        self.assertEqual([], self.removed)
        self.probes.stop()
        self.assertThat(self.removed, matchers.HasLength(1))


class TestRecovered(testtools.TestCase):
    """The canary after the last restart of Heat."""

    def setUp(self):
        super().setUp()
        for name, value in (('RECOVERY_TIMEOUT', 0.2),
                            ('RECOVERY_INTERVAL', 0.01)):
            self.useFixture(fixtures.MockPatchObject(probe_set, name, value))
        self.asked, self.reply = [], True
        self.answers = threading.Event()
        self.answers.set()

    def start(self, interval=60):
        """Start a canary that is asked once, then after an interval."""
        def ask():
            self.asked.append(time.monotonic())
            self.answers.wait(10)
            return self.reply
        self.canary = probe.Probe('canary', ask, interval=interval)
        self.addCleanup(self.canary.stop)
        self.addCleanup(self.answers.set)
        self.probes = types.SimpleNamespace(probes={'canary': self.canary})
        self.canary.start()

    def recovered(self, since, **options):
        return probe_set.Probes.recovered(self.probes, since, **options)

    def test_earlier_good_canary_ends_the_wait_at_once(self):
        self.start()
        self.assertTrue(self.canary.wait_for_good_since(0, 10))
        self.assertEqual('', self.recovered(0))
        self.assertEqual(1, len(self.asked))

    def test_canary_from_before_the_restart_does_not_count(self):
        self.start()
        self.assertTrue(self.canary.wait_for_good_since(0, 10))
        restarted = time.monotonic()
        self.assertEqual('', self.recovered(restarted))
        self.assertThat(self.asked[-1], matchers.GreaterThan(restarted))
        self.assertEqual(2, len(self.asked))

    def test_canary_in_progress_is_awaited(self):
        self.answers.clear()
        restarted = time.monotonic()
        self.start()
        while not self.canary.is_asked_since(restarted):
            self.assertThat(time.monotonic(),
                            matchers.LessThan(restarted + 10))
        threading.Timer(0.02, self.answers.set).start()
        self.assertEqual('', self.recovered(restarted))
        self.assertEqual(1, len(self.asked))

    def test_missing_recovery_returns_the_last_answer(self):
        self.reply = samples.Reply('500', detail='no engine')
        self.start()
        self.assertEqual('500: no engine', self.recovered(0))

    def test_dead_process_ends_the_wait(self):
        self.reply = False

        def died():
            raise errors.ProcessDied('heat-engine ended')
        self.start()
        self.assertRaises(errors.ProcessDied, self.recovered, 0, watch=died)
