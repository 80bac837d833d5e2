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


"""Cinder: the API, and one process with the other three services."""

from heat_upgrade.lab.physical import model
from heat_upgrade.lab.physical import oslo_options

HOST = 'lab1'

_CONF = ('--config-file', '{etc}/cinder.conf')


def _configuration(site: model.Site) -> dict[str, model.Sections]:
    etc = site.environment / 'etc' / 'cinder'
    home = site.data / 'cinder'
    account = oslo_options.account(site)
    sections: dict[str, dict[str, model.Value]] = {
        'DEFAULT': {
            'transport_url': site.transport_url,
            'host': HOST,
            'my_ip': '127.0.0.1',
            'state_path': str(home),
            'enabled_backends': 'lab',
            'auth_strategy': 'keystone',
            'api_paste_config': str(etc / 'api-paste.ini'),
            'resource_query_filters_file': str(
                etc / 'resource_filters.json'),
            'osapi_volume_workers': 1,
            'backup_driver': 'lab_cinder_driver.Backup',
            'backup_workers': 1,
            # The default limits of a project are below the needs of a run.
            **dict.fromkeys(
                ('quota_volumes', 'quota_snapshots', 'quota_gigabytes',
                 'quota_backups', 'quota_backup_gigabytes'), -1),
        },
        'lab': {'volume_backend_name': 'lab',
                'volume_driver': 'lab_cinder_driver.Driver'},
        'coordination': {'backend_url': f'file://{home}/coordination'},
        'database': oslo_options.database(site, 'cinder'),
        'service_user': {**account, 'send_service_user_token': True},
        **oslo_options.of_all(site),
    }
    if 'glance' in site.ports:
        sections['DEFAULT']['glance_api_servers'] = site.url('glance')
    if 'nova' in site.ports:
        sections['nova'] = {**account, 'interface': 'internal'}
    return {'cinder.conf': sections}


SERVICE = model.Service(
    name='cinder',
    distribution='cinder',
    configuration=_configuration,
    programs=(
        model.Program(
            'cinder-api', model.Answer(),
            wsgi='cinder.wsgi.api:application', arguments=_CONF,
            port='cinder'),
        model.Program(
            'cinder-services', model.Announced(),
            script='cinder_services.py', arguments=_CONF, waits=True,
            variables=(('LAB_CINDER_HOLD', '{etc}/hold'),)),
    ),
    endpoints=(
        model.Endpoint('cinderv3', 'volumev3', '/v3/$(project_id)s'),
        model.Endpoint('cinder', 'block-storage', '/v3/$(project_id)s')),
    database='cinder',
    fill=(('cinder-manage', *_CONF, 'db', 'sync'),),
    directories=('files',))
