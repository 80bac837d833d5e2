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

"""Nova's fake driver with an identity that survives a restart.

The fake driver takes a random uuid for its node, and forgets its instances at
its end: the next process refuses to start, or starts without the servers.
Requests to create a server wait while the file LAB_NOVA_HOLD exists.
"""

import os
import time

from nova.compute import power_state
from nova import context
from nova import objects
from nova.virt import fake
from nova.virt import node

# Seconds between two looks at the file.
INTERVAL = 0.1

# Servers in these states have no instance on the host.
WITHOUT_INSTANCE = ('deleted', 'soft-delete', 'building', 'error',
                    'shelved_offloaded')


class Driver(fake.FakeDriver):

    def init_host(self, host):
        super().init_host(host)
        admin = context.get_admin_context()
        for server in objects.InstanceList.get_by_host(admin, host):
            if server.vm_state in WITHOUT_INSTANCE:
                continue
            state = (power_state.SHUTDOWN if server.vm_state == 'stopped'
                     else power_state.RUNNING)
            self.resources.claim(
                vcpus=server.flavor.vcpus, mem=server.flavor.memory_mb,
                disk=server.flavor.root_gb)
            self.instances[server.uuid] = fake.FakeInstance(
                server.name, state, server.uuid)

    def get_nodenames_by_uuid(self, refresh=False):
        return {node.get_local_node_uuid(): name
                for name in self.get_available_nodes()}

    def get_available_resource(self, nodename):
        resources = super().get_available_resource(nodename)
        resources['uuid'] = node.get_local_node_uuid()
        return resources

    def spawn(self, *args, **kwargs):
        hold = os.environ.get('LAB_NOVA_HOLD')
        while hold and os.path.exists(hold):
            time.sleep(INTERVAL)
        return super().spawn(*args, **kwargs)
