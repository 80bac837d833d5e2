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

"""The files with which people and tests reach a cloud."""

import dataclasses
import pathlib
import shlex

import yaml

from heat_upgrade.lab import workspace

CLOUD = 'heat-upgrade'


@dataclasses.dataclass(frozen=True)
class Access:
    """Where a cloud answers and who its administrator is.

    :param auth_url: of Keystone, without a version
    :param region: name of the region
    :param username: the administrator's name, also of its project
    :param password: the administrator's password
    """

    auth_url: str
    region: str
    username: str
    password: str


def write(access, directory, *, state_dir):
    """Write clouds.yaml, openrc and tempest.conf, each with mode 0600.

    :param access: :class:`Access`
    :param directory: where to
    :param state_dir: where the phases of the tests leave their manifests
    """
    directory = pathlib.Path(directory)
    workspace.write_secret(directory / 'clouds.yaml', _clouds_yaml(access))
    workspace.write_secret(directory / 'openrc', _openrc(access))
    workspace.write_secret(directory / 'tempest.conf', _tempest_conf(
        access, directory, state_dir))


def variables(directory):
    """Return the environment variables that point at the files."""
    directory = pathlib.Path(directory)
    return {'OS_CLIENT_CONFIG_FILE': str(directory / 'clouds.yaml'),
            'OS_CLOUD': CLOUD,
            'TEMPEST_CONFIG': str(directory / 'tempest.conf')}


def _clouds_yaml(access):
    return yaml.safe_dump({'clouds': {CLOUD: {
        'auth': {
            'auth_url': f'{access.auth_url}/v3',
            'username': access.username,
            'password': access.password,
            'project_name': access.username,
            'user_domain_id': 'default',
            'project_domain_id': 'default',
        },
        'region_name': access.region,
        'identity_api_version': 3,
    }}}, sort_keys=False)


def _openrc(access):
    values = {
        'OS_AUTH_URL': f'{access.auth_url}/v3',
        'OS_USERNAME': access.username,
        'OS_PASSWORD': access.password,
        'OS_PROJECT_NAME': access.username,
        'OS_USER_DOMAIN_ID': 'default',
        'OS_PROJECT_DOMAIN_ID': 'default',
        'OS_REGION_NAME': access.region,
        'OS_IDENTITY_API_VERSION': '3',
    }
    return ''.join(f'export {name}={shlex.quote(value)}\n'
                   for name, value in values.items())


def _tempest_conf(access, directory, state_dir):
    return f'''\
[DEFAULT]
log_dir = {directory}/logs
log_file = tempest.log
[oslo_concurrency]
lock_path = {state_dir}/lock
[auth]
use_dynamic_credentials = true
admin_username = {access.username}
admin_password = {access.password}
admin_project_name = {access.username}
admin_domain_name = Default
tempest_roles = heat_stack_owner,member
[identity]
uri_v3 = {access.auth_url}/v3
auth_version = v3
region = {access.region}
[service_available]
neutron = false
nova = false
glance = false
cinder = false
swift = false
[heat_integrationtests]
state_dir = {state_dir}
# A suite has ten minutes: what hangs must fail before that, with its story.
build_timeout = 120
# They take 15 s alone, and up to 50 where Heat waits for an engine that
# cannot answer; what is stuck would hold up the upgrade for two minutes.
cross_timeout = 80
'''
