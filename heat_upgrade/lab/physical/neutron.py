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

"""Neutron: the API process alone, without agents."""

from heat_upgrade.lab.physical import model
from heat_upgrade.lab.physical import oslo_options

_PLUGINS = ('router', 'qos', 'trunk', 'segments', 'port_forwarding',
            'auto_allocate', 'network_ip_availability', 'flavors', 'tag',
            'timestamp', 'revisions', 'metering')

# The default limits of a project are below the needs of a run.
_QUOTAS = ('default_quota', 'quota_network', 'quota_subnet', 'quota_port',
           'quota_router', 'quota_floatingip', 'quota_security_group',
           'quota_security_group_rule')


def _configuration(site: model.Site) -> dict[str, model.Sections]:
    with_nova = 'nova' in site.ports
    sections: dict[str, dict[str, model.Value]] = {
        'DEFAULT': {
            'transport_url': site.transport_url,
            'core_plugin': 'ml2',
            'service_plugins': ','.join(_PLUGINS),
            'notify_nova_on_port_status_changes': with_nova,
            'notify_nova_on_port_data_changes': with_nova,
            'rpc_workers': 0,
            'rpc_state_report_workers': 0,
            'api_workers': 1,
            'state_path': str(site.data / 'neutron'),
            'api_paste_config': str(site.environment / 'etc' / 'neutron'
                                    / 'api-paste.ini'),
            'dns_domain': 'lab.example.',
        },
        'database': oslo_options.database(site, 'neutron'),
        'ml2': {
            'type_drivers': 'local,flat,vlan,vxlan',
            'tenant_network_types': 'vxlan',
            # The trunk plugin asks for a driver that knows trunks; the
            # driver of the lab binds first.
            'mechanism_drivers': 'lab,openvswitch',
            'extension_drivers': 'port_security,qos,dns',
        },
        'ml2_type_flat': {'flat_networks': '*'},
        'ml2_type_vlan': {'network_vlan_ranges': 'physnet1:100:200'},
        'ml2_type_vxlan': {'vni_ranges': '1:1000'},
        'quotas': dict.fromkeys(_QUOTAS, -1),
        **oslo_options.of_all(site),
    }
    for section in ('nova', 'placement'):
        if section in site.ports:
            sections[section] = oslo_options.account(site)
    return {'neutron.conf': sections}


SERVICE = model.Service(
    name='neutron',
    distribution='neutron',
    configuration=_configuration,
    programs=(model.Program(
        'neutron-api', model.Answer(), wsgi='neutron.wsgi.api:application',
        variables=(('OS_NEUTRON_CONFIG_DIR', '{etc}'),
                   ('OS_NEUTRON_CONFIG_FILES', 'neutron.conf')),
        port='neutron'),),
    endpoints=(model.Endpoint('neutron', 'network'),),
    database='neutron',
    fill=(('neutron-db-manage', '--config-file', '{etc}/neutron.conf',
           'upgrade', 'heads'),),
    # Neutron 29 (2026.2) does not name it in its requirements.
    more_distributions=('pyroute2',))
