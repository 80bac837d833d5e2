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

from heat_upgrade.checks.resources import languages
from heat_upgrade.tests.unit import resources_readings as readings


def found(base, target):
    return [(each.severity, each.title) for each in languages.differences(
        readings.pair(base, target))]


def without(*path, **changed):
    """Return a reading with the last name of a path taken out."""
    reading = readings.reading(**changed)
    where = reading
    for name in path[:-1]:
        where = where[name]
    if isinstance(where, list):
        where.remove(path[-1])
    else:
        del where[path[-1]]
    return reading


@ddt.ddt
class TestLanguages(testtools.TestCase):

    def test_the_same_languages_differ_in_nothing(self):
        self.assertEqual([], found(readings.reading(), readings.reading()))

    @ddt.data(
        (('templates', readings.HOT), f'template version {readings.HOT}'),
        (('templates', readings.HOT, 'functions', 'digest'),
         f'function digest of {readings.HOT}'),
        (('templates', readings.CFN, 'condition_functions', 'Fn::Equals'),
         f'condition function Fn::Equals of {readings.CFN}'),
        (('templates', readings.HOT, 'parameter_types', 'boolean'),
         f'parameter type boolean of {readings.HOT}'),
        (('templates', readings.HOT, 'parameter_keys', 'tags'),
         f'parameter key tags of {readings.HOT}'),
        (('templates', readings.HOT, 'parameter_constraints', 'modulo'),
         f'parameter constraint modulo of {readings.HOT}'),
        (('templates', readings.HOT, 'sections', 'conditions'),
         f'section conditions of {readings.HOT}'),
        (('templates', readings.HOT, 'resource_keys', 'condition'),
         f'resource key condition of {readings.HOT}'),
        (('templates', readings.HOT, 'output_keys', 'value'),
         f'output key value of {readings.HOT}'),
        (('templates', readings.HOT, 'deletion_policies', 'Retain'),
         f'deletion policy Retain of {readings.HOT}'),
        (('pseudo_parameters', 'hot', 'OS::stack_id'),
         'pseudo parameter OS::stack_id'),
        (('stack', 'actions', 'RESTORE'), 'stack action RESTORE'),
        (('resource', 'statuses', 'COMPLETE'), 'resource status COMPLETE'))
    @ddt.unpack
    def test_what_goes_is_an_error_and_what_comes_is_none(self, path, what):
        self.assertEqual([('error', f'{what} is gone')],
                         found(readings.reading(), without(*path)))
        self.assertEqual([], found(without(*path), readings.reading()))

    def test_what_goes_from_many_versions_is_one_finding(self):
        base, target = readings.reading(), readings.reading()
        for reading in (base, target):
            reading['templates']['heat_template_version.rocky'] = (
                readings.version('hot', ('digest',)))
        for name in (readings.HOT, 'heat_template_version.rocky'):
            del target['templates'][name]['functions']['digest']
        # In any of them, a template is touched.
        difference, = [each for each in languages.differences(
            readings.pair(base, target)) if 'digest' in each.title]
        self.assertEqual(
            f'function digest of {readings.HOT} and 1 more is gone',
            difference.title)
        self.assertEqual(
            ('any', ('function', readings.HOT, 'digest'),
             ('function', 'heat_template_version.rocky', 'digest')),
            difference.touches)

    def function_implemented_by(self, name):
        reading = readings.reading(implementations=['f.digest', 'f.other'])
        reading['templates'][readings.HOT]['functions']['digest'] = name
        return reading

    def test_a_function_with_another_implementation_is_a_warning(self):
        self.assertEqual(
            [('warning', f'function digest of {readings.HOT} is another '
              'implementation')],
            found(self.function_implemented_by('f.digest'),
                  self.function_implemented_by('f.other')))

    def test_an_implementation_that_is_called_otherwise_is_no_finding(self):
        self.assertEqual(
            [], found(self.function_implemented_by('f.old_name'),
                      self.function_implemented_by('f.other')))

    def reading_with_constraint(self, status, registered=True):
        user = readings.thing(
            {'a': readings.prop('List', schema={'*': readings.prop(
                constraints=[['custom_constraint', 'm.thing']])})},
            status=status)
        return readings.reading(
            {'OS::M::User': user},
            constraints={'m.thing': 'm:Thing'} if registered else {})

    @ddt.data((readings.SUPPORTED, 'error', 'without a deprecation'),
              (readings.DEPRECATED, 'warning', 'announced'))
    @ddt.unpack
    def test_a_constraint_goes_with_the_types_that_use_it(
            self, status, severity, word):
        difference, = languages.differences(readings.pair(
            self.reading_with_constraint(status),
            self.reading_with_constraint(status, registered=False)))
        self.assertEqual(severity, difference.severity)
        self.assertIn(word, difference.title)

    def test_a_constraint_that_no_type_uses_is_not_announced(self):
        self.assertEqual(
            [('error', 'custom constraint x is gone without a deprecation')],
            found(readings.reading(constraints={'x': 'x:X'}),
                  readings.reading()))
