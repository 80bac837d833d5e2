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

"""The account that owns the stacks of the scenarios, over all phases.

It is either given by the configuration, or made by the admin on first need
in the pre phase; then it is a project with two users, an ordinary one and
an operator for stacks with OS::Keystone resources, and destroy removes it.
"""

import dataclasses
import uuid

from oslo_concurrency import lockutils

from heat_integrationtests import clients
from heat_integrationtests import manifest

# The name of its manifest.
NAME = 'account'


class NoAccount(Exception):
    """There are no credentials to make or to use an account."""


@dataclasses.dataclass(frozen=True)
class Account:
    """Who owns the stacks.

    :param owner: clients.Identity of an ordinary user
    :param operator: clients.Identity that may use OS::Keystone resources,
        or None where there is no admin
    :param own: whether we made it, so that all in it is ours
    """

    owner: clients.Identity
    operator: clients.Identity | None
    own: bool


def lock(directory):
    """Keep other workers from making or removing the account meanwhile."""
    return lockutils.lock('heat-upgrade-account', external=True,
                          lock_path=directory)


def ensure(conf, directory):
    """Give the account, and make it where there is none yet; for pre.

    :param conf: tempest's configuration
    :param directory: the state directory
    :raises NoAccount: no account is given and no admin is configured, or
        an earlier attempt to make one failed half-way
    """
    with lock(directory):
        if not manifest.exists(directory, NAME):
            if conf.heat_integrationtests.username:
                manifest.save(directory, NAME, {'own': False})
            else:
                _create(conf, directory)
        return load(conf, directory)


def load(conf, directory):
    """Give the account that the pre phase recorded.

    :raises manifest.ManifestError: it did not, or it cannot be read
    :raises NoAccount: the account was never completed
    """
    content = manifest.load(directory, NAME)
    if not content['own']:
        # A given account stays where its owner keeps it.
        return _given(conf)
    if not content['complete']:
        raise NoAccount(
            f'The account {content["name"]} was only made in part: see why '
            'the first test failed, run python -m '
            'heat_integrationtests.destroy, and begin again')
    return Account(
        own=True, owner=clients.Identity(**content['owner']),
        operator=clients.Identity(**content['operator']))


def _given(conf):
    own = conf.heat_integrationtests
    if not (own.username and own.password and own.project_name):
        raise NoAccount(
            'An account is given in [heat_integrationtests], but username, '
            'password and project_name are not all set')
    return Account(
        own=False, operator=clients.admin(conf),
        owner=clients.Identity(
            username=own.username, password=own.password,
            project_name=own.project_name,
            user_domain_name=own.user_domain_name,
            project_domain_name=own.project_domain_name))


def _create(conf, directory):
    admin = clients.admin(conf)
    if admin is None:
        raise NoAccount(
            'No account owns the scenarios: set username, password and '
            'project_name in [heat_integrationtests], or admin_username, '
            'admin_password and admin_project_name in [auth], so that one '
            'can be made')
    keystone = clients.Keystone(conf, clients.shared_session(conf, admin))
    own = conf.heat_integrationtests
    roles = keystone.role_ids(own.account_roles)
    operator_roles = roles + keystone.role_ids([own.operator_role])
    domain = keystone.domain_id(conf.auth.default_credentials_domain_name)
    name = f'heat-upgrade-{uuid.uuid4().hex[:8]}'

    # Saved after each step, so that destroy finds what was made when the
    # next step fails.
    content = {'own': True, 'name': name, 'complete': False}
    content['project_id'] = keystone.create_project(
        name, domain, 'Upgrade tests of Heat; made and removed by '
                      'heat_integrationtests')
    manifest.save(directory, NAME, content)
    for kind, granted in (('owner', roles), ('operator', operator_roles)):
        user, password = keystone.create_user(
            f'{name}-{kind}', domain, content['project_id'])
        content[kind] = {'user_id': user, 'password': password,
                         'project_id': content['project_id']}
        manifest.save(directory, NAME, content)
        for role in granted:
            keystone.grant(role, user, content['project_id'])
    manifest.save(directory, NAME, {**content, 'complete': True})


def remove(content, keystone):
    """Remove the users and the project that were made, as far as they were.

    :param content: of the account's manifest
    :param keystone: a clients.Keystone as an admin
    """
    for kind in ('owner', 'operator'):
        if kind in content:
            keystone.delete('users', content[kind]['user_id'])
    if 'project_id' in content:
        keystone.delete('projects', content['project_id'])
