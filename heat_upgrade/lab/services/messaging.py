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

"""How Heat's services talk through RabbitMQ: the configuration of a profile.

The standard profile is what the findings page "calls lost at stop" advises an
operator to do: with oslo.messaging's queue manager an engine that stops
gracefully deletes no queue, and loses no message. The stock profile is what
Heat does by itself, with a log that shows each message that is lost.
"""

from heat_upgrade.lab import profiles

# oslo.log's own levels hide all that oslo.messaging says of a message. The
# first two show each one that comes, is taken from the list of a listener,
# and is given to a thread, see heat_upgrade.inflight.lost_messages.
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
# The program whose lost messages are of interest.
_ENGINE = 'heat-engine'


def of_all(profile):
    """Return the sections of the file that all services read.

    Queues of the queue manager outlive the service that declared them; those
    of no service any more end by themselves after
    rabbit_transient_queues_ttl, half an hour (x-expires).

    :param profile: one of :data:`heat_upgrade.lab.profiles.PROFILES`
    """
    if profile == profiles.STOCK_MESSAGING:
        return ''
    return """\
[oslo_messaging_rabbit]
use_queue_manager = true
"""


def of_service(profile, name, host):
    """Return what a service's own file says besides; begins in [DEFAULT].

    The queue manager names the queues of replies after a host, a process and
    a counter, and numbers them from 1 when the process group is another one.
    So two services, two nodes, two runs on one machine and the two releases
    of one virtual host must differ in host or process.

    :param profile: one of :data:`heat_upgrade.lab.profiles.PROFILES`
    :param name: of the service's program
    :param host: of the node; no other service of this name has it
    """
    if profile == profiles.STOCK_MESSAGING:
        if name != _ENGINE:
            return ''
        return f'default_log_levels = {",".join(LOG_LEVELS)}\n'
    return f"""\
[oslo_messaging_rabbit]
hostname = {host}
processname = {name}
"""
