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

"""A webhook from before the upgrade still scales an autoscaling group."""

from urllib import parse

from tempest import config

from heat_integrationtests import aliases
from heat_integrationtests import clients
from heat_integrationtests import scenario
from heat_integrationtests import stacks

CONF = config.CONF


class AutoScalingScenario(scenario.Scenario):

    covers = (36, 69)
    tiers = ('standard', 'thorough')
    weight = 25
    template = 'autoscaling.yaml'
    changed_parameters = {'desired': 2}

    def check(self, record: aliases.Json, outputs: aliases.Json) -> None:
        self.assertEqual(1, outputs['size'])
        self.assertEqual(1, len(outputs['members']))
        # Keystone refuses a signature with a timestamp older than 15 minutes
        # (its option [credential] auth_ttl); alarms call the URL for years.
        self.assertNotIn('Timestamp', parse.parse_qs(
            parse.urlsplit(outputs['alarm_url']).query))

    def update_with_change(self, stack: stacks.Stack, before: aliases.Json,
                           key: str = scenario.MAIN) -> None:
        # This follows the update with no change, which resets the group to
        # the desired capacity of the template.
        self.call_webhook(before['outputs'])
        grown = stacks.outputs(self.stacks.wait_for(
            'the group to have grown by one',
            lambda: self.grown(stack, 2)))
        self.assertEqual(before['outputs']['members'], grown['members'][:1])
        super().update_with_change(stack, before, key)

    def check_changed(self, record: aliases.Json,
                      outputs: aliases.Json) -> None:
        self.assertEqual(2, outputs['size'])
        self.assertEqual(record['facts']['outputs']['members'],
                         outputs['members'][:1])

    def check_gone(self, record: aliases.Json) -> None:
        if self.keystone is not None:
            self.assertNotIn(self.access_key(),
                             self.keystone.ec2_access_keys())

    def grown(self, stack: stacks.Stack,
              size: int) -> aliases.HeatObject | None:
        """Return the stack if its group has this size, None otherwise."""
        shown = self.stacks.get(stack)
        outputs = stacks.outputs(shown)
        complete = (outputs['size'] == size
                    and len(outputs['members'] or ()) == size
                    and all(outputs['members']))
        return shown if complete else None

    def call_webhook(self, outputs: aliases.Json) -> None:
        """Grow the group through the URL that an alarm would call."""
        if CONF.heat_integrationtests.cfn_api:
            answer = clients.session(CONF).post(
                outputs['alarm_url'], authenticated=False, raise_exc=False)
        else:
            answer = self.session.post(outputs['signal_url'],
                                       raise_exc=False)
        self.assertEqual(200, answer.status_code, answer.text)

    def access_key(self) -> str:
        """Return the key of the EC2 credential that signed the webhook."""
        url: str = self.record.facts()['outputs']['alarm_url']
        return parse.parse_qs(parse.urlsplit(url).query)['AWSAccessKeyId'][0]

    def during(self) -> None:
        super().during()
        if self.keystone is not None:
            self.assertIn(self.access_key(),
                          self.keystone.ec2_access_keys())
