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

"""The resources check of real releases, with templates of an operator."""

from heat_upgrade.checks import contract
from heat_upgrade.checks import reading
from heat_upgrade.checks import registry
from heat_upgrade.tests.functional import check_case

SECURITY_GROUP = ('OS::Neutron::SecurityGroup: property rules.*.protocol '
                  'accepts less: values')
VITRAGE = ('OS::Vitrage::Template became a placeholder: what it made is '
           'deleted no more')


class TestResources(check_case.CheckCase):

    def asking(self, *templates):
        paths = []
        for number, text in enumerate(templates):
            path = self.place / f'{number}.yaml'
            path.write_text(f'heat_template_version: 2018-08-31\n{text}\n')
            paths.append(path)
        return contract.Context(self.workspace,
                                contract.Asked(templates=tuple(paths)))

    def titles(self, *templates):
        found = registry.run(
            ['resources'], self.subject('26.0.2'), self.subject('27.0.1'),
            self.asking(*templates))
        return [finding.title for finding in found]

    def test_a_release_says_what_it_has(self):
        read = reading.read(self.subject('27.0.1'), 'resources',
                            self.asking())
        self.assertGreater(len(read['types']), 200)
        self.assertEqual({}, read['broken'])
        self.assertTrue(read['types']['OS::Sahara::Cluster']['placeholder'])
        self.assertEqual(
            ['OS::Heat::SoftwareDeploymentGroup'],
            read['types']['OS::Heat::SoftwareDeployments']['status'][
                'substitutes'])
        self.assertEqual(
            'OS::Aodh::Alarm',
            read['types']['OS::Ceilometer::Alarm']['mapped_to'])
        # A provider template that comes with Heat.
        self.assertIn('AllocatedStorage',
                      read['types']['AWS::RDS::DBInstance']['properties'])
        self.assertIn('yaql', read['templates'][
            'heat_template_version.2018-08-31']['functions'])
        # It is there to say that it is gone.
        self.assertNotIn('Ref', read['templates'][
            'heat_template_version.2018-08-31']['functions'])

    def test_what_changed_is_told(self):
        self.assertEqual([SECURITY_GROUP, VITRAGE], self.titles())

    def test_of_templates_what_they_use_alone_is_told(self):
        self.assertEqual([SECURITY_GROUP], self.titles(
            'resources: {g: {type: OS::Neutron::SecurityGroup, properties: '
            '{rules: [{protocol: tcp}, {protocol: TCP}]}}}'))
        self.assertEqual([], self.titles(
            'resources: {g: {type: OS::Neutron::SecurityGroup, properties: '
            '{rules: [{protocol: tcp}, {protocol: 6}, {}]}}}',
            'resources: {g: {type: OS::Heat::RandomString}}'))
