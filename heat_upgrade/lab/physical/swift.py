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


"""Swift: all four servers in one process, with one device of files."""

from heat_upgrade.lab.physical import model
from heat_upgrade.lab.physical import oslo_options

_STORAGE = ('account', 'container', 'object')


def _address(site: model.Site, port: str) -> dict[str, model.Value]:
    return {'bind_ip': '127.0.0.1', 'bind_port': site.ports[port],
            'swift_dir': str(site.etc / 'swift'), 'workers': 0,
            # No syslog: a datagram to a socket that does not exist.
            'log_address': str(site.data / 'swift' / 'no-log')}


def _storage_server(site: model.Site, name: str) -> model.Sections:
    return {
        'DEFAULT': {
            **_address(site, f'swift-{name}'),
            'devices': str(site.data / 'swift'), 'mount_check': False,
            'fallocate_reserve': 0, 'disable_fallocate': True},
        'pipeline:main': {'pipeline': f'{name}-server'},
        f'app:{name}-server': {'use': f'egg:swift#{name}',
                               'log_requests': False},
    }


def _proxy_server(site: model.Site) -> model.Sections:
    return {
        'DEFAULT': _address(site, 'swift'),
        'pipeline:main': {
            'pipeline': 'catch_errors gatekeeper healthcheck cache tempurl '
                        'authtoken keystoneauth copy dlo slo proxy-server'},
        'app:proxy-server': {'use': 'egg:swift#proxy',
                             'account_autocreate': True},
        **{f'filter:{name}': {'use': f'egg:swift#{name}'}
           for name in ('catch_errors', 'gatekeeper', 'healthcheck', 'copy',
                        'dlo', 'slo')},
        # No memcached answers there: Swift works without.
        'filter:cache': {'use': 'egg:swift#memcache',
                         'memcache_servers': '127.0.0.1:9'},
        'filter:tempurl': {'use': 'egg:swift#tempurl',
                           'methods': 'GET HEAD PUT POST DELETE'},
        'filter:authtoken': {
            'paste.filter_factory':
                'keystonemiddleware.auth_token:filter_factory',
            **oslo_options.keystone_authtoken(site),
            'delay_auth_decision': True},
        'filter:keystoneauth': {
            'use': 'egg:swift#keystoneauth',
            'operator_roles': 'admin, member, heat_stack_user',
            'reseller_admin_role': 'service'},
    }


def _configuration(site: model.Site) -> dict[str, model.Sections]:
    return {
        'swift.conf': {
            'swift-hash': {'swift_hash_path_prefix': 'lab',
                           'swift_hash_path_suffix': 'lab'},
            'storage-policy:0': {'name': 'lab', 'default': 'yes'}},
        'proxy-server.conf': _proxy_server(site),
        **{f'{name}-server.conf': _storage_server(site, name)
           for name in _STORAGE},
    }


SERVICE = model.Service(
    name='swift',
    distribution='swift',
    configuration=_configuration,
    programs=(model.Program(
        'swift', model.Answer('/healthcheck'), script='swift_services.py',
        arguments=('{etc}',), port='swift'),),
    endpoints=(model.Endpoint(
        'swift', 'object-store', '/v1/AUTH_$(project_id)s'),),
    more_ports=tuple(f'swift-{name}' for name in _STORAGE),
    directories=('disk',))
