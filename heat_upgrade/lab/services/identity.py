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

"""Makes Heat's users, roles and domain through Keystone's API."""

import typing

from keystoneauth1 import exceptions
from keystoneauth1.identity import v3
from keystoneauth1 import session as sessions

from heat_upgrade.lab.services import heat

if typing.TYPE_CHECKING:
    import requests

# The role that Heat gives to the users that stacks make, and the additional
# role of Heat's own users, as in Heat's installation guide.
STACK_USER_ROLE = 'heat_stack_user'
STACK_OWNER_ROLE = 'heat_stack_owner'
# Keystone's default role of users, and the name of the only such user.
MEMBER = 'member'

# The role of users, which Keystone's bootstrap makes.
MEMBER_ROLE = 'member'


# Seconds that a request may take, also a request for a token.
REQUEST_TIMEOUT = 60


class Identity:
    """The administrator's view of a Keystone.

    :param url: without a version
    :param username: name of the administrator
    :param project: name of the project, '' for that of the administrator
    """

    def __init__(self, url: str, *, username: str, password: str,
                 project: str = '') -> None:
        self.url = url
        self._username = username
        self._password = password
        self.session = sessions.Session(auth=v3.Password(
            auth_url=f'{url}/v3', username=username, password=password,
            project_name=project or username, user_domain_id='default',
            project_domain_id='default'), timeout=REQUEST_TIMEOUT)
        # {(plural, name): id}
        self._ids: dict[tuple[str, str], str] = {}

    def get(self, url: str, *, timeout: float) -> 'requests.Response':
        """GET a URL; see request()."""
        return self.request('GET', url, timeout=timeout)

    def request(self, method: str, url: str, *, json: typing.Any = None,
                timeout: float) -> 'requests.Response':
        """Send one request with the administrator's token; never twice.

        :param json: the body
        :param timeout: seconds
        :returns: the response, also with an HTTP status of 400 or above
        :raises: OSError without a response in time
        """
        try:
            # Heat's redirections (from the name of a stack) are followed.
            return self.session.request(
                url, method, json=json, raise_exc=False, connect_retries=0,
                timeout=timeout)
        except exceptions.ClientException as exc:
            raise OSError(str(exc)) from exc

    def _call(self, method: str, path: str,
              body: dict[str, typing.Any] | None = None
              ) -> dict[str, typing.Any]:
        response = self.session.request(f'{self.url}/v3/{path}', method,
                                        json=body)
        return response.json() if response.content else {}

    def _ensure(self, kind: str, plural: str, name: str, **attributes: str
                ) -> str:
        """Find a Keystone object by its name, or make it; return its id."""
        if (plural, name) not in self._ids:
            domain = attributes.get('domain_id')
            scope = f'&domain_id={domain}' if domain else ''
            existing = self._call('GET',
                                  f'{plural}?name={name}{scope}')[plural]
            self._ids[plural, name] = (existing or [self._call(
                'POST', plural, {kind: {'name': name, **attributes}})[kind]]
            )[0]['id']
        return self._ids[plural, name]

    def role(self, name: str) -> str:
        """Find or make a role; return its id."""
        return self._ensure('role', 'roles', name)

    def user(self, name: str, password: str, *, domain: str = 'default'
             ) -> str:
        """Find or make a user; return its id."""
        return self._ensure('user', 'users', name, password=password,
                            domain_id=domain)

    def project(self, name: str, *, domain: str = 'default') -> str:
        """Find or make a project; return its id."""
        return self._ensure('project', 'projects', name, domain_id=domain)

    def of_project(self, name: str) -> 'Identity':
        """Return the administrator's view of another project.

        A missing project is made.
        """
        user = self.session.get_user_id()
        assert user is not None, 'the token belongs to a user'
        self.grant(user, 'admin', project=self.project(name))
        return Identity(self.url, username=self._username,
                        password=self._password, project=name)

    def member(self) -> 'Identity':
        """Return the view of a user with the role member alone.

        A missing user is made, in the administrator's project.
        """
        user = self.user(MEMBER, self._password)
        self.grant(user, MEMBER, project=self.project_id())
        return Identity(self.url, username=MEMBER, password=self._password,
                        project=self._username)

    def grant(self, user: str, role: str, *, project: str | None = None,
              domain: str | None = None) -> None:
        """Give a user a role on a project or on a domain."""
        scope = f'projects/{project}' if project else f'domains/{domain}'
        self._call('PUT', f'{scope}/users/{user}/roles/{self.role(role)}')

    def endpoint(self, name: str, kind: str, url: str, *, region: str
                 ) -> None:
        """Register a service with a public and an internal endpoint."""
        service = self._ensure('service', 'services', name, type=kind)
        for interface in ('public', 'internal'):
            self._call('POST', 'endpoints', {'endpoint': {
                'service_id': service, 'interface': interface, 'url': url,
                # Keystone makes a missing region of this name.
                'region': region}})

    def project_id(self) -> str:
        """Return the id of the project."""
        project = self.session.get_project_id()
        assert project is not None, 'the token is scoped to a project'
        return project

    def service_user(self, name: str, password: str) -> None:
        """Make the account with which a service validates tokens."""
        project = self.project(heat.SERVICE_PROJECT)
        user = self.user(name, password)
        for role in ('admin', 'service'):
            self.grant(user, role, project=project)

    def prepare_heat(self, *, service_password: str, domain_password: str
                     ) -> None:
        """Make the accounts, roles and domain of Heat's installation guide.

        :param service_password: of Heat's own user
        :param domain_password: of the stack domain's administrator
        """
        self.service_user(heat.SERVICE_USER, service_password)
        domain = self._ensure('domain', 'domains', heat.STACK_DOMAIN)
        admin = self.user(heat.STACK_DOMAIN_ADMIN, domain_password,
                          domain=domain)
        self.grant(admin, 'admin', domain=domain)
        self.role(STACK_USER_ROLE)
        self.role(STACK_OWNER_ROLE)

    def of_domain(self, name: str) -> tuple[list[dict[str, typing.Any]],
                                            list[dict[str, typing.Any]]]:
        """Return (projects, users) of a domain, as in Keystone's API."""
        domain = self._ensure('domain', 'domains', name)
        projects, users = (
            self._call('GET', f'{kind}?domain_id={domain}')[kind]
            for kind in ('projects', 'users'))
        return projects, users
