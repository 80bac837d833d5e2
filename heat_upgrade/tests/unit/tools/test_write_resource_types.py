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

"""Every resource type of Heat has a scenario, or a reason for its absence."""

import testtools

from heat_integrationtests import catalogue
from heat_upgrade.results import resource_types
from tools import write_resource_types

# {prefix of a type: the service that its scenarios must name in "needs"}.
SERVICES = {
    'OS::Nova::': 'nova', 'OS::Neutron::': 'neutron',
    'OS::Cinder::': 'cinder', 'OS::Glance::': 'glance',
    'OS::Swift::': 'swift', 'AWS::EC2::Instance': 'nova',
    'AWS::EC2::Volume': 'cinder', 'AWS::EC2::Subnet': 'neutron',
    'AWS::S3::': 'swift', 'OS::Heat::SwiftSignal': 'swift'}

# Their templates name types that do not exist, or are never created.
NOT_CREATED = ('placeholders',)


class ResourceTypesTest(testtools.TestCase):

    entries = catalogue.entries()
    types = resource_types.every(entries)

    def test_type_without_a_scenario_has_a_reason(self):
        self.assertEqual([], [each.name for each in self.types
                              if not each.scenarios and not each.reason])

    def test_type_with_a_scenario_has_no_reason(self):
        known = resource_types.content()
        unused = [name for group in known['unused']
                  for name in group['types']]
        self.assertEqual([], sorted(set(unused) - set(known['types'])))
        self.assertEqual([], [each.name for each in self.types
                              if each.scenarios and each.name in unused])

    def test_types_are_sorted_and_unique(self):
        names = [each.name for each in self.types]
        self.assertEqual(sorted(set(names)), names)

    def test_page_is_up_to_date(self):
        self.assertEqual(
            write_resource_types.text(),
            write_resource_types.PAGE.read_text('utf-8'),
            'run: python tools/write_resource_types.py')

    def test_scenario_names_the_services_of_its_types(self):
        self.assertEqual([], [
            (entry.name, type_) for entry in self.entries
            if entry.definition and entry.name not in NOT_CREATED
            for type_ in sorted(entry.resource_types)
            for prefix, service in SERVICES.items()
            if type_.startswith(prefix)
            and service not in entry.definition.expect['needs']])
