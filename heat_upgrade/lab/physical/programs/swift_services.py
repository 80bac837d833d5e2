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


"""Swift's proxy, account, container and object servers in one process.

Its argument is the directory of the configuration. There is one device with
one replica, so that no replicator and no updater is needed. The rings depend
on the ports of the run, and are made here.
"""

import eventlet
eventlet.monkey_patch()

import configparser  # noqa: E402
import logging  # noqa: E402
import os  # noqa: E402
import sys  # noqa: E402

from eventlet import wsgi  # noqa: E402
import lab_program  # noqa: E402
import lab_wsgi  # noqa: E402
from swift.common.ring import builder  # noqa: E402
from swift.common import storage_policy  # noqa: E402
from swift.common import utils  # noqa: E402
from swift.common import wsgi as swift_wsgi  # noqa: E402

STORAGE = ('account', 'container', 'object')
PROXY = 'proxy'

# 2**4 partitions: one device needs no more.
PART_POWER = 4


def address(home, name):
    parsed = configparser.RawConfigParser()
    parsed.read(os.path.join(home, f'{name}-server.conf'))
    return parsed['DEFAULT']['bind_ip'], int(parsed['DEFAULT']['bind_port'])


def make_ring(home, name):
    host, port = address(home, name)
    ring = builder.RingBuilder(PART_POWER, 1, 1)
    ring.add_dev({'region': 1, 'zone': 1, 'ip': host, 'port': port,
                  'device': 'disk', 'weight': 1.0})
    ring.rebalance()
    ring.get_ring().save(os.path.join(home, f'{name}.ring.gz'))


def serve(home, name):
    """Listen, and return the green thread that serves the requests."""
    listener = eventlet.listen(address(home, name), backlog=128)
    application = swift_wsgi.loadapp(
        os.path.join(home, f'{name}-server.conf'),
        global_conf={'log_name': name})
    if name == PROXY:
        application = lab_wsgi.logged(application,
                                      os.environ['LAB_ACCESS_LOG'])
    return eventlet.spawn(
        wsgi.server, listener, application, logging.getLogger(name),
        log_output=False, protocol=swift_wsgi.SwiftHttpProtocol,
        custom_pool=eventlet.GreenPool(100))


def main(home):
    logging.basicConfig(level=logging.WARNING)
    for name in STORAGE:
        make_ring(home, name)
    utils.set_swift_dir(home)
    utils.validate_hash_conf()
    storage_policy.reload_storage_policies()
    servers = [serve(home, name) for name in (*STORAGE, PROXY)]
    lab_program.announce()
    for server in servers:
        server.wait()


main(sys.argv[1])
