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

from tempest.lib import decorators

from heat_integrationtests import aliases
from heat_integrationtests import markers
from heat_integrationtests import scenario


class RandomStringScenario(scenario.Scenario):

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

    @decorators.idempotent_id('553b275f-99f7-4137-be3b-84178e362740')
    @markers.pre
    def test_a_secret_is_generated(self) -> None:
        self.create_and_record()

    @decorators.idempotent_id('1792c092-b73b-496e-96fa-95f0b2cd887f')
    @markers.verify
    def test_the_secret_is_the_one_recorded(self) -> None:
        self.assert_unchanged()

    @decorators.idempotent_id('5bd4a1fe-fddc-4ec6-90f5-f24ba4c9d436')
    @markers.during
    def test_nothing_serves_the_secret_while_heat_is_down(self) -> None:
        self.assert_out_of_reach()

    @decorators.idempotent_id('6cfd8609-5b87-4fa8-aef2-c9417340e2e8')
    @markers.post
    def test_the_secret_outlives_updates_and_ends_with_its_stack(self) -> None:
        self.update_and_delete()
