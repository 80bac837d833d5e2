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

"""The account that owns the stacks of the scenarios in all phases.

Either the configuration names an existing account, or the pre phase creates
one with the admin's credentials: a project with two users, an ordinary one
and an operator for stacks with OS::Keystone resources. destroy removes it.
"""

from collections import abc
import contextlib
import dataclasses
import uuid

from oslo_concurrency import lockutils

from heat_integrationtests import aliases
from heat_integrationtests import clients
from heat_integrationtests import manifest

# The name of the account's manifest.
NAME = 'account'


class NoAccount(Exception):
    """There are no credentials to create or to use an account."""


@dataclasses.dataclass(frozen=True)
class Account:
    """The users that own the stacks.

    :ivar owner: an ordinary user
    :ivar operator: a user that may create OS::Keystone resources, or None
        without an admin
    :ivar own: whether the pre phase created the project, so that everything
        in it belongs to these tests
    """

    owner: clients.Identity
    operator: clients.Identity | None
    own: bool


@contextlib.contextmanager
def lock(directory: str) -> abc.Iterator[None]:
    """Keep other workers from creating or removing the account."""
    with lockutils.lock('heat-upgrade-account', external=True,
                        lock_path=directory):
        yield


def ensure(conf: aliases.Configuration, directory: str) -> Account:
    """Return the account; create it if it does not exist, in the pre phase.

    :param directory: the state directory
    :raises NoAccount: neither an account nor an admin is configured, or an
        earlier attempt to create the account failed half-way
    """
    with lock(directory):
        if not manifest.exists(directory, NAME):
            if conf.heat_integrationtests.username:
                manifest.save(directory, NAME, {'own': False})
            else:
                _create(conf, directory)
        return load(conf, directory)


def load(conf: aliases.Configuration, directory: str) -> Account:
    """Return the account that the pre phase recorded.

    :raises manifest.ManifestError: it is missing or cannot be read
    :raises NoAccount: the account was never completed
    """
    content = manifest.load(directory, NAME)
    if not content['own']:
        # The credentials stay in tempest.conf.
        return _configured(conf)
    if not content['complete']:
        raise NoAccount(
            f'The account {content["name"]} is incomplete. See why the '
            'first test failed, run python -m heat_integrationtests.destroy, '
            'and start again.')
    return Account(
        own=True, owner=clients.Identity(**content['owner']),
        operator=clients.Identity(**content['operator']))


def _configured(conf: aliases.Configuration) -> Account:
    own = conf.heat_integrationtests
    if not (own.username and own.password and own.project_name):
        raise NoAccount(
            'The account in [heat_integrationtests] is incomplete: username, '
            'password and project_name must all be set.')
    return Account(
        own=False, operator=clients.admin(conf),
        owner=clients.Identity(
            username=own.username, password=own.password,
            project_name=own.project_name,
            user_domain_name=own.user_domain_name,
            project_domain_name=own.project_domain_name))


def _create(conf: aliases.Configuration, directory: str) -> None:
    admin = clients.admin(conf)
    if admin is None:
        raise NoAccount(
            'No account for the scenarios is configured. Set username, '
            'password and project_name in [heat_integrationtests], or '
            'admin_username, admin_password and admin_project_name in '
            '[auth], with which an account can be created.')
    keystone = clients.Keystone(conf, clients.shared_session(conf, admin))
    own = conf.heat_integrationtests
    roles = keystone.role_ids(own.account_roles)
    operator_roles = roles + keystone.role_ids([own.operator_role])
    domain = keystone.domain_id(conf.auth.default_credentials_domain_name)
    name = f'heat-upgrade-{uuid.uuid4().hex[:8]}'

    # Saved after each step, so that destroy can remove a partial account.
    content = {'own': True, 'name': name, 'complete': False}
    project_id = keystone.create_project(
        name, domain, 'Upgrade tests of Heat; created and removed by '
                      'heat_integrationtests')
    content['project_id'] = project_id
    manifest.save(directory, NAME, content)
    for kind, assigned in (('owner', roles), ('operator', operator_roles)):
        user, password = keystone.create_user(
            f'{name}-{kind}', domain, project_id)
        content[kind] = {'user_id': user, 'password': password,
                         'project_id': project_id}
        manifest.save(directory, NAME, content)
        for role in assigned:
            keystone.grant(role, user, project_id)
    manifest.save(directory, NAME, {**content, 'complete': True})


def remove(content: aliases.Json, keystone: clients.Keystone) -> None:
    """Remove the users and the project that were created so far.

    :param content: content of the account's manifest
    :param keystone: client of an admin
    """
    for kind in ('owner', 'operator'):
        if kind in content:
            keystone.delete('users', content[kind]['user_id'])
    if 'project_id' in content:
        keystone.delete('projects', content['project_id'])
