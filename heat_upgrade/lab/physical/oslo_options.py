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

"""INI files, and the options that all services have in common."""

from heat_upgrade.lab.physical import model

# Connections of one process to its database: MariaDB allows 300 in all.
POOL_SIZE = 3


def text(sections: model.Sections) -> str:
    """Return sections as the text of an INI file."""
    lines = []
    for section, options in sections.items():
        lines.append(f'[{section}]')
        for name, value in options.items():
            shown = str(value).lower() if isinstance(value, bool) else value
            lines.append(f'{name} = {shown}')
    return '\n'.join(lines) + '\n'


def account(site: model.Site) -> dict[str, model.Value]:
    """Return the options with which a service authenticates in Keystone."""
    return {
        'auth_type': 'password',
        'auth_url': site.keystone_url,
        'username': model.USER,
        'password': site.password,
        'user_domain_id': 'default',
        'project_name': model.PROJECT,
        'project_domain_id': 'default',
        'region_name': site.region,
    }


def keystone_authtoken(site: model.Site) -> dict[str, model.Value]:
    """Return the options of keystonemiddleware."""
    return {**account(site), 'www_authenticate_uri': site.keystone_url,
            'service_token_roles_required': True}


def database(site: model.Site, name: str) -> dict[str, model.Value]:
    """Return the options of oslo.db."""
    return {'connection': site.databases[name], 'max_pool_size': POOL_SIZE}


def of_all(site: model.Site) -> dict[str, dict[str, model.Value]]:
    """Return the sections that do not depend on the service."""
    return {
        'oslo_messaging_notifications': {'driver': 'noop'},
        'oslo_concurrency': {'lock_path': str(site.data / 'lock')},
        'keystone_authtoken': keystone_authtoken(site),
    }
