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

"""The settings of a node's DevStacks and its grenade: local.conf, localrc."""

import sys

from heat_upgrade.install import releases

# Our plugin, and Heat's own.
OURS, HEAT = 'heat-upgrade-tests', 'heat'


def devstack(node, side):
    """Return the localrc section of a DevStack's local.conf."""
    lines = [
        f'NODE_ROOT={node.root}',
        f'HEAT_CONF_DIR={node.root}/etc/heat',
        f'DEST={node.stack}/{side}',
        f'DATA_DIR={node.stack}/data',
        f'LOGFILE={node.stack}/{side}/logs/devstacklog.txt',
        f'GLOBAL_VENV={node.global_venv}',
        f'HEAT_UPGRADE_TESTS_VENV={sys.prefix}',
        'ENABLED_SERVICES=key,mysql,rabbit,tempest',
        *node.devstack,
    ]
    if node.multinode:
        # As Heat's own job grenade-heat-multinode has it.
        lines += ['HOST_TOPOLOGY=multinode', 'HOST_TOPOLOGY_ROLE=primary',
                  'HOST_TOPOLOGY_SUBNODES=127.0.0.1']
    if node.lab:
        lines += [f'{name}={value}' for name, value
                  in node.lab.devstack_variables().items()]
    if node.external:
        # devstack_localrc writes it where grenade runs DevStack.
        lines.append('enable_service h-eng h-api h-api-cfn')
    if side == 'old':
        # The target's DevStack knows no service of the base's.
        if node.lab:
            lines.append(
                f'KEYSTONE_SERVICE_URI={node.lab.keystone.url}')
        lines += [f'enable_plugin {OURS} https://opendev.org/openstack/'
                  f'{OURS}']
    return lines


def grenade(node):
    """Return the lines of grenade's own localrc."""
    lines = [f'STACK_ROOT={node.stack}']
    if node.external:
        # As the role write-grenade-conf writes it.
        lines += [
            'BASE_RELEASE=old',
            f'BASE_RELEASE_DIR={node.stack}/$BASE_RELEASE',
            'BASE_DEVSTACK_DIR=$BASE_RELEASE_DIR/devstack',
            'TARGET_RELEASE=new',
            f'TARGET_RELEASE_DIR={node.stack}/$TARGET_RELEASE',
            'TARGET_DEVSTACK_DIR=$TARGET_RELEASE_DIR/devstack',
            'SAVE_DIR=$BASE_RELEASE_DIR/save',
            'export OS_TEST_TIMEOUT=600',
            'VERBOSE=False',
            # What a job of ours adds.
            'BASE_RUN_SMOKE=True',
            'PLUGIN_DIR=$TARGET_RELEASE_DIR',
        ]
    if node.multinode:
        # As the job heat-upgrade-grenade-multinode has it.
        lines.append('HOST_TOPOLOGY=multinode')
        # Here the nodes differ by their ports, elsewhere by address. That of
        # the base comes first.
        nodes = [*reversed(node.lab.nodes.values())]
        for name, urls in (
                ('API', [node.api_url for node in nodes]),
                ('CFN', [node.cfn_url for node in nodes])):
            lines.append(f'HEAT_UPGRADE_{name}_ENDPOINTS='
                         + ','.join(urls))
    base, _ = releases.newest_two()
    return [*lines, f'BASE_DEVSTACK_BRANCH=stable/{base.series}',
            'TARGET_DEVSTACK_BRANCH=master', 'TARGET_RUN_SMOKE=False',
            'RUN_HEAT_INTEGRATION_TESTS=False',
            f'HEAT_UPGRADE_TESTS_VENV={sys.prefix}']
