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

"""Lists the physical resources of all projects, and finds orphaned ones.

Nova, Neutron, Cinder and Glance keep records of their own. A resource that
Heat made for a stack must end with the stack.
"""

from collections import abc
import dataclasses
import typing

# {type of a service: paths of its collections, for an administrator}.
COLLECTIONS = {
    'compute': ('servers/detail?all_tenants=1',),
    'network': tuple(f'v2.0/{name}' for name in (
        'networks', 'subnets', 'ports', 'routers', 'floatingips',
        'security-groups', 'trunks', 'qos/policies', 'subnetpools',
        'address-scopes', 'metering/metering-labels')),
    'block-storage': ('volumes/detail?all_tenants=1',
                      'snapshots/detail?all_tenants=1',
                      'backups/detail?all_tenants=1'),
    'image': ('v2/images',),
}

# Neutron makes this group for each project, and deletes it with the project.
# Its path is /security-groups, its name in an answer security_groups.
_GROUPS = 'security_groups'
_DEFAULT_GROUP = 'default'

_PROJECTS = ('tenant_id', 'project_id', 'owner',
             'os-vol-tenant-attr:tenant_id',
             'os-backup-project-attr:project_id',
             'os-extended-snapshot-attributes:project_id')


@dataclasses.dataclass(frozen=True)
class Listed:
    """A physical resource in the list of its service.

    :ivar collection: such as servers
    :ivar owner: ID of the server, router or floating IP of a port, or ''
    """

    collection: str
    id: str
    name: str
    project: str
    owner: str = ''

    def __str__(self) -> str:
        return f'{self.collection}: {self.name or "(no name)"} ({self.id})'


def of_answer(collection: str, items: abc.Iterable[dict[str, typing.Any]]
              ) -> list[Listed]:
    """Return the items of a service's answer."""
    return [Listed(
        collection, item['id'], item.get('name') or '',
        next((item[key] for key in _PROJECTS if item.get(key)), ''),
        item.get('device_id') or '') for item in items]


def left_behind(listed: abc.Iterable[Listed], known: abc.Set[str],
                own: str) -> list[str]:
    """Return descriptions of the resources that no stack has.

    :param known: physical IDs of the resources of all stacks
    :param own: ID of the project whose resources are the cloud's own
    """
    return [str(item) for item in listed
            if item.project != own and not known & {item.id, item.owner}
            and (item.collection, item.name)
            != (_GROUPS, _DEFAULT_GROUP)]
