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

"""The state of physical resources, as their own services show it.

Heat shows its own record of a resource, also after the resource has changed
or disappeared. This module asks Nova, Neutron, Cinder, Glance and Swift.
"""

from collections import abc
from concurrent import futures
import json
import re
import typing

from keystoneauth1 import session as auth_session

from heat_integrationtests import aliases
from heat_integrationtests import clients

COMPUTE, NETWORK, VOLUME, IMAGE, OBJECT = (
    'compute', 'network', 'block-storage', 'image', 'object-store')

# {type of a resource: (type of its service, path of the physical resource)}.
# Nova knows a key pair by its name and its user. The physical ID of a quota
# does not name its project.
PATHS = {
    'OS::Nova::Server': (COMPUTE, 'servers/{id}'),
    'OS::Nova::ServerGroup': (COMPUTE, 'os-server-groups/{id}'),
    'OS::Nova::Flavor': (COMPUTE, 'flavors/{id}'),
    'OS::Nova::HostAggregate': (COMPUTE, 'os-aggregates/{id}'),
    'OS::Nova::KeyPair': (COMPUTE, 'os-keypairs/{id}?user_id={user}'),
    'AWS::EC2::Instance': (COMPUTE, 'servers/{id}'),
    'OS::Neutron::Net': (NETWORK, 'v2.0/networks/{id}'),
    'OS::Neutron::ProviderNet': (NETWORK, 'v2.0/networks/{id}'),
    'OS::Neutron::Subnet': (NETWORK, 'v2.0/subnets/{id}'),
    'OS::Neutron::SubnetPool': (NETWORK, 'v2.0/subnetpools/{id}'),
    'OS::Neutron::AddressScope': (NETWORK, 'v2.0/address-scopes/{id}'),
    'OS::Neutron::Port': (NETWORK, 'v2.0/ports/{id}'),
    'OS::Neutron::Router': (NETWORK, 'v2.0/routers/{id}'),
    'OS::Neutron::FloatingIP': (NETWORK, 'v2.0/floatingips/{id}'),
    'OS::Neutron::SecurityGroup': (NETWORK, 'v2.0/security-groups/{id}'),
    'OS::Neutron::SecurityGroupRule': (
        NETWORK, 'v2.0/security-group-rules/{id}'),
    'OS::Neutron::QoSPolicy': (NETWORK, 'v2.0/qos/policies/{id}'),
    'OS::Neutron::RBACPolicy': (NETWORK, 'v2.0/rbac-policies/{id}'),
    'OS::Neutron::Segment': (NETWORK, 'v2.0/segments/{id}'),
    'OS::Neutron::Trunk': (NETWORK, 'v2.0/trunks/{id}'),
    'OS::Neutron::MeteringLabel': (NETWORK, 'v2.0/metering/metering-labels'
                                            '/{id}'),
    'OS::Neutron::MeteringRule': (NETWORK, 'v2.0/metering/'
                                           'metering-label-rules/{id}'),
    'AWS::EC2::VPC': (NETWORK, 'v2.0/networks/{id}'),
    'AWS::EC2::Subnet': (NETWORK, 'v2.0/subnets/{id}'),
    'AWS::EC2::NetworkInterface': (NETWORK, 'v2.0/ports/{id}'),
    'AWS::EC2::SecurityGroup': (NETWORK, 'v2.0/security-groups/{id}'),
    'OS::Cinder::Volume': (VOLUME, 'volumes/{id}'),
    'AWS::EC2::Volume': (VOLUME, 'volumes/{id}'),
    'OS::Cinder::VolumeType': (VOLUME, 'types/{id}'),
    'OS::Cinder::QoSSpecs': (VOLUME, 'qos-specs/{id}'),
    'OS::Glance::WebImage': (IMAGE, 'v2/images/{id}'),
    'OS::Swift::Container': (OBJECT, '{id}?format=json'),
    'AWS::S3::Bucket': (OBJECT, '{id}?format=json'),
}

# Fields that change without a request of Heat: a service writes them when one
# of its agents or periodic tasks reports.
_VOLATILE = ('links', 'updated', 'updated_at', 'revision_number', 'progress',
             'availability_zones', 'locations')

