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

"""Unit tests of heat_upgrade.inflight.evidence and outcomes."""

import dataclasses

import ddt
import fixtures
import testtools

from heat_upgrade.inflight import cases
from heat_upgrade.inflight import evidence
from heat_upgrade.inflight import operation
from heat_upgrade.inflight import outcomes
from heat_upgrade.results import findings
from heat_upgrade.tests.unit.support import inflight_fakes


class EvidenceTest(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.cloud = inflight_fakes.Cloud(
            self.useFixture(fixtures.TempDir()).path
        )
        self.cloud.rows = {
            'stack': [('one', 'name', 'CREATE', 'IN_PROGRESS', 'started',
                       'a-traversal', 1)],
            'stack_lock': [('one', 'engine-1')],
            'resource': [('one', 7, 'a', 'CREATE', 'COMPLETE', 'item-7',
                          None),
                         ('one', 8, 'b', 'CREATE', 'IN_PROGRESS', 'item-8',
                          'engine-of-old')],
            'sync_point': [('one', '8', 'a-traversal', 1, '{"x": 1}')]}

    def log(self, name, *lines):
        (self.cloud.logs / name).write_text(''.join(
            f'{line}\n' for line in lines))

    def test_many_stacks_are_read_by_one_query_for_each_table(self):
        heat = inflight_fakes.Heat()
        operations = []
        for case in cases.by_id(['create-chain-lock', 'create-deep-lock']):
            started = operation.InFlightOperation(
                case, heat, inflight_fakes.Ledger()
            )
            started.start()
            operations.append(started)
        one, two = operations
        inner = f'{two.name}-middle-x-inner-y'
        heat.stacks[inner] = 'CREATE_IN_PROGRESS'
        heat.stacks['inflight-of-another-run'] = 'CREATE_FAILED'
        cloud = inflight_fakes.Cloud(self.cloud.logs, heat)
        cloud.rows = {
            'stack_lock': [(two.stack_id, 'engine-1')],
            'resource': [(f'id-{inner}', 1, 'x', 'CREATE', 'IN_PROGRESS',
                          None, None)]}
        asked = []
        read = cloud.execute
        cloud.execute = lambda *words, **more: asked.append(words) or read(
            *words, **more)
        found = evidence.rows_of(cloud, operations, 'inflight-')
        self.assertEqual(4, len(asked))
        self.assertEqual([(one.name,), (two.name, inner)], [
            tuple(row[1] for row in found[started].stacks)
            for started in operations])
        self.assertEqual(((), ((two.stack_id, 'engine-1'),)),
                         (found[one].locks, found[two].locks))
        self.assertEqual('CREATE_IN_PROGRESS',
                         found[two].resource_status('x'))
        self.assertEqual('gone', found[one].resource_status('x'))
        self.assertTrue(found[two].in_progress)
        self.assertEqual({}, evidence.rows_of(cloud, [], 'inflight-'))

    def test_a_stack_that_is_not_there_counts_as_deleted(self):
        rows = evidence.rows(self.cloud, 'one', 'name')
        self.assertEqual(('CREATE_IN_PROGRESS', 'DELETE_COMPLETE'),
                         (rows.status('name'), rows.status('other')))
        self.assertEqual('CREATE_IN_PROGRESS: started', rows.story('name'))

    def test_status_of_a_replaced_resource_is_that_of_the_replacement(self):
        rows = evidence.Rows((), (), (
            ('one', 1, 'a', 'UPDATE', 'FAILED', None, None),
            ('one', 2, 'a', 'CREATE', 'IN_PROGRESS', None, None)), ())
        self.assertEqual('CREATE_IN_PROGRESS', rows.resource_status('a'))

    def test_evidence_contains_all_records_about_a_stack(self):
        self.log('node-1-base-heat-engine.log', 'creating "b" [one]',
                 'creating "b" [another]')
        self.log('node-1-base-heat-api.log', 'GET one')
        self.cloud.broker = [inflight_fakes.queue('engine_worker', messages=3),
                             inflight_fakes.queue('reply_1', messages=9)]
        text = evidence.collect(self.cloud, 'one', 'name')
        for expected in (
                'one, name, CREATE, IN_PROGRESS, started, a-traversal',
                'one, engine-1 lives: node-1 base',
                'one, 7, a, CREATE, COMPLETE, item-7, no engine',
                'one, 8, b, CREATE, IN_PROGRESS, item-8, '
                'engine-of-old is dead',
                'one, 8, a-traversal, 1, {"x": 1}',
                'heat, engine_worker, 3, 0, 2',
                'last lines of node-1-base-heat-engine.log:\n'
                '  creating "b" [one]\n'):
            self.assertIn(expected, text)
        for unwanted in ('another', 'GET one', 'reply_1'):
            self.assertNotIn(unwanted, text)

    def test_evidence_contains_refused_messages(self):
        refused = ('ERROR oslo_messaging.rpc.server oslo_messaging.rpc.'
                   'dispatcher.UnsupportedVersion: no version 1.9')
        self.log('node-2-base-heat-engine.log', refused, 'INFO x', refused)
        self.assertIn(
            'messages that an engine refused, for any stack:\n'
            '  node-2-base-heat-engine.log: 2 times UnsupportedVersion: no '
            'version 1.9\n', evidence.collect(self.cloud, 'one'))

    def test_evidence_of_a_missing_stack_has_no_log_lines(self):
        self.cloud.rows = {}
        self.log('node-1-base-heat-engine.log', 'of somebody else')
        self.assertNotIn('of somebody else',
                         evidence.collect(self.cloud, '', 'name'))

    def test_empty_part_of_the_evidence_is_shown_as_none(self):
        self.cloud.rows = {}
        self.assertIn('stack_lock (stack, engine):\n  none\n',
                      evidence.collect(self.cloud, 'one'))

    def test_an_engine_is_at_work_on_what_it_holds(self):
        self.assertEqual(
            {'engine-1', 'engine-of-old'},
            evidence.rows(self.cloud, 'one', 'name').at_work())

    def test_an_engine_that_waits_for_a_stack_is_not_at_work(self):
        self.cloud.rows['stack_lock'] = []
        self.cloud.rows['stack'].append(
            ('two', 'name-group', 'CREATE', 'IN_PROGRESS', '', '', 1))
        self.cloud.rows['resource'] = [
            ('one', 8, 'group', 'CREATE', 'IN_PROGRESS', 'two', 'engine-1')]
        self.assertEqual(
            set(), evidence.rows(self.cloud, 'one', 'name').at_work())

    def test_mixed_sync_points_are_detected(self):
        def is_mixed(*inputs):
            self.cloud.rows['sync_point'] = [
                ('one', '8', 't', 1, text) for text in inputs]
            return evidence.rows(
                self.cloud, 'one', 'name'
            ).has_mixed_sync_points()
        old, new = '"tuple:(8, true)": 1', '"tuple:(9, True, \'resource\')": 2'
        self.assertTrue(is_mixed('{"input_data": {%s, %s}}' % (old, new)))
        self.assertFalse(is_mixed('{"input_data": {%s}}' % old,
                                  '{"input_data": {%s}}' % new, None))

    def test_work_without_a_consumer_is_lost_not_waiting(self):
        heard = inflight_fakes.queue('engine_worker', unacknowledged=1)
        unheard = inflight_fakes.queue(
            'engine_worker', messages=1, consumers=0
        )
        other = inflight_fakes.queue('reply_1', messages=1)
        queues = [heard, unheard, other]
        self.assertEqual([heard], evidence.waiting_work(queues))
        self.assertEqual([unheard], evidence.lost_work(queues))


@ddt.ddt
class OutcomesTest(testtools.TestCase):

    outcome = outcomes.Outcome(
        case=cases.Case(cases.CREATE, cases.CHAIN, cases.LOCK),
        disruption='graceful', stack_id='one', status='CREATE_IN_PROGRESS',
        reason='started', seconds=1.234, legal=False, stuck=True,
        evidence='what the tables say')

    def test_sync_points_of_two_shapes_are_in_the_title(self):
        self.assertIn(
            'stuck in CREATE_IN_PROGRESS, with sync points of mixed versions',
            outcomes.title(dataclasses.replace(self.outcome,
                                               two_shapes=True)))

    def test_a_legal_one_is_no_finding(self):
        self.assertEqual([], outcomes.illegal(
            [dataclasses.replace(self.outcome, legal=True)], step='settle'))

    def test_a_stuck_one_is_a_finding_with_its_evidence(self):
        found, = outcomes.illegal([self.outcome], step='settle')
        self.assertEqual(
            (findings.HEAT, 2, findings.ERROR, 'settle'),
            (found.origin, found.failure_class, found.severity, found.step))
        self.assertIn('what the tables say', found.evidence)
        self.assertIn('started', found.evidence)

    def test_messages_without_a_consumer_have_their_own_class(self):
        found, = outcomes.illegal(
            [dataclasses.replace(self.outcome, lost=True)], step='settle')
        self.assertEqual(5, found.failure_class)
        self.assertIn('no engine listens', found.title)

    @ddt.data(
        ({}, 'create-chain-lock, graceful: stuck in CREATE_IN_PROGRESS'),
        ({'repaired': outcomes.BY_UPDATE},
         'create-chain-lock, graceful: stuck in CREATE_IN_PROGRESS; an '
         'update repairs it'),
        ({'repaired': outcomes.BY_DELETE},
         'create-chain-lock, graceful: stuck in CREATE_IN_PROGRESS; only a '
         'delete ends it'),
        ({'repaired': outcomes.NOT_AT_ALL},
         'create-chain-lock, graceful: stuck in CREATE_IN_PROGRESS; neither '
         'an update nor a delete repairs it'),
        ({'stuck': False, 'status': 'CREATE_FAILED'},
         'create-chain-lock, graceful: ended in CREATE_FAILED'))
    @ddt.unpack
    def test_the_title_says_how_it_ended_and_what_helps(self, changes,
                                                        expected):
        self.assertEqual(expected, outcomes.title(
            dataclasses.replace(self.outcome, **changes)))

    def test_the_journal_gets_words_and_numbers_only(self):
        noted = self.outcome.as_dict()
        self.assertEqual(('create-chain-lock', 1.23),
                         (noted['case'], noted['seconds']))
        self.assertNotIn('evidence', noted)
