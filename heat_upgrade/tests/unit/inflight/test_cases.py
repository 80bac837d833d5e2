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

"""Unit tests of heat_upgrade.inflight: cases, layouts, templates, oracle."""

import itertools
import json

import ddt
import testtools

from heat_upgrade import errors
from heat_upgrade.inflight import cases
from heat_upgrade.inflight import expected_outcomes
from heat_upgrade.inflight import hold_points
from heat_upgrade.inflight import templates
from heat_upgrade.ledger import event_log

COUNTS = {cases.CREATE: 28, cases.UPDATE: 28, cases.DELETE: 21,
          cases.SUSPEND: 21, cases.RESUME: 21, cases.SNAPSHOT: 15,
          cases.RESTORE: 21, cases.CHECK: 21, cases.ROLLBACK: 18,
          cases.CANCEL: 28}


class CasesTest(testtools.TestCase):

    def test_every_combination_is_a_case_or_has_a_reason_why_not(self):
        combinations = [cases.Case(*words) for words in itertools.product(
            cases.KINDS, cases.SHAPES, cases.PARKED)]
        legal = cases.every()
        for case in combinations:
            self.assertEqual(case in legal, cases.why_not(case) is None,
                             case)
        counted = {kind: sum(case.kind == kind for case in legal)
                   for kind in cases.KINDS}
        self.assertEqual(COUNTS, counted)

    def test_each_impossible_rule_covers_a_case_that_no_other_covers(self):
        combinations = [cases.Case(*words) for words in itertools.product(
            cases.KINDS, cases.SHAPES, cases.PARKED)]
        for rule in cases.IMPOSSIBLE:
            self.assertTrue(any(
                [other for other in cases.IMPOSSIBLE
                 if other.covers(case)] == [rule]
                for case in combinations), rule)

    def test_an_id_is_unique_and_finds_its_case(self):
        every = cases.every()
        self.assertEqual(len(every), len({case.id for case in every}))
        self.assertEqual(every, cases.by_id([case.id for case in every]))

    def test_unknown_id_is_refused_with_the_known_ids(self):
        refused = self.assertRaises(errors.UsageError, cases.by_id,
                                    ['delete-chain-signal'])
        self.assertIn('delete-chain-signal', str(refused))
        self.assertIn('delete-chain-lock', str(refused))


# {case: (held items, complete items of the same level)}
HELD = {
    'create-chain-lock': (('c',), ()),
    'create-chain-queued': (('a',), ()),
    'create-fan-in-resource': (('b',), ('a',)),
    'create-fan-in-lock': (('c',), ()),
    'create-fan-out-lock': (('b', 'c', 'd'), ()),
    'create-nested-lock': (('y',), ()),
    'create-nested-queued': (('x',), ()),
    'create-group-queued': (('member-0', 'member-1'), ()),
    'create-group-lock': (('member-2', 'member-3'), ()),
    'update-group-queued': (('member-3', 'member-2'), ()),
    'update-group-lock': (('member-1', 'member-0'), ()),
    'delete-chain-lock': (('a',), ()),
    'delete-chain-resource': (('c',), ()),
    'delete-fan-out-resource': (('d',), ('b', 'c')),
    'delete-fan-in-lock': (('a', 'b'), ()),
    'suspend-nested-resource': (('after',), ()),
    'suspend-group-lock': (
        ('member-0', 'member-1', 'member-2', 'member-3'), ()),
    'snapshot-fan-in-queued': (('b',), ('a',)),
    'update-fan-in-signal': ((), ('a',)),
    'create-chain-signal': ((), ()),
    'rollback-fan-out-lock': (('d',), ()),
    'rollback-group-lock': (('member-0',), ()),
    'rollback-group-queued': (('member-2',), ()),
    'create-two-ends-lock': (('c',), ('b',)),
    'update-two-ends-resource': (('a',), ('b',)),
    'delete-two-ends-resource': (('c',), ('b',)),
    'suspend-two-ends-lock': (('a',), ('b',)),
    'cancel-two-ends-signal': ((), ('b',)),
    'rollback-two-ends-lock': (('c',), ('b',)),
    'restore-deep-lock': (('y',), ()),
    'delete-deep-queued': (('after',), ()),
    'check-group-resource': (
        ('member-0', 'member-1', 'member-2', 'member-3'), ()),
    'check-group-lock': (
        ('member-0', 'member-1', 'member-2', 'member-3'), ()),
    'resume-chain-lock': (('c',), ()),
    'restore-group-lock': (('member-1', 'member-0'), ()),
    'cancel-fan-in-queued': (('b',), ('a',)),
}

