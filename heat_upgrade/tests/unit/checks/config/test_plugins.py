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

"""Findings of an operator's plug-ins."""

import ddt
import testtools

from heat_upgrade.checks.config import deprecations
from heat_upgrade.checks.config import plugins

HISTORY = deprecations.History('23.0.0', '27.0.1')

LOADED = {'error': None, 'missing': None,
          'types': {'My::Alarm': ['attribute show', 'property name']}}
GONE = {'error': "ImportError: cannot import name 'monasca' from "
                 "'heat.engine.clients.os'", 'missing': None, 'types': {}}
SYNTAX = {'error': 'SyntaxError: invalid syntax (my_alarm.py, line 3)',
          'missing': None, 'types': {}}
ACME = {'error': "ModuleNotFoundError: No module named 'acme'",
        'missing': 'acme', 'types': {}}


@ddt.ddt
class TestPlugins(testtools.TestCase):

    def found(self, base, target):
        path = '/etc/heat/plugins/my_alarm.py'
        return plugins.findings({path: base}, {path: target}, HISTORY)

    @ddt.data(GONE, SYNTAX, {**GONE, 'error': "AttributeError: module "
                             "'heat' has no attribute 'x'"},
              # It is not installed with the target alone.
              ACME)
    def test_plug_in_that_the_target_alone_cannot_load_is_an_error(
            self, after):
        found, = self.found(LOADED, after)
        self.assertEqual(('error', 'config.plugin-not-loaded', True),
                         (found.severity, found.rule, found.own_files))
        self.assertIn('my_alarm.py', found.title)
        self.assertIn('23.0.0: loads it, with My::Alarm\n'
                      f'27.0.1: {after["error"]}', found.evidence)

    @ddt.data((SYNTAX, SYNTAX, 'never-loaded'),
              (GONE, SYNTAX, 'never-loaded'), (ACME, ACME, 'not-checked'),
              (ACME, GONE, 'never-loaded'))
    @ddt.unpack
    def test_plug_in_that_neither_can_load_is_a_warning(self, before, after,
                                                        rule):
        found, = self.found(before, after)
        self.assertEqual(('warning', f'config.plugin-{rule}'),
                         (found.severity, found.rule))

    def test_type_that_the_plug_in_no_longer_provides_is_an_error(self):
        found, = self.found(LOADED, {**LOADED, 'types': {}})
        self.assertEqual('config.plugin-types-lost', found.rule)
        self.assertIn('My::Alarm', found.title)

    @ddt.data((LOADED, LOADED), (SYNTAX, LOADED),
              (LOADED, {**LOADED, 'types': {**LOADED['types'],
                                            'My::Other': []}}),
              (LOADED, {**LOADED, 'types': {'My::Alarm': [
                  'attribute show', 'property a', 'property name']}}))
    @ddt.unpack
    def test_plug_in_that_the_target_loads_is_no_finding(self, before, after):
        self.assertEqual([], self.found(before, after))

    @ddt.data((['attribute show'], 'loses property name'),
              (['hidden'], 'becomes a placeholder that creates nothing and '
                           'loses attribute show, property name'))
    @ddt.unpack
    def test_type_that_changes_with_its_base_class_is_an_error(self, parts,
                                                               said):
        found, = self.found(LOADED, {**LOADED, 'types': {'My::Alarm': parts}})
        self.assertEqual(('error', 'config.plugin-type-changed', 'My::Alarm'),
                         (found.severity, found.rule, found.subject))
        self.assertEqual(f'My::Alarm of plug-in my_alarm.py {said}',
                         found.title)

    @ddt.data((None, 'ImportError: x', ['error']),
              ('ImportError: x', 'ImportError: y', ['warning']),
              (None, None, []), ('ImportError: x', None, []))
    @ddt.unpack
    def test_entry_point_that_cannot_be_loaded(self, before, after,
                                               severities):
        point = {'origin': 'acme/setup.cfg', 'group': 'heat.clients',
                 'name': 'acme', 'value': 'acme.client:Client'}
        found = plugins.entry_points([{**point, 'error': before}],
                                     [{**point, 'error': after}], HISTORY)
        self.assertEqual(severities, [each.severity for each in found])
        self.assertEqual(['heat.clients acme'] * len(found),
                         [each.subject for each in found])
