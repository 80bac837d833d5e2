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

"""Makes the image and the flavor of a cloud's first server."""

from collections import abc
import typing

from keystoneauth1 import session as auth_session

from heat_integrationtests import physical

# Nova's fake driver reads no image.
IMAGE = bytes(512)
NAME = 'lab'

_FLAVOR = {'name': NAME, 'ram': 64, 'vcpus': 1, 'disk': 1}


def image(session: auth_session.Session, region: str) -> str:
    """Make a public image, and return its ID."""
    images = f'{_url(session, region, physical.IMAGE)}v2/images'
    made = session.post(images, json={
        'name': NAME, 'visibility': 'public', 'disk_format': 'raw',
        'container_format': 'bare'}).json()
    session.put(f'{images}/{made["id"]}/file', data=IMAGE, headers={
        'Content-Type': 'application/octet-stream'})
    found: str = made['id']
    return found


def flavor(session: auth_session.Session, region: str) -> str:
    """Make a public flavor, and return its ID."""
    flavors = f'{_url(session, region, physical.COMPUTE)}flavors'
    found: str = session.post(
        flavors, json={'flavor': _FLAVOR}).json()['flavor']['id']
    return found


def values(session: auth_session.Session, region: str,
           services: abc.Collection[str]) -> dict[str, typing.Any]:
    """Return the fields of client_config.Access about the services.

    :param session: of the administrator
    :param services: names of the services that the cloud has
    """
    if 'neutron' in services:
        # Neutron reads its policies at the first request, and refuses other
        # requests at that moment.
        session.get(f'{_url(session, region, physical.NETWORK)}v2.0/networks')
    return {
        'services': tuple(services),
        'image': image(session, region) if 'glance' in services else '',
        'flavor': flavor(session, region) if 'nova' in services else ''}


def _url(session: auth_session.Session, region: str, service: str) -> str:
    endpoint = session.get_endpoint(service_type=service, region_name=region)
    assert endpoint, f'the catalog has no endpoint of {service}'
    return physical.base_url(service, endpoint)