# case -> the ledger's operation that is held
OPERATIONS = {
    'create-chain-lock': 'create', 'resume-nested-lock': 'resume',
    'check-group-lock': 'check', 'restore-chain-lock': 'restore',
    'restore-deep-lock': 'update', 'restore-group-lock': 'update',
    'cancel-chain-lock': 'update', 'rollback-chain-lock': 'create',
    'snapshot-nested-lock': 'snapshot',
}


@ddt.ddt
class LayoutsTest(testtools.TestCase):

    @ddt.data(*HELD)
    def test_held_items_match_the_hold_point(self, case_id):
        case, = cases.by_id([case_id])
        layout = hold_points.layout(case)
        self.assertEqual(HELD[case_id], (layout.held, layout.complete))

    @ddt.data(*OPERATIONS)
    def test_the_operation_of_the_kind_is_held(self, case_id):
        case, = cases.by_id([case_id])
        self.assertEqual(OPERATIONS[case_id],
                         hold_points.layout(case).operation)

    def test_a_held_operation_is_one_that_the_ledger_can_hold(self):
        for case in cases.every():
            operation = hold_points.layout(case).operation
            self.assertTrue(operation is None
                            or operation in event_log.OPERATIONS, case)

    def test_a_case_without_a_signal_holds_something(self):
        for case in cases.every():
            layout = hold_points.layout(case)
            self.assertEqual(case.parked == cases.SIGNAL,
                             not layout.held, case)

    def test_rollback_holds_the_replacement_of_the_failed_item(self):
        case, = cases.by_id(['rollback-chain-resource'])
        layout = hold_points.layout(case)
        self.assertEqual(('a', ('a',), 'create'),
                         (layout.fails, layout.held, layout.operation))

    def test_only_a_rollback_fails_on_purpose(self):
        for case in cases.every():
            self.assertEqual(case.kind == cases.ROLLBACK,
                             hold_points.layout(case).fails is not None, case)


