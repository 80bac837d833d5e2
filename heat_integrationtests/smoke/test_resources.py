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

"""Resources: their metadata, and signals to them."""

from tempest.lib import decorators

from heat_integrationtests import markers
from heat_integrationtests.smoke import base

METADATA = """
heat_template_version: 2018-08-31
resources:
  thing:
    type: OS::Heat::TestResource
    metadata: {rank: {str_replace: {template: is R, params: {R: 1}}},
               kept: {list: [a, 1, null]}}
"""

HANDLE = """
heat_template_version: 2018-08-31
resources:
  handle:
    type: OS::Heat::WaitConditionHandle
    properties: {signal_transport: HEAT_SIGNAL}
"""


class ResourcesTest(base.SmokeTest):

    weight = 6

    @decorators.idempotent_id('baf97865-6bd3-4463-b7c4-49e6ac3fc84e')
    @markers.smoke
    def test_metadata_of_a_resource_matches_the_template(self) -> None:
        stack = self.create(METADATA)
        self.assertEqual(
            {'rank': 'is 1', 'kept': {'list': ['a', 1, None]}},
            self.heat.resources.metadata(stack.ref, 'thing'))

    @decorators.idempotent_id('0ad33c34-69bc-4556-8618-97fb6dfa1316')
    @markers.smoke
    def test_a_signal_reaches_the_resource(self) -> None:
        stack = self.create(HANDLE)
        self.heat.resources.signal(stack.ref, 'handle', data={
            'status': 'SUCCESS', 'id': 'one', 'data': 'here',
            'reason': 'because'})
        self.assertEqual(
            {'one': {'status': 'SUCCESS', 'data': 'here',
                     'reason': 'because'}},
            self.stacks.wait_for(
                'the signal in the metadata of the handle',
                lambda: self.heat.resources.metadata(stack.ref, 'handle')))
        events = self.heat.events.list(stack.ref, 'handle', sort_dir='asc')
        self.assertIn('SIGNAL', events[-1].resource_status)
