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

"""Values of an operator's templates, and their findings.

The templates are those of a public report about security groups: a target
refuses the protocol TCP, and accepts tcp.
"""

import pathlib
import types

import ddt
import fixtures
import testtools

from heat_upgrade.checks import check_context
from heat_upgrade.checks.resources import check as resources
from heat_upgrade import errors
from heat_upgrade.tests.unit.support import resources_readings

GROUP = 'OS::Neutron::SecurityGroup'
FUNCTIONS = ('get_attr', 'get_param', 'if', 'repeat', 'list_concat',
             'map_merge', 'list_join', 'str_replace', 'yaql', 'filter')

HEAD = 'heat_template_version: 2018-08-31\n'
RULES = HEAD + """resources:
  a:
    type: OS::Neutron::SecurityGroup
    properties:
      rules:
"""


def rules(text):
    """Return a template with these rules, from line 7."""
    return RULES + ''.join(f'        {line}\n' for line in text.split('\n'))


def protocol(value, parameter=None):
    """Return a template with one protocol, in line 8, or line 7 without."""
    definition = f'parameters: {{p: {parameter}}}\n' if parameter else ''
    return HEAD + definition + """resources:
  a:
    type: OS::Neutron::SecurityGroup
    properties:
      rules:
        - protocol: """ + f'{value}\n'


def reading(values):
    """Return a release whose security groups have these protocols."""
    one = resources_readings.prop('Map', schema={
        'protocol': resources_readings.prop(
            constraints=[['allowed_values', values]]),
        'port': resources_readings.prop()})
    found = resources_readings.reading({
        GROUP: resources_readings.thing({
            'rules': resources_readings.prop('List', schema={'*': one})}),
        'OS::Heat::Group': resources_readings.thing(
            {'tags': resources_readings.prop('Map')}),
        'OS::Old::Thing': resources_readings.thing(
            status=resources_readings.HIDDEN)},
        constraints={'nova.flavor': 'heat.Flavor'})
    if 'TCP' not in values:
        # The target has one more property.
        found['types'][GROUP]['properties']['stateful'] = (
            resources_readings.prop('Boolean'))
    for version in (resources_readings.HOT,):
        found['templates'][version]['functions'] = {
            name: f'f.{name}' for name in FUNCTIONS}
    return found


