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

"""The RabbitMQ configuration of Heat's services, for each profile.

The standard profile follows the findings page "calls lost at stop": with
oslo.messaging's queue manager, an engine that stops gracefully deletes no
queue and loses no message. The stock profile keeps Heat's own defaults, with a
log that shows each lost message.
"""

from heat_upgrade.lab import profiles

# oslo.log's own levels hide oslo.messaging's records about messages. The
# first two show each message when it arrives, when a listener takes it from
# its list, and when a thread gets it; see heat_upgrade.inflight.lost_messages.
LOG_LEVELS = (
    'oslo_messaging._drivers.amqpdriver=DEBUG',
    'oslo_messaging.rpc.server=DEBUG',
    'oslo_messaging=INFO',
    'amqp=WARN',
    'sqlalchemy=WARN',
    'urllib3.connectionpool=WARN',
    'keystonemiddleware=WARN',
    'routes.middleware=WARN',
    'stevedore=WARN',
    'keystoneauth=WARN',
    'oslo.cache=INFO',
    'oslo_policy=INFO',
    'dogpile.core.dogpile=INFO',
)
# The program whose lost messages are logged.
_ENGINE = 'heat-engine'


def of_all(profile: profiles.Profile) -> profiles.Sections:
    """Return the options of the file that all services read.

    Queues of the queue manager outlive the service that declared them.
    Unused ones expire after rabbit_transient_queues_ttl, half an hour
    (x-expires).
    """
    if profile.stock_messaging:
        return {}
    return {'oslo_messaging_rabbit': {'use_queue_manager': 'true'}}


def of_service(profile: profiles.Profile, name: str,
               host: str) -> profiles.Sections:
    """Return the options of a service's own file.

    The queue manager names reply queues after a host, a process and a counter,
    which starts at 1 for each new process group. So two services, two nodes,
    two runs on one machine and the two releases of one virtual host must
    differ in host or process.

    :param name: name of the service's program
    :param host: name of the node; no other service of this name has it
    """
    if not profile.stock_messaging:
        return {'oslo_messaging_rabbit': {'hostname': host,
                                          'processname': name}}
    if name != _ENGINE:
        return {}
    return {'DEFAULT': {'default_log_levels': ','.join(LOG_LEVELS)}}
