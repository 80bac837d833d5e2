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

"""The client configuration of a cloud, for people and for tests."""

from collections import abc
import dataclasses
import os
import pathlib
import shlex

import yaml

from heat_integrationtests import config
from heat_upgrade import filesystem

CLOUD = 'heat-upgrade'


@dataclasses.dataclass(frozen=True)
class Access:
    """The URL of a cloud, and the account of its administrator.

    :param auth_url: of Keystone, without a version
    :param username: name of the administrator and of its project
    :param services: names of the other services of the cloud
    :param image: ID of the image of new servers, '' for none
    :param flavor: ID of the flavor of new servers, '' for none
    """

    auth_url: str
    region: str
    username: str
    password: str
    services: tuple[str, ...] = ()
    image: str = ''
    flavor: str = ''


def write(access: Access, directory: str | os.PathLike[str], *,
          state_dir: str | os.PathLike[str]) -> None:
    """Write clouds.yaml, openrc and tempest.conf, each with mode 0600.

    :param state_dir: directory of the manifests of the test phases
    """
    directory = pathlib.Path(directory)
    filesystem.write_atomically(
        directory / 'clouds.yaml', _clouds_yaml(access)
    )
    filesystem.write_atomically(directory / 'openrc', _openrc(access))
    filesystem.write_atomically(directory / 'tempest.conf', _tempest_conf(
        access, directory, state_dir))


def variables(directory: str | os.PathLike[str]) -> dict[str, str]:
    """Return the environment variables that point at the files."""
    directory = pathlib.Path(directory)
    return {'OS_CLIENT_CONFIG_FILE': str(directory / 'clouds.yaml'),
            'OS_CLOUD': CLOUD,
            'TEMPEST_CONFIG': str(directory / 'tempest.conf')}


def _clouds_yaml(access: Access) -> str:
    text: str = yaml.safe_dump({'clouds': {CLOUD: {
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
    return text


def _openrc(access: Access) -> str:
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


def _tempest_conf(access: Access, directory: pathlib.Path,
                  state_dir: str | os.PathLike[str]) -> str:
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
{_available(access.services)}
[compute]
image_ref = {access.image}
flavor_ref = {access.flavor}
[heat_integrationtests]
state_dir = {state_dir}
network_extensions = {'neutron' in access.services}
stack_abandon = true
# A test run has ten minutes; a test that hangs must fail before that, with
# its details.
build_timeout = 120
# These tests take 15 s alone, and up to 50 s if Heat waits for an engine that
# cannot answer. A stuck test would delay the upgrade for two minutes.
mixed_version_timeout = 80
'''


def _available(services: abc.Collection[str]) -> str:
    return '\n'.join(f'{name} = {name in services}'
                     for name in config.SERVICES)
