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

"""A scenario states its services and the values of the cloud that it needs."""

import types
import unittest
from unittest import mock

import ddt
import fixtures
from tempest import test
import testtools

from heat_integrationtests import config
from heat_integrationtests import data_scenario
from heat_integrationtests import scenario


class _Services(dict):
    """Options that are read as attributes and as items."""

    def __init__(self, services):
        super().__init__({'heat': True, 'nova': False, 'neutron': False,
                          **services})

    def __getattr__(self, name):
        return self[name]


def _configuration(**services):
    return types.SimpleNamespace(
        service_available=_Services(services),
        heat_integrationtests={'keystone_resources': False,
                               'stack_snapshots': True},
        compute={'image_ref': 'IMAGE', 'flavor_ref': ''})


@ddt.ddt
class NeedsTest(testtools.TestCase):

    def skipped(self, configuration, kinds='pre', **attributes):
        self.useFixture(fixtures.EnvironmentVariable(
            config.KINDS_VARIABLE, kinds))
        self.patch(scenario, 'CONF', configuration)
        self.patch(test.BaseTestCase, 'skip_checks', classmethod(
            lambda cls: None))
        try:
            with mock.patch.multiple(scenario.Scenario, **{
                    'needs': (), **attributes}):
                scenario.Scenario.skip_checks()
        except unittest.SkipTest as skip:
            return str(skip)
        return ''

    @ddt.data(
        ({'needs': ('nova',)}, 'nova is off in [service_available]'),
        ({'needs': ('keystone_resources',)},
         'keystone_resources is off in [heat_integrationtests]'),
        ({'as_operator': True},
         'keystone_resources is off in [heat_integrationtests]'),
        ({'needs': ('stack_snapshots',)}, ''),
        ({}, ''))
    @ddt.unpack
    def test_scenario_is_skipped_with_the_missing_option(self, attributes,
                                                         reason):
        self.assertEqual(reason, self.skipped(_configuration(),
                                              **attributes))

    def test_scenario_is_skipped_unless_a_phase_runs_it(self):
        self.assertIn('heat_integrationtests.phases PHASE',
                      self.skipped(_configuration(), kinds=None))

    def test_scenario_is_skipped_in_a_cloud_without_heat(self):
        self.assertEqual('heat is off in [service_available]',
                         self.skipped(_configuration(heat=False)))

    def test_scenario_runs_if_all_its_services_are_there(self):
        self.assertEqual('', self.skipped(
            _configuration(nova=True, neutron=True),
            needs=('nova', 'neutron')))


class CloudParametersTest(testtools.TestCase):

    def values(self, wanted):
        self.patch(data_scenario, 'CONF', _configuration())
        made = data_scenario.DataScenario('during')
        made.defined = types.SimpleNamespace(
            expect={'cloud_parameters': wanted})
        return made._cloud_values()

    def test_parameter_has_the_value_of_the_cloud(self):
        self.assertEqual({'picture': 'IMAGE'},
                         self.values({'picture': 'image'}))

    def test_missing_value_of_the_cloud_is_a_failure(self):
        error = self.assertRaises(AssertionError, self.values,
                                  {'size': 'flavor'})
        self.assertIn('flavor_ref of [compute] in tempest.conf is empty',
                      str(error))


class PhysicalExpectationsTest(testtools.TestCase):

    def check(self, shown):
        made = data_scenario.DataScenario('during')
        made.defined = types.SimpleNamespace(expect={
            'physical': {'server': {'status': 'ACTIVE'}}})
        made._check_physical('physical', shown)

    def test_only_the_expected_fields_are_compared(self):
        self.check({'server': {'status': 'ACTIVE', 'host': 'h'},
                    'port': {'status': 'DOWN'}})

    def test_another_value_or_a_lost_resource_is_a_failure(self):
        for shown in ({'server': {'status': 'ERROR'}}, {'server': None}, {}):
            self.assertRaises(AssertionError, self.check, shown)

    def test_a_change_touches_only_the_fields_that_are_named(self):
        made = data_scenario.DataScenario('during')
        made.defined = types.SimpleNamespace(name='x', expect={
            'kept_resources': ['port'],
            'changed_physical': {'port': {'description': 'second'}}})
        before = {'port': {'description': 'first', 'profile': {'a': 1}},
                  'net': {'name': 'n'}}
        made._assert_physical_kept(before, {
            'port': {'description': 'second', 'profile': {'a': 1}},
            'net': {'name': 'm'}})
        self.assertRaises(
            AssertionError, made._assert_physical_kept, before,
            {'port': {'description': 'second', 'profile': {}}})