@ddt.ddt
class TemplatesTest(testtools.TestCase):

    def labels(self, resources):
        """Return the labels in a template, with those of nested ones."""
        for resource in resources.values():
            properties = resource.get('properties', {})
            if 'label' in properties:
                yield properties['label']
            if 'template' in properties:
                yield from self.labels(
                    json.loads(properties['template'])['resources'])
            if 'resource_def' in properties:
                label = properties['resource_def']['properties']['label']
                for index in range(properties['count']):
                    yield label.replace('%index%', str(index))

    def labels_of(self, case, step):
        """Return the labels in all of a case's templates."""
        texts = [templates.template(case, step),
                 *templates.files(case, step).values()]
        return [label for text in texts
                for label in self.labels(json.loads(text)['resources'])]

    def test_held_items_are_in_the_template(self):
        for case in cases.every():
            labels = self.labels_of(case, templates.FIRST)
            self.assertEqual(len(labels), len(set(labels)))
            for name in hold_points.layout(case).held:
                self.assertIn(hold_points.label(case, name), labels)
            for label in labels:
                self.assertTrue(label.startswith(f'inflight/{case.id}/'))

    def test_each_item_in_the_template_is_on_a_level(self):
        for case in cases.every():
            expected = {hold_points.label(case, name)
                        for name in hold_points.items(case)}
            self.assertEqual(
                expected, set(self.labels_of(case, templates.FIRST)), case)

    def test_an_update_changes_each_item_that_depends_on_nothing(self):
        case, = cases.by_id(['update-fan-in-lock'])
        first, second = (json.loads(templates.template(case, step))
                         for step in (templates.FIRST, templates.SECOND))
        for name in ('a', 'b'):
            values = [template['resources'][name]['properties']['value']
                      for template in (first, second)]
            self.assertEqual(['v1', 'v2'], values)

    def test_the_wait_condition_comes_with_the_operation(self):
        for case in cases.every():
            first, second = (
                '"gate"' in ''.join((
                    templates.template(case, step),
                    *templates.files(case, step).values())).replace('\\', '')
                for step in (templates.FIRST, templates.SECOND))
            gated = case.parked == cases.SIGNAL
            self.assertEqual(
                (gated and case.kind == cases.CREATE,
                 gated and case.kind in (cases.UPDATE, cases.CANCEL)),
                (first, second), case)

    def test_a_chain_passes_values_on(self):
        case, = cases.by_id(['create-chain-lock'])
        resources = json.loads(templates.template(
            case, templates.FIRST))['resources']
        for name, needed in (('b', 'a'), ('c', 'b')):
            value = resources[name]['properties']['value']
            self.assertIn({'get_attr': [needed, 'value']},
                          value['list_join'][1])

    def test_stack_two_deep_gets_its_value_as_a_parameter(self):
        case, = cases.by_id(['update-deep-lock'])
        self.assertEqual(
            ['v1', 'v2'], [json.loads(templates.template(case, step))
                           ['resources']['middle']['properties']['value']
                           for step in (templates.FIRST, templates.SECOND)])
        first, second = (templates.files(case, step) for step in (
            templates.FIRST, templates.SECOND))
        self.assertEqual(first, second)
        middle, inner = first.values()
        self.assertIn(list(first)[1], middle)
        self.assertIn('get_attr', inner)

    def test_only_a_stack_two_deep_has_other_files(self):
        for case in cases.every():
            self.assertEqual(
                case.shape == cases.DEEP,
                bool(templates.files(case, templates.FIRST)), case)

    def test_a_group_changes_in_batches(self):
        case, = cases.by_id(['update-group-lock'])
        group = json.loads(templates.template(
            case, templates.SECOND))['resources']['group']
        self.assertEqual(4, group['properties']['count'])
        for policy in ('batch_create', 'rolling_update'):
            self.assertEqual({'max_batch_size': 2},
                             group['update_policy'][policy])


@ddt.ddt
class OracleTest(testtools.TestCase):

    def test_each_case_has_legal_ends_for_each_disruption(self):
        for case in cases.every():
            for disruption in expected_outcomes.DISRUPTIONS:
                ends = expected_outcomes.legal(case, disruption)
                self.assertTrue(ends)
                for end in ends:
                    self.assertTrue(
                        end.startswith(f'{expected_outcomes.action(case)}_'))
                    self.assertNotIn('IN_PROGRESS', end)

    def test_a_cancelled_update_ends_in_a_rollback(self):
        case, = cases.by_id(['cancel-chain-lock'])
        self.assertEqual(
            {'ROLLBACK_COMPLETE'},
            expected_outcomes.legal(case, expected_outcomes.GRACEFUL),
        )
        self.assertEqual('UPDATE', expected_outcomes.resource_action(case))

    @ddt.data(
        ('create-chain-lock', expected_outcomes.GRACEFUL, {'CREATE_COMPLETE'}),
        (
            'update-group-queued',
            expected_outcomes.LAST_ENGINE,
            {'UPDATE_COMPLETE'},
        ),
        (
            'delete-chain-lock',
            expected_outcomes.KILL,
            {'DELETE_COMPLETE', 'DELETE_FAILED'},
        ),
        (
            'rollback-chain-lock',
            expected_outcomes.GRACEFUL,
            {'ROLLBACK_COMPLETE'},
        ),
    )
    @ddt.unpack
    def test_expected_outcome_is_legal(self, case_id, disruption, expected):
        case, = cases.by_id([case_id])
        self.assertEqual(expected, expected_outcomes.legal(case, disruption))
