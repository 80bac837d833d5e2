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

"""The findings of the templates that heat.conf gives to all stacks.

The target refuses the protocol TCP, and accepts tcp.
"""

import pathlib
import types

import ddt
import fixtures
import testtools

from heat_upgrade.checks import check_context
from heat_upgrade.checks.inspectors import config_engine_files
from heat_upgrade.checks.resources import check as resources
from heat_upgrade.checks.resources import engine_templates
from heat_upgrade.tests.unit.checks.resources import test_own_templates

TEMPLATE = test_own_templates.protocol(
    '{get_param: p}', '{type: string, default: tcp}')
REGISTRY = 'resource_registry: {"My::Type": "file:///etc/heat/own/t.yaml"}\n'


@ddt.ddt
class TestEngineTemplates(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.place = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.checks.introspection.read',
            lambda subject, program, context: subject.reading))
        self.write('heat.conf', '[DEFAULT]\ntemplate_dir = templates\n')
        self.inputs = check_context.OperatorInputs(
            config_files=(self.place / 'heat.conf',), roots=(self.place,))

    def write(self, name, text):
        path = self.place / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)

    def found(self):
        return [(finding.severity, finding.rule) for finding
                in resources.engine_findings(
                    *(types.SimpleNamespace(
                        name=name, reading=test_own_templates.reading(values))
                      for name, values in (
                          ('26.0.2', ['tcp', 'udp', 'TCP']),
                          ('27.0.1', ['tcp', 'udp']))),
                    check_context.Context(None, self.inputs))]

    @ddt.data(('', 0), ('parameter_defaults: {p: udp}\n', 0),
              ('parameter_defaults: {p: TCP}\n', 1),
              # Heat uses no parameters of environment_dir.
              ('parameters: {p: TCP}\n', 0))
    @ddt.unpack
    def test_default_of_environment_dir_decides(self, text, count):
        self.write('templates/t.yaml', TEMPLATE)
        self.write('environment.d/e.yaml', text)
        self.assertEqual(
            count * [('error', 'resources.property-values-narrowed')],
            self.found())

    @ddt.data(('tcp', 0), ('TCP', 1))
    @ddt.unpack
    def test_template_of_a_resource_type_is_checked(self, value, count):
        (self.place / 'own').mkdir()
        self.write('own/t.yaml', test_own_templates.protocol(value))
        self.write('environment.d/e.yaml', REGISTRY)
        self.assertEqual(count, len(self.found()))

    def test_configuration_without_templates_is_not_compared(self):
        self.assertEqual((), engine_templates.of(self.inputs).paths)
        self.assertEqual([], self.found())


@ddt.ddt
class TestPatterns(testtools.TestCase):
    """Types that a pattern of a registry stands for."""

    def problem(self, name, *hidden):
        names = {'OS::A::B': None, 'OS::A::C': None, 'OS::A::*': None}
        return config_engine_files._problem(name, types.SimpleNamespace(
            _registry=names, get_class=lambda name: types.SimpleNamespace(
                support_status=types.SimpleNamespace(
                    status='HIDDEN' if name in hidden else 'SUPPORTED'))))

    @ddt.data((), ('OS::A::B',))
    def test_pattern_with_a_type_that_works_has_no_problem(self, hidden):
        self.assertIsNone(self.problem('OS::A::*', *hidden))

    def test_pattern_of_placeholders_is_one(self):
        self.assertIn('placeholder',
                      self.problem('OS::A::*', 'OS::A::B', 'OS::A::C'))

    def test_pattern_without_a_type_has_none(self):
        self.assertEqual('no type of this name', self.problem('OS::Z::*'))
