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

"""What Heat needs to find in Keystone, made through Keystone's API."""

from keystoneauth1 import exceptions
from keystoneauth1.identity import v3
from keystoneauth1 import session as sessions

from heat_upgrade.lab.services import heat

# The role that Heat gives to the users that stacks make, and the one that
# its users have besides their own, as in Heat's installation guide.
STACK_USER_ROLE = 'heat_stack_user'
STACK_OWNER_ROLE = 'heat_stack_owner'


# Seconds that a request may take, also one for a token.
REQUEST_TIMEOUT = 60


class Identity:
    """The administrator's view of a Keystone.

    :param url: without a version
    :param username: the administrator's name, also of its project
    :param password: the administrator's password
    """

    def __init__(self, url, *, username, password):
        self.url = url
        self.session = sessions.Session(auth=v3.Password(
            auth_url=f'{url}/v3', username=username, password=password,
            project_name=username, user_domain_id='default',
            project_domain_id='default'), timeout=REQUEST_TIMEOUT)
        self._known = {}

    def get(self, url, *, timeout):
        """GET a URL; see :meth:`request`."""
        return self.request('GET', url, timeout=timeout)

    def request(self, method, url, *, json=None, timeout):
        """Send one request with the administrator's token; never twice.

        :param json: what becomes the body, or None
        :param timeout: seconds
        :returns: the response, whatever its status
        :raises: OSError if nobody answers in time
        """
        try:
            # A redirection of Heat's (a stack by its name) is followed.
            return self.session.request(
                url, method, json=json, raise_exc=False, connect_retries=0,
                timeout=timeout)
        except exceptions.ClientException as exc:
            raise OSError(str(exc)) from exc

    def _call(self, method, path, body=None):
        response = self.session.request(f'{self.url}/v3/{path}', method,
                                        json=body)
        return response.json() if response.content else {}

    def _ensure(self, kind, plural, name, **attributes):
        """Find a thing by its name, or make it; returns its id."""
        if (plural, name) not in self._known:
            domain = attributes.get('domain_id')
            scope = f'&domain_id={domain}' if domain else ''
            found = self._call('GET', f'{plural}?name={name}{scope}')[plural]
            self._known[plural, name] = (found or [self._call(
                'POST', plural, {kind: {'name': name, **attributes}})[kind]]
            )[0]['id']
        return self._known[plural, name]

    def role(self, name):
        return self._ensure('role', 'roles', name)

    def user(self, name, password, *, domain='default'):
        return self._ensure('user', 'users', name, password=password,
                            domain_id=domain)

    def project(self, name, *, domain='default'):
        return self._ensure('project', 'projects', name, domain_id=domain)

    def grant(self, user, role, *, project=None, domain=None):
        """Give a user a role on a project or on a domain."""
        scope = f'projects/{project}' if project else f'domains/{domain}'
        self._call('PUT', f'{scope}/users/{user}/roles/{self.role(role)}')

    def endpoint(self, name, kind, url, *, region):
        """Register a service with a public and an internal endpoint."""
        service = self._ensure('service', 'services', name, type=kind)
        for interface in ('public', 'internal'):
            self._call('POST', 'endpoints', {'endpoint': {
                'service_id': service, 'interface': interface, 'url': url,
                # One that is not there yet is made, by this name alone.
                'region': region}})

    def project_id(self):
        """Return the id of the administrator's own project."""
        return self.session.get_project_id()

    def prepare_heat(self, *, service_password, domain_password):
        """Make the accounts, roles and domain of Heat's installation guide.

        :param service_password: for the user that Heat authenticates as
        :param domain_password: for the stack domain's administrator
        """
        project = self.project(heat.SERVICE_PROJECT)
        user = self.user(heat.SERVICE_USER, service_password)
        for role in ('admin', 'service'):
            self.grant(user, role, project=project)
        domain = self._ensure('domain', 'domains', heat.STACK_DOMAIN)
        admin = self.user(heat.STACK_DOMAIN_ADMIN, domain_password,
                          domain=domain)
        self.grant(admin, 'admin', domain=domain)
        self.role(STACK_USER_ROLE)
        self.role(STACK_OWNER_ROLE)

    def of_domain(self, name):
        """Return (projects, users) of a domain, as the API has them."""
        domain = self._ensure('domain', 'domains', name)
        return tuple(
            self._call('GET', f'{kind}?domain_id={domain}')[kind]
            for kind in ('projects', 'users'))