# Nova's first microversion of Train shows the whole flavor of a server.
_HEADERS = {COMPUTE: {'OpenStack-API-Version': 'compute 2.79'}}

_METADATA = 'x-container-meta-'

# Requests at the same time.
PARALLEL = 8


class Reader:
    """Reads physical resources.

    :param owner: session of the owner of the stacks
    :param operator: session that also sees hosts and bindings, or None
    """

    def __init__(self, conf: aliases.Configuration,
                 owner: auth_session.Session,
                 operator: auth_session.Session | None = None) -> None:
        self._conf = conf
        self._owner = owner
        self._operator = operator or owner

    def capture(self, resources: aliases.Json) -> aliases.Json:
        """Return the states of the physical resources of a stack.

        :param resources: as facts.resources returns them
        :returns: {path of the resource: fields}; None for a physical
            resource that does not exist
        """
        wanted = {
            path: (resource['resource_type'],
                   resource['physical_resource_id'])
            for path, resource in resources.items()
            if resource['resource_type'] in PATHS
            and resource.get('physical_resource_id')}
        return self._shown(wanted)

    def existing(self, *made: aliases.Json) -> list[str]:
        """Return descriptions of the physical resources that exist.

        :param made: resources of a deleted stack at several times, as
            facts.resources returns them
        """
        ended = {
            resource['physical_resource_id']:
                {**resource, 'path': path}
            for resources in made for path, resource in resources.items()}
        return [f'{ended[key]["path"]} ({ended[key]["resource_type"]} {key})'
                for key, shown in self.capture(ended).items() if shown]

    def _shown(self, wanted: dict[str, tuple[str, str]]) -> aliases.Json:
        if not wanted:
            return {}
        with futures.ThreadPoolExecutor(
                PARALLEL, initializer=clients.share_requests()) as pool:
            shown = pool.map(lambda pair: self.show(*pair), wanted.values())
            return dict(zip(wanted, shown))

    def show(self, resource_type: str, physical_id: str
             ) -> aliases.Json | None:
        """Return the fields of a physical resource, None if it is gone.

        :raises keystoneauth1.exceptions.ClientException: the service cannot
            answer
        """
        service, path = PATHS[resource_type]
        # The account in Swift is that of the session's project.
        session = self._owner if service == OBJECT else self._operator
        endpoint = clients.endpoint(self._conf, session, service)
        assert endpoint, f'the catalog has no endpoint of {service}'
        answer = session.get(
            base_url(service, endpoint) + path.format(
                id=physical_id, user=self._owner.get_user_id()),
            headers=_HEADERS.get(service, {}), raise_exc=False)
        if answer.status_code == 404:
            return None
        assert answer.status_code < 300, (
            f'{service} cannot show {resource_type} {physical_id}: '
            f'{answer.status_code} {answer.text[:400]}')
        return fields(answer.json() if answer.content else [], answer.headers)


def base_url(service: str, endpoint: str) -> str:
    """Return the URL to which the paths of PATHS are appended.

    :param endpoint: from the catalog, which has the version of some services
        or not
    """
    if service in (NETWORK, IMAGE):
        endpoint = re.sub(r'/v[\d.]+/?$', '', endpoint)
    return f'{endpoint.rstrip("/")}/'


def fields(body: typing.Any, headers: abc.Mapping[str, str]) -> aliases.Json:
    """Return the lasting fields of an answer, with sorted lists.

    :param body: most services wrap the fields in a mapping with one key;
        Swift lists the objects of a container
    """
    if isinstance(body, list):
        body = {'objects': body, 'metadata': {
            name.lower().removeprefix(_METADATA): value
            for name, value in headers.items()
            if name.lower().startswith(_METADATA)}}
    else:
        # Cinder adds links to the mapping.
        members = [value for name, value in body.items() if name != 'links']
        body = members[0] if len(members) == 1 else body
    return {name: _sorted(value) for name, value in body.items()
            if name not in _VOLATILE}


def _sorted(value: typing.Any) -> typing.Any:
    # Lists of a database have no order: the rules of a group, the members.
    if isinstance(value, dict):
        return {name: _sorted(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return sorted(map(_sorted, value),
                      key=lambda inner: json.dumps(inner, sort_keys=True))
    return value
