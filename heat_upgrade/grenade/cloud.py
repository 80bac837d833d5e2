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

"""The cloud of a grenade run, as its administrator sees it."""

from collections import abc
import typing
from urllib import parse

from keystoneauth1 import exceptions
from keystoneauth1.identity import v3
from keystoneauth1 import session as sessions

from heat_upgrade import errors

ORCHESTRATION, CLOUDFORMATION = 'orchestration', 'cloudformation'

# Seconds; Heat limits an RPC call to 60.
ANSWER_TIMEOUT = 65

_NEEDED = ('OS_AUTH_URL', 'OS_USERNAME', 'OS_PASSWORD', 'OS_PROJECT_NAME')


class Cloud:
    """Sends requests to the cloud that openrc's variables describe.

    :param environ: the environment after openrc
    :raises: :class:`errors.UsageError` if it was not sourced
    """

    def __init__(self, environ: abc.Mapping[str, str]) -> None:
        missing = [name for name in _NEEDED if not environ.get(name)]
        if missing:
            raise errors.UsageError(
                f'{", ".join(missing)} not set: source the openrc of the '
                "base's DevStack, as admin")
        self.auth_url = _versioned(environ['OS_AUTH_URL'])
        self.region = environ.get('OS_REGION_NAME') or None
        self.cacert = environ.get('OS_CACERT') or None
        self._auth = v3.Password(
            auth_url=self.auth_url, username=environ['OS_USERNAME'],
            password=environ['OS_PASSWORD'],
            project_name=environ['OS_PROJECT_NAME'],
            user_domain_id=environ.get('OS_USER_DOMAIN_ID') or 'default',
            project_domain_id=(environ.get('OS_PROJECT_DOMAIN_ID')
                               or 'default'))
        self.session = sessions.Session(
            auth=self._auth, verify=self.cacert or True,
            timeout=ANSWER_TIMEOUT)

    def endpoint(self, kind: str) -> str | None:
        """Return the public URL of a service, or None.

        :param kind: ORCHESTRATION or CLOUDFORMATION
        :raises: OSError if Keystone does not answer
        """
        try:
            url: str | None = self.session.get_endpoint(
                service_type=kind, interface='public',
                region_name=self.region)
        except exceptions.ClientException as exc:
            raise OSError(str(exc)) from exc
        return url and url.rstrip('/')

    def service_types(self) -> set[str]:
        """Return the types of the services in the catalog.

        :raises: OSError if Keystone does not answer
        """
        try:
            catalog = self._auth.get_access(
                self.session).service_catalog.catalog
        except exceptions.ClientException as exc:
            raise OSError(str(exc)) from exc
        return {service['type'] for service in catalog}

    def get(self, url: str, *, authenticated: bool = True) -> typing.Any:
        """GET a URL; returns the response, also of an error status.

        :raises: OSError if there is no answer in time
        """
        try:
            return self.session.get(
                url, authenticated=authenticated, raise_exc=False,
                connect_retries=0, redirect=authenticated,
                headers={'Accept': 'application/json'})
        except exceptions.ClientException as exc:
            raise OSError(str(exc)) from exc

    def engines(self) -> list[dict[str, typing.Any]]:
        """Return the engines that Heat's API lists.

        :raises: OSError if the answer is not a list
        """
        response = self.get(f'{self.endpoint(ORCHESTRATION)}/services')
        if response.status_code != 200:
            raise OSError(f'service-list: {response.status_code} '
                          f'{response.text[:300]}')
        try:
            engines: list[dict[str, typing.Any]] = response.json()['services']
            return engines
        except (ValueError, KeyError, TypeError) as exc:
            raise OSError('service-list: 200, but no list of services: '
                          f'{response.text[:300]}') from exc


def root(endpoint: str) -> str:
    """Return the URL at which an API shows its versions.

    For http://host/heat-api/v1/PROJECT it is http://host/heat-api/.
    """
    parts = parse.urlsplit(endpoint)
    path = parts.path.partition('/v1')[0]
    return parse.urlunsplit((parts.scheme, parts.netloc, f'{path}/', '', ''))


def on(endpoint: str, address: str) -> str:
    """Return the same URL on another node."""
    parts = parse.urlsplit(endpoint)
    host = f'[{address}]' if ':' in address else address
    port = f':{parts.port}' if parts.port else ''
    return parse.urlunsplit(parts._replace(netloc=host + port))


def without_project(endpoint: str) -> str:
    """Return the URL of an API up to its version."""
    return endpoint.partition('/v1')[0] + '/v1'


def _versioned(url: str) -> str:
    url = url.rstrip('/')
    return url if url.endswith('/v3') else f'{url}/v3'
