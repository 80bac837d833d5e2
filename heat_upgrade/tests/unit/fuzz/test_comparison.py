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

"""Answers of two releases, edited by hand."""

import copy

import testtools

from heat_upgrade.fuzz import comparison
from heat_upgrade.fuzz import model

ERROR = {'error': 'ValueError in heat/engine/a.py: b', 'text': 'no'}


def answer(**changes):
    facts = {'outputs': {'o': 'a', 'n': 1},
             'resources: properties': {'r': {'value': ['a', None]}},
             'resources: update without change': {'r': 'unchanged'}}
    facts.update(changes)
    return {'created': copy.deepcopy(facts), 'loaded': copy.deepcopy(facts)}


class DifferencesTest(testtools.TestCase):

    def kinds(self, base, target):
        return [(one.kind, one.aspect)
                for one in comparison.differences(base, target)]

    def test_equal_answers_have_no_difference(self):
        self.assertEqual([], self.kinds(answer(), answer()))

    def test_refused_template_is_reported_with_its_error(self):
        target = {**answer(), 'created': {'refused': ERROR}}
        self.assertEqual([(model.Kind.REFUSED, ERROR['error'])],
                         self.kinds(answer(), target))

    def test_stack_that_the_base_refuses_is_not_compared(self):
        base = {'created': {'refused': ERROR}}
        self.assertFalse(comparison.accepted(base))
        self.assertEqual([], self.kinds(base, answer(outputs={'o': 'b'})))

    def test_stack_that_the_base_cannot_reload_is_not_compared(self):
        base = {**answer(), 'loaded': {'not loaded': ERROR}}
        self.assertEqual([], self.kinds(base, answer(outputs={})))

    def test_rows_that_are_not_loaded_are_reported(self):
        target = {**answer(), 'loaded': {'not loaded': ERROR}}
        self.assertEqual([(model.Kind.NOT_LOADED, ERROR['error'])],
                         self.kinds(answer(), target))

    def test_another_value_is_reported_for_both_ways_of_reading(self):
        self.assertEqual(
            [(model.Kind.READ_DIFFERENTLY, 'outputs'),
             (model.Kind.LOADED_DIFFERENTLY, 'outputs')],
            self.kinds(answer(), answer(outputs={'o': None, 'n': 1})))

    def test_missing_value_is_reported(self):
        found = comparison.differences(answer(), answer(outputs={'o': 'a'}))
        self.assertEqual({(1, None)},
                         {(one.base, one.target) for one in found})

    def test_additional_value_of_the_target_is_not_reported(self):
        self.assertEqual([], self.kinds(
            answer(), answer(news={'o': 'a'})))

    def test_number_and_text_are_different(self):
        self.assertNotEqual([], self.kinds(
            answer(), answer(outputs={'o': 'a', 'n': '1'})))

    def test_true_and_one_are_different(self):
        self.assertNotEqual([], self.kinds(
            answer(), answer(outputs={'o': 'a', 'n': True})))

    def test_two_errors_are_equal(self):
        other = {'error': 'KeyError', 'text': 'another'}
        self.assertEqual([], self.kinds(
            answer(outputs={'o': ERROR}), answer(outputs={'o': other})))

    def test_error_in_place_of_a_value_is_reported(self):
        self.assertNotEqual([], self.kinds(
            answer(), answer(outputs={'o': ERROR, 'n': 1})))

    def test_value_that_the_base_reloads_differently_is_not_compared(self):
        base = answer()
        base['loaded']['outputs']['o'] = 'reloaded'
        target = answer(outputs={'o': 'another', 'n': 1})
        self.assertEqual([(model.Kind.READ_DIFFERENTLY, 'outputs')],
                         self.kinds(base, target))

    def test_worse_effect_of_an_update_is_reported(self):
        effects = {'r': 'replaced'}
        self.assertEqual(
            {model.Kind.UPDATED}, {kind for kind, _ in self.kinds(
                answer(), answer(
                    **{'resources: update without change': effects}))})

    def test_better_effect_of_an_update_is_not_reported(self):
        part = 'resources: update without change'
        self.assertEqual([], self.kinds(
            answer(**{part: {'r': 'updated'}}), answer()))

    def test_new_property_that_is_unset_is_not_reported(self):
        def properties(*rules):
            return answer(**{'resources: properties': {
                'r': {'rules': list(rules)}}})
        base = properties({'a': None})
        self.assertEqual([], self.kinds(
            base, properties({'a': None, 'b': None})))
        self.assertNotEqual([], self.kinds(
            base, properties({'a': None, 'b': 1})))
        self.assertNotEqual([], self.kinds(base, properties({})))

    def test_nested_stack_that_is_not_read_is_one_difference(self):
        part = 'resources: nested stack'
        base = answer(**{part: {'g': {'outputs': {'o': 1, 'p': 2}}}})
        self.assertEqual(
            [(model.Kind.READ_DIFFERENTLY, part),
             (model.Kind.LOADED_DIFFERENTLY, part)],
            self.kinds(base, answer(**{part: {'g': ERROR}})))

    def test_value_in_a_nested_stack_is_reported_by_its_own_aspect(self):
        def nested(value):
            return answer(**{'resources: nested stack': {
                'g': {'outputs': {'o': value}}}})
        found = self.kinds(nested('a'), nested('b'))
        self.assertEqual({'outputs'}, {aspect for _, aspect in found})
