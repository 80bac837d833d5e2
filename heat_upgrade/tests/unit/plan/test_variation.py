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

"""The choices of a seed, and the order in which they are left out."""

import dataclasses

import ddt
import testtools
from testtools import matchers

from heat_upgrade import errors
from heat_upgrade.inflight import cases
from heat_upgrade.plan import model
from heat_upgrade.plan import variation

SEEDS = range(1, 1001)


def drawn(nodes=2, **options):
    return [variation.draw(seed, nodes=nodes, in_flight=(), **options)
            for seed in SEEDS]


@ddt.ddt
class TestDraw(testtools.TestCase):

    @ddt.data(1, 2, 4)
    def test_first_seed_is_the_procedure_of_the_guide(self, nodes):
        one = variation.draw(variation.GUIDE, nodes=nodes)
        self.assertEqual(
            (variation.names(nodes), (), (), {}, ''),
            (one.order, one.api_first, one.kills, one.faults, one.rollback))

    def test_every_order_is_drawn(self):
        self.assertEqual(6, len({one.order for one in drawn(3)}))

    @ddt.unpack
    @ddt.data(
        (lambda one: bool(one.rollback), variation.ROLLBACK_PROBABILITY),
        (lambda one: 'node-1' in one.kills, variation.KILL_PROBABILITY),
        (lambda one: 'node-2' in one.api_first,
         variation.API_FIRST_PROBABILITY),
        (lambda one: model.CUT_BROKER in one.faults.values(),
         variation.FAULT_PROBABILITY))
    def test_events_have_their_documented_probability(self, happens, wanted):
        self.assertAlmostEqual(
            wanted, sum(map(happens, drawn())) / len(SEEDS), delta=0.05)

    @ddt.data(*model.FAULTS)
    def test_fault_is_injected_at_most_once_after_any_node(self, fault):
        where = [[node for node, kind in one.faults.items() if kind == fault]
                 for one in drawn(3)]
        self.assertEqual({0, 1}, set(map(len, where)))
        self.assertEqual(set(variation.names(3)), set(sum(where, [])))

    @ddt.data(variation.NEVER, '')
    def test_rollback_can_be_forbidden(self, rollback):
        self.assertEqual({''}, {
            one.rollback for one in drawn(rollback=rollback)})

    def test_random_rollback_is_after_any_node(self):
        self.assertEqual({'node-1', 'node-2'}, {
            one.rollback for one in drawn(rollback=variation.RANDOM)})

    def test_rollback_after_a_named_node(self):
        for seed in (variation.GUIDE, 1, 2, 3):
            self.assertEqual('node-2', variation.draw(
                seed, nodes=2, rollback='node-2').rollback)

    def test_missing_node_is_refused_with_a_list(self):
        exc = self.assertRaises(errors.UsageError, variation.draw, 0, nodes=2,
                                rollback='node-3')
        self.assertEqual("there is no node 'node-3' to roll back after; there "
                         'are: node-1, node-2, random, never', str(exc))

    def test_given_choice_leaves_the_others_unchanged(self):
        one = variation.draw(5, nodes=3)
        for options in ({'rollback': variation.NEVER}, {'rollback': 'node-1'},
                        {'in_flight': ()}):
            other = variation.draw(5, nodes=3, **options)
            self.assertEqual(dataclasses.replace(
                one, rollback=other.rollback, cases=other.cases), other)


