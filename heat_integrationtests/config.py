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

"""The options of the plugin.

All are in a group of its own, except [service_available] heat, which
heat-tempest-plugin registers too. Both plugins can be installed together:
oslo.config accepts a second registration of an equal option.
"""

from collections import abc
import os
from urllib import parse

from oslo_config import cfg

from heat_integrationtests import aliases
from heat_integrationtests import catalogue

STATE_DIR_VARIABLE = 'HEAT_UPGRADE_STATE_DIR'
API_ENDPOINT_VARIABLE = 'HEAT_UPGRADE_API_ENDPOINT'
API_ENDPOINTS_VARIABLE = 'HEAT_UPGRADE_API_ENDPOINTS'
CFN_ENDPOINTS_VARIABLE = 'HEAT_UPGRADE_CFN_ENDPOINTS'
# Kinds of tests that the phase runner has started, separated by commas. In any
# other run of tempest, the scenarios are skipped.
KINDS_VARIABLE = 'HEAT_UPGRADE_KINDS'

group = cfg.OptGroup(
    name='heat_integrationtests',
    title='Heat upgrade tests',
    help='How the upgrade tests of Heat reach a cloud, and which features '
         'that cloud offers.')

OPTIONS = [
    cfg.StrOpt(
        'state_dir',
        help='Directory in which each phase stores its manifests for the '
             'next; it must survive the upgrade. The environment variable '
             f'{STATE_DIR_VARIABLE}, when set, takes precedence.'),
    cfg.IntOpt(
        'build_timeout', default=300, min=1,
        help='Maximum duration of one operation on a stack, in seconds.'),
    cfg.IntOpt(
        'mixed_version_timeout', min=1,
        help='Maximum duration, in seconds, of an operation that starts '
             'through one node and continues through another. The default '
             'is build_timeout.'),
    cfg.FloatOpt(
        'build_interval', default=0.5, min=0.01,
        help='Seconds before the first look at a stack that an operation '
             'changes, and between the next two looks; the interval then '
             'grows up to build_interval_max. Each look costs the engine '
             'about 40 ms of CPU time.'),
    cfg.FloatOpt(
        'build_interval_max', default=2.0, min=0.01,
        help='Maximum interval between two looks, in seconds.'),
    cfg.IntOpt(
        'request_timeout', default=60, min=1,
        help='Maximum duration of one HTTP request, in seconds.'),
    cfg.StrOpt(
        'catalog_type', default='orchestration',
        help='Type of the orchestration service in the catalog.'),
    cfg.StrOpt(
        'region',
        help='Region of the endpoints. The default is [identity] region.'),
    cfg.StrOpt(
        'endpoint_type', default='public',
        choices=['public', 'internal', 'admin'],
        help='Interface of the endpoints that the tests use.'),
    cfg.StrOpt(
        'api_endpoint',
        help='URL of one heat-api to use instead of the endpoint in the '
             'catalog, such as http://node-1:8004/v1. It may contain the '
             'project, as in the catalog: .../v1/$(project_id)s. The '
             f'environment variable {API_ENDPOINT_VARIABLE}, when set, takes '
             'precedence.'),
    cfg.ListOpt(
        'api_endpoints', default=[],
        help='URLs of heat-api, one for each node, that bypass any load '
             'balancer, in the format of api_endpoint. Tests of the kind '
             'mixed-version start an operation through one node and continue '
             'it through another. They are skipped if the list is empty; a '
             'single URL is an error. The environment variable '
             f'{API_ENDPOINTS_VARIABLE}, when set, takes precedence; its '
             'URLs are separated by commas, too.'),
    cfg.ListOpt(
        'cfn_endpoints', default=[],
        help='URLs of heat-api-cfn on the same nodes, in the same order, '
             'such as http://node-1:8000. The path, which is signed, comes '
             'from the pre-signed URL. If the list is empty, signals go to '
             'the host in that URL. The environment variable '
             f'{CFN_ENDPOINTS_VARIABLE}, when set, takes precedence.'),
    cfg.StrOpt(
        'username',
        help='Name of an existing user that owns the stacks of the '
             'scenarios. When unset, the pre phase creates a project and '
             'users with the credentials of [auth] admin_*, and destroy '
             'removes them.'),
    cfg.StrOpt(
        'password', secret=True,
        help='Password of the user given by username.'),
    cfg.StrOpt(
        'project_name',
        help='Project of the user given by username.'),
    cfg.StrOpt(
        'user_domain_name', default='Default',
        help='Domain of the user given by username.'),
    cfg.StrOpt(
        'project_domain_name', default='Default',
        help='Domain of the project given by project_name.'),
    cfg.ListOpt(
        'account_roles', default=['member', 'heat_stack_owner'],
        help='Roles of the users that the pre phase creates. Each role must '
             'exist in Keystone. Omit heat_stack_owner if the cloud has no '
             'such role.'),
    cfg.StrOpt(
        'operator_role', default='admin',
        help='Role that lets a user manage projects and users; given to '
             'the operator whose stacks contain OS::Keystone resources.'),
    cfg.BoolOpt(
        'keystone_resources', default=True,
        help='Whether stacks may contain OS::Keystone resources, which '
             'requires the credentials of [auth] admin_*.'),
    cfg.BoolOpt(
        'cfn_api', default=True,
        help='Whether heat-api-cfn is deployed, so that pre-signed URLs '
             'can be used.'),
    cfg.BoolOpt(
        'stack_snapshots', default=True,
        help='Whether the policy of the cloud allows snapshots of stacks.'),
    cfg.BoolOpt(
        'stack_abandon', default=False,
        help='Whether heat.conf has enable_stack_abandon and '
             'enable_stack_adopt.'),
    cfg.BoolOpt(
        'network_extensions', default=False,
        help='Whether Neutron has these extensions: address-scope, '
             'extraroute-atomic, floating-ip-port-forwarding, metering, qos, '
             'qos-pps-minimum, rbac-policies, segment and trunk.'),
    cfg.ListOpt(
        'scenario_path', default=[],
        help='Directories with further scenarios by data, such as those of '
             'an operator: each contains one directory for each scenario. '
             f'The environment variable {catalogue.PATH_VARIABLE}, when set, '
             'takes precedence; its directories are separated by colons.'),
]


