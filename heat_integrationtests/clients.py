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

"""Sessions with a cloud, and clients of Heat and Keystone on top of them."""

import collections
import dataclasses
import functools
import json
import secrets
import threading

from heatclient.v1 import client as heat_client
from keystoneauth1 import adapter
from keystoneauth1 import exceptions as auth_exc
from keystoneauth1.identity import v3
from keystoneauth1 import session as auth_session

from heat_integrationtests import config


@dataclasses.dataclass(frozen=True)
class Identity:
    """Who a session belongs to, and in which project.

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


def admin(conf):
    """Give the identity of [auth] admin_*, or None where none is set.

    :param conf: tempest's configuration
    """
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


# The last requests of each thread: a test runs in one.
REQUESTS = 20
_of_thread = threading.local()


class Session(auth_session.Session):
    """A session that notes the id that a service gave to each request."""

    def request(self, url, method, **options):
        answer = super().request(url, method, **options)
        noted = getattr(_of_thread, 'requests', None)
        if noted is not None:
            # A query may have a signature.
            noted.append(
                f'{method} {url.partition("?")[0]} {answer.status_code} '
                f'{answer.headers.get("x-openstack-request-id", "")}')
        return answer


def forget_requests():
    """Begin to note the requests of this thread."""
    _of_thread.requests = collections.deque(maxlen=REQUESTS)


def requests_text():
    """Give the last requests of this thread, a line for each."""
    return '\n'.join(getattr(_of_thread, 'requests', ()))


def session(conf, identity=None):
    """Give a session; the token is asked for when it is first needed.

    :param conf: tempest's configuration
    :param identity: an Identity, or None for requests without a token
    """
    if conf.identity.disable_ssl_certificate_validation:
        verify = False
    else:
        verify = conf.identity.ca_certificates_file or True
    auth = identity and v3.Password(
        conf.identity.uri_v3, **{
            field: value
            for field, value in dataclasses.asdict(identity).items()
            if value is not None})
    return Session(
        auth=auth, verify=verify,
        timeout=conf.heat_integrationtests.request_timeout)


@functools.cache
def shared_session(conf, identity):
    """Give the session of this process, so that it has one token."""
    return session(conf, identity)


def heat(conf, of_session, endpoint=None):
    """Give a client of Heat's API, version 1.

    :param of_session: what session() or shared_session() gives
    :param endpoint: where the API is, as config.api_endpoint() gives it;
        default: what that gives, or else what the catalog says
    """
    own = conf.heat_integrationtests
    return heat_client.Client(
        session=of_session, service_type=own.catalog_type,
        interface=own.endpoint_type,
        region_name=own.region or conf.identity.region,
        endpoint_override=endpoint or config.api_endpoint(own))


def endpoint(conf, of_session, service):
    """Give the URL of a service in the catalog, or None.

    Keystone answers this, so it is known while Heat is down.

    :param service: the type of the service, such as orchestration
    """
    own = conf.heat_integrationtests
    return of_session.get_endpoint(
        service_type=service, interface=own.endpoint_type,
        region_name=own.region or conf.identity.region)


class Keystone:
    """What the tests need of Keystone's API, version 3.

    :param conf: tempest's configuration; its [identity] uri_v3 is used, so
        that no version has to be discovered
    :param of_session: of the user that asks

    Errors are those of keystoneauth1.exceptions.
    """

    def __init__(self, conf, of_session):
        self._api = adapter.Adapter(
            of_session, endpoint_override=conf.identity.uri_v3)

    def _json(self, method, path, **kwargs):
        answer = self._api.request(path, method, **kwargs)
        return answer.json() if answer.content else None

    def domain_id(self, name):
        """Give the id of a domain.

        :raises LookupError: there is none of that name
        """
        found = self._json('GET', '/domains', params={'name': name})
        if not found['domains']:
            raise LookupError(f'Keystone has no domain named {name}')
        return found['domains'][0]['id']

    def role_ids(self, names):
        """Give the ids of roles, in the order of their names.

        :raises LookupError: a role is missing
        """
        known = {role['name'].lower(): role['id'] for role in
                 self._json('GET', '/roles')['roles']
                 if not role.get('domain_id')}
        missing = [name for name in names if name.lower() not in known]
        if missing:
            raise LookupError(
                f'Keystone has no role named {", ".join(missing)}; create '
                'it, or name the right ones in account_roles and '
                'operator_role of [heat_integrationtests]')
        return [known[name.lower()] for name in names]

    def create_project(self, name, domain_id, description):
        """Create a project and give its id."""
        answer = self._json('POST', '/projects', json={'project': {
            'name': name, 'domain_id': domain_id,
            'description': description}})
        return answer['project']['id']

    def create_user(self, name, domain_id, project_id):
        """Create a user with a generated password; give its id and that."""
        password = secrets.token_urlsafe(24)
        answer = self._json('POST', '/users', json={'user': {
            'name': name, 'domain_id': domain_id, 'password': password,
            'default_project_id': project_id}})
        return answer['user']['id'], password

    def grant(self, role_id, user_id, project_id):
        """Give a user a role in a project."""
        self._json('PUT', f'/projects/{project_id}/users/{user_id}'
                          f'/roles/{role_id}')

    def get(self, kind, entity_id):
        """Give a user, project or the like, or None when there is none.

        :param kind: of the API: users, projects, credentials …
        """
        try:
            answer = self._json('GET', f'/{kind}/{entity_id}')
        except auth_exc.NotFound:
            return None
        return next(iter(answer.values()))

    def delete(self, kind, entity_id):
        """Delete a user, project or the like; fine when it is gone."""
        try:
            self._json('DELETE', f'/{kind}/{entity_id}')
        except auth_exc.NotFound:
            pass

    def projects_named(self, prefix):
        """Give the projects, of any domain, whose names start like this."""
        return self._json('GET', '/projects', params={
            'name__startswith': prefix})['projects']

    def ec2_access_keys(self):
        """Give the access keys of all EC2 credentials; as an admin."""
        found = self._json('GET', '/credentials', params={'type': 'ec2'})
        return {json.loads(credential['blob'])['access']
                for credential in found['credentials']}

    def trust_ids(self, trustor_user_id):
        """Give the ids of the trusts that a user has given."""
        found = self._json('GET', '/OS-TRUST/trusts', params={
            'trustor_user_id': trustor_user_id})
        return [trust['id'] for trust in found['trusts']]

    def token_expiry(self, token):
        """Give when a token expires, as Keystone writes it.

        :param token: may be anybody's; it is used to ask about itself
        """
        answer = self._json(
            'GET', '/auth/tokens', authenticated=False,
            headers={'X-Auth-Token': token, 'X-Subject-Token': token})
        return answer['token']['expires_at']


def stack_domain_projects(keystone, project_id, stack_id=''):
    """Give the projects that Heat made for the users of stacks.

    Heat names them after the project and the stack, cut at 64 characters
    (its heat_keystoneclient.create_stack_domain_project).

    :param keystone: a Keystone, as an admin
    :param project_id: the project that the stacks are in
    :param stack_id: one stack, or all
    """
    return keystone.projects_named(f'{project_id}-{stack_id}'[:64])


@dataclasses.dataclass(frozen=True)
class Answer:
    """What a URL of Heat answers.

    :param status: of HTTP
    :param of_heat: whether Heat itself wrote it, and not a load balancer
    """

    status: int
    of_heat: bool

    def __str__(self):
        return f'{self.status} of {"Heat" if self.of_heat else "a proxy"}'


def answer_of(of_session, url):
    """Give the Answer of a URL, or None for no answer.

    :param of_session: whose token is sent along
    """
    try:
        found = of_session.get(url, raise_exc=False, connect_retries=0,
                               redirect=False)
    except (auth_exc.ConnectFailure, auth_exc.UnknownConnectionError):
        return None
    # Both of Heat's APIs begin with oslo.middleware's request_id, which
    # marks each answer (api-paste.ini); nothing in front of them does.
    return Answer(found.status_code,
                  'x-openstack-request-id' in found.headers)


def nobody_is_there(answer):
    """Tell whether an Answer says that no process of Heat gave it.

    That is none at all, or a load balancer's word that nothing behind it
    serves: 502, 503 or 504. Heat's own 503 is an answer of Heat's.
    """
    return answer is None or (
        not answer.of_heat and answer.status in (502, 503, 504))


def can_authenticate(conf, identity):
    """Tell whether Keystone accepts someone.

    :param identity: an Identity
    """
    try:
        return bool(session(conf, identity).get_token())
    except (auth_exc.Unauthorized, auth_exc.NotFound):
        return False
