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

"""The options of the plugin, all in one group of its own.

Nothing is registered in a group that heat-tempest-plugin registers too, so
both plugins can be installed side by side.
"""

import os
from urllib import parse

from oslo_config import cfg

STATE_DIR_VARIABLE = 'HEAT_UPGRADE_STATE_DIR'
API_ENDPOINT_VARIABLE = 'HEAT_UPGRADE_API_ENDPOINT'
API_ENDPOINTS_VARIABLE = 'HEAT_UPGRADE_API_ENDPOINTS'
CFN_ENDPOINTS_VARIABLE = 'HEAT_UPGRADE_CFN_ENDPOINTS'

group = cfg.OptGroup(
    name='heat_integrationtests',
    title='Heat upgrade tests',
    help='How the upgrade tests of Heat reach a cloud, and what that cloud '
         'promises to offer.')

OPTIONS = [
    cfg.StrOpt(
        'state_dir',
        help='Directory in which one phase leaves its manifests for the '
             'next; it must outlive the upgrade. The environment variable '
             f'{STATE_DIR_VARIABLE}, when set, takes precedence.'),
    cfg.IntOpt(
        'build_timeout', default=300, min=1,
        help='Seconds that one operation on a stack may take.'),
    cfg.IntOpt(
        'cross_timeout', min=1,
        help='The same for an operation that is begun through one node and '
             'continued through another. The default is build_timeout.'),
    cfg.FloatOpt(
        'build_interval', default=0.5, min=0.01,
        help='Seconds before the first look at a stack that is being worked '
             'on, and between the next two; the interval then grows up to '
             'build_interval_max. A look costs the engine about 40 ms of '
             'CPU.'),
    cfg.FloatOpt(
        'build_interval_max', default=2.0, min=0.01,
        help='The longest interval, in seconds, between two looks.'),
    cfg.IntOpt(
        'request_timeout', default=60, min=1,
        help='Seconds that one HTTP request may take.'),
    cfg.StrOpt(
        'catalog_type', default='orchestration',
        help='Type of the orchestration service in the catalog.'),
    cfg.StrOpt(
        'region',
        help='Region of the endpoints. The default is [identity] region.'),
    cfg.StrOpt(
        'endpoint_type', default='public',
        choices=['public', 'internal', 'admin'],
        help='Interface of the endpoints that the tests talk to.'),
    cfg.StrOpt(
        'api_endpoint',
        help='URL of one heat-api to talk to instead of the one in the '
             'catalog, such as http://node-1:8004/v1; it may name the '
             'project, as the catalog does: .../v1/$(project_id)s. The '
             f'environment variable {API_ENDPOINT_VARIABLE}, when set, takes '
             'precedence.'),
    cfg.ListOpt(
        'api_endpoints', default=[],
        help='URLs of single heat-apis, one for each node, past any load '
             'balancer, written like api_endpoint. The tests of the kind '
             'cross begin an operation through one and go on through '
             'another. Without any they are skipped; one alone is an error. '
             f'The environment variable {API_ENDPOINTS_VARIABLE}, when set, '
             'takes precedence; it is separated by commas, too.'),
    cfg.ListOpt(
        'cfn_endpoints', default=[],
        help='URLs of the heat-api-cfn of the same nodes, in the same '
             'order, such as http://node-1:8000; the path, which is signed, '
             'is that of the pre-signed URL. Without any, signals go where '
             'that URL points to. The environment variable '
             f'{CFN_ENDPOINTS_VARIABLE}, when set, takes precedence.'),
    cfg.StrOpt(
        'username',
        help='Name of an existing user that owns the stacks of the '
             'scenarios. When unset, the pre phase makes a project and '
             'users of its own with the credentials of [auth] admin_*, and '
             'destroy removes them.'),
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
        help='Roles of the users that the pre phase makes. Each must exist '
             'in Keystone. Leave heat_stack_owner out where the cloud has '
             'no such role.'),
    cfg.StrOpt(
        'operator_role', default='admin',
        help='Role that lets a user manage projects and users; given to '
             'the operator whose stacks hold OS::Keystone resources.'),
    cfg.BoolOpt(
        'keystone_resources', default=True,
        help='Whether stacks may hold OS::Keystone resources, which takes '
             'the credentials of [auth] admin_*.'),
    cfg.BoolOpt(
        'cfn_api', default=True,
        help='Whether heat-api-cfn is deployed, so that pre-signed URLs '
             'can be used.'),
    cfg.BoolOpt(
        'stack_snapshots', default=True,
        help='Whether the policy of the cloud allows snapshots of stacks.'),
]


