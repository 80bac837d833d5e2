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

"""Weather: things that happen to a cloud, and pass: one function for each.

Each takes a :class:`heat_upgrade.lab.cloud.Cloud`, returns when what it broke
is whole again, and says what it did, as a dict. All of them happen to real
clouds in any maintenance window; Heat is expected to get over them.
"""

import time

from heat_upgrade.plan import model

# Longer than a query takes and shorter than any of Heat's timeouts: every
# write waits, none fails (MariaDB's lock_wait_timeout is a day,
# innodb_lock_wait_timeout does not apply to a global read lock).
SLOW_SECONDS = 5.0


def cut_broker(cloud):
    """Close every connection to the broker; oslo.messaging comes back."""
    for vhost in cloud.vhosts():
        cloud.rabbitmq.cut(vhost)
    return {'vhosts': cloud.vhosts()}


def slow_database(cloud):
    """Let every write wait for a while."""
    with cloud.mariadb.connection() as connection:
        with connection.cursor() as cursor:
            cursor.execute('FLUSH TABLES WITH READ LOCK')
            # This is the fault, not a wait for something.
            time.sleep(SLOW_SECONDS)
            cursor.execute('UNLOCK TABLES')
    return {'writes_waited_s': SLOW_SECONDS}


BY_NAME = {model.CUT_BROKER: cut_broker, model.SLOW_DATABASE: slow_database}
