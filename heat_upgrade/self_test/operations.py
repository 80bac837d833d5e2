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

"""Bugs in an in-flight operation: one for each illegal outcome.

Each function takes the cloud and the parked operation.
"""

from heat_upgrade.inflight import hold_points
from heat_upgrade.inflight import operation as operation_
from heat_upgrade.lab import cloud as clouds
from heat_upgrade.self_test import corruption
from heat_upgrade.self_test import model

# This case is parked and released with the others, without a bug.
CONTROL_CASE = 'create-fan-in-resource'


def forget_next(cloud: clouds.Cloud,
                operation: operation_.InFlightOperation) -> None:
    corruption.forget_sync_points(cloud, operation.stack_id)


def fail_next(cloud: clouds.Cloud,
              operation: operation_.InFlightOperation) -> None:
    cloud.ledger.client.fail(hold_points.label(operation.case, 'b'),
                             'update')


BUGS = (
    model.PlantedBug(
        'stuck-in-flight', 'an in-flight create loses its sync points, and '
        'no engine continues it', model.OPERATION, forget_next,
        (model.STUCK_IN_FLIGHT,), case='create-chain-resource'),
    model.PlantedBug(
        'failed-in-flight', 'an in-flight update fails, although no engine '
        'was killed', model.OPERATION, fail_next, (model.WRONG_END,),
        case='update-fan-out-resource'),
)
