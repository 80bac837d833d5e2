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

"""Recorded calls are made in their order, and no answer is kept."""

import contextlib
import json
import pathlib
import types

import ddt
import fixtures
import testtools

from heat_upgrade.checks.api import callers as callers_module
from heat_upgrade.checks.api import check as api_check
from heat_upgrade.checks.api import recorded_calls
from heat_upgrade.checks.api import replay
from heat_upgrade.checks.api import response_schema
from heat_upgrade import errors
from heat_upgrade.install import cache
from heat_upgrade.lab import database_template

UUID = '3ee8c4b1-92f1-4d32-9b5c-6a9d0c7c6d11'


class _Callers:
    """Answers calls from a list of (status, body); None: no answer."""

    def __init__(self, *answers):
        self._answers = list(answers)
        self.sent, self.waited = [], []
        self.patience = callers_module.Patience()
        self.name = 'a1b2c3'

    def send(self, call, path, body):
        self.sent.append((call.method, path, body))
        answer = self._answers.pop(0)
        if answer is None:
            raise OSError('no route to host')
        status, body = answer
        return types.SimpleNamespace(
            status_code=status, headers={}, content=b'x', text=str(body),
            json=lambda: body)

    def settled(self, path):
        self.waited.append(path)


class TestMake(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.useFixture(fixtures.MonkeyPatch('time.sleep', lambda _: None))

    def statuses(self, callers, *calls):
        answers = replay.make([list(calls)], callers)
        return {title: answer['status'] for title, answer in answers.items()}

    def test_later_call_has_the_value_that_an_earlier_one_kept(self):
        callers = _Callers((201, {'stack': {'id': UUID}}), (200, {}))
        self.statuses(
            callers,
            recorded_calls.Call('POST', 'stacks', keep={'id': 'stack.id'}),
            recorded_calls.Call('PUT', 'stacks/a/{id}', body={'of': ['{id}']}),
        )
        self.assertEqual(('PUT', f'stacks/a/{UUID}', {'of': [UUID]}),
                         callers.sent[1])

    def test_call_is_repeated_until_the_recorded_status(self):
        callers = _Callers((200, {'a': 'IN_PROGRESS'}),
                           (200, {'a': 'COMPLETE'}))
        self.assertEqual({'GET b': [200]}, self.statuses(
            callers, recorded_calls.Call('GET', 'b', until={'a': 'COMPLETE'})))
        self.assertEqual(['b', 'b'], callers.waited)

    def test_a_wait_after_one_that_failed_is_short(self):
        clock = iter(range(0, 10000, 4))
        self.useFixture(fixtures.MonkeyPatch('time.monotonic',
                                             lambda: next(clock)))
        callers = _Callers(*[(200, {'a': 'IN_PROGRESS'})] * 40)
        calls = [recorded_calls.Call('GET', path, until={'a': 'COMPLETE'})
                 for path in 'bc']
        self.assertEqual(
            {'GET b': [replay.NOT_REACHED], 'GET c': [replay.NOT_REACHED]},
            self.statuses(callers, *calls))
        self.assertEqual(
            (callers_module.UNTIL_TIMEOUT // 4, 2),
            (callers.waited.count('b'), callers.waited.count('c')))

    def test_another_end_is_reported_at_once(self):
        callers = _Callers((200, {'a': 'CREATE_FAILED'}))
        self.assertEqual(
            {'GET b': [replay.NOT_REACHED]},
            self.statuses(
                callers,
                recorded_calls.Call(
                    'GET', 'b', until={'a': 'CREATE_COMPLETE'}
                ),
            ),
        )

    def test_refusal_during_the_wait_is_reported_at_once(self):
        callers = _Callers((500, {}))
        self.assertEqual(
            {'GET b': [replay.NOT_REACHED]},
            self.statuses(
                callers,
                recorded_calls.Call(
                    'GET', 'b', until={'a': 'CREATE_COMPLETE'}
                ),
            ),
        )

    def test_call_that_lacks_a_kept_value_is_not_made(self):
        callers = _Callers((409, {'code': 409}))
        self.assertEqual(
            {'POST a': [409], 'GET b/{id}': [replay.NOT_MADE]},
            self.statuses(
                callers,
                recorded_calls.Call('POST', 'a', keep={'id': 'id'}),
                recorded_calls.Call('GET', 'b/{id}'),
            ),
        )

    def test_no_answer_is_a_status(self):
        self.assertEqual({'GET a': [replay.NO_ANSWER]}, self.statuses(
            _Callers(None), recorded_calls.Call('GET', 'a')))

    def test_answers_to_one_call_merge(self):
        callers = _Callers((200, {'a': 1}), (200, {'a': None}))
        made = replay.make(
            [
                [
                    recorded_calls.Call('GET', 'stacks/calls-1/x'),
                    recorded_calls.Call('GET', 'stacks/calls-2/x'),
                ]
            ],
            callers,
        )
        self.assertEqual(
            ['null', 'number'],
            made['GET stacks/{name}/x']['body']['body.a']['formats'])

    def test_behaviour_keeps_its_values_and_other_calls_do_not(self):
        made = replay.make(
            [[recorded_calls.Call('GET', 'a', name='lane, call 1: GET a',
                                  lane='lane'),
              recorded_calls.Call('GET', 'b')]],
            _Callers(*[(200, {'id': UUID, 'of': 'a1b2c3-user'})] * 2))
        self.assertEqual({'id': '<id 1>', 'of': '<cloud>-user'},
                         made['lane, call 1: GET a']['value'])
        self.assertNotIn('value', made['GET b'])

    def test_wait_for_an_operation_in_progress_is_not_for_its_end(self):
        callers = _Callers((200, {'a': 'IN_PROGRESS'}))
        self.statuses(callers, recorded_calls.Call(
            'GET', 'b', until={'a': 'IN_PROGRESS'}, now=True))
        self.assertEqual([], callers.waited)

    def test_behaviour_ends_with_a_call_that_does_not_end_as_recorded(self):
        callers = _Callers((500, {}), (200, {}))
        self.assertEqual({'lane, 1': [replay.NOT_REACHED]}, self.statuses(
            callers, recorded_calls.Call('GET', 'b', name='lane, 1',
                                         lane='lane', until={'a': 'b'}),
            recorded_calls.Call('GET', 'c', name='lane, 2', lane='lane')))

    def test_names_of_a_cloud_are_its_own(self):
        callers = _Callers((201, {}))
        self.statuses(callers, recorded_calls.Call(
            'POST', 'stacks', body={'name': 'group-{cloud}'}))
        self.assertEqual({'name': 'group-a1b2c3'}, callers.sent[0][2])


class TestStructure(testtools.TestCase):

    def structure(self, *attempts):
        """Return the status, and the numbers of kept and unused answers."""
        self.useFixture(fixtures.EnvironmentVariable(
            'XDG_CACHE_HOME', self.useFixture(fixtures.TempDir()).path))
        outcomes = [
            {'GET stacks': response_schema.reduced(status, {}, None)}
            for status in attempts]
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.checks.api.replay._in_the_lab',
            lambda *words: [outcomes.pop(0)]))
        [answers] = replay.structures(
            [types.SimpleNamespace(release=None, key='heat', name='27.0.1')],
            types.SimpleNamespace(
                workspace=types.SimpleNamespace(logs='/logs'),
                progress=lambda line: None))
        kept = list((cache.directory() / 'readings').glob('*.json'))
        return answers['GET stacks']['status'], len(kept), len(outcomes)

    def test_answers_are_kept(self):
        self.assertEqual(([200], 1, 1), self.structure(200, 500))

    def test_failed_call_is_made_again(self):
        self.assertEqual(([200], 1, 0),
                         self.structure(replay.NO_ANSWER, 200))

    def test_call_that_fails_again_is_reported_and_not_kept(self):
        self.assertEqual(([replay.NOT_REACHED], 0, 0), self.structure(
            replay.NO_ANSWER, replay.NOT_REACHED))


