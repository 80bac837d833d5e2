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

"""Hidden parameters, which are encrypted at rest, do not change."""

import secrets

from heat_integrationtests import aliases
from heat_integrationtests import scenario


class HiddenParametersScenario(scenario.Scenario):

    covers = (17,)
    template = 'hidden_parameters.yaml'

    def check(self, record: aliases.Json, outputs: aliases.Json) -> None:
        # Heat can decrypt the password, from which it computes an output.
        password = record['request']['parameters']['password']
        self.assertEqual(password, outputs['password'])
        self.assertEqual(f'first-{password}-8004', outputs['labelled'])
        # The parameters do not show the hidden values.
        shown = record['facts']['parameters']
        self.assertNotIn(password, str(shown))
        self.assertNotIn('8004', shown['settings'])

    def changed_request(self, request: aliases.Json) -> aliases.Json:
        # Without the hidden parameters, which Heat must still know.
        return {'existing': True, 'parameters': {'label': 'second'}}

    def check_changed(self, record: aliases.Json,
                      outputs: aliases.Json) -> None:
        password = record['request']['parameters']['password']
        self.assertEqual(f'second-{password}-8004', outputs['labelled'])

    def pre(self) -> None:
        self.create_and_record(parameters={
            'password': secrets.token_urlsafe(24),
            # As text: Heat answers 400 to a hidden map as JSON if
            # encrypt_parameters_and_properties is on.
            'settings': '{"port": 8004}'})
