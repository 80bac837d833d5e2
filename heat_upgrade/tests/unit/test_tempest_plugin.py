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

"""Tempest is offered our tests, or none if openstack-heat shadows them."""

import os
import sys
import unittest
from unittest import mock

import fixtures
import testtools

import heat_integrationtests
from heat_integrationtests import plugin
from heat_integrationtests import preflight
from heat_upgrade import tempest_plugin


def _shared():
    raise preflight.SharedEnvironment('openstack-heat 27.0.1 is installed')


class LoadTest(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.log = self.useFixture(fixtures.FakeLogger())

    def warnings(self):
        return self.log.output

    def test_plugin_is_loaded_in_an_environment_of_its_own(self):
        self.patch(preflight, 'check', lambda: None)
        self.assertIsInstance(tempest_plugin.load(),
                              plugin.HeatUpgradeTestsPlugin)
        self.assertEqual('', self.warnings())

    def test_openstack_heat_disables_the_tests_with_a_warning(self):
        self.patch(preflight, 'check', _shared)
        self.assertIsInstance(tempest_plugin.load(), tempest_plugin.NoTests)
        self.assertIn('openstack-heat 27.0.1 is installed', self.warnings())

    def test_package_of_another_distribution_disables_the_tests(self):
        # None makes the import system raise ImportError; the attribute of the
        # package would be found first.
        self.addCleanup(setattr, heat_integrationtests, 'preflight',
                        preflight)
        del heat_integrationtests.preflight
        with mock.patch.dict(sys.modules, {
                'heat_integrationtests.preflight': None}):
            self.assertIsInstance(tempest_plugin.load(),
                                  tempest_plugin.NoTests)
        self.assertIn('shadows its package heat_integrationtests',
                      self.warnings())


class NoTestsTest(testtools.TestCase):

    def test_no_test_is_discovered_and_no_module_is_importable(self):
        start, top = tempest_plugin.NoTests().load_tests()
        self.addCleanup(setattr, sys, 'path', list(sys.path))
        self.assertEqual(0, unittest.TestLoader().discover(
            start, top_level_dir=top).countTestCases())
        self.assertEqual([], [name for name in os.listdir(start)
                              if name.endswith('.py')])

    def test_no_option_is_registered_or_listed(self):
        none = tempest_plugin.NoTests()
        self.assertIsNone(none.register_opts(object()))
        self.assertEqual([], none.get_opt_lists())