class TestBrokenTarget(testtools.TestCase):

    def attempts(self, failed):
        """Return the releases of each attempt.

        :param failed: number of the target's calls without an answer
        """
        self.useFixture(fixtures.EnvironmentVariable(
            'XDG_CACHE_HOME', self.useFixture(fixtures.TempDir()).path))
        attempts = []

        def in_the_lab(subjects, context):
            attempts.append([subject.name for subject in subjects])
            return [{f'GET {number}': response_schema.reduced(
                replay.NO_ANSWER if subject.name == 'target' else 200, {},
                None) for number in range(failed)} for subject in subjects]
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.checks.api.replay._in_the_lab', in_the_lab))
        replay.structures([types.SimpleNamespace(key=name, name=name)
                           for name in ('base', 'target')], None)
        return attempts

    def test_a_target_that_fails_at_few_calls_is_tried_again(self):
        self.assertEqual([['base', 'target'], ['target']], self.attempts(2))

    def test_a_target_that_fails_at_many_calls_is_not_tried_again(self):
        self.assertEqual([['base', 'target']],
                         self.attempts(replay.MANY + 1))


class TestStart(testtools.TestCase):
    """Heat of one release, or of both, does not start in the lab."""

    NAMES = ('26.0.2', '27.0.1')

    def check(self, *failing, times=2):
        """Return the findings if some releases do not start for some times."""
        self.useFixture(fixtures.EnvironmentVariable(
            'XDG_CACHE_HOME', self.useFixture(fixtures.TempDir()).path))
        attempts = []

        def in_the_lab(subjects, context):
            attempts.append([subject.name for subject in subjects])
            return [errors.ProcessDied(
                'heat-engine on node-1 ended by itself with status 1:\nwhy')
                if subject.name in failing and len(attempts) <= times
                else {'GET stacks': response_schema.reduced(200, {}, None)}
                for subject in subjects]
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.checks.api.replay._in_the_lab', in_the_lab))
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.checks.introspection.both', lambda *words: ({}, {})))
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.checks.api.routes.compare', lambda *words: []))
        base, target = (types.SimpleNamespace(key=name, name=name)
                        for name in self.NAMES)
        found = api_check.check(base, target, None)
        self.attempts = attempts
        return found

    def test_a_target_that_does_not_start_is_the_target_s(self):
        found, = self.check('27.0.1')
        self.assertEqual(
            ('target.does-not-start', 'heat', 6,
             'Heat 27.0.1 does not start in the lab, where 26.0.2 starts'),
            (found.rule, found.origin, found.failure_class, found.title))
        self.assertEqual(
            'heat-engine on node-1 ended by itself with status 1:',
            found.evidence.splitlines()[0])

    def test_release_that_did_not_start_is_tried_again_alone(self):
        self.check('27.0.1')
        self.assertEqual([['26.0.2', '27.0.1'], ['27.0.1']], self.attempts)

    def test_release_that_starts_the_second_time_is_not_reported(self):
        self.assertEqual([], self.check('27.0.1', times=1))

    def test_a_base_that_does_not_start_is_the_lab_s(self):
        found, = self.check('26.0.2')
        self.assertEqual(('base.program-fails', 'lab'),
                         (found.rule, found.origin))

    def test_failure_of_both_releases_is_the_lab_s(self):
        found, = self.check(*self.NAMES)
        self.assertEqual(('both.program-fails', 'lab'),
                         (found.rule, found.origin))

    def test_a_heat_that_does_not_fill_its_database_does_not_start(self):
        made = []

        class Cloud:
            def __init__(self, workspace, *, heat_environment, lender, **_):
                self.heat, self.lender = heat_environment, lender
                made.append(self)

            def start_backing(self):
                if self.heat == '27.0.1':
                    raise database_template.HeatFails('db_sync fails')

            def down(self):
                pass
        run_dir = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.lab.cloud.Cloud', Cloud))
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.install.environments.ensure', lambda *a, **kw: None))
        self.useFixture(
            fixtures.MonkeyPatch(
                'heat_upgrade.install.environments.keystone',
                lambda release: None,
            )
        )
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.lab.workspace.Workspace',
            lambda place: contextlib.nullcontext(place)))
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.checks.api.replay._called',
            lambda cloud: f'answers of {cloud.heat}'))
        answers = replay._in_the_lab(
            [types.SimpleNamespace(
                name=name, release=name, overlay_digest='', environment=name,
                variables=dict) for name in ('27.0.1', '26.0.2')],
            types.SimpleNamespace(
                workspace=types.SimpleNamespace(run_dir=run_dir, logs=None),
                progress=lambda line: None))
        self.assertIsInstance(answers[0], database_template.HeatFails)
        self.assertEqual('answers of 26.0.2', answers[1])
        # A cloud that failed lends nothing.
        self.assertEqual([None, None], [cloud.lender for cloud in made])

    def called(self, *dead):
        def start():
            raise errors.WaitTimeout('heat-api: an answer: not within 90 s')
        cloud = types.SimpleNamespace(
            start_front=start, heat_processes=['heat-api'],
            died=lambda: dead)
        return replay._called(cloud)

    def test_a_heat_that_died_did_not_start(self):
        self.assertIsInstance(self.called('heat-api'), errors.WaitTimeout)

    def test_a_database_that_died_is_the_lab_s(self):
        self.assertRaises(errors.WaitTimeout, self.called, 'mariadb')


