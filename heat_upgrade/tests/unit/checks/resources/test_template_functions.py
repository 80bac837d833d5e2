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

from heat_upgrade.checks.resources import template_functions
from heat_upgrade.tests.unit.support import resources_readings


def found(base, target):
    return [
        (each.severity, each.title)
        for each in template_functions.differences(
            resources_readings.pair(base, target)
        )
    ]


def without(*path, **changed):
    """Return a reading with the last name of a path taken out."""
    reading = resources_readings.reading(**changed)
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
        self.assertEqual(
            [],
            found(resources_readings.reading(), resources_readings.reading()),
        )

    @ddt.data(
        (
            ('templates', resources_readings.HOT),
            f'template version {resources_readings.HOT}',
        ),
        (
            ('templates', resources_readings.HOT, 'functions', 'digest'),
            f'function digest of {resources_readings.HOT}',
        ),
        (
            (
                'templates',
                resources_readings.CFN,
                'condition_functions',
                'Fn::Equals',
            ),
            f'condition function Fn::Equals of {resources_readings.CFN}',
        ),
        (
            (
                'templates',
                resources_readings.HOT,
                'parameter_types',
                'boolean',
            ),
            f'parameter type boolean of {resources_readings.HOT}',
        ),
        (
            ('templates', resources_readings.HOT, 'parameter_keys', 'tags'),
            f'parameter key tags of {resources_readings.HOT}',
        ),
        (
            (
                'templates',
                resources_readings.HOT,
                'parameter_constraints',
                'modulo',
            ),
            f'parameter constraint modulo of {resources_readings.HOT}',
        ),
        (
            ('templates', resources_readings.HOT, 'sections', 'conditions'),
            f'section conditions of {resources_readings.HOT}',
        ),
        (
            (
                'templates',
                resources_readings.HOT,
                'resource_keys',
                'condition',
            ),
            f'resource key condition of {resources_readings.HOT}',
        ),
        (
            ('templates', resources_readings.HOT, 'output_keys', 'value'),
            f'output key value of {resources_readings.HOT}',
        ),
        (
            (
                'templates',
                resources_readings.HOT,
                'deletion_policies',
                'Retain',
            ),
            f'deletion policy Retain of {resources_readings.HOT}',
        ),
        (
            ('pseudo_parameters', 'hot', 'OS::stack_id'),
            'pseudo parameter OS::stack_id',
        ),
        (('stack', 'actions', 'RESTORE'), 'stack action RESTORE'),
        (('resource', 'statuses', 'COMPLETE'), 'resource status COMPLETE'),
    )
    @ddt.unpack
    def test_removed_part_is_an_error_and_a_new_part_is_not_reported(
            self, path, part):
        self.assertEqual([('error', f'{part} is gone')],
                         found(resources_readings.reading(), without(*path)))
        self.assertEqual(
            [], found(without(*path), resources_readings.reading())
        )

    def test_part_removed_from_many_versions_is_one_finding(self):
        base, target = (
            resources_readings.reading(),
            resources_readings.reading(),
        )
        for reading in (base, target):
            reading['templates']['heat_template_version.rocky'] = (
                resources_readings.version('hot', ('digest',)))
        for name in (resources_readings.HOT, 'heat_template_version.rocky'):
            del target['templates'][name]['functions']['digest']
        # In any of them, a template is touched.
        difference, = [each for each in template_functions.differences(
            resources_readings.pair(base, target)) if 'digest' in each.title]
        self.assertEqual(
            f'function digest of {resources_readings.HOT} and 1 more is gone',
            difference.title)
        self.assertEqual(
            ('any', ('function', resources_readings.HOT, 'digest'),
             ('function', 'heat_template_version.rocky', 'digest')),
            difference.touches)

    def function_implemented_by(self, name):
        reading = resources_readings.reading(
            implementations=['f.digest', 'f.other']
        )
        reading['templates'][resources_readings.HOT]['functions'][
            'digest'
        ] = name
        return reading

    def test_a_function_with_another_implementation_is_a_warning(self):
        self.assertEqual(
            [
                (
                    'warning',
                    f'function digest of {resources_readings.HOT} is another '
                    'implementation',
                )
            ],
            found(
                self.function_implemented_by('f.digest'),
                self.function_implemented_by('f.other'),
            ),
        )

    def test_renamed_implementation_is_not_reported(self):
        self.assertEqual(
            [], found(self.function_implemented_by('f.old_name'),
                      self.function_implemented_by('f.other')))

    def reading_with_constraint(self, status, registered=True):
        user = resources_readings.thing(
            {
                'a': resources_readings.prop(
                    'List',
                    schema={
                        '*': resources_readings.prop(
                            constraints=[['custom_constraint', 'm.thing']]
                        )
                    },
                )
            },
            status=status,
        )
        return resources_readings.reading(
            {'OS::M::User': user},
            constraints={'m.thing': 'm:Thing'} if registered else {})

    @ddt.data((resources_readings.SUPPORTED, 'error', 'without a deprecation'),
              (resources_readings.DEPRECATED, 'warning', 'announced'))
    @ddt.unpack
    def test_a_constraint_goes_with_the_types_that_use_it(
            self, status, severity, word):
        difference, = template_functions.differences(resources_readings.pair(
            self.reading_with_constraint(status),
            self.reading_with_constraint(status, registered=False)))
        self.assertEqual(severity, difference.severity)
        self.assertIn(word, difference.title)

    def test_a_constraint_that_no_type_uses_is_not_announced(self):
        self.assertEqual(
            [('error', 'custom constraint x is gone without a deprecation')],
            found(resources_readings.reading(constraints={'x': 'x:X'}),
                  resources_readings.reading()))