class TestCases(testtools.TestCase):

    def test_a_sample_is_shared_out_among_the_nodes(self):
        one = variation.draw(7, nodes=3)
        self.assertEqual(set(one.order), set(one.cases))
        self.assertEqual(
            [variation.ENGINE_SAMPLE] * 2 + [variation.LAST_ENGINE_SAMPLE],
            [len(one.cases[node]) for node in one.order])

    def test_last_engine_has_no_case_that_takes_its_grace_period(self):
        for seed in range(40):
            one = variation.draw(seed, nodes=2)
            for case in cases.by_id(one.cases[one.order[-1]]):
                self.assertFalse(cases.waits_for_messages(case), case)

    def test_cold_stop_has_no_case_that_takes_the_grace_period(self):
        for seed in range(40):
            for case in cases.by_id(variation.cold_sample(seed)):
                self.assertNotEqual(cases.SIGNAL, case.parked)
                self.assertNotEqual(cases.NESTED, case.shape)
                self.assertFalse(cases.waits_for_messages(case), case)

    def test_guide_s_procedure_has_no_case_that_takes_the_grace_period(self):
        one = variation.draw(variation.GUIDE, nodes=3)
        for case in cases.by_id(sum(one.cases.values(), ())):
            self.assertFalse(cases.waits_for_messages(case), case)

    def test_given_cases_are_dealt_in_turn(self):
        self.assertEqual(
            {'node-1': ('a', 'c'), 'node-2': ('b',)},
            variation.draw(0, nodes=2, in_flight=('a', 'b', 'c')).cases)


FULL = variation.Choices(
    order=('node-2', 'node-1', 'node-3'), api_first=('node-1', 'node-3'),
    kills=('node-1', 'node-3'),
    faults={'node-1': 'cut-broker', 'node-3': 'slow-database'},
    rollback='node-3', cases={'node-2': ('a',), 'node-1': ('b', 'c', 'd'),
                              'node-3': ()})


class TestLighter(testtools.TestCase):

    def test_lighter_choices_leave_out_one_thing(self):
        self.assertEqual([
            {'rollback': ''},
            {'faults': {'node-3': 'slow-database'}},
            {'faults': {'node-1': 'cut-broker'}},
            {'kills': ('node-3',)},
            {'kills': ('node-1',)},
            {'cases': {**FULL.cases, 'node-1': ('b',)}},
            {'cases': {**FULL.cases, 'node-1': ('c', 'd')}},
            {'cases': {**FULL.cases, 'node-2': ()}},
            {'quick': True},
            {'api_first': ()},
            {'order': ('node-1', 'node-2', 'node-3')},
        ], [self.difference(one) for one in variation.lighter(FULL)])

    def difference(self, one):
        return {name: value for name, value in vars(one).items()
                if value != getattr(FULL, name)}

    def test_lightest_choices_have_no_lighter_ones(self):
        self.assertEqual([], variation.lighter(variation.Choices(
            order=('node-1', 'node-2'), cases={'node-1': ()}, quick=True)))

    def test_repeated_lightening_ends(self):
        left, steps = FULL, 0
        while lighter := variation.lighter(left):
            left, steps = lighter[0], steps + 1
        self.assertEqual(
            variation.Choices(order=('node-1', 'node-2', 'node-3'), quick=True,
                              cases=dict.fromkeys(FULL.cases, ())), left)
        self.assertThat(steps, matchers.LessThan(15))

    def test_dropped_node_takes_its_events_along(self):
        self.assertEqual(variation.Choices(
            order=('node-2', 'node-1'), api_first=('node-1',),
            kills=('node-1',), faults={'node-1': 'cut-broker'}, rollback='',
            cases={'node-2': ('a',), 'node-1': ('b', 'c', 'd')}),
            variation.one_node_less(FULL))


@ddt.ddt
class TestDict(testtools.TestCase):

    def test_dict_round_trip(self):
        self.assertEqual(FULL, variation.from_dict(FULL.as_dict()))

    def test_change_of_the_dict_leaves_the_choices_unchanged(self):
        FULL.as_dict()['faults'].clear()
        FULL.as_dict()['cases'].clear()
        self.assertEqual((2, 3), (len(FULL.faults), len(FULL.cases)))

    @ddt.data({}, {'order': 5}, {**FULL.as_dict(), 'surprise': 1},
              {**FULL.as_dict(), 'cases': 5})
    def test_other_data_is_refused(self, data):
        exc = self.assertRaises(errors.UsageError, variation.from_dict, data)
        self.assertIn('has no choices, or invalid ones', str(exc))
