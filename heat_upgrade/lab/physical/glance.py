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

"""Glance with a store of files."""

from heat_upgrade.lab.physical import model
from heat_upgrade.lab.physical import oslo_options


def _configuration(site: model.Site) -> dict[str, model.Sections]:
    home = site.data / 'glance'

    def store(name: str) -> dict[str, model.Value]:
        return {'filesystem_store_datadir': str(home / name)}
    return {'glance-api.conf': {
        'DEFAULT': {
            'enabled_backends': 'lab:file',
            'enabled_import_methods': '[web-download,glance-direct]',
        },
        'database': oslo_options.database(site, 'glance'),
        'paste_deploy': {
            'flavor': 'keystone',
            'config_file': str(site.environment / 'etc' / 'glance'
                               / 'glance-api-paste.ini'),
        },
        'glance_store': {'default_backend': 'lab'},
        'lab': store('images'),
        'os_glance_tasks_store': store('tasks'),
        'os_glance_staging_store': store('staging'),
        # Since 2026.2 a web download from loopback is refused by default.
        'import_filtering_opts': {
            'allowed_ports': '[]', 'disallowed_ports': '[]',
            'allowed_hosts': '[127.0.0.1]'},
        'taskflow_executor': {'engine_mode': 'serial'},
        **oslo_options.of_all(site),
    }}


SERVICE = model.Service(
    name='glance',
    distribution='glance',
    configuration=_configuration,
    programs=(model.Program(
        'glance-api', model.Answer('/healthcheck'),
        wsgi='glance.wsgi.api:application',
        variables=(('OS_GLANCE_CONFIG_DIR', '{etc}'),), port='glance'),),
    endpoints=(model.Endpoint('glance', 'image'),),
    database='glance',
    fill=(('glance-manage', '--config-file', '{etc}/glance-api.conf',
           'db_sync'),))
