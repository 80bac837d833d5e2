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

"""No resource type is lost, and no endpoint answers while Heat is down."""

from tempest import config

from heat_integrationtests import clients
from heat_integrationtests import scenario

CONF = config.CONF


class ControlPlaneScenario(scenario.Scenario):
    """The service as a whole, without a stack."""

    covers = (75, 76)
    weight = 1

    def supported_types(self) -> list[str]:
        """Return the resource types that Heat supports now, sorted.

        Deprecated types are excluded, because their removal was announced.
        """
        return sorted(
            shown.resource_type for shown in
            self.heat.resource_types.list(
                filters={'support_status': 'SUPPORTED'}))

    def assert_no_type_lost(self) -> None:
        """Assert that no resource type was lost in the upgrade."""
        available = {shown.resource_type for shown in
                     self.heat.resource_types.list()}
        lost = set(self.record.noted('resource_types')) - available
        self.assertEqual(set(), lost, 'Resource types were supported before '
                                      'the upgrade, and are gone')

    def pre(self) -> None:
        self.record.note('resource_types', self.supported_types())
        self.record.note('endpoints', {
            service: clients.endpoint(CONF, self.session, service)
            for service in self.services()})
        self.assertIn('OS::Heat::Stack', self.record.noted('resource_types'))

    def verify(self) -> None:
        self.assert_no_type_lost()

    def during(self) -> None:
        for service, endpoint in self.record.noted('endpoints').items():
            # Keystone answers, and its catalog has the same endpoint.
            self.assertEqual(
                endpoint, clients.endpoint(CONF, self.session, service))
            self.assert_no_answer(endpoint)

    def post(self) -> None:
        for service, endpoint in self.record.noted('endpoints').items():
            self.assertEqual(
                endpoint, clients.endpoint(CONF, self.session, service))
            answer = clients.answer_of(self.session, endpoint)
            self.assertFalse(clients.is_heat_down(answer),
                             f'{endpoint} does not answer: {answer}')
            assert answer is not None
            self.assertLess(answer.status, 500, endpoint)

    @staticmethod
    def services() -> list[str]:
        """Return the catalog types of Heat's services."""
        own = CONF.heat_integrationtests
        return [own.catalog_type] + (
            ['cloudformation'] if own.cfn_api else [])
