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

"""A stack whose deletion failed before the upgrade can be deleted after it."""

import uuid

from heat_integrationtests import aliases
from heat_integrationtests import scenario
from heat_integrationtests import stacks


class DeleteFailedScenario(scenario.Scenario):
    """A deployment that refers to its configuration prevents the deletion."""

    weight = 4
    tiers = ('standard', 'thorough')
    template = '''
heat_template_version: 2018-08-31
resources:
  config: {type: OS::Heat::SoftwareConfig}
'''

    def after_create(self, stack: stacks.Stack,
                     record: aliases.Json) -> None:
        config = self.heat.resources.get(stack.ref, 'config')
        deployment = self.heat.software_deployments.create(
            config_id=config.physical_resource_id,
            server_id=str(uuid.uuid4()), action='CREATE', status='COMPLETE')
        self.record.note('deployment', deployment.id)
        self.stacks.request_deletion(stack)
        self.stacks.wait(stack, 'DELETE_FAILED')

    def post(self) -> None:
        self.assert_unchanged()
        self.heat.software_deployments.delete(
            self.record.noted('deployment'))
        self.delete(self.stack())
