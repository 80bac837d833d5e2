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

"""The inspectors of options and values, without Heat."""

import importlib
import os
import pathlib
import sys
import types as python_types

import fixtures
from oslo_config import cfg
from oslo_config import types
import testtools

from heat_upgrade.checks.inspectors import config_options
from heat_upgrade.checks.inspectors import config_values
from heat_upgrade.checks import introspection


class TestDescription(testtools.TestCase):

    def described(self, opt):
        point = python_types.SimpleNamespace(
            name='a.b', dist=python_types.SimpleNamespace(
                name='oslo.config', version='1'))
        return config_options._described(point, 'DEFAULT', opt)

    def test_type_is_described_with_its_limits(self):
        self.assertEqual(
            {'class': 'List', 'item_type': {
                'class': 'URI', 'schemes': ['https']}},
            self.described(cfg.ListOpt(
                'a', item_type=types.URI(schemes=['https'])))['type'])
        self.assertEqual(
            {'class': 'Integer', 'min': 0, 'max': 9},
            self.described(cfg.IntOpt('a', min=0, max=9))['type'])
        self.assertEqual(
            {'class': 'String', 'choices': ['x', 'y'], 'ignore_case': True},
            self.described(cfg.StrOpt('a', choices=['x', 'y'],
                                      ignore_case=True))['type'])
        self.assertEqual(
            {'class': 'String', 'regex': 'a+', 'max_length': 3},
            self.described(cfg.StrOpt('a', regex='a+',
                                      max_length=3))['type'])

    def test_old_names_have_their_groups(self):
        self.assertEqual(
            [('DEFAULT', 'old'), ('DEFAULT', 'older'), ('away', 'a')],
            self.described(cfg.StrOpt(
                'a', deprecated_opts=[
                    cfg.DeprecatedOpt('old'), cfg.DeprecatedOpt('older'),
                    cfg.DeprecatedOpt(None, group='away')]))['old_names'])

    def test_values_of_this_machine_are_replaced(self):
        self.patch(config_options, '_MACHINE', config_options._machine())
        self.assertNotIn(
            '/', self.described(cfg.StrOpt(
                'a', default=config_options.sys.prefix))['default'])
        self.patch(config_options.socket, 'gethostname', lambda: 'box-7')
        self.patch(config_options, '_MACHINE', config_options._machine())
        for text, expected in (('box-7', '<host>'), ('box-77', 'box-77'),
                               ('http://box-7:80/', 'http://<host>:80/')):
            self.assertEqual(expected, self.described(
                cfg.StrOpt('a', default=text))['default'])

    def test_default_is_json(self):
        self.assertEqual({'a': '1'}, self.described(
            cfg.DictOpt('a', default={'a': '1'}))['default'])
        self.assertEqual(['a'], self.described(
            cfg.ListOpt('a', default=('a',)))['default'])


