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
"""A server signals the end of a software deployment to the target."""

from heat_integrationtests import aliases
from heat_integrationtests import scenario
from heat_integrationtests import stacks

DEPLOYMENT = 'deployment'


class DeploymentSignalsScenario(scenario.Scenario):
    """A deployment that ended before the upgrade fails and succeeds again."""

    covers = (34,)
    weight = 18
    tiers = ('standard', 'thorough')
    template = '''
heat_template_version: 2018-08-31
parameters:
  text: {type: string, default: first}
resources:
  config:
    type: OS::Heat::SoftwareConfig
    properties:
      group: script
      config: echo
      inputs: [{name: text}]
      outputs: [{name: result}, {name: problem, error_output: true}]
  server:
    type: OS::Heat::DeployedServer
    properties: {name: server, software_config_transport: POLL_SERVER_HEAT}
  deployment:
    type: OS::Heat::SoftwareDeployment
    properties:
      config: {get_resource: config}
      server: {get_resource: server}
      signal_transport: HEAT_SIGNAL
      input_values: {text: {get_param: text}}
outputs:
  result: {value: {get_attr: [deployment, result]}}
  stdout: {value: {get_attr: [deployment, deploy_stdout]}}
  code: {value: {get_attr: [deployment, deploy_status_code]}}
'''

    def pre(self) -> None:
        stack = self.create(wait=None)
        self.signal(stack, deploy_status_code=0, deploy_stdout='größe',
                    result='first')
        self.stacks.wait(stack, 'CREATE_COMPLETE')
        self.record_facts(stack)

    def check(self, record: aliases.Json, outputs: aliases.Json) -> None:
        self.assertEqual(('first', 'größe', 0), (
            outputs['result'], outputs['stdout'], outputs['code']))

    def post(self) -> None:
        stack = self.stack()
        self.assert_unchanged()
        self.redeploy(stack, 'UPDATE_FAILED', deploy_status_code=1,
                      deploy_stdout='', result='second')
        shown = self.stacks.get(stack)
        self.assertIn('non-zero status code: 1', shown.stack_status_reason)
        self.redeploy(stack, 'UPDATE_FAILED', deploy_status_code=0,
                      problem='out of order')
        self.redeploy(stack, 'UPDATE_COMPLETE', deploy_status_code=0,
                      deploy_stdout='third', result=3)
        outputs = stacks.outputs(self.stacks.get(stack))
        self.assertEqual((3, 'third', 0), (
            outputs['result'], outputs['stdout'], outputs['code']))
        self.delete(stack)

    def redeploy(self, stack: stacks.Stack, status: str,
                 **data: object) -> None:
        """Change the input of the deployment, and signal its end."""
        self.heat.stacks.update(
            stack.ref, existing=True, parameters={'text': str(data)})
        self.signal(stack, **data)
        self.stacks.wait(stack, status)

    def signal(self, stack: stacks.Stack, **data: object) -> None:
        """Signal the end of the deployment once a server may see it.

        The resource is in progress a little earlier than its deployment, and
        Heat ignores a signal until then.
        """
        self.stacks.wait_for('the deployment to be in progress',
                             lambda: self.is_in_progress(stack))
        self.heat.resources.signal(stack.ref, DEPLOYMENT, data=data)

    def is_in_progress(self, stack: stacks.Stack) -> bool:
        ids = [resource.physical_resource_id
               for resource in self.heat.resources.list(stack.ref)
               if resource.resource_name == DEPLOYMENT]
        return bool(ids and ids[0]) and (
            self.heat.software_deployments.get(ids[0]).status
            == 'IN_PROGRESS')
