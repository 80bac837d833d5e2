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

from heat_upgrade.checks.resources import constraint_diff


def allowed(*values):
    return [['allowed_values', list(values)]]


def between(least=None, most=None, kind='range'):
    return [[kind, {name: bound for name, bound in
                    (('min', least), ('max', most)) if bound is not None}]]


def pattern(text):
    return [['allowed_pattern', text]]


def modulo(step, offset):
    return [['modulo', {'step': step, 'offset': offset}]]


def custom(name):
    return [['custom_constraint', name]]


@ddt.ddt
class TestNarrowing(testtools.TestCase):

    @ddt.data(
        ('String', allowed('a', 'b'), allowed('b', 'a', 'c')),
        ('String', allowed('a'), []),
        ('Integer', allowed(4, 6), allowed('4', '6')),
        ('Integer', allowed(0, 60), between(0, 60)),
        ('Integer', between(0, 3), allowed(0, 1, 2, 3)),
        ('Integer', between(1, 512), between(0, 1024)),
        ('Integer', between(1), between(0)),
        ('Integer', between(1, 5), []),
        ('String', [], between(0, kind='length')),
        ('String', between(1, 5, 'length'), between(0, 6, 'length')),
        ('String', between(most=5, kind='length'),
         between(0, 5, kind='length')),
        ('String', allowed('ab', 'cd'), pattern('[a-z]+')),
        ('String', allowed('ab'), between(2, 2, 'length')),
        ('String', pattern('a') + pattern('b'), pattern('a')),
        ('Integer', modulo(4, 2), modulo(2, 0)),
        ('Integer', modulo(4, 1), []),
        ('String', custom('nova.flavor'), []),
        ('List', allowed('a'), allowed('a', 'b')),
        ('Boolean', [], allowed(True, False)))
    @ddt.unpack
    def test_constraint_that_accepts_as_much_is_not_reported(
            self, kind, base, target):
        self.assertEqual([], constraint_diff.narrowed(base, target, kind))

    @ddt.data(
        ('String', allowed('a', 'b'), allowed('a'), 'values'),
        ('String', [], allowed('a'), 'values'),
        ('Integer', allowed(0, 60), between(0, 59), 'values'),
        ('Integer', between(0, 3), allowed(0, 1, 2), 'values'),
        ('Integer', between(0, 30000), between(0, 29999), 'range'),
        ('Number', between(0, 3), between(1, 3), 'range'),
        ('Integer', [], between(most=5), 'range'),
        ('String', [], between(1, kind='length'), 'length'),
        ('String', [], between(most=80, kind='length'), 'length'),
        ('List', allowed('a'), allowed('a') + between(1, kind='length'),
         'length'),
        ('List', allowed('a', 'b'), allowed('b'), 'values'),
        ('String', [], pattern('a+'), 'pattern'),
        ('String', pattern('a'), pattern('a') + pattern('b'), 'pattern'),
        ('String', allowed('ab', 'c1'), pattern('[a-z]+'), 'values'),
        ('String', allowed('ab'), pattern('a'), 'values'),
        ('Integer', [], modulo(2, 0), 'modulo'),
        ('Integer', modulo(3, 0), modulo(2, 0), 'modulo'),
        ('String', [], custom('nova.flavor'), 'custom constraint'),
        ('String', custom('a.b'), custom('c.d'), 'custom constraint'),
        ('Boolean', [], allowed(True), 'values'))
    @ddt.unpack
    def test_constraint_that_accepts_less_is_certain(
            self, kind, base, target, constraint):
        (certain, name, _), = constraint_diff.narrowed(base, target, kind)
        self.assertEqual((True, constraint), (certain, name))

    def test_another_pattern_may_accept_less(self):
        (certain, name, words), = constraint_diff.narrowed(
            pattern('[a-z]+'), pattern('[a-y]+'), 'String')
        self.assertEqual((False, 'pattern'), (certain, name))
        self.assertIn('cannot be decided', words)

    def test_unknown_constraint_may_accept_less(self):
        (certain, _, words), = constraint_diff.narrowed(
            [], [['prime_number', {'most': 7}]], 'Integer')
        self.assertFalse(certain)
        self.assertIn('prime_number', words)

    def test_a_custom_constraint_with_a_new_name_is_the_same(self):
        self.assertEqual([], constraint_diff.narrowed(
            custom('lb.pool'), custom('lbaas.pool'), 'String',
            implementations=({'lb.pool': 'm:Pool'},
                             {'lbaas.pool': 'm:Pool'})))

    def test_each_narrowed_constraint_is_reported(self):
        self.assertEqual(
            ['range', 'modulo', 'custom constraint'],
            [name for _, name, _ in constraint_diff.narrowed(
                [], between(1) + modulo(2, 0) + custom('x'), 'Integer')])

    @ddt.data(([0, 1, 2, 'tcp'], "0 to 2, 'tcp'"), ([4, 6], '4, 6'),
              ([False, True], 'False, True'),
              (list('abcdefghijklmnopqrstuvwxyz'), 'and 2 more'))
    @ddt.unpack
    def test_many_values_are_listed_in_short(self, values, words):
        self.assertIn(words, constraint_diff.listed(values))
