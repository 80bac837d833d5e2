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

"""Temporary faults of a cloud, one function for each.

Each function injects its fault, returns when the cloud is whole again, and
returns a dict of its measurements. Real clouds have these faults in any
maintenance window; Heat is expected to survive them.
"""

import time
import typing

from heat_upgrade.lab import cloud
from heat_upgrade.plan import model

# Longer than a query takes and shorter than any of Heat's timeouts: every
# write waits, none fails (MariaDB's lock_wait_timeout is a day,
# innodb_lock_wait_timeout does not apply to a global read lock).
SLOW_SECONDS = 5.0


def cut_broker(lab: cloud.Cloud) -> dict[str, typing.Any]:
    """Close every connection to the broker; oslo.messaging reconnects."""
    for vhost in lab.vhosts():
        lab.rabbitmq.cut(vhost)
    return {'vhosts': lab.vhosts()}


def slow_database(lab: cloud.Cloud) -> dict[str, typing.Any]:
    """Block every write for a while."""
    with lab.mariadb.connection() as connection:
        with connection.cursor() as cursor:
            cursor.execute('FLUSH TABLES WITH READ LOCK')
            # This sleep is the fault itself; it waits for no condition.
            time.sleep(SLOW_SECONDS)
            cursor.execute('UNLOCK TABLES')
    return {'writes_waited_s': SLOW_SECONDS}


BY_NAME = {model.CUT_BROKER: cut_broker, model.SLOW_DATABASE: slow_database}
