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

import pathlib
import types

import fixtures
import testtools

from heat_upgrade.checks import check_context
from heat_upgrade.checks.resources import check as resources
from heat_upgrade import errors
from heat_upgrade.tests.unit.support import resources_readings

BASE = resources_readings.reading(
    {
        'OS::A::Gone': resources_readings.thing(),
        'OS::A::Old': resources_readings.thing(
            status=resources_readings.DEPRECATED
        ),
        'OS::A::Kept': resources_readings.thing(
            {
                'a': resources_readings.prop(),
                'b': resources_readings.prop(default=1),
            }
        ),
    }
)

TARGET = resources_readings.reading(
    {
        'OS::A::Kept': resources_readings.thing(
            {
                'a': resources_readings.prop(required=True),
                'b': resources_readings.prop(default=2),
            }
        )
    },
    stack={'actions': ['CREATE'], 'statuses': ['COMPLETE']},
)

ALL = [('error', 'OS::A::Gone is gone without a deprecation'),
       ('error', 'OS::A::Kept: property a is now required'),
       ('error', 'stack action RESTORE is gone'),
       ('warning', 'OS::A::Kept: property b has another default'),
       ('warning', 'OS::A::Old is gone, as announced')]


class TestCheck(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.place = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.checks.introspection.read',
            lambda subject, program, context: subject.reading))

    def check(self, base=BASE, target=TARGET, **asked):
        return resources.check(
            types.SimpleNamespace(name='26.0.2', reading=base),
            types.SimpleNamespace(name='27.0.1', reading=target),
            check_context.Context(None, check_context.OperatorInputs(**asked)))

    def template(self, name, resources_):
        path = self.place / name
        path.write_text('heat_template_version: 2018-08-31\n'
                        f'resources: {resources_}\n')
        return path

    def test_errors_come_first_each_in_the_order_of_titles(self):
        found = self.check()
        self.assertEqual(ALL, [(each.severity, each.title)
                               for each in found])
        self.assertEqual({('heat', 'check-resources')},
                         {(each.origin, each.step) for each in found})

    def test_finding_has_both_values_and_a_remedy(self):
        finding = self.check()[3]
        self.assertIn('26.0.2: 1\n27.0.1: 2\n', finding.evidence)
        self.assertIn('Set it in templates', finding.remedy)

    def test_identical_releases_differ_in_nothing(self):
        self.assertEqual([], self.check(target=BASE))

    def test_readings_are_not_changed(self):
        before = resources_readings.reading(**BASE)
        self.check()
        self.assertEqual(before, BASE)

    def test_only_differences_that_touch_the_templates_are_reported(self):
        path = self.template('a.yaml', '{x: {type: "OS::A::Kept", '
                             'properties: {a: SECRET}}}')
        finding, = self.check(templates=(path,))
        self.assertEqual(
            ('resources.property-default-changed', 'OS::A::Kept b', True),
            (finding.rule, finding.subject, finding.own_files))
        self.assertEqual(
            f'1 of your templates is touched ({path}): OS::A::Kept: property '
            'b has another default', finding.title)
        self.assertTrue(finding.evidence.endswith(
            f'\nused by 1 of 1 templates: {path}'))
        self.assertNotIn('SECRET', repr(finding))

    def test_a_template_that_will_be_refused_is_an_error_of_the_operators(
            self):
        def reading(values):
            protocol = resources_readings.prop(
                constraints=[['allowed_values', values]])
            rule = resources_readings.prop(
                'Map', schema={'protocol': protocol})
            rules = resources_readings.prop('List', schema={'*': rule})
            return resources_readings.reading({
                'OS::Neutron::SecurityGroup':
                    resources_readings.thing({'rules': rules})})
        was, now = reading(['tcp', 'TCP']), reading(['tcp'])
        path = self.template('lit.yaml', (
            '{a: {type: "OS::Neutron::SecurityGroup", properties: '
            '{rules: [{protocol: tcp}, {protocol: TCP}]}}}'))
        fine = self.template('fine.yaml', (
            '{a: {type: "OS::Neutron::SecurityGroup", properties: '
            '{rules: [{protocol: tcp}]}}}'))
        finding, = self.check(was, now, templates=(path, fine))
        self.assertEqual(
            ('error', 'resources.property-values-narrowed',
             'OS::Neutron::SecurityGroup rules.*.protocol', True,
             {'templates': [str(path)]}),
            (finding.severity, finding.rule, finding.subject,
             finding.own_files, finding.facts))
        self.assertTrue(finding.counts)
        self.assertIn(f'1 of your templates breaks ({path}:2): ',
                      finding.title)
        without, = self.check(was, now)
        self.assertFalse(without.own_files)
        self.assertEqual(without.identity, finding.identity)

    def test_template_with_a_type_that_is_gone_is_an_error(self):
        path = self.template('a.yaml', '{x: {type: "OS::A::Old"}}')
        finding, = self.check(templates=(path,))
        self.assertEqual(('error', 'resources.type-removed'),
                         (finding.severity, finding.rule))
        self.assertIn('1 of your templates breaks', finding.title)

    def configuration(self):
        """Return a heat.conf whose engine maps to a type that is gone."""
        path = self.place / 'heat.conf'
        path.write_text('[DEFAULT]\n')
        (self.place / 'environment.d').mkdir()
        (self.place / 'environment.d' / 'own.yaml').write_text(
            'resource_registry:\n  My::Old: OS::A::Old\n'
            '  My::File: absent.yaml\n')
        (self.place / 'environment.d' / 'bad.yaml').write_text('a: [x\n')
        return path

    def test_mapping_of_the_engine_is_followed(self):
        path = self.template('a.yaml', '{x: {type: "My::Old"}}')
        finding, = self.check(templates=(path,),
                              config_files=(self.configuration(),))
        self.assertEqual('resources.type-removed', finding.rule)

    def test_template_of_the_engine_is_checked(self):
        config = self.configuration()
        (self.place / 'templates').mkdir()
        self.template('templates/a.yaml', '{x: {type: "OS::A::Old"}}')
        self.template('templates/README', 'no template')
        found = self.check(config_files=(config,))
        self.assertEqual(
            [('resources.type-removed', True)],
            [(each.rule, each.own_files) for each in found[:-len(ALL)]])
        self.assertEqual(ALL, [(each.severity, each.title)
                               for each in found[-len(ALL):]])

    def test_untouched_templates_have_no_findings(self):
        path = self.template('a.yaml', '{x: {type: "OS::A::Kept", '
                             'properties: {a: x, b: 1}}}')
        self.assertEqual([], self.check(templates=(path,)))

    def test_unreadable_template_is_a_usage_error(self):
        self.assertRaises(errors.UsageError, self.check,
                          templates=(self.place / 'none.yaml',))

    def test_unreadable_dump_is_a_usage_error(self):
        self.assertRaises(errors.UsageError, self.check,
                          stacks_from=self.place / 'none.sql')
