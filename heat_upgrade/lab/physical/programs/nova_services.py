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

"""nova-conductor, nova-scheduler and nova-compute in one process.

One process imports Nova once: it takes a third of the CPU and of the memory
of three. Its arguments are those of nova-compute.
"""

# Before anything that imports threads.
from nova import monkey_patch
if hasattr(monkey_patch, 'patch'):
    try:
        monkey_patch.patch(backend='threading')
    except TypeError:
        # 2025.2 and older have eventlet alone.
        monkey_patch.patch()

import os  # noqa: E402
import signal  # noqa: E402
import sys  # noqa: E402
import threading  # noqa: E402

import lab_nova_driver  # noqa: E402
import lab_program  # noqa: E402
from nova.compute import rpcapi as compute_rpcapi  # noqa: E402
from nova.conductor import rpcapi as conductor_rpcapi  # noqa: E402
import nova.conf  # noqa: E402
from nova import config  # noqa: E402
from nova import objects  # noqa: E402
from nova.scheduler import rpcapi as scheduler_rpcapi  # noqa: E402
from nova import service  # noqa: E402
import nova.virt  # noqa: E402
from oslo_log import log as logging  # noqa: E402

# compute_driver is the name of a module in nova.virt.
sys.modules['nova.virt.lab'] = nova.virt.lab = lab_nova_driver


def main():
    config.parse_args(['nova-compute', *sys.argv[1:]])
    logging.setup(nova.conf.CONF, 'nova')
    objects.register_all()
    # The instances are in the memory of this process, so nothing waits for
    # the end of a request.
    signal.signal(signal.SIGTERM, lambda *args: os._exit(0))
    lab_program.wait_released()
    objects.Service.enable_min_version_cache()
    for binary, topic in (
            ('nova-conductor', conductor_rpcapi.RPC_TOPIC),
            ('nova-scheduler', scheduler_rpcapi.RPC_TOPIC),
            ('nova-compute', compute_rpcapi.RPC_TOPIC)):
        options = {'binary': binary, 'topic': topic}
        if binary == 'nova-compute' and hasattr(compute_rpcapi,
                                                'RPC_TOPIC_ALT'):
            options['topic_alt'] = compute_rpcapi.RPC_TOPIC_ALT
        service.Service.create(**options).start()
    lab_program.announce()
    threading.Event().wait()


main()
