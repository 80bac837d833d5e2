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

"""Heat never regenerates a generated secret."""

from heat_integrationtests import aliases
from heat_integrationtests import scenario


class RandomStringScenario(scenario.Scenario):

    covers = (35,)
    template = 'random_string.yaml'
    changed_parameters = {'label': 'second'}

    def check(self, record: aliases.Json, outputs: aliases.Json) -> None:
        self.assertEqual(24, len(outputs['secret']))
        self.assertEqual(f'first:{outputs["secret"]}', outputs['labelled'])

    def check_changed(self, record: aliases.Json,
                      outputs: aliases.Json) -> None:
        secret = record['facts']['outputs']['secret']
        self.assertEqual(secret, outputs['secret'])
        self.assertEqual(f'second:{secret}', outputs['labelled'])
