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

"""Actions on one node of a cloud at a time."""

import pathlib
import types

import ddt
import fixtures
import testtools

from heat_upgrade import errors
from heat_upgrade.lab import log_errors
from heat_upgrade.lab.services import rabbitmq
from heat_upgrade.plan import planner
from heat_upgrade.run.actions import registry
from heat_upgrade.tests.unit.support import fakes


class Child:
    """A service that records every call; a new one logs at its start."""

    def __init__(self, name, log, calls, words=''):
        self.name, self.log = name, log
        self._calls, self._words = calls, words

    def kill(self):
        self._calls.append(f'kill {self.name}')

    def ask_to_stop(self):
        self._calls.append(f'ask {self.name}')

    def stop(self):
        self._calls.append(f'stop {self.name}')
        return 3.141, self.name == 'stubborn'

    def begin(self):
        self._calls.append(f'begin {self.name}')
        with open(self.log, 'a') as log:
            log.write(self._words)

    def last_words(self, lines):
        return 'its last words'


class Node:
    """A node that records its deployments."""

    def __init__(self, name, home, calls):
        self.name, self._home, self._calls = name, home, calls
        self.api_url = f'api of {name}'
        self.words = ''
        self.children = {}
        self.deployed = {}
        for which in ('engine', 'api', 'cfn'):
            self.deploy(which, 'old', side='base', vhost='heat')
        calls.clear()

    def process(self, which):
        return self.children[which]

    def deploy(self, which, environment, *, side, vhost):
        self._calls.append(f'deploy {which} {side} on {vhost}')
        self.environment = types.SimpleNamespace(version=f'of {side}')
        self.deployed[which] = types.SimpleNamespace(vhost=vhost, side=side)
        self.children[which] = Child(
            which, self._home / f'{side}-{which}.log', self._calls,
            self.words)

    def begin(self, which):
        self.children[which].begin()

    def wait_ready(self, which):
        self._calls.append(f'wait {which}')

    def start(self, which):
        self.begin(which)
        self.wait_ready(which)


class RollingCase(testtools.TestCase):

    def setUp(self):
        super().setUp()
        home = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.calls, self.found = [], []
        self.node = Node('node-1', home, self.calls)
        self.broker = fakes.Broker()

        def note(word):
            return lambda name: self.calls.append(f'{word} {name}')
        self.run_ = types.SimpleNamespace(
            plan=types.SimpleNamespace(vhost='per-release'),
            environments={'base': types.SimpleNamespace(version='26.0.2'),
                          'target': types.SimpleNamespace(version='27.0.1')},
            cloud=types.SimpleNamespace(
                nodes={'node-1': self.node}, rabbitmq=self.broker,
                identity=None,
                haproxy=types.SimpleNamespace(drain=note('drain'),
                                              ready=note('ready')),
                check_answer=lambda node: self.calls.append(
                    f'check {node.name}')),
            finding=self.found.append,
            release=lambda nodes: self.calls.append(f'release {nodes}'),
            note_fault=lambda *fault: self.calls.append(fault))

    def do(self, action, **step):
        return registry.BY_NAME[action](self.run_, planner.Step(
            action, action, action, blame='heat', failure_class=4,
            **{'node': 'node-1', 'side': 'target', **step}))

    def queue(self, name, messages):
        return rabbitmq.Queue('heat', name, messages, 0, 1)


@ddt.ddt
class TestRotation(RollingCase):

    def test_a_node_is_drained_in_haproxy(self):
        self.do('drain')
        self.assertEqual(['drain node-1'], self.calls)

    def test_a_node_must_answer_before_users_meet_it(self):
        self.do('ready')
        self.assertEqual(['check node-1', 'ready node-1'], self.calls)

    def test_a_node_that_does_not_answer_is_not_taken_back(self):
        def fail(node):
            raise errors.LabError('500')
        self.run_.cloud.check_answer = fail
        self.assertRaises(errors.LabError, self.do, 'ready')
        self.assertEqual([], self.calls)


@ddt.ddt
class TestEngine(RollingCase):

    def test_operations_are_released_while_the_engine_drains(self):
        self.assertEqual({'drained_s': 3.14, 'killed': False},
                         self.do('stop_engine', disruption='graceful'))
        self.assertEqual(
            ['ask engine', "release ['node-1']", 'stop engine'], self.calls)
        self.assertEqual([], self.found)

    def test_engine_killed_at_stop_is_a_warning(self):
        self.node.children['engine'].name = 'stubborn'
        self.do('stop_engine', disruption='last-engine')
        self.assertEqual(
            [('heat', 8, 'warning',
              'stubborn did not stop gracefully and was killed')],
            [(one.origin, one.failure_class, one.severity, one.title)
             for one in self.found])

    def test_killed_engine_is_not_asked_to_stop_and_the_kill_is_recorded(self):
        self.assertEqual({'killed': True},
                         self.do('stop_engine', disruption='kill'))
        self.assertEqual([('SIGKILL', 'node-1'), 'kill engine'], self.calls)

    @ddt.unpack
    @ddt.data(('per-release', 'target', 'heat-target'),
              ('per-release', 'base', 'heat'),
              ('shared', 'target', 'heat'), ('shared', 'base', 'heat'))
    def test_each_side_talks_through_its_own_virtual_host(self, mode, side,
                                                          vhost):
        self.run_.plan.vhost = mode
        self.do('start_service', service='engine', side=side)
        self.assertEqual([f'deploy engine {side} on {vhost}', 'begin engine',
                          'wait engine'], self.calls)

    def test_start_of_an_engine_measures_its_release(self):
        self.assertEqual({'release': '27.0.1'},
                         self.do('start_service', service='engine'))


