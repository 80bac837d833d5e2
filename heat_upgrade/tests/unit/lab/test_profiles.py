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

"""The profiles: data, combinations, and configuration files."""

import configparser

import ddt
import testtools

from heat_upgrade import errors
from heat_upgrade.lab import page
from heat_upgrade.lab import profiles


class CatalogueTest(testtools.TestCase):

    def test_names_are_unique_slugs(self):
        names = profiles.names()
        self.assertEqual(len(names), len(set(names)))
        for name in names:
            self.assertRegex(name, r'^[a-z0-9]+(-[a-z0-9]+)*$')

    def test_every_profile_changes_something(self):
        for profile in profiles.every():
            self.assertTrue(profile.options or profile.policy, profile.name)

    def test_an_option_that_changes_has_a_value_before(self):
        for profile in profiles.every():
            for section, options in profile.at_upgrade.items():
                self.assertLessEqual(set(options),
                                     set(profile.options[section]))

    def test_an_expectation_asks_one_thing(self):
        for profile in profiles.every():
            for expectation in profile.expectations:
                self.assertEqual(1, sum(map(bool, (
                    expectation.get, expectation.query, expectation.queue))))
                self.assertIn(expectation.user,
                              (profiles.ADMIN, profiles.MEMBER))
                self.assertIn(expectation.side, ('', 'base', 'target'))

    def test_the_standard_profiles_can_be_combined(self):
        standard = profiles.parse(profiles.STANDARD)
        self.assertEqual('messagingv2', standard.options[
            'oslo_messaging_notifications']['driver'])
        self.assertEqual({'stacks:global_index', 'service:index'},
                         set(standard.policy))

    def test_page_is_up_to_date(self):
        self.assertEqual(page.text(), page.PAGE.read_text(),
                         'run: python -m heat_upgrade.lab.page')


@ddt.ddt
class ParseTest(testtools.TestCase):

    def test_one_profile_is_itself(self):
        profile = profiles.parse('key-16')
        self.assertEqual({'DEFAULT': {'auth_encryption_key': '{key16}'}},
                         profile.options)
        self.assertEqual('key-16', profile.name)

    def test_names_are_sorted(self):
        self.assertEqual('key-16,limits',
                         profiles.parse('limits, key-16').name)

    def test_profiles_are_combined(self):
        profile = profiles.parse('key-16,limits,strict-policy')
        self.assertEqual(
            {'auth_encryption_key', 'max_events_per_stack',
             'event_purge_batch_size'}, set(profile.options['DEFAULT']))
        self.assertEqual(['stacks:global_index'], list(profile.policy))
        self.assertEqual(1, len(profile.expectations))

    @ddt.data(
        ('key-16,key-32', '[DEFAULT] auth_encryption_key'),
        ('standard,encryption-off',
         '[DEFAULT] encrypt_parameters_and_properties'),
        ('encryption-on,encryption-switched-off',
         '[DEFAULT] encrypt_parameters_and_properties'),
        ('domain-by-id,domain-by-name', '[DEFAULT] stack_user_domain_name'))
    @ddt.unpack
    def test_contradicting_profiles_are_refused(self, names, setting):
        exc = self.assertRaises(errors.UsageError, profiles.parse, names)
        self.assertIn('cannot be combined', str(exc))
        self.assertIn(setting, str(exc))

    def test_an_unknown_profile_is_refused_with_the_known_ones(self):
        exc = self.assertRaises(errors.UsageError, profiles.parse,
                                'key-16,loud')
        self.assertIn("'loud'", str(exc))
        self.assertIn('stock-messaging', str(exc))

    def test_stock_messaging_is_known_in_a_combination(self):
        self.assertTrue(profiles.parse('limits,stock-messaging'
                                       ).stock_messaging)
        self.assertFalse(profiles.parse('standard').stock_messaging)


class FileTest(testtools.TestCase):

    def read(self, *sections):
        conf = configparser.ConfigParser(interpolation=None,
                                         default_section='')
        conf.read_string(profiles.as_ini(profiles.merged(*sections)))
        return {name: dict(conf[name]) for name in conf.sections()}

    def test_a_later_option_takes_precedence(self):
        self.assertEqual({'DEFAULT': {'a': '3', 'b': '2'}}, self.read(
            {'DEFAULT': {'a': '1', 'b': '2'}}, {'DEFAULT': {'a': '3'}}))

    def test_an_option_without_a_value_is_removed(self):
        self.assertEqual({'DEFAULT': {'a': '1'}}, self.read(
            {'DEFAULT': {'a': '1', 'b': '2'}}, {'DEFAULT': {'b': None}}))

    def test_placeholders_are_replaced(self):
        self.assertEqual(
            {'DEFAULT': {'a': 'key', 'b': None}}, profiles.filled(
                {'DEFAULT': {'a': '{key16}', 'b': None}}, {'key16': 'key'}))