class NoStateDirectory(Exception):
    """Nobody said where the manifests are."""


class WrongEndpoint(Exception):
    """An endpoint is given that cannot be one."""


def list_opts():
    """Give the options as oslo.config's generator wants them."""
    return [(group, OPTIONS)]


def state_dir(options, environ=os.environ):
    """Give the absolute path of the directory that holds the manifests.

    :param options: the group heat_integrationtests of a configuration
    :param environ: where the variable HEAT_UPGRADE_STATE_DIR is looked up
    :raises NoStateDirectory: neither says where
    """
    path = environ.get(STATE_DIR_VARIABLE) or options.state_dir
    if not path:
        raise NoStateDirectory(
            'No state directory is given: set state_dir in '
            f'[{group.name}] of tempest.conf, or {STATE_DIR_VARIABLE} in '
            'the environment. It must be the same in every phase.')
    return os.path.abspath(os.path.expanduser(path))


def api_endpoint(options, environ=os.environ):
    """Give the URL of the heat-api to talk to; None for the catalog's.

    :param options: the group heat_integrationtests of a configuration
    :param environ: where HEAT_UPGRADE_API_ENDPOINT is looked up
    :returns: what keystoneauth1 wants of an endpoint_override
    :raises WrongEndpoint: it is no URL
    """
    given = environ.get(API_ENDPOINT_VARIABLE) or options.api_endpoint
    return _override(given) if given else None


def api_endpoints(options, environ=os.environ):
    """Give the URLs of the heat-apis of single nodes.

    :returns: a list, perhaps empty, of what api_endpoint() gives
    :raises WrongEndpoint: one is no URL, or there is only one
    """
    found = [_override(url) for url in _several(
        environ.get(API_ENDPOINTS_VARIABLE), options.api_endpoints)]
    if len(set(found)) < 2 and found:
        raise WrongEndpoint(
            f'api_endpoints of [{group.name}], or {API_ENDPOINTS_VARIABLE}, '
            f'names one heat-api alone, {found[0]}; to go from one node to '
            'another takes two. Name both, or none.')
    return found


def cfn_endpoints(options, environ=os.environ):
    """Give the URLs of the heat-api-cfn of the nodes of api_endpoints().

    :returns: a list: as long as that, or empty
    :raises WrongEndpoint: one is no URL, or they are more or fewer
    """
    found = [_url(url).rstrip('/') for url in _several(
        environ.get(CFN_ENDPOINTS_VARIABLE), options.cfn_endpoints)]
    nodes = len(api_endpoints(options, environ))
    if found and len(found) != nodes:
        raise WrongEndpoint(
            f'cfn_endpoints of [{group.name}], or {CFN_ENDPOINTS_VARIABLE}, '
            f'names {len(found)} nodes, and api_endpoints {nodes}: they '
            'must name the same, in the same order')
    return found


def _several(text, option):
    if not text:
        return option
    return [url.strip() for url in text.split(',') if url.strip()]


def _override(url):
    # Keystone's catalog knows two notations and two names of this;
    # keystoneauth1 fills in one.
    url = _url(url).rstrip('/').replace('$(', '%(').replace(
        '%(tenant_id)s', '%(project_id)s')
    return url if '%(project_id)s' in url else f'{url}/%(project_id)s'


def _url(text):
    parts = parse.urlsplit(text)
    if parts.scheme not in ('http', 'https') or not parts.netloc:
        raise WrongEndpoint(
            f'{text!r} in [{group.name}] of tempest.conf, or in the '
            'environment, is not the URL of an API, such as '
            'http://node-1:8004/v1')
    return text
