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

"""The owner of an option, and whether Heat reads it."""

import testtools

from heat_upgrade.checks.config import options


def entry(namespace, package='openstack-heat', definer=None, **more):
    return {'namespace': namespace, 'package': package,
            'definer': definer or package, 'version': '1.0',
            'group': 'DEFAULT', 'name': 'a-name', 'dest': 'a_name',
            'type': {'class': 'String'}, 'multi': False, 'default': None,
            'sample_default': None, 'required': False, 'secret': False,
            'old_names': [], 'deprecated': False, 'deprecated_since': None,
            'deprecated_reason': None, **more}


def only(*entries, version='26.0.2', source=None):
    known = options.of_reading({'heat': version, 'options': list(entries)},
                               source)
    option, = known.values()
    return option


class TestOptions(testtools.TestCase):

    def test_option_that_only_heat_lists_is_its_own(self):
        option = only(entry('heat.common.config'))
        self.assertEqual((True, True, '[DEFAULT] a_name'),
                         (option.own, option.listed, option.title))

    def test_option_that_a_library_lists_too_is_of_the_library(self):
        option = only(entry('heat.common.config', group='database'),
                      entry('oslo.db', 'oslo.db', group='database'))
        self.assertEqual((False, True, '[database] a_name of oslo.db'),
                         (option.own, option.heats, option.title))

    def test_option_that_keystoneauth_defines_is_its_own(self):
        option = only(entry('heat.common.context', definer='keystoneauth1'))
        self.assertEqual('keystoneauth1', option.owner)

    def test_option_outside_the_sample_is_not_listed(self):
        other = entry('oslo.concurrency', 'oslo.concurrency')
        self.assertFalse(only(other).listed)
        self.assertTrue(only(
            other, source='[DEFAULT]\nnamespace = oslo.concurrency\n').listed)

    def test_oslo_service_is_not_listed_since_2025_2(self):
        service = entry('oslo.service.service', 'oslo.service')
        self.assertEqual([True, False], [
            only(service, version=version).listed
            for version in ('24.1.2', '25.0.0')])

    def test_example_of_oslo_config_is_left_out(self):
        self.assertEqual({}, options.of_reading(
            {'heat': '26.0.2', 'options': [entry(
                'oslo.config', group='sample_remote_file_source')]}))

    def test_old_names_have_the_form_of_a_file(self):
        option = only(entry('heat.a', old_names=[['DEFAULT', 'old-name'],
                                                 ['DEFAULT', 'a-name']]))
        self.assertEqual((('DEFAULT', 'old_name'),), option.old_names)

    def test_options_of_failed_namespaces_are_left_out(self):
        known = {('DEFAULT', 'a'): options.Option(
            'DEFAULT', 'a', namespaces=('heat.a',)),
            ('DEFAULT', 'b'): options.Option(
                'DEFAULT', 'b', namespaces=('heat.a', 'oslo.log'))}
        self.assertEqual([('DEFAULT', 'b')],
                         list(options.without(known, {'heat.a': 'no'})))
