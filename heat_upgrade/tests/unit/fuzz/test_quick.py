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

"""The comparison of many stacks, with releases that are functions."""

import json

import testtools

from heat_upgrade.fuzz import causes
from heat_upgrade.fuzz import generation
from heat_upgrade.fuzz import model
from heat_upgrade.fuzz import quick

ERROR = {'error': 'ValueError', 'text': ''}


class Release:
    """Stands in for a worker.

    :param outputs: returns the outputs of a template; raises ValueError if it
        refuses the template
    """

    def __init__(self, outputs):
        self.outputs = outputs
        self.seen = []

    def answers(self, stacks):
        return [self.answer(stack) for stack in stacks]

    def answer(self, stack):
        self.seen.append(stack)
        try:
            facts = {'outputs': self.outputs(stack['template'])}
        except ValueError:
            return {'created': {'refused': ERROR}}
        return {'created': facts, 'loaded': facts, 'rows': {}}


def case(text):
    return quick.Case(text, model.Stack(text))


def refuse(text):
    if 'refused' in text:
        raise ValueError
    return {'o': text}


def silent(*args):
    pass


class CompareTest(testtools.TestCase):

    def compare(self, base, target, texts, deadline=None):
        self.base, self.target = Release(base), Release(target)
        self.shown = []
        return quick.Pair(self.base, self.target).compare(
            map(case, texts), deadline=deadline,
            progress=lambda tally: self.shown.append(tally.stacks))

    def test_stacks_are_counted(self):
        texts = [f't{number}' for number in range(120)]
        tally = self.compare(refuse, refuse, texts)
        self.assertEqual((120, 0), (tally.stacks, tally.refused))
        self.assertEqual({}, tally.failures)
        self.assertEqual([50, 100, 120], self.shown)

    def test_stack_that_the_base_refuses_does_not_reach_the_target(self):
        tally = self.compare(refuse, refuse, ['a', 'refused', 'b'])
        self.assertEqual(1, tally.refused)
        self.assertEqual(['a', 'b'],
                         [stack['template'] for stack in self.target.seen])

    def test_failure_belongs_to_its_own_case(self):
        tally = self.compare(
            refuse, lambda text: {'o': 'x' if text == 'c' else text},
            ['a', 'refused', 'b', 'c', 'd'])
        (signature, kept), *_ = tally.failures.items()
        self.assertEqual(model.Kind.READ_DIFFERENTLY, signature[0])
        self.assertEqual(['c'], [one.case.name for one in kept])

    def test_kept_failures_are_bounded(self):
        tally = self.compare(refuse, lambda text: {},
                             [f't{number}' for number in range(100)])
        self.assertEqual({100}, set(tally.counts.values()))
        self.assertEqual({quick.KEPT},
                         {len(kept) for kept in tally.failures.values()})

    def test_deadline_ends_the_comparison(self):
        tally = self.compare(refuse, refuse, ['a', 'b'], deadline=-1.0)
        self.assertEqual(0, tally.stacks)


class CausesTest(testtools.TestCase):

    def find(self, *wrong):
        """Return the causes, if the target has some functions wrong."""
        def outputs(text):
            return {name: 'wrong' for name in wrong if f'"{name}"' in text}

        generator = generation.Generator(3)
        pair = quick.Pair(Release(lambda text: {
            name: 'right' for name in wrong if f'"{name}"' in text}),
            Release(outputs))
        cases = (quick.Case(str(number), generator.stack(number), number)
                 for number in range(300))
        tally = pair.compare(cases, deadline=None, progress=silent)
        return causes.find(tally, pair, generator, silent)

    def test_cause_has_the_smallest_stack(self):
        cause, = self.find('map_merge')
        self.assertIn('map_merge', cause.features)
        self.assertLess(cause.stack.size, 150)
        self.assertEqual(model.Kind.LOADED_DIFFERENTLY,
                         cause.difference.kind)
        json.loads(cause.stack.template)

    def test_two_defects_of_one_signature_are_two_causes(self):
        found = self.find('map_merge', 'str_split')
        self.assertEqual(
            {True}, {bool({'map_merge', 'str_split'} & cause.features)
                     for cause in found})
        self.assertLessEqual(
            {'map_merge', 'str_split'},
            set().union(*(cause.features for cause in found)))

    def test_template_of_others_is_reduced_too(self):
        pair = quick.Pair(Release(refuse), Release(lambda text: {}))
        tally = pair.compare([case('a')], deadline=None, progress=silent)
        found = causes.find(tally, pair, generation.Generator(0), silent)
        self.assertEqual([('a', model.Stack('{}'))],
                         [(one.case.name, one.stack) for one in found])
