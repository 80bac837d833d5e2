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
from heat_upgrade.checks.resources import schemas
from heat_upgrade.tests.unit.support import resources_readings

NAME = 'OS::A::Thing'
prop = resources_readings.prop


def differences(base, target, **changed):
    return schemas.differences(resources_readings.pair(*(
        {NAME: resources_readings.thing(each, **changed)}
        for each in (base, target))), NAME)


def found(base, target, **changed):
    """Return (severity, words) of the differences of two dicts."""
    return [(each.severity, each.title.removeprefix(f'{NAME}: '))
            for each in differences(base, target, **changed)]


def attributes(base, target):
    return [(each.severity, each.failure_class,
             each.title.removeprefix(f'{NAME}: '))
            for each in schemas.differences(resources_readings.pair(*(
                {NAME: resources_readings.thing(attributes=each)}
                for each in (base, target))), NAME)]


def nested(**members):
    """Return a property, a list of maps."""
    return {'a': prop('List', schema={'*': prop('Map', schema=members)})}


@ddt.ddt
class TestProperties(testtools.TestCase):

    def test_the_same_properties_differ_in_nothing(self):
        same = nested(b=prop('Integer', default=3))
        self.assertEqual([], found(same, same))

    @ddt.data(prop(), prop(default='x', required=True),
              prop('Map', schema={'b': prop(required=True)}),
              prop(constraints=[['allowed_values', ['x']]]))
    def test_a_new_property_is_no_finding(self, new):
        self.assertEqual([], found({}, {'a': new}))

    def test_a_new_property_that_is_required_is_an_error(self):
        self.assertEqual([('error', 'property a is new and required')],
                         found({}, {'a': prop(required=True)}))

    def test_a_new_key_that_is_required_is_an_error(self):
        self.assertEqual([('error', 'property a.*.b is new and required')],
                         found(nested(), nested(b=prop(required=True))))

    def test_a_property_that_becomes_required_is_an_error(self):
        self.assertEqual([('error', 'property a is now required')],
                         found({'a': prop()}, {'a': prop(required=True)}))

    @ddt.data(({'required': True}, {}),
              ({}, {'required': True, 'default': None}))
    @ddt.unpack
    def test_property_with_a_default_is_not_required(
            self, before, after):
        self.assertNotIn(
            ('error', 'property a is now required'),
            found({'a': prop(**{'default': 'x', **before})},
                  {'a': prop(**{**after, 'default': 'x'})}))

    def test_property_that_is_no_longer_required_is_not_reported(self):
        self.assertEqual([], found({'a': prop(required=True)},
                                   {'a': prop()}))

    def test_a_property_that_goes_is_an_error(self):
        self.assertEqual(
            [('error', 'property a is gone without a deprecation')],
            found({'a': prop()}, {}))

    @ddt.data(
        ({'a': prop(status=resources_readings.DEPRECATED)}, {}, {}),
        ({'a': prop()}, {}, {'status': resources_readings.DEPRECATED}),
        (
            dict(
                nested(b=prop()),
                a=dict(
                    nested(b=prop())['a'], status=resources_readings.HIDDEN
                ),
            ),
            dict(
                nested(),
                a=dict(nested()['a'], status=resources_readings.HIDDEN),
            ),
            {},
        ),
    )
    @ddt.unpack
    def test_a_property_that_was_announced_to_go_is_a_warning(
            self, base, target, changed):
        (severity, title), = found(base, target, **changed)
        self.assertEqual('warning', severity)
        self.assertIn('is gone, as announced', title)

    def test_property_that_is_no_longer_implemented_is_gone(self):
        self.assertEqual(
            [('error', 'property a is gone without a deprecation')],
            found({'a': prop()}, {'a': prop(implemented=False)}))

    @ddt.data(('String', 'List', 'error'), ('List', 'Map', 'error'),
              ('Number', 'Integer', 'error'), ('Any', 'String', 'error'),
              ('String', 'Integer', 'error'), ('Integer', 'String', 'warning'),
              ('Boolean', 'String', 'warning'))
    @ddt.unpack
    def test_a_property_of_another_type_is_a_finding(
            self, was, now, severity):
        self.assertEqual(
            [(severity, f'property a is {now}, was {was}')],
            found({'a': prop(was)}, {'a': prop(now)}))

    @ddt.data(('Integer', 'Number'), ('String', 'Any'), ('Map', 'Any'))
    @ddt.unpack
    def test_a_property_of_a_wider_type_is_no_finding(self, was, now):
        self.assertEqual([], found({'a': prop(was)}, {'a': prop(now)}))

    def test_a_property_that_accepts_less_is_an_error(self):
        self.assertEqual(
            [('error', 'property a accepts less: values')],
            found({'a': prop()},
                  {'a': prop(constraints=[['allowed_values', ['x']]])}))

    def test_a_property_with_another_pattern_is_a_warning(self):
        self.assertEqual(
            [('warning', 'property a has another pattern')],
            found(*({'a': prop(constraints=[['allowed_pattern', text]])}
                    for text in ('a+', 'b+'))))

    @ddt.data((None, 'x'), ('x', None), ('x', 'y'), ([], [1]))
    @ddt.unpack
    def test_another_default_is_a_warning(self, was, now):
        self.assertEqual(
            [('warning', 'property a has another default')],
            found({'a': prop(default=was)}, {'a': prop(default=now)}))

    def test_a_change_that_replaces_is_an_error_of_its_class(self):
        difference, = differences({'a': prop(update_allowed=True)},
                                  {'a': prop()})
        self.assertEqual(
            (model.ERROR, 3,
             f'{NAME}: a change of property a replaces the resource'),
            (difference.severity, difference.failure_class,
             difference.title))

    @ddt.data(True, False)
    def test_a_property_that_becomes_immutable_is_an_error(self, updated):
        self.assertEqual(
            [('error', 'a change of property a is refused')],
            found({'a': prop(update_allowed=updated)},
                  {'a': prop(immutable=True)}))

    @ddt.data(({}, {'update_allowed': True}), ({'immutable': True}, {}))
    @ddt.unpack
    def test_easier_update_is_not_reported(self, was, now):
        self.assertEqual([], found({'a': prop(**was)}, {'a': prop(**now)}))

    def test_updates_of_nested_keys_are_not_compared(self):
        self.assertEqual([], found(nested(b=prop(update_allowed=True)),
                                   nested(b=prop(immutable=True))))

    def test_a_free_map_that_gets_a_schema_refuses_other_keys(self):
        self.assertEqual(
            [('error', 'property a takes its own keys alone')],
            found({'a': prop('Map')}, {'a': prop('Map', schema={
                'b': prop()})}))

    def test_a_free_list_that_gets_a_schema_refuses_other_members(self):
        self.assertEqual(
            [('error', 'property a.* is String, was Any')],
            found({'a': prop('List')}, {'a': prop('List', schema={
                '*': prop()})}))

    def test_a_map_that_loses_its_schema_takes_more(self):
        self.assertEqual([], found(
            {'a': prop('Map', schema={'b': prop()})}, {'a': prop('Map')}))

    def test_key_that_becomes_deprecated_is_a_warning(self):
        self.assertEqual(
            [('warning', 'property a.*.b is now deprecated')],
            found(nested(b=prop()),
                  nested(b=prop(status=resources_readings.DEPRECATED))))

    def test_an_update_policy_is_compared_too(self):
        ((severity, title),) = [
            (each.severity, each.title)
            for each in schemas.differences(
                resources_readings.pair(
                    *(
                        {NAME: resources_readings.thing(update_policy=each)}
                        for each in ({'p': prop()}, {})
                    )
                ),
                NAME,
            )
        ]
        self.assertEqual(
            ('error', f'{NAME}: property update_policy.p is gone without a '
             'deprecation'), (severity, title))

    @ddt.data(
        ({'a': prop()}, {}, (model.SET, NAME, ('properties', 'a'))),
        ({}, {'a': prop(required=True)},
         (model.UNSET, NAME, ('properties', 'a'))),
        ({'a': prop()}, {'a': prop(required=True)},
         (model.UNSET, NAME, ('properties', 'a'))),
        ({'a': prop(default=1)}, {'a': prop(default=2)},
         (model.UNSET, NAME, ('properties', 'a'))),
        ({'a': prop()}, {'a': prop(constraints=[['length', {'max': 1}]])},
         (model.REFUSED, NAME, ('properties', 'a'))),
        ({'a': prop()}, {'a': prop(constraints=[['custom_constraint', 'x']])},
         (model.SET, NAME, ('properties', 'a'))))
    @ddt.unpack
    def test_each_finding_names_the_part_that_it_touches(
            self, base, target, touches):
        difference, = differences(base, target)
        self.assertEqual(touches, difference.touches)

    def test_values_are_tried_with_the_limits_of_the_target(self):
        base, target = nested(b=prop('Integer')), nested(b=prop(
            'Integer', default=3, constraints=[['range', {'max': 5}]]))
        (key, (limits, kind, default)), = schemas.watched(
            {NAME: resources_readings.thing(target)},
            differences(base, target)).items()
        self.assertEqual((NAME, ('properties', 'a', '*', 'b')), key)
        self.assertEqual(({'range': (None, 5)}, 'Integer', 3),
                         (limits.bounds, kind, default))


