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

"""Bugs in an operation in flight: for each end that is not legal.

Each function takes the cloud and the parked
:class:`heat_upgrade.inflight.operation.InFlightOperation`.
"""

from heat_upgrade.bug_seeding import corruption
from heat_upgrade.bug_seeding import model
from heat_upgrade.inflight import hold_points

# What is parked and released beside them, and nothing is done to.
CONTROL_CASE = 'create-fan-in-resource'


def forget_next(cloud, flight):
    corruption.forget_sync_points(cloud, flight.stack_id)


def fail_next(cloud, flight):
    cloud.ledger.client.fail(hold_points.label(flight.case, 'b'), 'update')


FAULTS = (
    model.Fault(
        'stuck-in-flight', 'a create that was in flight loses its sync '
        'points, and nobody goes on with it', model.FLIGHT, forget_next,
        (model.STUCK_IN_FLIGHT,), case='create-chain-resource'),
    model.Fault(
        'failed-in-flight', 'an update that was in flight fails, though no '
        'engine was killed', model.FLIGHT, fail_next, (model.WRONG_END,),
        case='update-fan-out-resource'),
)
