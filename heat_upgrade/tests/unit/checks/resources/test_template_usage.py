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
import yaml

from heat_upgrade.checks.resources import constraint_diff
from heat_upgrade.checks.resources import model
from heat_upgrade.checks.resources import template_usage
from heat_upgrade.checks import templates
from heat_upgrade.tests.unit.support import resources_readings

SERVER, GROUP, CHAIN = 'OS::A::Server', 'OS::A::Group', (
    'OS::Heat::ResourceChain')
PATH = ('properties', 'networks', '*', 'port')

BASE = resources_readings.reading(
    {
        SERVER: resources_readings.thing(
            {
                'name': resources_readings.prop(),
                'networks': resources_readings.prop(
                    'List',
                    schema={
                        '*': resources_readings.prop(
                            'Map', schema={'port': resources_readings.prop()}
                        )
                    },
                ),
            },
            attributes={'address': resources_readings.attribute()},
            update_policy={'pause': resources_readings.prop()},
        ),
        GROUP: resources_readings.thing(
            {'resource_def': resources_readings.prop('Map')},
            attributes={'refs': resources_readings.attribute()},
        ),
        CHAIN: resources_readings.thing(
            {
                'resources': resources_readings.prop('List'),
                'resource_properties': resources_readings.prop('Map'),
            }
        ),
        'OS::Alias': resources_readings.thing(mapped_to=SERVER),
    },
    globs={'OS::B*': 'OS::A*'},
    constraints={'m.thing': 'm:Thing'},
)


def of(text, version=resources_readings.HOT, registry=None, watched=()):
    return template_usage.of(
        templates.Template(
            'a.yaml', version, yaml.safe_load(text), registry or {}
        ),
        BASE,
        dict(watched),
    )


def server(properties, **options):
    return of('resources: {a: {type: "OS::A::Server", properties: '
              f'{properties}}}}}', **options)


def watched(constraint, kind='String', default=None, path=PATH):
    return {
        (SERVER, path): (constraint_diff.limits([constraint]), kind, default)
    }


