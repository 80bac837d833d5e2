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

"""Credentials to signal a stack, handed out before, still work after."""

import datetime
import json

from tempest import config
from tempest.lib import decorators

from heat_integrationtests import clients
from heat_integrationtests import markers
from heat_integrationtests import scenario
from heat_integrationtests import stacks

CONF = config.CONF


def _user(outputs):
    # What Heat gives to a server that signals as a user of the stack.
    return json.loads(outputs['user'])


def _identity(user):
    return clients.Identity(
        user_id=user['user_id'], password=user['password'],
        project_id=user['project_id'])


class WaitConditionScenario(scenario.Scenario):
    """Through heat-api: with a token, and with a user and password."""

    weight = 10
    template = 'wait_condition.yaml'
    changed_parameters = {'signals': 2}
    # A JSON text whose order of keys is not promised; check compares it.
    exceptions = ('outputs.user',)

    def check(self, record, outputs):
        self.assertEqual({'before': 'here'},
                         json.loads(outputs['token_data']))
        self.assertEqual({'before': 'here'},
                         json.loads(outputs['user_data']))
        self.assertEqual(_user(record['facts']['outputs']), _user(outputs))

    def check_changed(self, record, outputs):
        both = {'before': 'here', 'after': 'there'}
        self.assertEqual(both, json.loads(outputs['user_data']))
        self.assertEqual(both, json.loads(outputs['token_data']))

    def update_with_change(self, stack, before, key=scenario.MAIN):
        # The conditions then ask for a second signal: it is there already.
        outputs = self.record.facts()['outputs']
        self.signal(outputs, 'after', 'there')
        super().update_with_change(stack, before, key)

    def check_gone(self, record):
        if self.keystone is not None:
            user = _user(record['facts']['outputs'])
            self.assertIsNone(self.keystone.get('users', user['user_id']))

    def signal(self, outputs, name, data):
        """Send a signal to either handle, as a server does."""
        body = {'status': 'SUCCESS', 'id': name, 'data': data,
                'reason': 'signalled'}
        if self.token_is_alive():
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

    def token_is_alive(self):
        """Tell whether the token that was handed out is still good.

        Heat promises it for as long as Keystone's tokens live; the post
        phase may be days later. The stack's owner may signal, too.
        """
        expires = datetime.datetime.fromisoformat(
            self.record.noted('token_expires'))
        return expires > datetime.datetime.now(datetime.timezone.utc)

    def outputs_with_credentials(self, stack):
        """Wait until Heat has handed out all credentials."""
        def look():
            outputs = stacks.outputs(self.stacks.get(stack))
            handed_out = all(outputs[key] for key in
                             ('token', 'endpoint', 'user'))
            return outputs if handed_out else None

        return self.stacks.wait_until('the credentials to signal with',
                                      look)

    @decorators.idempotent_id('7bdbe680-564d-4e96-8992-cece9f349cd1')
    @markers.pre
    def test_credentials_are_handed_out_and_used(self):
        stack = self.create(wait=None)
        outputs = self.outputs_with_credentials(stack)
        self.record.note('token_expires', clients.Keystone(
            CONF, self.session).token_expiry(outputs['token']))
        self.signal(outputs, 'before', 'here')
        self.stacks.wait(stack, 'CREATE_COMPLETE')
        self.record_facts(stack)

    @decorators.idempotent_id('86a3db1c-6068-447e-a614-0b5c20a9b621')
    @markers.verify
    def test_the_credentials_are_the_ones_handed_out(self):
        self.assert_unchanged()

    @decorators.idempotent_id('8a5197bc-7377-46f5-adde-c27b05eac075')
    @markers.during
    def test_the_user_of_the_stack_can_authenticate_while_heat_is_down(
            self):
        self.assert_out_of_reach()
        user = _user(self.record.facts()['outputs'])
        self.assertTrue(
            clients.can_authenticate(CONF, _identity(user)),
            f'Keystone refuses user {user["user_id"]} of the stack')

    @decorators.idempotent_id('2d519a0d-ab4e-44e0-85a6-5787447dc80f')
    @markers.post
    def test_the_old_credentials_signal_and_end_with_the_stack(self):
        self.update_and_delete()