class TestValues(testtools.TestCase):

    def read(self, *settings):
        opts = {('DEFAULT', 'size'): cfg.IntOpt(
            'size', min=1, deprecated_name='length'),
            ('DEFAULT', 'seed'): cfg.StrOpt('seed', secret=True,
                                            max_length=3)}
        self.patch(config_values, '_options', lambda: opts)
        return config_values.read({'settings': settings, 'files': [],
                                   'dirs': []})

    def test_type_of_the_option_validates_a_value(self):
        good, bad, wrong = self.read(
            ['DEFAULT', 'size', '3'], ['DEFAULT', 'size', '0'],
            ['DEFAULT', 'length', 'x'])
        self.assertIsNone(good['error'])
        self.assertEqual('Should be greater than or equal to 1',
                         bad['error'])
        self.assertIn('invalid literal', wrong['error'])

    def test_setting_without_an_option_is_unknown(self):
        answer, = self.read(['DEFAULT', 'wide', '3'])
        self.assertFalse(answer['known'])

    def test_secret_is_marked(self):
        answer, = self.read(['DEFAULT', 'seed', 'hunter2'])
        self.assertTrue(answer['secret'])
        self.assertIsNotNone(answer['error'])

    def test_plugin_that_a_value_names_is_looked_up(self):
        opts = {('oslo_messaging_notifications', 'driver'):
                cfg.MultiStrOpt('driver'),
                ('cache', 'driver'): cfg.StrOpt('driver'),
                ('DEFAULT', 'backend'): cfg.StrOpt(
                    'backend', default='heat.engine.clients.Clients'),
                ('trustee', 'auth_type'): cfg.StrOpt('auth_type')}
        self.patch(config_values, '_options', lambda: opts)
        answers = config_values.read({'files': [], 'dirs': [], 'settings': [
            ['oslo_messaging_notifications', 'driver', 'no.such.driver'],
            ['oslo_messaging_notifications', 'driver', ''],
            ['cache', 'driver', 'no.such.driver'],
            ['DEFAULT', 'backend', 'heat.no.such.Thing'],
            ['DEFAULT', 'backend', 'os.path'],
            ['trustee', 'auth_type', 'password'],
            ['trustee', 'auth_type', 'pasword']]})
        self.assertEqual(
            ['there is no no.such.driver in oslo.messaging.notify.drivers',
             None, None, "ModuleNotFoundError: No module named 'heat'", None,
             None, 'there is no pasword in keystoneauth1.plugin'],
            [answer['error'] for answer in answers])

    def test_reference_to_another_option_is_resolved(self):
        path = os.path.join(self.useFixture(fixtures.TempDir()).path, 'a')
        opts = {('DEFAULT', 'size'): cfg.IntOpt('size', default=3),
                ('DEFAULT', 'config_file'): cfg.StrOpt('config_file'),
                ('a', 'width'): cfg.IntOpt('width'),
                ('a', 'depth'): cfg.IntOpt('depth', required=True)}
        self.patch(config_values, '_options', lambda: opts)
        errors = []
        for value in ('$size', '${size}0', '$size!', '$no_such'):
            with open(path, 'w') as out:
                out.write(f'[a]\nwidth = {value}\n')
            answer, = config_values.read({
                'settings': [['a', 'width', value]], 'files': [path],
                'dirs': []})
            errors.append(answer['error'])
        self.assertEqual([None, None], errors[:2])
        self.assertIsNotNone(errors[2])
        self.assertEqual('there is no option that it refers to', errors[3])

    def test_options_of_a_named_plugin_are_known(self):
        answers = self.read(
            ['trustee', 'auth_type', 'v3applicationcredential'],
            ['trustee', 'application_credential_id', 'x'],
            ['trustee', 'application_credential_ids', 'x'])
        self.assertEqual([True, False],
                         [answer['known'] for answer in answers[1:]])

    def test_section_that_credentials_refer_to_has_the_same_options(self):
        answers = self.read(
            ['trustee', 'auth_section', 'own'],
            ['own', 'auth_type', 'password'], ['own', 'username', 'x'],
            ['own', 'auth_url', 'x'], ['own', 'usrname', 'x'],
            ['other', 'username', 'x'])
        self.assertEqual([True, True, True, False, False],
                         [answer['known'] for answer in answers[1:]])


class TestEntryPoints(testtools.TestCase):

    def test_packages_that_heat_has_are_not_the_operators(self):
        place = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        for name in ('acme-1.dist-info', 'old_acme-1.0.egg-info',
                     'ddt-9.dist-info'):
            (place / name).mkdir()
            (place / name / 'entry_points.txt').write_text(
                f'[heat.clients]\n{name[:3]} = a:b\n')
        self.patch(sys, 'path', [*sys.path, str(introspection.PROGRAMS)])
        program = importlib.import_module(
            'heat_upgrade.checks.inspectors.config_entry_points')
        self.assertEqual(
            ['acm', 'old'],
            [point.name for _, _, point in program._points(place)])
