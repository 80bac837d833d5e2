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

from heat_upgrade.checks.resources import model
from heat_upgrade.checks.resources import types
from heat_upgrade.tests.unit.support import resources_readings

NAME = 'OS::Old::Thing'


def found(base, target, **options):
    """Return (severity, title) of the differences of two dicts of types."""
    return [(each.severity, each.title) for each in types.differences(
        resources_readings.pair(base, target, **options))]


def evidence(base, target, **options):
    (difference,) = types.differences(
        resources_readings.pair(base, target, **options)
    )
    return '\n'.join(difference.evidence)


@ddt.ddt
class TestTypes(testtools.TestCase):

    def test_the_same_types_differ_in_nothing(self):
        same = {
            NAME: resources_readings.thing({'a': resources_readings.prop()})
        }
        self.assertEqual([], found(same, same))

    def test_a_new_type_is_no_finding(self):
        self.assertEqual([], found({}, {NAME: resources_readings.thing()}))

    def test_a_type_that_goes_without_a_deprecation_is_an_error(self):
        self.assertEqual(
            [('error', f'{NAME} is gone without a deprecation')],
            found({NAME: resources_readings.thing()}, {}))

    @ddt.data(resources_readings.DEPRECATED, resources_readings.HIDDEN)
    def test_a_type_that_was_announced_to_go_is_a_warning(self, status):
        self.assertEqual(
            [('warning', f'{NAME} is gone, as announced')],
            found({NAME: resources_readings.thing(status=status)}, {}))

    def test_substitute_of_a_removed_type_is_named(self):
        self.assertIn(
            'substitute: OS::New::Thing',
            evidence(
                {
                    NAME: resources_readings.thing(
                        status=resources_readings.DEPRECATED
                    )
                },
                {},
            ),
        )

    def test_age_of_the_announcement_is_in_the_evidence(self):
        self.assertIn(
            'announced: DEPRECATED since 22.0.0 (Use another), 5 releases '
            'before 27.0.1',
            evidence(
                {
                    NAME: resources_readings.thing(
                        status=resources_readings.HIDDEN
                    )
                },
                {},
            ),
        )

    def test_unannounced_placeholder_is_an_error(self):
        status = dict(
            resources_readings.HIDDEN, previous=resources_readings.SUPPORTED
        )
        self.assertEqual(
            [
                (
                    'error',
                    f'{NAME} became a placeholder without a deprecation: '
                    'a delete leaves its physical resources',
                )
            ],
            found(
                {
                    NAME: resources_readings.thing(
                        {'a': resources_readings.prop()}
                    )
                },
                {
                    NAME: resources_readings.thing(
                        placeholder=True, status=status
                    )
                },
            ),
        )

    def test_a_placeholder_that_was_announced_is_a_warning(self):
        self.assertEqual(
            [
                (
                    'warning',
                    f'{NAME} became a placeholder: a delete leaves '
                    'its physical resources',
                )
            ],
            found(
                {
                    NAME: resources_readings.thing(
                        {'a': resources_readings.prop()},
                        status=resources_readings.DEPRECATED,
                    )
                },
                {
                    NAME: resources_readings.thing(
                        placeholder=True, status=resources_readings.HIDDEN
                    )
                },
            ),
        )

    def test_a_deprecation_in_a_release_that_is_left_out_counts(self):
        text = evidence(
            {NAME: resources_readings.thing()},
            {
                NAME: resources_readings.thing(
                    placeholder=True, status=resources_readings.HIDDEN
                )
            },
            names=('21.0.0', '25.0.2'),
        )
        self.assertIn('in a release that this upgrade leaves out', text)

    def test_a_deprecation_by_the_target_itself_does_not_count(self):
        status = dict(resources_readings.HIDDEN, previous=dict(
            resources_readings.DEPRECATED, version='27.0.0'))
        self.assertIn('not announced', evidence(
            {NAME: resources_readings.thing()},
            {NAME: resources_readings.thing(placeholder=True, status=status)}))

    def test_a_placeholder_that_remains_one_is_no_finding(self):
        same = {
            NAME: resources_readings.thing(
                placeholder=True, status=resources_readings.HIDDEN
            )
        }
        self.assertEqual([], found(same, same))

    @ddt.data(
        (
            resources_readings.SUPPORTED,
            resources_readings.DEPRECATED,
            'deprecated',
        ),
        (resources_readings.DEPRECATED, resources_readings.HIDDEN, 'hidden'),
    )
    @ddt.unpack
    def test_type_that_becomes_deprecated_is_a_warning(
            self, before, after, word):
        self.assertEqual(
            [('warning', f'{NAME} is now {word}')],
            found({NAME: resources_readings.thing(status=before)},
                  {NAME: resources_readings.thing(status=after)}))

    def test_type_that_is_supported_again_is_not_reported(self):
        self.assertEqual(
            [],
            found(
                {
                    NAME: resources_readings.thing(
                        status=resources_readings.DEPRECATED
                    )
                },
                {NAME: resources_readings.thing()},
            ),
        )

    def test_a_type_whose_client_is_gone_is_an_error(self):
        types_ = {NAME: resources_readings.thing(client='monasca')}
        self.assertEqual(
            [('error', f'{NAME} has lost its client monasca')],
            found(
                resources_readings.reading(types_, clients={'monasca': 'm:M'}),
                resources_readings.reading(types_),
            ),
        )

    def test_type_that_is_no_longer_taken_over_is_an_error(self):
        status = dict(resources_readings.DEPRECATED, substitutes=[])
        other = {'OS::New::Thing': resources_readings.thing()}
        (difference,) = types.differences(
            resources_readings.pair(
                {
                    NAME: resources_readings.thing(
                        status=resources_readings.DEPRECATED
                    ),
                    **other,
                },
                {NAME: resources_readings.thing(status=status), **other},
            )
        )
        self.assertEqual(
            ('error', 3, f'{NAME}: a change to OS::New::Thing replaces the '
             'resource'), (difference.severity, difference.failure_class,
                           difference.title))

    def test_replacement_after_a_failed_check_is_an_error(self):
        types_ = [
            {NAME: resources_readings.thing(replaced_when_check_failed=each)}
            for each in (False, True)
        ]
        self.assertEqual(
            [('error', f'{NAME}: a resource whose check failed is replaced')],
            found(*types_))
        self.assertEqual([], found(*reversed(types_)))

    def test_method_with_fewer_arguments_is_an_error(self):
        types_ = [{NAME: resources_readings.thing(misfits=each)}
                  for each in ([], ['update of heat.a.A'])]
        self.assertEqual(
            [('error', f'{NAME}: update does not accept the arguments of '
              'its callers')], found(*types_))
        self.assertEqual([], found(*reversed(types_)))
        self.assertEqual([], found(types_[1], {NAME: resources_readings.thing(
            misfits=['update of heat.b.A'])}))

    def test_alias_does_not_repeat_the_findings_of_its_type(self):
        base, target = (
            {
                NAME: resources_readings.thing(properties),
                'Alias': resources_readings.thing(properties, mapped_to=NAME),
            }
            for properties in ({'a': resources_readings.prop()}, {})
        )
        self.assertEqual(
            [('error', f'{NAME}: property a is gone without a deprecation')],
            found(base, target))

    def test_an_alias_that_goes_is_an_error(self):
        base = {NAME: resources_readings.thing(),
                'Alias': resources_readings.thing(mapped_to=NAME)}
        self.assertEqual(
            [('error', 'Alias is gone without a deprecation')],
            found(base, {NAME: resources_readings.thing()}))

    def test_an_alias_of_another_type_is_a_warning(self):
        base, target = (
            {
                'A': resources_readings.thing(),
                'B': resources_readings.thing(),
                'Alias': resources_readings.thing(mapped_to=name),
            }
            for name in 'AB'
        )
        self.assertEqual([('warning', 'Alias is mapped to another type')],
                         found(base, target))

    def test_pattern_that_is_no_longer_mapped_is_an_error(self):
        self.assertEqual(
            [
                (
                    'error',
                    'types OS::Quantum* are no longer mapped to '
                    'OS::Neutron*',
                )
            ],
            found(
                resources_readings.reading(
                    globs={'OS::Quantum*': 'OS::Neutron*'}
                ),
                resources_readings.reading(),
            ),
        )

    def test_plugin_that_cannot_be_imported_is_reported_once(self):
        base = resources_readings.reading({NAME: resources_readings.thing()})
        target = resources_readings.reading(
            broken={'heat.engine.resources.thing': 'NameError: x'})
        difference, = types.differences(resources_readings.pair(base, target))
        self.assertEqual(
            ('error', 'resource plugin heat.engine.resources.thing cannot be '
             'imported', model.ALWAYS),
            (difference.severity, difference.title, difference.touches))
        self.assertEqual([], found(target, target))

    def test_removed_type_touches_its_name(self):
        difference, = types.differences(resources_readings.pair(
            {NAME: resources_readings.thing()}, {}))
        self.assertEqual((model.TYPE, NAME), difference.touches)