@ddt.ddt
class TestOwnTemplates(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.place = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.checks.introspection.read',
            lambda subject, program, context: subject.reading))

    def check(self, *texts, **asked):
        paths = []
        for number, text in enumerate(texts):
            paths.append(self.place / f'{number}.yaml')
            paths[-1].write_text(text)
        return resources.check(
            types.SimpleNamespace(name='26.0.2',
                                  reading=reading(['tcp', 'udp', 'TCP'])),
            types.SimpleNamespace(name='27.0.1',
                                  reading=reading(['tcp', 'udp'])),
            check_context.Context(None, check_context.OperatorInputs(
                templates=tuple(paths), **asked)))

    def found(self, *texts, **asked):
        """Return [(severity, place in the title)]."""
        return [(finding.severity,
                 finding.title.partition('(')[2].partition(')')[0].rpartition(
                     '/')[2]) for finding in self.check(*texts, **asked)]

    @ddt.data(
        rules("repeat:\n  for_each: {<%p%>: ['22', '80']}\n"
              '  template: {protocol: tcp, port: <%p%>}'),
        rules('repeat:\n  for_each: {<%p%>: [tcp, udp]}\n'
              '  template: {protocol: <%p%>}'),
        rules('repeat:\n  for_each: {<%p%>: {get_attr: [x, y]}}\n'
              '  template: {protocol: tcp, port: <%p%>}'),
        rules('if: [c, [{protocol: tcp}], [{protocol: udp}]]'),
        rules('list_concat: [[{protocol: tcp}], [{protocol: udp}]]'),
        rules('- map_merge: [{protocol: tcp}, {port: TCP}]'),
        rules('filter: [[1], [{protocol: tcp}]]'),
        protocol('{if: [c, tcp, udp]}'),
        protocol("{list_join: ['', [t, cp]]}"),
        protocol('{str_replace: {template: XY, params: {X: t, Y: cp}}}'),
        protocol('{get_param: p}', '{type: string, default: tcp, constraints: '
                 '[{allowed_values: [tcp, udp]}]}'),
        protocol('{get_param: p}', '{type: string, constraints: '
                 '[{allowed_values: [tcp, udp]}]}'),
        protocol('{get_param: p}', '{type: string, default: tcp}'),
        protocol('{get_param: [p, q]}', '{type: json, default: {q: tcp}}'),
        protocol("{get_param: [p, 1]}",
                 '{type: comma_delimited_list, default: "TCP,tcp"}'))
    def test_legal_value_is_no_finding(self, text):
        self.assertEqual([], self.found(text))

    @ddt.data(
        (rules('- protocol: tcp\n- protocol: TCP'), 8),
        (rules("repeat:\n  for_each: {<%p%>: ['22', '80']}\n"
               '  template:\n    protocol: TCP\n    port: <%p%>'), 10),
        (rules('repeat:\n  for_each: {<%p%>: [tcp, TCP]}\n'
               '  template: {protocol: <%p%>}'), 9),
        (rules('if:\n- c\n- - protocol: tcp\n- - protocol: TCP'), 10),
        (rules('list_concat:\n- - protocol: tcp\n- - protocol: TCP'), 9),
        (rules('- map_merge: [{protocol: tcp}, {protocol: TCP}]'), 7),
        (protocol("{list_join: ['', [T, CP]]}"), 7),
        (protocol('{str_replace: {template: X, params: {X: TCP}}}'), 7),
        (protocol('{get_param: p}', '{type: string, default: TCP}'), 2),
        (protocol('{get_param: p}', '{type: string, constraints: '
                  '[{allowed_values: [tcp, TCP]}]}'), 2))
    @ddt.unpack
    def test_refused_value_is_an_error_with_its_line(self, text, line):
        self.assertEqual([('error', f'0.yaml:{line}')], self.found(text))

    @ddt.data(
        (protocol('{get_param: p}', '{type: string}'), 8),
        (protocol('{get_attr: [x, y]}'), 7),
        (protocol('{yaql: {expression: $.a, data: {a: tcp}}}'), 7),
        (protocol("{list_join: ['', [{get_attr: [x, y]}]]}"), 7),
        (rules('repeat:\n  for_each: {<%p%>: {get_attr: [x, y]}}\n'
               '  template: {protocol: <%p%>}'), 9),
        (rules('{get_param: p}'), 7))
    @ddt.unpack
    def test_value_that_is_not_known_is_a_warning_with_its_line(self, text,
                                                                line):
        finding, = self.check(text)
        self.assertEqual(('warning', 'resources.value-not-known', True),
                         (finding.severity, finding.rule, finding.own_files))
        self.assertIn(f'may break ({self.place}/0.yaml:{line}): ',
                      finding.title)

    def test_error_is_in_words_and_counts(self):
        finding, = self.check(rules('- protocol: TCP'))
        self.assertIn('the value of rules.*.protocol is refused',
                      finding.title)
        self.assertTrue(finding.own_files)
        self.assertTrue(finding.counts)

    def test_value_of_the_environment_decides(self):
        text = protocol('{get_param: p}', '{type: string, default: tcp}')
        environment = self.place / 'env.yaml'
        for value, expected in (('udp', []), ('TCP', [('error', '0.yaml:8')])):
            environment.write_text(f'parameters: {{p: {value}}}\n')
            self.assertEqual(expected, self.found(
                text, environments=(environment,)))

    def test_bad_template_is_an_error_and_the_others_are_checked(self):
        found = self.check('heat_template_version: 2018-08-31\na: [\n',
                           rules('- protocol: TCP'))
        self.assertEqual(
            ['resources.template-not-read',
             'resources.property-values-narrowed'],
            [finding.rule for finding in found])

    def test_bad_templates_alone_are_refused_together(self):
        exc = self.assertRaises(errors.UsageError, self.check, '- a\n', '')
        self.assertIn('0.yaml, line 1', str(exc))
        self.assertIn('1.yaml, line 1', str(exc))

    def one(self, name, registry=''):
        environment = self.place / 'env.yaml'
        environment.write_text(f'resource_registry: {{{registry}}}\n')
        return self.check(f'{HEAD}resources: {{a: {{type: "{name}"}}}}\n',
                          environments=(environment,))

    @ddt.data('My::Type', 'OS::Neutron::SecurityGroups', 'OS::Nova::Gone')
    def test_type_that_neither_release_has_is_told(self, name):
        finding, = self.one(name)
        self.assertEqual(('warning', 'resources.type-unknown', name),
                         (finding.severity, finding.rule, finding.subject))

    def test_types_that_neither_release_has_are_one_finding(self):
        finding, = self.check(
            HEAD + 'resources: {a: {type: "My::A"}, b: {type: "My::B"}}\n',
            HEAD + 'resources: {a: {type: "My::A"}}\n')
        self.assertEqual('2 of your templates use 2 types that neither '
                         'release has', finding.title)

    @ddt.data((GROUP, ''), ('My::Type', f'"My::Type": "{GROUP}"'),
              ('My::Type', '"My::*": "OS::Neutron::SecurityGroup"'),
              ('My::Type', '"My::Type": "http://example.org/a.yaml"'),
              ('https://example.org/a.yaml', ''))
    @ddt.unpack
    def test_type_that_is_mapped_is_no_finding(self, name, registry):
        self.assertEqual([], self.one(name, registry))

    def test_type_that_both_hide_is_told(self):
        finding, = self.one('OS::Old::Thing')
        self.assertEqual('resources.type-hidden', finding.rule)

    def test_template_of_a_type_is_checked(self):
        nested = self.place / 'nested.yaml'
        nested.write_text(rules('- protocol: TCP'))
        self.assertEqual([('error', 'nested.yaml:7')], self.found(
            HEAD + 'resources: {a: {type: nested.yaml}}\n'))

    def test_template_of_a_type_that_is_not_there_is_told(self):
        finding, = self.check(HEAD + 'resources: {a: {type: none.yaml}}\n')
        self.assertEqual(('warning', 'resources.template-not-here'),
                         (finding.severity, finding.rule))

    @ddt.data(
        (rules('- protocol: tcp\n  protocl: 1'), 'protocol'),
        (rules('- {protocol: tcp}') + '      ruels: []\n', 'rules'))
    @ddt.unpack
    def test_property_of_no_release_is_told_with_its_line(self, text, near):
        finding, = self.check(text)
        self.assertEqual(('warning', 'resources.part-unknown', True),
                         (finding.severity, finding.rule, finding.own_files))
        self.assertEqual(f'{self.place}/0.yaml:8; the releases have {near}',
                         finding.evidence)

    @ddt.data('{get_attr: [a, shwo]}', '{get_attr: [a, shwo, b]}')
    def test_attribute_of_no_release_is_told(self, function):
        finding, = self.check(
            rules('- {protocol: tcp}')
            + f'outputs: {{o: {{value: {function}}}}}\n')
        self.assertEqual('1 of your templates uses an attribute of '
                         'OS::Neutron::SecurityGroup that neither release '
                         'has', finding.title)

    @ddt.data(
        # A placeholder takes everything; a group finds attributes later.
        HEAD + 'resources: {a: {type: OS::Heat::Group, properties: '
               '{tags: {any: 1}}}}\noutputs: {o: {value: {get_attr: '
               '[a, member]}}}\n',
        HEAD + 'resources: {a: {type: OS::Heat::Group, properties: '
               '{get_param: p}}}\n',
        HEAD + 'resources: {a: {type: OS::Neutron::SecurityGroup, '
               'properties: {stateful: true}}}\n')
    def test_part_that_a_release_may_have_is_no_finding(self, text):
        self.assertEqual([], self.check(text))

    def test_constraint_of_no_release_is_told(self):
        text = HEAD + """parameters:
  p: {type: string, constraints: [{custom_constraint: %s}]}
resources: {}
"""
        finding, = self.check(text % 'nova.flavr')
        self.assertEqual(('warning', 'resources.constraint-unknown',
                          'nova.flavr'),
                         (finding.severity, finding.rule, finding.subject))
        self.assertEqual([], self.check(text % 'nova.flavor'))

    def nested(self, value, outer, environment='', inner='{get_param: p}'):
        """Check a template that nests one with this default of a protocol."""
        (self.place / 'nested.yaml').write_text(protocol(
            inner, f'{{type: string, default: {value}}}'))
        (self.place / 'env.yaml').write_text(environment or '{}')
        return [severity for severity, _ in self.found(
            HEAD + outer, environments=(self.place / 'env.yaml',))]

    @ddt.data(
        ('tcp', 'resources: {a: {type: nested.yaml, properties: {p: TCP}}}\n'),
        ('TCP', 'resources: {a: {type: nested.yaml}}\n'),
        ('tcp', 'resources:\n  a: {type: nested.yaml}\n'
                '  b: {type: nested.yaml, properties: {p: TCP}}\n'),
        ('tcp', 'parameters: {q: {type: string, default: TCP}}\n'
                'resources: {a: {type: nested.yaml, properties: '
                '{p: {get_param: q}}}}\n'),
        ('tcp', 'resources: {a: {type: "OS::Heat::Group", properties: {tags: '
                '{def: {type: nested.yaml, properties: {p: TCP}}}}}}\n'))
    @ddt.unpack
    def test_value_that_a_nested_template_gets_decides(self, value, outer):
        self.assertEqual(['error'], self.nested(value, outer))

    @ddt.data(
        ('tcp', 'resources: {a: {type: nested.yaml, properties: {p: udp}}}\n'),
        ('TCP', 'resources: {a: {type: nested.yaml, properties: {p: udp}}}\n'),
        ('TCP', 'parameters: {q: {type: string, default: tcp}}\n'
                'resources: {a: {type: nested.yaml, properties: '
                '{p: {get_param: q}}}}\n'))
    @ddt.unpack
    def test_default_that_is_replaced_does_not_count(self, value, outer):
        self.assertEqual([], self.nested(value, outer))

    def test_value_of_a_mapped_type_decides(self):
        outer = ('resources: {a: {type: "My::Type", properties: '
                 '{p: %s}}}\n')
        registry = 'resource_registry: {"My::Type": nested.yaml}\n'
        self.assertEqual(['error'], self.nested('tcp', outer % 'TCP',
                                                registry))
        self.assertEqual([], self.nested('TCP', outer % 'tcp', registry))

    def test_value_that_is_not_known_to_a_nested_template_is_a_warning(self):
        self.assertEqual(['warning'], self.nested(
            'tcp', 'resources: {a: {type: nested.yaml, properties: '
                   '{p: {get_attr: [x, y]}}}}\n'))

    def test_functions_of_the_outer_template_stay_outside(self):
        # The inner template has a parameter of the same name.
        self.assertEqual([], self.nested(
            'TCP', 'parameters: {p: {type: string, default: tcp}}\n'
                   'resources: {a: {type: nested.yaml, properties: '
                   '{p: [{get_param: p}]}}}\n', inner='{get_param: [p, 0]}'))

    def test_value_reaches_the_template_inside_a_nested_one(self):
        (self.place / 'middle.yaml').write_text(
            HEAD + 'parameters: {m: {type: string}}\nresources: {a: {type: '
                   'nested.yaml, properties: {p: {get_param: m}}}}\n')
        self.assertEqual(['error'], self.nested(
            'tcp', 'resources: {a: {type: middle.yaml, properties: '
                   '{m: TCP}}}\n'))