@ddt.ddt
class TestCalls(testtools.TestCase):

    @ddt.data(('stacks/calls-1/{id1}', 'GET stacks/{name}/{id}'),
              ('stacks/added-stack/{stack}/events/{event}',
               'GET stacks/{name}/{id}/events/{id}'),
              ('stacks/none', 'GET stacks/none'))
    @ddt.unpack
    def test_label_of_a_call_has_no_names_and_ids(self, path, title):
        self.assertEqual(title, recorded_calls.Call('GET', path).label)

    def test_the_recorded_calls_can_be_sent(self):
        lanes = recorded_calls.read()
        calls = [call for lane in lanes for call in lane]
        self.assertGreaterEqual(len({call.label for call in calls}), 40)
        self.assertEqual(calls, [call for call in calls
                                 if json.dumps(call.body)])
        known = {
            recorded_calls.MEMBER,
            recorded_calls.READER,
            recorded_calls.ADMIN,
            recorded_calls.ANONYMOUS,
            recorded_calls.PROJECT_ADMIN,
        }
        self.assertEqual(set(), {call.by for call in calls} - known)

    def test_each_name_in_a_lane_is_kept_before(self):
        for lane in recorded_calls.read():
            kept = {}
            for call in lane:
                replay.expanded([call.path, call.body], kept)
                kept.update(dict.fromkeys(call.keep, 'x'))
