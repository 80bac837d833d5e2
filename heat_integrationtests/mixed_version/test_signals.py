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

"""Signals through one node end the wait conditions of another."""

import json
from urllib import parse

from tempest import config
from tempest.lib import decorators

from heat_integrationtests import aliases
from heat_integrationtests import clients
from heat_integrationtests import markers
from heat_integrationtests.mixed_version import base
from heat_integrationtests import stacks

CONF = config.CONF

TEMPLATE = """
heat_template_version: 2018-08-31
parameters:
  signals: {type: number, default: 1}
resources:
  handle: {type: OS::Heat::WaitConditionHandle}
  condition:
    type: OS::Heat::WaitCondition
    properties:
      handle: {get_resource: handle}
      timeout: 120
      count: {get_param: signals}
outputs:
  data: {value: {get_attr: [condition, data]}}
"""

CFN_TEMPLATE = """
heat_template_version: 2018-08-31
parameters:
  signals: {type: number, default: 1}
resources:
  handle: {type: AWS::CloudFormation::WaitConditionHandle}
  condition:
    type: AWS::CloudFormation::WaitCondition
    properties:
      Handle: {get_resource: handle}
      Timeout: 120
      Count: {get_param: signals}
outputs:
  url: {value: {get_resource: handle}}
  data: {value: {get_attr: [condition, Data]}}
"""


class Signals(base.MixedVersionTest):

    weight = 10
    template = TEMPLATE

    def wait_and_signal(self, first: base.Node, second: base.Node) -> None:
        """Signal each node's wait condition through the other node.

        The first node waits in a creation, the second in an update.
        """
        stack = self.create_through(first, self.template, wait=None)
        second.stacks.wait_for_resources(stack, 'CREATE_IN_PROGRESS',
                                         'condition')
        self.signal(second, stack, 'one')
        first.stacks.wait(stack, 'CREATE_COMPLETE')
        self.assert_data({'one': 'here'}, stack)

        second.stacks.update(stack, template=self.template,
                             parameters={'signals': 2},
                             wait='UPDATE_IN_PROGRESS')
        first.stacks.wait_for_resources(stack, 'UPDATE_IN_PROGRESS',
                                        'condition')
        self.signal(first, stack, 'two')
        second.stacks.wait(stack, 'UPDATE_COMPLETE')
        self.assert_data({'one': 'here', 'two': 'here'}, stack)
        first.stacks.delete(stack)

    def assert_data(self, expected: aliases.Json,
                    stack: stacks.Stack) -> None:
        """Assert that all nodes show the data of these signals."""
        for node in self.nodes:
            self.assertEqual(expected,
                             json.loads(node.outputs(stack)['data']), node)

    def signal(self, node: base.Node, stack: stacks.Stack,
               name: str) -> None:
        """Send a signal through a node's heat-api."""
        node.heat.resources.signal(stack.ref, 'handle', data={
            'status': 'SUCCESS', 'id': name, 'data': 'here',
            'reason': 'signalled'})


class CfnSignals(Signals):

    template = CFN_TEMPLATE

    @classmethod
    def skip_checks(cls) -> None:
        super().skip_checks()
        if not CONF.heat_integrationtests.cfn_api:
            raise cls.skipException(
                'cfn_api is off in [heat_integrationtests]')

    def signal(self, node: base.Node, stack: stacks.Stack,
               name: str) -> None:
        """Signal the pre-signed URL, through the node's cfn_url if set.

        The signature covers the path and the host (Ec2Signer of
        keystoneclient). heat-api-cfn checks the host of the header, so the
        header keeps the original host, as a load balancer does.
        """
        url = node.outputs(stack)['url']
        headers = {'Content-Type': '',
                   'Host': parse.urlsplit(url).netloc}
        if node.cfn_url:
            target = parse.urlsplit(node.cfn_url)
            url = parse.urlsplit(url)._replace(
                scheme=target.scheme, netloc=target.netloc).geturl()
        answer = clients.session(CONF).put(
            url, authenticated=False, raise_exc=False, headers=headers,
            data=json.dumps({'Status': 'SUCCESS', 'UniqueId': name,
                             'Data': 'here', 'Reason': 'signalled'}))
        self.assertEqual(200, answer.status_code, answer.text)


class SignalsBaseToTargetTest(Signals):

    @decorators.idempotent_id('6f4f7aa9-8174-4578-9194-e143b2c68799')
    @markers.mixed_version
    def test_a_signal_arrives_through_nodes_named_later(self) -> None:
        self.forth(self.wait_and_signal)


class SignalsTargetToBaseTest(Signals):

    @decorators.idempotent_id('ed99ab2a-7c57-483b-826c-88314e8d16a8')
    @markers.mixed_version
    def test_a_signal_arrives_through_nodes_named_earlier(self) -> None:
        self.back(self.wait_and_signal)


class CfnSignalsBaseToTargetTest(CfnSignals):

    @decorators.idempotent_id('940f7872-ff86-4421-a3ac-c591b8feb4b6')
    @markers.mixed_version
    def test_a_signed_url_is_good_for_nodes_named_later(self) -> None:
        self.forth(self.wait_and_signal)


class CfnSignalsTargetToBaseTest(CfnSignals):

    @decorators.idempotent_id('6b24bb2f-9f24-4a58-a97a-1beecba0ec8b')
    @markers.mixed_version
    def test_a_signed_url_is_good_for_nodes_named_earlier(self) -> None:
        self.back(self.wait_and_signal)
