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

    @decorators.idempotent_id('1f12eb8b-10e0-4180-9694-b127e97a30fb')
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

    @decorators.idempotent_id('25626363-5d0a-4d26-9591-fc7caace74a7')
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