# Tempest's own group of options, and those of its options by which a scenario
# may state that it needs a service.
SERVICES_GROUP = 'service_available'
SERVICES = ('cinder', 'glance', 'neutron', 'nova', 'swift')

# Equal to the option of heat-tempest-plugin in all attributes.
SERVICE_AVAILABLE: list[cfg.Opt] = [
    cfg.BoolOpt(
        'heat', default=True,
        help='Whether or not heat is expected to be available'),
]

# {name in expect.yaml: (group, option) of tempest}: values of the cloud that
# become parameters of a stack.
CLOUD_VALUES = {
    'flavor': ('compute', 'flavor_ref'),
    'image': ('compute', 'image_ref'),
    'public_network': ('network', 'public_network_id'),
    'keystone_url': ('identity', 'uri_v3'),
}


class NoStateDirectory(Exception):
    """The directory of the manifests is not configured."""


class WrongEndpoint(Exception):
    """A configured endpoint is invalid."""


def list_opts() -> list[tuple[cfg.OptGroup, list[cfg.Opt]]]:
    """Return the options for the sample generator of oslo.config."""
    return [(group, OPTIONS)]


def lists() -> list[tuple[str, list[cfg.Opt]]]:
    """Return the options for the sample generator of tempest."""
    return [(group.name, OPTIONS), (SERVICES_GROUP, SERVICE_AVAILABLE)]


def state_dir(options: aliases.Options,
              environ: abc.Mapping[str, str] = os.environ) -> str:
    """Return the absolute path of the directory of the manifests.

    :raises NoStateDirectory: neither the environment nor the option sets it
    """
    path = environ.get(STATE_DIR_VARIABLE) or options.state_dir
    if not path:
        raise NoStateDirectory(
            'The state directory is not configured. Set state_dir in '
            f'[{group.name}] of tempest.conf, or {STATE_DIR_VARIABLE} in '
            'the environment. It must be the same in every phase.')
    return os.path.abspath(os.path.expanduser(path))


def api_endpoint(options: aliases.Options,
                 environ: abc.Mapping[str, str] = os.environ) -> str | None:
    """Return the URL of the heat-api to use, or None for the catalog's.

    The URL is an endpoint_override of keystoneauth1.

    :raises WrongEndpoint: the setting is not a URL
    """
    url = environ.get(API_ENDPOINT_VARIABLE) or options.api_endpoint
    return _override(url) if url else None


def api_endpoints(options: aliases.Options,
                  environ: abc.Mapping[str, str] = os.environ) -> list[str]:
    """Return the URLs of heat-api on each node, or an empty list.

    :raises WrongEndpoint: a setting is not a URL, or there is only one URL
    """
    urls = [_override(url) for url in _urls(
        environ.get(API_ENDPOINTS_VARIABLE), options.api_endpoints)]
    if len(set(urls)) < 2 and urls:
        raise WrongEndpoint(
            f'The option api_endpoints of [{group.name}], or '
            f'{API_ENDPOINTS_VARIABLE}, names only one heat-api, {urls[0]}. '
            'Tests of the kind mixed-version need at least two nodes; name '
            'two or more, or none.')
    return urls


def cfn_endpoints(options: aliases.Options,
                  environ: abc.Mapping[str, str] = os.environ) -> list[str]:
    """Return the URLs of heat-api-cfn on the nodes of api_endpoints().

    :returns: as many URLs as api_endpoints() returns, or none
    :raises WrongEndpoint: a setting is not a URL, or the numbers differ
    """
    urls = [_url(url).rstrip('/') for url in _urls(
        environ.get(CFN_ENDPOINTS_VARIABLE), options.cfn_endpoints)]
    nodes = len(api_endpoints(options, environ))
    if urls and len(urls) != nodes:
        raise WrongEndpoint(
            f'The option cfn_endpoints of [{group.name}], or '
            f'{CFN_ENDPOINTS_VARIABLE}, names {len(urls)} nodes, and '
            f'api_endpoints {nodes}. Both must name the same nodes in the '
            'same order.')
    return urls


def _urls(text: str | None, option: list[str]) -> list[str]:
    if not text:
        return option
    return [url.strip() for url in text.split(',') if url.strip()]


def _override(url: str) -> str:
    # Keystone's catalog accepts two notations and two names for the project
    # ID; keystoneauth1 fills in only %(project_id)s.
    url = _url(url).rstrip('/').replace('$(', '%(').replace(
        '%(tenant_id)s', '%(project_id)s')
    return url if '%(project_id)s' in url else f'{url}/%(project_id)s'


def _url(text: str) -> str:
    parts = parse.urlsplit(text)
    if parts.scheme not in ('http', 'https') or not parts.netloc:
        raise WrongEndpoint(
            f'The endpoint {text!r} in [{group.name}] of tempest.conf, or '
            'in the environment, is not the URL of an API. Expected a URL '
            'such as http://node-1:8004/v1.')
    return text
