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

"""Signal credentials from before the upgrade still work after it."""

import datetime
import json

from tempest import config

from heat_integrationtests import aliases
from heat_integrationtests import clients
from heat_integrationtests import scenario
from heat_integrationtests import stacks

CONF = config.CONF


def _user(outputs: aliases.Json) -> dict[str, str]:
    """Return Heat's credentials for a server that signals as a user."""
    user: dict[str, str] = json.loads(outputs['user'])
    return user


def _identity(user: dict[str, str]) -> clients.Identity:
    return clients.Identity(
        user_id=user['user_id'], password=user['password'],
        project_id=user['project_id'])


class WaitConditionScenario(scenario.Scenario):
    """Signals to heat-api with a token, and with a user and password."""

    covers = (47, 48)
    tiers = ('standard', 'thorough')
    weight = 12
    template = 'wait_condition.yaml'
    changed_parameters = {'signals': 2}
    # A JSON text with keys in any order; check compares its content.
    exceptions = ('outputs.user',)

    def check(self, record: aliases.Json, outputs: aliases.Json) -> None:
        self.assertEqual({'before': 'here'},
                         json.loads(outputs['token_data']))
        self.assertEqual({'before': 'here'},
                         json.loads(outputs['user_data']))
        self.assertEqual(_user(record['facts']['outputs']), _user(outputs))

    def check_changed(self, record: aliases.Json,
                      outputs: aliases.Json) -> None:
        both = {'before': 'here', 'after': 'there'}
        self.assertEqual(both, json.loads(outputs['user_data']))
        self.assertEqual(both, json.loads(outputs['token_data']))

    def update_with_change(self, stack: stacks.Stack, before: aliases.Json,
                           key: str = scenario.MAIN) -> None:
        # The changed conditions need a second signal, which is sent first.
        outputs = self.record.facts()['outputs']
        self.signal(outputs, 'after', 'there')
        super().update_with_change(stack, before, key)
        self.signal_while_waiting(stack, outputs)

    def signal_while_waiting(self, stack: stacks.Stack,
                             outputs: aliases.Json) -> None:
        """Signal conditions that an engine of the target polls already."""
        signals = self.changed_parameters['signals'] + 1
        self.heat.stacks.update(stack.ref, existing=True,
                                parameters={'signals': signals})
        self.stacks.wait_for_resources(stack, 'UPDATE_IN_PROGRESS',
                                       'token_condition')
        self.signal(outputs, 'late', 'at last')
        self.stacks.wait(stack, 'UPDATE_COMPLETE')

    def check_gone(self, record: aliases.Json) -> None:
        if self.keystone is not None:
            user = _user(record['facts']['outputs'])
            self.assertIsNone(self.keystone.get('users', user['user_id']))

    def signal(self, outputs: aliases.Json, name: str, data: str) -> None:
        """Send a signal to both handles, as a server does."""
        body = {'status': 'SUCCESS', 'id': name, 'data': data,
                'reason': 'signalled'}
        if self.is_token_valid():
            answer = clients.session(CONF).post(
                outputs['endpoint'], json=body, authenticated=False,
                headers={'X-Auth-Token': outputs['token']}, raise_exc=False)
            self.assertEqual(200, answer.status_code, answer.text)
        else:
            self.heat.resources.signal(self.stack().ref, 'token_handle',
                                       data=body)
        as_user = clients.session(CONF, _identity(_user(outputs)))
        clients.heat(CONF, as_user).resources.signal(
            self.stack().ref, 'user_handle', data=body)

    def is_token_valid(self) -> bool:
        """Return True if the token in the outputs has not expired.

        It is valid for the lifetime of Keystone's tokens, and the post phase
        may run days later. The stack's owner may signal, too.
        """
        expires = datetime.datetime.fromisoformat(
            self.record.noted('token_expires'))
        return expires > datetime.datetime.now(datetime.UTC)

    def outputs_with_credentials(self, stack: stacks.Stack) -> aliases.Json:
        """Return the outputs once they contain all credentials."""
        def look() -> aliases.Json:
            outputs = stacks.outputs(self.stacks.get(stack))
            complete = all(outputs[key] for key in
                           ('token', 'endpoint', 'user'))
            return outputs if complete else {}

        return self.stacks.wait_for('the credentials to signal with', look)

    def pre(self) -> None:
        stack = self.create(wait=None)
        outputs = self.outputs_with_credentials(stack)
        self.record.note('token_expires', clients.Keystone(
            CONF, self.session).token_expiry(outputs['token']))
        self.signal(outputs, 'before', 'here')
        self.stacks.wait(stack, 'CREATE_COMPLETE')
        self.record_facts(stack)

    def during(self) -> None:
        super().during()
        user = _user(self.record.facts()['outputs'])
        self.assertTrue(
            clients.can_authenticate(CONF, _identity(user)),
            f'Keystone rejects user {user["user_id"]} of the stack')
