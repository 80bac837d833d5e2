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

"""Nova: the API, and one process with the other three services."""

from heat_upgrade.lab.physical import model
from heat_upgrade.lab.physical import oslo_options

HOST = 'lab1'

# nova-manage keeps the parts in braces for the configuration of the reader,
# so that the URLs of a run apply to a copied database.
_TEMPLATE = '{scheme}://{username}:{password}@{hostname}:{port}/'

_CONF = ('--config-file', '{etc}/nova.conf')


def _configuration(site: model.Site) -> dict[str, model.Sections]:
    account = oslo_options.account(site)
    return {'nova.conf': {
        'DEFAULT': {
            'transport_url': site.transport_url,
            'host': HOST,
            'compute_driver': 'lab.Driver',
            'state_path': str(site.data / 'nova'),
            'cpu_allocation_ratio': 16,
            # The driver's instances never change by themselves.
            'sync_power_state_interval': -1,
            'update_resources_interval': 0,
            'vif_plugging_is_fatal': False,
            'vif_plugging_timeout': 0,
            'osapi_compute_workers': 1,
        },
        'database': oslo_options.database(site, 'nova'),
        'api_database': oslo_options.database(site, 'nova_api'),
        'wsgi': {'api_paste_config': str(
            site.environment / 'etc' / 'nova' / 'api-paste.ini')},
        'api': {'auth_strategy': 'keystone'},
        'filter_scheduler': {'track_instance_changes': False},
        # The default limits of a project are below the needs of a run.
        'quota': dict.fromkeys(
            ('cores', 'instances', 'ram', 'key_pairs', 'server_groups'), -1),
        'vnc': {'enabled': False},
        'spice': {'enabled': False},
        'glance': {'region_name': site.region},
        'placement': account,
        'neutron': account,
        'cinder': {**account, 'os_region_name': site.region},
        'service_user': {**account, 'send_service_user_token': True},
        **oslo_options.of_all(site),
    }}


SERVICE = model.Service(
    name='nova',
    distribution='nova',
    configuration=_configuration,
    programs=(
        model.Program(
            'nova-api', model.Answer(),
            wsgi='nova.wsgi.osapi_compute:application',
            variables=(('OS_NOVA_CONFIG_DIR', '{etc}'),
                       ('OS_NOVA_CONFIG_FILES', 'api-paste.ini;nova.conf')),
            port='nova'),
        model.Program(
            'nova-services', model.Announced(), script='nova_services.py',
            arguments=_CONF, waits=True,
            variables=(('LAB_NOVA_HOLD', '{etc}/hold'),)),
    ),
    endpoints=(model.Endpoint('nova', 'compute', '/v2.1'),),
    database='nova',
    more_databases=('nova_api', 'nova_cell0'),
    fill=(
        ('nova-manage', *_CONF, 'api_db', 'sync'),
        ('nova-manage', *_CONF, 'cell_v2', 'map_cell0',
         '--database_connection', f'{_TEMPLATE}nova_cell0?{{query}}'),
        ('nova-manage', *_CONF, 'db', 'sync'),
        ('nova-manage', *_CONF, 'cell_v2', 'create_cell', '--name', 'cell1',
         '--database_connection', f'{_TEMPLATE}nova?{{query}}',
         '--transport-url', f'{_TEMPLATE}{{path}}'),
    ),
    # nova-manage cell_v2 discover_hosts would need a running nova-compute.
    fill_sql=(
        'INSERT INTO nova_api.host_mappings (created_at, cell_id, host) '
        f"SELECT NOW(), id, '{HOST}' FROM nova_api.cell_mappings "
        "WHERE name = 'cell1'",),
    needs=('placement', 'glance', 'neutron'),
    copied=('etc/nova/api-paste.ini',))
