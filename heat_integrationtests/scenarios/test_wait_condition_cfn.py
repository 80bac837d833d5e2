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

"""A pre-signed URL of heat-api-cfn from before the upgrade still works."""

import json
from urllib import parse

from tempest import config

from heat_integrationtests import aliases
from heat_integrationtests import clients
from heat_integrationtests import scenario
from heat_integrationtests import stacks

CONF = config.CONF


class CfnWaitConditionScenario(scenario.Scenario):

    covers = (47, 48)
    template = 'wait_condition_cfn.yaml'
    changed_parameters = {'signals': 2}

    @classmethod
    def skip_checks(cls) -> None:
        super().skip_checks()
        if not CONF.heat_integrationtests.cfn_api:
            raise cls.skipException(
                'cfn_api is off in [heat_integrationtests]')

    def check(self, record: aliases.Json, outputs: aliases.Json) -> None:
        self.assertEqual({'before': 'here'}, json.loads(outputs['data']))

    def update_with_change(self, stack: stacks.Stack, before: aliases.Json,
                           key: str = scenario.MAIN) -> None:
        # The changed condition needs a second signal, which is sent first.
        self.signal(before['outputs']['url'], 'after', 'there')
        super().update_with_change(stack, before, key)

    def check_changed(self, record: aliases.Json,
                      outputs: aliases.Json) -> None:
        self.assertEqual({'before': 'here', 'after': 'there'},
                         json.loads(outputs['data']))

    def check_gone(self, record: aliases.Json) -> None:
        if self.keystone is not None:
            self.assertNotIn(self.access_key(),
                             self.keystone.ec2_access_keys())

    def signal(self, url: str, name: str, data: str) -> None:
        """Send a signal as a server does, which knows only the URL."""
        answer = clients.session(CONF).put(
            url, authenticated=False, raise_exc=False, data=json.dumps({
                'Status': 'SUCCESS', 'UniqueId': name, 'Data': data,
                'Reason': 'signalled'}),
            headers={'Content-Type': ''})
        self.assertEqual(200, answer.status_code, answer.text)

    def access_key(self) -> str:
        """Return the key of the EC2 credential that signed the URL."""
        url: str = self.record.facts()['outputs']['url']
        return parse.parse_qs(parse.urlsplit(url).query)['AWSAccessKeyId'][0]

    def signal_url(self, stack: stacks.Stack) -> str:
        """Return the URL of the condition once the condition waits.

        An earlier look at the outputs may make Heat store another URL than
        that of the condition, so that the next update replaces the condition
        (doc/source/findings/wait-condition-url.rst).
        """
        self.stacks.wait_for_resources(stack, 'CREATE_IN_PROGRESS',
                                       'condition')
        url: str = stacks.outputs(self.stacks.get(stack))['url']
        return url

    def pre(self) -> None:
        stack = self.create(wait=None)
        self.signal(self.signal_url(stack), 'before', 'here')
        self.stacks.wait(stack, 'CREATE_COMPLETE')
        self.record_facts(stack)

    def during(self) -> None:
        super().during()
        if self.keystone is not None:
            self.assertIn(self.access_key(),
                          self.keystone.ec2_access_keys())