@ddt.ddt
class TestUses(testtools.TestCase):

    def touched(self, uses_, *touches):
        return template_usage.is_touched(uses_, touches)

    @ddt.data(
        ('resources: {a: {type: "OS::A::Server"}}', resources_readings.HOT),
        ('Resources: {a: {Type: "OS::A::Server"}}', resources_readings.CFN),
        ('resources: {a: {type: "OS::Alias"}}', resources_readings.HOT),
        (
            'resources: {g: {type: "OS::A::Group", properties: '
            '{resource_def: {type: "OS::A::Server"}}}}',
            resources_readings.HOT,
        ),
        (
            'resources: {c: {type: "OS::Heat::ResourceChain", properties: '
            '{resources: ["OS::A::Server"]}}}',
            resources_readings.HOT,
        ),
    )
    @ddt.unpack
    def test_a_template_has_the_types_that_its_names_stand_for(
            self, text, version):
        self.assertTrue(self.touched(of(text, version), model.TYPE, SERVER))

    def test_a_pattern_is_used(self):
        used = of('resources: {a: {type: "OS::B::Server"}}')
        self.assertTrue(self.touched(used, model.GLOB, 'OS::B*'))
        self.assertTrue(self.touched(used, model.TYPE, SERVER))

    @ddt.data(
        ({'OS::A::Server': 'mine.yaml'}, False),
        ({'OS::A::*': 'OS::Heat::None'}, False),
        ({'resources': {'x*': {'OS::A::Server': 'mine.yaml'}}}, True),
        ({'resources': {'a*': {'OS::A::Server': 'mine.yaml'}}}, False),
        ({'My::Server': 'OS::A::Server'}, True), ({'resources': 3}, True))
    @ddt.unpack
    def test_type_that_the_environment_maps_elsewhere_is_not_used(
            self, registry, expected):
        used = of('resources: {a: {type: "OS::A::Server"}}',
                  registry=registry)
        self.assertEqual(expected, self.touched(used, model.TYPE, SERVER))

    def test_a_name_of_the_environment_stands_for_its_type(self):
        used = of('resources: {a: {type: "My::Server"}}',
                  registry={'My::*': 'OS::A::*'})
        self.assertTrue(self.touched(used, model.TYPE, SERVER))

    @ddt.data(
        ('{networks: {get_param: n}}', PATH),
        ('{networks: [{get_param: n}]}', PATH), ('{get_param: n}', PATH),
        ('{networks: [{port: {digest: [md5, x]}}]}', (*PATH, 'more')))
    @ddt.unpack
    def test_key_of_a_value_that_is_not_known_is_possible(self, properties,
                                                          path):
        used = server(properties)
        for kind in (model.SET, model.UNSET):
            self.assertFalse(self.touched(used, kind, SERVER, path))
            self.assertTrue(template_usage.is_touched(
                used, (kind, SERVER, path), possibly=True))

    @ddt.data('{networks: [{port: {get_param: p}}]}',
              '{networks: [{get_param: p}]}', '{networks: {get_param: p}}',
              '{get_param: p}')
    def test_value_that_is_not_known_is_possibly_refused(self, properties):
        used = server(properties, watched=watched(['allowed_values',
                                                   ['tcp', 6]]))
        touches = (model.REFUSED, SERVER, PATH)
        self.assertFalse(template_usage.is_touched(used, touches))
        self.assertTrue(template_usage.is_touched(used, touches,
                                                  possibly=True))

    @ddt.data(('{networks: [{port: x}]}', True, False),
              ('{networks: [{port: null}]}', True, False),
              ('{networks: [{}]}', False, True),
              ('{networks: [{port: x}, {}]}', True, True),
              ('{networks: []}', False, False),
              ('{name: x}', False, False))
    @ddt.unpack
    def test_a_key_is_set_or_not_or_either(self, properties, is_set, is_not):
        used = server(properties)
        self.assertEqual(
            (is_set, is_not), (self.touched(used, model.SET, SERVER, PATH),
                               self.touched(used, model.UNSET, SERVER, PATH)))

    @ddt.data(('{networks: [{port: tcp}]}', False),
              ('{networks: [{port: TCP}]}', True),
              ('{networks: [{port: tcp}, {port: TCP}]}', True),
              ('{networks: [{port: null}]}', True),
              ('{networks: [{}]}', False), ('{name: TCP}', False))
    @ddt.unpack
    def test_a_value_is_refused_or_not(self, properties, expected):
        used = server(properties, watched=watched(['allowed_values',
                                                   ['tcp', 6]]))
        self.assertEqual(expected, self.touched(used, model.REFUSED, SERVER,
                                                PATH))

    @ddt.data((['range', {'max': 5}], 'Integer', 5, False),
              (['range', {'max': 5}], 'Integer', '6', True),
              (['length', {'max': 2}], 'String', 'ab', False),
              (['length', {'max': 2}], 'String', 'abc', True),
              (['length', {'max': 1}], 'List', '[x, y]', True),
              (['length', {'min': 1}], 'List', '[]', True),
              (['length', {'max': 1}], 'Map', '{x: 1, y: 2}', True),
              (['allowed_values', ['x']], 'List', '[x, {get_param: p}]',
               False),
              (['allowed_values', ['x']], 'List', '[x, y]', True),
              (['allowed_pattern', '[a-z]+'], 'String', 'ab', False),
              (['allowed_pattern', '[a-z]+'], 'String', 'a1', True),
              (['modulo', {'step': 2, 'offset': 1}], 'Integer', 3, False),
              (['modulo', {'step': 2, 'offset': 1}], 'Integer', 4, True))
    @ddt.unpack
    def test_a_value_is_tried_with_each_constraint(self, constraint, kind,
                                                   value, expected):
        path = ('properties', 'name')
        used = server(f'{{name: {value}}}', watched=watched(
            constraint, kind, path=path))
        self.assertEqual(expected, self.touched(used, model.REFUSED, SERVER,
                                                path))

    def test_null_is_the_default(self):
        used = server('{networks: [{port: null}]}', watched=watched(
            ['allowed_values', ['tcp']], default='tcp'))
        self.assertFalse(self.touched(used, model.REFUSED, SERVER, PATH))

    def test_without_properties_none_is_set(self):
        used = of('resources: {a: {type: "OS::A::Server"}}')
        for kind, expected in ((model.SET, False), (model.UNSET, True)):
            self.assertEqual(expected, self.touched(
                used, kind, SERVER, ('properties', 'name')))

    def test_an_update_policy_is_set(self):
        used = of('resources: {a: {type: "OS::A::Server", update_policy: '
                  '{pause: 1}}}')
        self.assertTrue(self.touched(used, model.SET, SERVER,
                                     ('update_policy', 'pause')))

    def test_a_chain_sets_the_properties_of_its_members(self):
        used = of('resources: {c: {type: "OS::Heat::ResourceChain", '
                  'properties: {resources: ["OS::A::Server"], '
                  'resource_properties: {name: x}}}}')
        self.assertTrue(self.touched(used, model.SET, SERVER,
                                     ('properties', 'name')))

    @ddt.data(('get_attr: [a, address]', True),
              ('get_attr: [a, address, 0, x]', True),
              ('get_attr: [a]', True), ('get_attr: [a, {get_param: x}]', True),
              ('get_attr: [a, other]', False), ('get_attr: [b, address]',
                                                False),
              ('get_attr: [g, resource.0.address]', True),
              ('get_attr: [g, attributes, address]', True),
              ('get_attr: 3', False), ('digest: [a, address]', False))
    @ddt.unpack
    def test_an_attribute_is_asked_of_a_type(self, function, expected):
        used = of('resources: {a: {type: "OS::A::Server"}, '
                  'b: {type: "OS::A::Group"}, '
                  'g: {type: "OS::A::Group", properties: {resource_def: '
                  '{type: "OS::A::Server"}}}}\n'
                  f'outputs: {{o: {{value: {{{function}}}}}}}')
        self.assertEqual(expected, self.touched(used, model.ATTRIBUTE, SERVER,
                                                'address'))

    def test_an_attribute_is_asked_in_cfn(self):
        used = of('Resources: {a: {Type: "OS::A::Server"}}\n'
                  'Outputs: {o: {Value: {"Fn::GetAtt": [a, address]}}}',
                  resources_readings.CFN)
        self.assertTrue(self.touched(used, model.ATTRIBUTE, SERVER,
                                     'address'))

    @ddt.data(
        ('outputs: {o: {value: {digest: [md5, x]}}}', ('function', 'digest')),
        ('conditions: {c: {equals: [1, 2]}}',
         ('condition function', 'equals')),
        ('resources: {a: {type: T, condition: {not: c}}}',
         ('condition function', 'not')),
        ('outputs: {o: {value: {if: [{not: c}, 1, {digest: [a, b]}]}}}',
         ('condition function', 'not')),
        ('outputs: {o: {value: {if: [c, 1, {digest: [a, b]}]}}}',
         ('function', 'digest')),
        ('parameters: {p: {type: boolean}}', ('parameter type', 'boolean')),
        ('parameters: {p: {tags: []}}', ('parameter key', 'tags')),
        ('parameters: {p: {constraints: [{modulo: {step: 2}}]}}',
         ('parameter constraint', 'modulo')),
        ('conditions: {}', ('section', 'conditions')),
        ('resources: {a: {condition: c}}', ('resource key', 'condition')),
        ('outputs: {o: {value: 1}}', ('output key', 'value')),
        ('resources: {a: {deletion_policy: Retain}}',
         ('deletion policy', 'Retain')))
    @ddt.unpack
    def test_parts_of_the_template_language_are_used(self, text, use):
        word, name = use
        self.assertTrue(
            self.touched(of(text), word, resources_readings.HOT, name)
        )
        self.assertFalse(
            self.touched(of('{}'), word, resources_readings.HOT, name)
        )

    def test_output_with_the_name_of_a_function_is_not_a_function(self):
        self.assertFalse(
            self.touched(
                of('outputs: {digest: {value: 1}}'),
                'function',
                resources_readings.HOT,
                'digest',
            )
        )

    def test_the_version_is_used(self):
        self.assertTrue(
            self.touched(of('{}'), model.VERSION, resources_readings.HOT)
        )

    def test_a_custom_constraint_is_used(self):
        used = of('parameters: {p: {constraints: [{custom_constraint: '
                  'm.thing}, 3]}}')
        self.assertTrue(self.touched(used, model.CONSTRAINT, 'm.thing'))

    def test_a_pseudo_parameter_is_used(self):
        used = of('outputs: {o: {value: {get_param: "OS::stack_id"}}}')
        self.assertTrue(self.touched(used, model.PSEUDO, 'OS::stack_id'))

    def test_one_of_several_is_enough(self):
        self.assertTrue(self.touched(
            of('{}'), model.ANY, (model.TYPE, SERVER),
            (model.VERSION, resources_readings.HOT)))

    def test_difference_of_stacks_touches_no_template(self):
        self.assertFalse(self.touched(of('{}'), *model.STACKS))

    def test_difference_of_every_operation_touches_all_templates(self):
        self.assertTrue(self.touched(of('{}'), *model.ALWAYS))

    @ddt.data('resources: {a: {type: {b: c}}}', 'resources: {a: 3}',
              'resources: {a: {type: [x], properties: 3}}',
              'outputs: {o: {value: {type: {get_param: x}}}}',
              'resources: {1: {2: [{3: 4}]}}', 'parameters: {p: 3}',
              'resources: {c: {type: "OS::Heat::ResourceChain", properties: '
              '{resources: {get_param: x}}}}')
    def test_malformed_parts_are_ignored(self, text):
        self.assertIn((model.VERSION, resources_readings.HOT), of(text))

    def test_text_of_the_operator_is_not_kept(self):
        used = server('{name: SECRET, networks: [{SECRET: SECRET}], '
                      'SECRET: {get_param: SECRET}}')
        self.assertNotIn('SECRET', repr(used))


class TestUsed(testtools.TestCase):

    def test_templates_that_use_the_same_are_counted_together(self):
        source = [templates.Template(label, resources_readings.HOT, {}, {})
                  for label in ('a.yaml', 'b.yaml')]
        used = template_usage.collect([source, source[:1]], BASE, {})
        self.assertEqual((3, [['a.yaml', 'b.yaml', 'a.yaml']]),
                         (used.templates, list(used.by.values())))
        self.assertEqual(
            [], used.touched((model.TYPE, SERVER)))

    def test_ten_are_named_and_all_counted(self):
        line, = template_usage.evidence([f'{n}.yaml' for n in range(12)], 30)
        self.assertEqual('used by 12 of 30 templates: ' + ', '.join(
            f'{n}.yaml' for n in range(10)) + ' and 2 more', line)
