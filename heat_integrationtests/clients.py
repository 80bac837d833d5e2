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

"""Sessions with a cloud, and the clients of Heat and Keystone on top."""

import collections
from collections import abc
import dataclasses
import functools
import json
import secrets
import threading
import typing

from heatclient.v1 import client as heat_client
from keystoneauth1 import adapter
from keystoneauth1 import exceptions as auth_exc
from keystoneauth1.identity import v3
from keystoneauth1 import session as auth_session

from heat_integrationtests import aliases
from heat_integrationtests import config

if typing.TYPE_CHECKING:
    import requests


@dataclasses.dataclass(frozen=True)
class Identity:
    """The user and the project of a session.

    Either ``user_id`` or ``username`` with a domain, and either
    ``project_id`` or ``project_name`` with a domain.
    """

    password: str = dataclasses.field(repr=False)
    username: str | None = None
    user_id: str | None = None
    project_name: str | None = None
    project_id: str | None = None
    user_domain_name: str | None = None
    project_domain_name: str | None = None


def admin(conf: aliases.Configuration) -> Identity | None:
    """Return the identity of [auth] admin_*, or None if it is not set."""
    auth = conf.auth
    if not auth.admin_username:
        return None
    return Identity(
        username=auth.admin_username, password=auth.admin_password,
        project_name=auth.admin_project_name,
        user_domain_name=(auth.admin_user_domain_name
                          or auth.admin_domain_name),
        project_domain_name=(auth.admin_project_domain_name
                             or auth.admin_domain_name))


# Number of requests kept for each thread; each test runs in one thread.
REQUESTS = 20
_of_thread = threading.local()


class Session(auth_session.Session):
    """A session that records the request ID that each service returned."""

    def request(self, url: str, method: str, *args: typing.Any,
                **options: typing.Any) -> 'requests.Response':
        response = super().request(url, method, *args, **options)
        recorded = getattr(_of_thread, 'requests', None)
        if recorded is not None:
            # The query is left out because it may contain a signature.
            recorded.append(
                f'{method} {url.partition("?")[0]} {response.status_code} '
                f'{response.headers.get("x-openstack-request-id", "")}')
        return response


def forget_requests() -> None:
    """Start a new record of the requests of this thread."""
    _of_thread.requests = collections.deque(maxlen=REQUESTS)


def share_requests() -> abc.Callable[[], None]:
    """Return an initializer for threads that work for this one.

    It records their requests with those of this thread.
    """
    requests = getattr(_of_thread, 'requests', None)

    def share() -> None:
        _of_thread.requests = requests
    return share


def requests_text() -> str:
    """Return the last requests of this thread, one on each line."""
    return '\n'.join(getattr(_of_thread, 'requests', ()))


def session(conf: aliases.Configuration,
            identity: Identity | None = None) -> Session:
    """Return a session; it requests a token when it first needs one.

    :param identity: None for a session without a token
    """
    verify: bool | str
    if conf.identity.disable_ssl_certificate_validation:
        verify = False
    else:
        verify = conf.identity.ca_certificates_file or True
    auth = None
    if identity is not None:
        auth = v3.Password(conf.identity.uri_v3, **{
            field: value
            for field, value in dataclasses.asdict(identity).items()
            if value is not None})
    return Session(
        auth=auth, verify=verify,
        timeout=conf.heat_integrationtests.request_timeout)


@functools.cache
def shared_session(conf: aliases.Configuration,
                   identity: Identity | None) -> Session:
    """Return the session of this process for an identity, with one token."""
    return session(conf, identity)


def heat(conf: aliases.Configuration, user_session: auth_session.Session,
         endpoint: str | None = None) -> aliases.HeatClient:
    """Return a client of Heat's API, version 1.

    :param endpoint: URL of the API, in the format of config.api_endpoint().
        The default is config.api_endpoint(), or else the catalog's endpoint
    """
    own = conf.heat_integrationtests
    return heat_client.Client(
        session=user_session, service_type=own.catalog_type,
        interface=own.endpoint_type,
        region_name=own.region or conf.identity.region,
        endpoint_override=endpoint or config.api_endpoint(own))


def endpoint(conf: aliases.Configuration, user_session: auth_session.Session,
             service: str) -> str | None:
    """Return the URL of a service in the catalog, or None.

    Keystone provides the catalog, so this works while Heat is down.

    :param service: type of the service, such as orchestration
    """
    own = conf.heat_integrationtests
    return user_session.get_endpoint(
        service_type=service, interface=own.endpoint_type,
        region_name=own.region or conf.identity.region)


