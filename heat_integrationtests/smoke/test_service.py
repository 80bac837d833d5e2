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

"""The service itself: build info, resource types, template validation."""

from heatclient import exc
from tempest.lib import decorators

from heat_integrationtests import markers
from heat_integrationtests.smoke import base


class ServiceTest(base.SmokeTest):

    weight = 3

    @decorators.idempotent_id('83b7341c-eb36-48be-b2c5-cb008abf75c9')
    @markers.smoke
    def test_build_info_names_a_revision_of_api_and_engine(self) -> None:
        info = self.heat.build_info.build_info()
        self.assertTrue(info['api']['revision'])
        self.assertTrue(info['engine']['revision'])

    @decorators.idempotent_id('aa982ba2-08af-494c-9da1-57adcaf6124e')
    @markers.smoke
    def test_resource_types_are_listed_and_shown(self) -> None:
        listed = {shown.resource_type for shown in
                  self.heat.resource_types.list()}
        self.assertLessEqual(
            {'OS::Heat::RandomString', 'OS::Heat::ResourceGroup',
             'OS::Heat::Stack', 'OS::Heat::WaitCondition'}, listed)
        shown = self.heat.resource_types.get('OS::Heat::RandomString')
        self.assertEqual('OS::Heat::RandomString', shown['resource_type'])
        self.assertIn('value', shown['attributes'])
        self.assertEqual('integer', shown['properties']['length']['type'])
        template = self.heat.resource_types.generate_template(
            'OS::Heat::RandomString', 'hot')
        self.assertEqual(
            'OS::Heat::RandomString',
            template['resources']['RandomString']['type'])

    @decorators.idempotent_id('9613ecb2-c611-4f51-89ee-e662c8c212f9')
    @markers.smoke
    def test_a_good_template_is_validated_with_its_parameters(self) -> None:
        answer = self.heat.stacks.validate(template=base.ONE_VALUE)
        self.assertEqual('first', answer['Parameters']['text']['Default'])
        self.assertEqual('String', answer['Parameters']['text']['Type'])

    @decorators.idempotent_id('188311ed-5ee1-4723-be71-a87ed9b04499')
    @markers.smoke
    def test_a_bad_template_is_refused_with_the_reason(self) -> None:
        bad = base.ONE_VALUE.replace('OS::Heat::Value', 'OS::Heat::Nothing')
        error = self.assertRaises(exc.HTTPException,
                                  self.heat.stacks.validate, template=bad)
        self.assertIn(error.code, (400, 404))
        self.assertIn('OS::Heat::Nothing', str(error))
