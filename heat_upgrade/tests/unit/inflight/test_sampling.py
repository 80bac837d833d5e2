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

"""Unit tests of heat_upgrade.inflight.sampling."""

import functools

import ddt
import testtools

from heat_upgrade.inflight import cases
from heat_upgrade.inflight import sampling
from heat_upgrade.plan import variation

COLD = variation.cold_hands
ROLLING = functools.partial(variation.rolling_hands, 2)
RUNS = {'cold': COLD, 'rolling': ROLLING}


def pairs(some):
    """Return the pairs (kind, place) and (kind, shape) of cases."""
    return ({(case.kind, case.parked) for case in some}
            | {(case.kind, case.shape) for case in some})


@ddt.ddt
class SamplesTest(testtools.TestCase):

    @ddt.data(*RUNS)
    def test_four_seeds_have_every_pair_that_a_run_can_have(self, run):
        possible = [case for case in cases.every()
                    if any(allowed(case) for _, allowed in RUNS[run](1))]
        for first in range(0, 20, sampling.BLOCK):
            drawn = [case for seed in range(first, first + sampling.BLOCK)
                     for hand in sampling.samples(seed, RUNS[run])
                     for case in hand]
            self.assertEqual(pairs(possible), pairs(drawn), first)

    def test_cold_and_rolling_runs_have_every_pair_there_is(self):
        drawn = [case for run in RUNS.values() for seed in range(4)
                 for hand in sampling.samples(seed, run) for case in hand]
        self.assertEqual(pairs(cases.every()), pairs(drawn))

    @ddt.data(*RUNS)
    def test_each_sample_has_all_kinds_and_required_shapes(self, run):
        for seed in range(40):
            for hand in sampling.samples(seed, RUNS[run]):
                self.assertEqual(set(cases.KINDS),
                                 {case.kind for case in hand})

    @ddt.data(*RUNS)
    def test_each_sample_has_the_required_shapes_that_it_may(self, run):
        for seed in range(40):
            for hand, (_, allowed) in zip(sampling.samples(seed, RUNS[run]),
                                          RUNS[run](seed)):
                possible = list(filter(allowed, cases.every()))
                for required in sampling.REQUIRED:
                    self.assertEqual(any(map(required, possible)),
                                     any(map(required, hand)), (seed, hand))

    @ddt.data(cases.is_two_sided, cases.is_batched,
              lambda case: case.shape == cases.TWO_ENDS,
              lambda case: case.shape == cases.CHAIN,
              lambda case: case.shape == cases.DEEP)
    def test_every_sample_has_a_case_of_these(self, required):
        for run in RUNS.values():
            for seed in range(40):
                for hand in sampling.samples(seed, run):
                    self.assertTrue(any(map(required, hand)), (seed, hand))

    @ddt.data(*RUNS)
    def test_each_sample_is_as_large_as_asked_for_and_allowed(self, run):
        for seed in range(40):
            hands = sampling.samples(seed, RUNS[run])
            for hand, (count, allowed) in zip(hands, RUNS[run](seed)):
                self.assertEqual(count, len(set(hand)))
                self.assertTrue(all(map(allowed, hand)))

    def test_a_run_has_at_least_twenty_four_operations(self):
        for hands in RUNS.values():
            self.assertGreaterEqual(sum(count for count, _ in hands(0)), 24)

    def test_the_same_seed_gives_the_same_and_another_one_others(self):
        first = sampling.samples(7, COLD)
        self.assertEqual(first, sampling.samples(7, COLD))
        self.assertNotEqual(first, sampling.samples(3, COLD))
        self.assertNotEqual(first, sampling.samples(6, COLD))

    def test_there_may_be_fewer_cases_than_asked_for(self):
        hand, = sampling.samples(
            0, lambda seed: ((1000, sampling.everywhere),))
        self.assertEqual(set(cases.every()), set(hand))


class RequiredTest(testtools.TestCase):

    def matching(self, predicate):
        return {case.id for case in cases.every() if predicate(case)}

    def test_one_side_of_a_fan_in_is_done_before_the_stop(self):
        found = self.matching(cases.is_two_sided)
        self.assertIn('update-fan-in-resource', found)
        for other in ('update-fan-in-lock', 'delete-fan-in-resource',
                      'update-fan-out-resource', 'update-fan-in-signal'):
            self.assertNotIn(other, found)

    def test_a_group_is_deleted_without_batches(self):
        found = self.matching(cases.is_batched)
        self.assertIn('restore-group-lock', found)
        self.assertNotIn('delete-group-lock', found)
        self.assertNotIn('check-group-lock', found)

    def test_last_resource_of_a_nested_stack_needs_no_message(self):
        found = self.matching(cases.waits_for_messages)
        for needed in ('create-deep-resource', 'update-group-lock',
                       'resume-nested-lock'):
            self.assertIn(needed, found)
        for other in ('create-deep-lock', 'delete-group-lock',
                      'update-chain-queued'):
            self.assertNotIn(other, found)
