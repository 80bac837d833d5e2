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

"""Previews of a creation and an update, neither of which happens."""

from tempest.lib import decorators

from heat_integrationtests import markers
from heat_integrationtests.smoke import base
from heat_integrationtests import stacks


class PreviewTest(base.SmokeTest):

    weight = 4

    @decorators.idempotent_id('3c9d8f07-6a5b-4e4d-8c3b-2a1f0e9d8c7b')
    @markers.smoke
    def test_a_preview_shows_resources_and_creates_none(self) -> None:
        preview = self.heat.stacks.preview(
            stack_name='smoke-preview', template=base.ONE_VALUE,
            parameters={'text': 'seen'})
        resource, = preview.resources
        self.assertEqual('value', resource['resource_name'])
        self.assertEqual('seen', resource['properties']['value'])
        self.assertNotIn('smoke-preview', [
            shown.stack_name for shown in stacks.listed(self.heat)])

    @decorators.idempotent_id('71e0d9c8-b7a6-4594-8372-61504f3e2d1c')
    @markers.smoke
    def test_a_preview_of_an_update_shows_its_changes(self) -> None:
        stack = self.create()
        changes = self.heat.stacks.preview_update(
            stack.ref, template=base.ONE_VALUE,
            parameters={'text': 'other'})['resource_changes']
        self.assertEqual(['value'], [resource['resource_name'] for resource
                                     in changes['updated']])
        self.assertEqual([], changes['replaced'] + changes['deleted'])
        self.assertEqual({'text': 'first'}, self.outputs(stack))