@ddt.ddt
class TestApi(RollingCase):

    def test_old_apis_stop_before_new_ones_start_in_parallel(self):
        measured = self.do('change_api', service='api')
        self.assertEqual(
            ['stop api', 'stop cfn', 'deploy api target on heat-target',
             'deploy cfn target on heat-target', 'begin api', 'begin cfn',
             'wait api', 'wait cfn'], self.calls)
        self.assertEqual({'release': 'of target',
                          'stopped_s': {'api': 3.14, 'cfn': 3.14}}, measured)

    @ddt.unpack
    @ddt.data(('start_service', 'engine'), ('change_api', 'api'))
    def test_a_traceback_at_the_start_is_heat_s_failure(self, action,
                                                        service):
        self.node.words = f'{log_errors.SIGN}:\nValueError: no\n'
        self.do(action, service=service)
        finding, = self.found
        self.assertEqual(
            ('heat', 4, 'error', 'node-1 logs a traceback when it starts'),
            (finding.origin, finding.failure_class, finding.severity,
             finding.title))
        self.assertIn('ValueError: no', finding.evidence)

    def test_older_traceback_is_not_reported(self):
        self.node.words = 'INFO starting\n'
        for which in ('api', 'cfn'):
            (self.node._home / f'target-{which}.log').write_text(
                f'{log_errors.SIGN}:\nValueError: no\n')
        self.do('change_api', service='api')
        self.assertEqual([], self.found)


@ddt.ddt
class TestQueues(RollingCase):

    def setUp(self):
        super().setUp()
        self.patch(registry.rolling, 'QUEUES_INTERVAL', 0)
        self.patch(registry.rolling, 'QUEUES_TIMEOUT', 1)

    def test_queues_are_watched_until_no_message_waits(self):
        self.broker.looks = [[self.queue('engine_worker', 2)],
                             [self.queue('engine', 1)],
                             [self.queue('engine', 0)]]
        self.assertEqual({'vhost': 'heat', 'looks': 3, 'messages': {}},
                         self.do('queues', side='base'))
        self.assertEqual([], self.found)

    def test_queues_that_stay_full_are_a_warning(self):
        self.patch(registry.rolling, 'QUEUES_TIMEOUT', 0)
        self.broker.looks = [[self.queue('engine_worker', 2)]]
        self.assertEqual({'engine_worker': 2},
                         self.do('queues', side='base')['messages'])
        finding, = self.found
        self.assertEqual(('heat', 'warning'),
                         (finding.origin, finding.severity))

    def test_messages_for_one_engine_are_not_work_of_others(self):
        self.broker.looks = [[self.queue('engine_worker.e1', 1),
                              self.queue('reply_77', 1)]]
        self.assertEqual(1, self.do('queues', side='base')['looks'])
        self.assertEqual({}, self.do('left_in_queues')['messages'])

    @ddt.data('base', 'target')
    def test_orphaned_messages_are_heat_s_failure(self, side):
        self.broker.looks = [[self.queue('engine_worker', 2),
                              self.queue('engine', 0)]]
        self.assertEqual({'vhost': 'heat', 'messages': {'engine_worker': 2}},
                         self.do('left_in_queues', side=side))
        finding, = self.found
        self.assertEqual(
            ('queue.orphaned-messages', side, 'heat', 5, 'error'),
            (finding.rule, finding.subject, finding.origin,
             finding.failure_class, finding.severity))
        # An engine of the base left them: no fault of a new target.
        self.assertEqual({'messages': 2, 'base_shows': side == 'base'},
                         finding.facts)
        self.assertIn(f'the queues of the {side} after its last engine',
                      finding.title)

    def test_an_empty_queue_is_no_finding(self):
        self.broker.looks = [[]]
        self.do('left_in_queues')
        self.assertEqual([], self.found)

    def test_the_new_release_has_a_virtual_host(self):
        self.assertEqual({'vhost': 'heat-target'}, self.do('add_vhost'))
        self.assertEqual(['heat-target'], self.broker.made)


class TestFault(RollingCase):

    def setUp(self):
        super().setUp()
        self.statuses = [500, OSError('reset'), 200]
        outer = self

        class Api:
            def __init__(self, identity, url):
                outer.calls.append(f'ask {url}')

            def call(self, method, path):
                status = outer.statuses.pop(0)
                if isinstance(status, Exception):
                    raise status
                return types.SimpleNamespace(status=status)
        self.patch(registry.rolling.heat_client, 'Api', Api)
        self.patch(registry.rolling.disturbances, 'BY_NAME', {
            'cut-broker': lambda cloud: self.calls.append('cut') or
            {'cut': 1}})

    def test_fault_ends_when_every_node_lists_stacks(self):
        self.assertEqual({'cut': 1}, self.do('fault', fault='cut-broker',
                                             node='', side=''))
        self.assertEqual([('cut-broker',), 'cut', *['ask api of node-1'] * 3],
                         self.calls)
