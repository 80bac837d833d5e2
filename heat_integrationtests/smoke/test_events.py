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

"""Events of a stack: their order, and details of a single event."""

from tempest.lib import decorators

from heat_integrationtests import markers
from heat_integrationtests.smoke import base


class EventsTest(base.SmokeTest):

    weight = 3

    @decorators.idempotent_id('f9bd7220-b9c9-484a-b31b-7ac0519ffa24')
    @markers.smoke
    def test_events_of_a_creation_are_listed_in_order(self) -> None:
        stack = self.create()
        events = self.heat.events.list(stack.ref, sort_dir='asc')
        self.assertEqual(
            [(stack.name, 'CREATE_IN_PROGRESS'),
             ('value', 'CREATE_IN_PROGRESS'),
             ('value', 'CREATE_COMPLETE'),
             (stack.name, 'CREATE_COMPLETE')],
            [(event.resource_name, event.resource_status)
             for event in events])
        event = self.heat.events.get(stack.ref, 'value', events[2].id)
        self.assertEqual('OS::Heat::Value', event.resource_type)
        resource_events = self.heat.events.list(stack.ref, 'value')
        self.assertEqual(2, len(resource_events))
