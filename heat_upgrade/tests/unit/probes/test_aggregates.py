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


import ddt
import testtools
from testtools import matchers

from heat_upgrade.probes import aggregates
from heat_upgrade.probes import samples


def seen(text, *, taken=0.25, error='503'):
    """Return a sample a second: + is a good answer, - a bad one."""
    return [samples.Sample(100 + second, 100 + second + taken, mark == '+',
                           '' if mark == '+' else error,
                           'node-1', '' if mark == '+' else 'no')
            for second, mark in enumerate(text)]


def by_step(text, *steps):
    return aggregates.by_step(
        seen(text), [(name, 100 + start, None if end is None else 100 + end)
                     for name, start, end in steps], origin=100)


class TestWhole(testtools.TestCase):

    def whole(self, answers, **options):
        return aggregates.whole(answers, origin=90, **options)

    def test_errors_are_counted_by_class_the_most_frequent_first(self):
        answers = seen('-', error='500') + seen('--', error='refused')
        self.assertEqual([('refused', 2), ('500', 1)],
                         list(self.whole(answers)['errors'].items()))

    def test_the_first_bad_answer_and_the_good_one_after_it(self):
        self.assertThat(self.whole(seen('++--+')), matchers.ContainsDict({
            'first_bad': matchers.Equals(12.25),
            'first_good': matchers.Equals(14.25),
            'first_error': matchers.Equals({
                'error': '503', 'node': 'node-1', 'detail': 'no'})}))

    def test_without_a_bad_answer_there_is_no_first_one(self):
        self.assertThat(self.whole(seen('+++')), matchers.ContainsDict({
            'first_bad': matchers.Is(None), 'first_good': matchers.Is(None),
            'first_error': matchers.Is(None), 'errors': matchers.Equals({})}))

    def test_an_outage_that_does_not_end_has_no_good_answer_after_it(self):
        self.assertIsNone(self.whole(seen('++--'))['first_good'])

    def test_latencies_are_those_of_good_answers(self):
        answers = [samples.Sample(0, taken / 1000, True)
                   for taken in range(1, 101)]
        answers += [samples.Sample(0, 60, False, 'timeout')]
        self.assertThat(self.whole(answers), matchers.ContainsDict({
            'p50_ms': matchers.Equals(50.0),
            'p99_ms': matchers.Equals(99.0)}))

    def test_without_a_good_answer_there_are_no_latencies(self):
        self.assertThat(self.whole(seen('--')), matchers.ContainsDict({
            'p50_ms': matchers.Is(None), 'p99_ms': matchers.Is(None)}))

    def test_the_longest_gap_has_its_place(self):
        self.assertEqual([11.25, 14.25],
                         self.whole(seen('++--+-+'))['gap'])

    def test_gaps_of_more_than_two_questions_are_returned(self):
        answers = seen('++--+-+')
        self.assertEqual([[11.25, 14.25], [14.25, 16.25]],
                         self.whole(answers)['gaps'])
        self.assertEqual([[11.25, 14.25]],
                         self.whole(answers, interval=1.5)['gaps'])

    def test_probe_that_never_asked_has_no_aggregates(self):
        self.assertEqual(
            {'sent': 0, 'failed': 0, 'longest_gap_s': None, 'gap': None,
             'gaps': [], 'outages': [], 'asked': [None, None],
             'p50_ms': None, 'p99_ms': None, 'errors': {}, 'first_bad': None,
             'first_error': None, 'first_good': None}, self.whole([]))


class TestOutages(testtools.TestCase):

    def test_bad_answers_in_a_row_are_one_from_the_first_question(self):
        answers = [samples.Sample(1, 1.1, True),
                   samples.Sample(1.2, 1.3, False, 'refused'),
                   samples.Sample(1.4, 1.5, False, '503'),
                   samples.Sample(1.6, 1.7, True)]
        self.assertEqual(
            [{'start': 1.2, 'end': 1.5, 'failed': 2,
              'errors': {'refused': 1, '503': 1},
              'first': {'error': 'refused', 'node': '', 'detail': ''}}],
            aggregates.outages(answers))

    def test_bad_answers_without_a_good_one_in_between_are_one_outage(self):
        self.assertThat(aggregates.outages(seen('--')), matchers.HasLength(1))

    def test_distant_bad_answers_are_two_outages(self):
        self.assertThat(aggregates.outages(seen('-+-')),
                        matchers.HasLength(2))

    def test_outage_begins_with_its_earliest_question(self):
        answers = [samples.Sample(5, 5.1, False, '503'),
                   samples.Sample(1, 5.2, False, 'timeout')]
        self.assertEqual([(1, 5.2)], [(one['start'], one['end']) for one
                                      in aggregates.outages(answers)])


@ddt.ddt
class TestByStep(testtools.TestCase):

    def test_a_question_belongs_to_the_step_in_which_it_was_asked(self):
        steps = by_step('+++--+', ('one', 0, 3), ('two', 3, 5),
                        ('three', 5, 6))
        self.assertEqual(
            {'one': (3, 0), 'two': (2, 2), 'three': (1, 0)},
            {name: (one['sent'], one['failed'])
             for name, one in steps.items()})

    def test_question_belongs_to_each_concurrent_step(self):
        steps = by_step('+-+', ('one', 0, 3), ('two', 1, 2))
        self.assertEqual((1, 1), (steps['one']['failed'],
                                  steps['two']['failed']))

    @ddt.unpack
    @ddt.data(
        # answers, step's start and end, its part of the longest gap
        ('++--++', 0, 6, 3.0),
        # the gap is from 1.25 to 4.25
        ('++--++', 0, 3, 1.75),
        ('++--++', 3, 6, 1.25),
        ('++--++', 2, 4, 2.0),
        ('++++++', 2, 4, 1.0),
        # not yet up is no gap
        ('--++', 0, 3, 0.75),
        # never answered again: no end
        ('++---', 3, 5, None),
        ('++---', 0, 2, 1.0),
        ('----', 0, 4, None),
    )
    def test_a_gap_counts_as_far_as_it_lies_within_the_step(
            self, text, start, end, gap):
        self.assertEqual(gap, by_step(text, ('one', start, end))['one'][
            'longest_gap_s'])

    def test_a_step_without_a_question_is_left_out(self):
        self.assertEqual([], list(by_step('+++', ('one', 0.1, 0.2))))

    def test_interrupted_step_lasts_to_the_end(self):
        self.assertEqual(2, by_step('+++', ('one', 1, None))['one']['sent'])

    def test_the_good_answer_may_come_in_a_later_step(self):
        steps = by_step('+--+', ('one', 0, 3), ('two', 3, 4))
        self.assertEqual((1.25, 3.25), (steps['one']['first_bad'],
                                        steps['one']['first_good']))