@ddt.ddt
class TestAttributes(testtools.TestCase):

    def test_an_attribute_that_goes_is_an_error(self):
        self.assertEqual(
            [('error', 7, 'attribute a is gone without a deprecation')],
            attributes({'a': resources_readings.attribute()}, {}))

    def test_an_attribute_that_was_announced_to_go_is_a_warning(self):
        self.assertEqual(
            [('warning', 7, 'attribute a is gone, as announced')],
            attributes({'a': resources_readings.attribute(
                status=resources_readings.DEPRECATED)}, {}))

    def test_an_attribute_of_another_type_is_an_error(self):
        self.assertEqual(
            [('error', 6, 'attribute a is List, was String')],
            attributes({'a': resources_readings.attribute('String')},
                       {'a': resources_readings.attribute('List')}))

    @ddt.data((None, 'Map'), ('Map', None))
    @ddt.unpack
    def test_attribute_without_a_type_is_not_reported(self, was, now):
        self.assertEqual(
            [],
            attributes(
                {'a': resources_readings.attribute(was)},
                {'a': resources_readings.attribute(now)},
            ),
        )

    def test_a_new_attribute_is_no_finding(self):
        self.assertEqual(
            [], attributes({}, {'a': resources_readings.attribute()})
        )

    def test_an_attribute_that_will_go_is_a_warning(self):
        self.assertEqual(
            [('warning', 7, 'attribute a is now hidden')],
            attributes(
                {'a': resources_readings.attribute()},
                {
                    'a': resources_readings.attribute(
                        status=resources_readings.HIDDEN
                    )
                },
            ),
        )
