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

"""What Heat offers does not shrink, and nothing answers while it is down."""

from tempest import config
from tempest.lib import decorators

from heat_integrationtests import clients
from heat_integrationtests import markers
from heat_integrationtests import scenario

CONF = config.CONF


class ControlPlaneScenario(scenario.Scenario):
    """The service as a whole; it has no stack of its own."""

    weight = 1

    def offered(self):
        """Give the resource types that Heat supports now, sorted.

        Deprecated ones are left out: their removal was announced.
        """
        return sorted(
            found.resource_type for found in
            self.heat.resource_types.list(
                filters={'support_status': 'SUPPORTED'}))

    def assert_all_offered(self):
        """Assert that what was supported before is there now."""
        offered = {found.resource_type for found in
                   self.heat.resource_types.list()}
        lost = set(self.record.noted('resource_types')) - offered
        self.assertEqual(set(), lost, 'Resource types were supported before '
                                      'the upgrade, and are gone')

    @decorators.idempotent_id('ce90fadf-7f6a-47ce-a8bc-8b72d94e05d1')
    @markers.pre
    def test_what_heat_offers_is_recorded(self):
        self.record.note('resource_types', self.offered())
        self.record.note('endpoints', {
            service: clients.endpoint(CONF, self.session, service)
            for service in self.services()})
        self.assertIn('OS::Heat::Stack', self.record.noted('resource_types'))

    @decorators.idempotent_id('bb51e29a-9ce3-4194-88d0-aa25c436ff68')
    @markers.verify
    def test_what_was_offered_is_offered(self):
        self.assert_all_offered()

    @decorators.idempotent_id('3ee3287a-0f9d-4306-a3f4-550939abadad')
    @markers.during
    def test_keystone_answers_and_no_endpoint_of_heat_does(self):
        for service, endpoint in self.record.noted('endpoints').items():
            # Asks Keystone: its catalog has the same endpoint.
            self.assertEqual(
                endpoint, clients.endpoint(CONF, self.session, service))
            self.assert_no_answer(endpoint)

    @decorators.idempotent_id('97bc1f0d-9e0d-4004-b1fe-e50844fd31a1')
    @markers.post
    def test_endpoints_are_those_of_before_and_answer(self):
        for service, endpoint in self.record.noted('endpoints').items():
            self.assertEqual(
                endpoint, clients.endpoint(CONF, self.session, service))
            answer = clients.answer_of(self.session, endpoint)
            self.assertFalse(clients.nobody_is_there(answer),
                             f'{endpoint} does not answer: {answer}')
            self.assertLess(answer.status, 500, endpoint)

    @staticmethod
    def services():
        """Give the catalog types of the services that Heat consists of."""
        own = CONF.heat_integrationtests
        return [own.catalog_type] + (
            ['cloudformation'] if own.cfn_api else [])