class Keystone:
    """The part of Keystone's API, version 3, that the tests need.

    It uses [identity] uri_v3 of the configuration, so no version discovery
    is needed. Its errors are those of keystoneauth1.exceptions.

    :param user_session: session of the user that sends the requests
    """

    def __init__(self, conf: aliases.Configuration,
                 user_session: auth_session.Session) -> None:
        self._api = adapter.Adapter(
            user_session, endpoint_override=conf.identity.uri_v3)

    def _json(self, method: str, path: str,
              **kwargs: typing.Any) -> typing.Any:
        response = self._api.request(path, method, **kwargs)
        return response.json() if response.content else None

    def domain_id(self, name: str) -> str:
        """Return the ID of a domain.

        :raises LookupError: there is no domain of that name
        """
        domains = self._json('GET', '/domains',
                             params={'name': name})['domains']
        if not domains:
            raise LookupError(f'Keystone has no domain named {name}')
        domain_id: str = domains[0]['id']
        return domain_id

    def role_ids(self, names: abc.Sequence[str]) -> list[str]:
        """Return the IDs of roles, in the order of their names.

        :raises LookupError: a role is missing
        """
        ids = {role['name'].lower(): role['id'] for role in
               self._json('GET', '/roles')['roles']
               if not role.get('domain_id')}
        missing = [name for name in names if name.lower() not in ids]
        if missing:
            raise LookupError(
                f'Keystone has no role named {", ".join(missing)}. Create '
                'it, or correct account_roles and operator_role of '
                '[heat_integrationtests].')
        return [ids[name.lower()] for name in names]

    def create_project(self, name: str, domain_id: str,
                       description: str) -> str:
        """Create a project and return its ID."""
        answer = self._json('POST', '/projects', json={'project': {
            'name': name, 'domain_id': domain_id,
            'description': description}})
        project_id: str = answer['project']['id']
        return project_id

    def create_user(self, name: str, domain_id: str,
                    project_id: str) -> tuple[str, str]:
        """Create a user; return its ID and its generated password."""
        password = secrets.token_urlsafe(24)
        answer = self._json('POST', '/users', json={'user': {
            'name': name, 'domain_id': domain_id, 'password': password,
            'default_project_id': project_id}})
        return answer['user']['id'], password

    def grant(self, role_id: str, user_id: str, project_id: str) -> None:
        """Assign a role in a project to a user."""
        self._json('PUT', f'/projects/{project_id}/users/{user_id}'
                          f'/roles/{role_id}')

    def get(self, kind: str, entity_id: str) -> aliases.Json | None:
        """Return a user, project or other entity, or None if it is gone.

        :param kind: collection of the API: users, projects, credentials …
        """
        try:
            answer = self._json('GET', f'/{kind}/{entity_id}')
        except auth_exc.NotFound:
            return None
        entity: aliases.Json = next(iter(answer.values()))
        return entity

    def delete(self, kind: str, entity_id: str) -> None:
        """Delete a user, project or other entity, unless it is gone."""
        try:
            self._json('DELETE', f'/{kind}/{entity_id}')
        except auth_exc.NotFound:
            pass

    def projects_named(self, prefix: str) -> list[aliases.Json]:
        """Return the projects of all domains whose names have a prefix."""
        projects: list[aliases.Json] = self._json(
            'GET', '/projects',
            params={'name__startswith': prefix})['projects']
        return projects

    def ec2_access_keys(self) -> set[str]:
        """Return the access keys of all EC2 credentials; needs an admin."""
        answer = self._json('GET', '/credentials', params={'type': 'ec2'})
        return {json.loads(credential['blob'])['access']
                for credential in answer['credentials']}

    def trust_ids(self, trustor_user_id: str) -> list[str]:
        """Return the IDs of the trusts that a user has created."""
        answer = self._json('GET', '/OS-TRUST/trusts', params={
            'trustor_user_id': trustor_user_id})
        return [trust['id'] for trust in answer['trusts']]

    def token_expiry(self, token: str) -> str:
        """Return the expiry time of a token, in Keystone's format.

        :param token: token of any user; it authenticates the request itself
        """
        answer = self._json(
            'GET', '/auth/tokens', authenticated=False,
            headers={'X-Auth-Token': token, 'X-Subject-Token': token})
        expires_at: str = answer['token']['expires_at']
        return expires_at


def stack_domain_projects(keystone: Keystone, project_id: str | None,
                          stack_id: str = '') -> list[aliases.Json]:
    """Return the projects that Heat created for the users of stacks.

    Heat names them after the project and the stack, truncated to 64
    characters (its heat_keystoneclient.create_stack_domain_project).

    :param keystone: client of an admin
    :param project_id: the project that owns the stacks
    :param stack_id: ID of one stack; the default is all stacks
    """
    return keystone.projects_named(f'{project_id}-{stack_id}'[:64])


@dataclasses.dataclass(frozen=True)
class Answer:
    """The response of a URL of Heat.

    :ivar status: the HTTP status
    :ivar of_heat: whether Heat sent it, not a load balancer
    """

    status: int
    of_heat: bool

    def __str__(self) -> str:
        return f'{self.status} of {"Heat" if self.of_heat else "a proxy"}'


def answer_of(user_session: auth_session.Session, url: str) -> Answer | None:
    """Return the Answer of a URL, or None without a response.

    :param user_session: session whose token is sent with the request
    """
    try:
        response = user_session.get(url, raise_exc=False, connect_retries=0,
                                    redirect=False)
    except (auth_exc.ConnectFailure, auth_exc.UnknownConnectionError):
        return None
    # The pipelines of both Heat APIs start with oslo.middleware's request_id
    # (api-paste.ini), which marks each response. A load balancer does not.
    return Answer(response.status_code,
                  'x-openstack-request-id' in response.headers)


def is_heat_down(answer: Answer | None) -> bool:
    """Return True if an Answer shows that no process of Heat sent it.

    Either there is no response, or a load balancer reports that no backend
    serves requests: 502, 503 or 504. A 503 of Heat itself comes from Heat.
    """
    return answer is None or (
        not answer.of_heat and answer.status in (502, 503, 504))


def can_authenticate(conf: aliases.Configuration,
                     identity: Identity) -> bool:
    """Return True if Keystone accepts an identity."""
    try:
        return bool(session(conf, identity).get_token())
    except (auth_exc.Unauthorized, auth_exc.NotFound):
        return False
