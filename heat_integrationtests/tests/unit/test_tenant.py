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

"""The account is created once, loaded later, and removed."""

import types

import fixtures
import testtools

from heat_integrationtests import clients
from heat_integrationtests import manifest
from heat_integrationtests import tenant


class Keystone:
    """Imitates Keystone."""

    def __init__(self):
        self.entities = {'projects': {}, 'users': {}}
        self.grants = []
        self.fail_at = None

    def domain_id(self, name):
        return f'domain-{name}'

    def role_ids(self, names):
        return [f'role-{name}' for name in names]

    def create_project(self, name, domain_id, description):
        self.entities['projects']['P'] = name
        return 'P'

    def create_user(self, name, domain_id, project_id):
        if self.fail_at and name.endswith(self.fail_at):
            raise RuntimeError('Keystone is away')
        self.entities['users'][f'U-{name[-8:]}'] = name
        return f'U-{name[-8:]}', 'secret'

    def grant(self, role_id, user_id, project_id):
        self.grants.append((role_id, user_id[-5:], project_id))

    def delete(self, kind, entity_id):
        self.entities[kind].pop(entity_id, None)


def _conf(**options):
    own = dict.fromkeys(
        ['username', 'password', 'project_name', 'user_domain_name',
         'project_domain_name'])
    own.update(account_roles=['member', 'heat_stack_owner'],
               operator_role='admin', **options)
    return types.SimpleNamespace(
        heat_integrationtests=types.SimpleNamespace(**own),
        auth=types.SimpleNamespace(
            admin_username='admin', admin_password='secret',
            admin_project_name='admin', admin_user_domain_name=None,
            admin_project_domain_name=None, admin_domain_name='Default',
            default_credentials_domain_name='Default'))


class AccountTest(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.directory = self.useFixture(fixtures.TempDir()).path
        self.keystone = Keystone()
        self.useFixture(fixtures.MockPatchObject(
            clients, 'Keystone', lambda conf, session: self.keystone))
        self.useFixture(fixtures.MockPatchObject(
            clients, 'shared_session', lambda conf, identity: None))
        self.conf = _conf()

    def test_a_project_and_two_users_are_created_at_first_use(self):
        account = tenant.ensure(self.conf, self.directory)
        self.assertTrue(account.own)
        self.assertEqual('P', account.owner.project_id)
        self.assertNotEqual(account.owner.user_id, account.operator.user_id)
        self.assertEqual(1, len(self.keystone.entities['projects']))
        self.assertEqual(
            {('role-member', 'owner', 'P'),
             ('role-heat_stack_owner', 'owner', 'P'),
             ('role-member', 'rator', 'P'),
             ('role-heat_stack_owner', 'rator', 'P'),
             ('role-admin', 'rator', 'P')}, set(self.keystone.grants))

    def test_the_account_is_created_only_once(self):
        account = tenant.ensure(self.conf, self.directory)
        self.assertEqual(account, tenant.ensure(self.conf, self.directory))
        self.assertEqual(account, tenant.load(self.conf, self.directory))
        self.assertEqual(2, len(self.keystone.entities['users']))

    def test_a_later_phase_creates_no_account(self):
        self.assertRaises(manifest.Missing, tenant.load, self.conf,
                          self.directory)
        self.assertEqual({}, self.keystone.entities['projects'])

    def test_an_incomplete_account_is_refused_and_can_be_removed(
            self):
        self.keystone.fail_at = 'operator'
        self.assertRaises(RuntimeError, tenant.ensure, self.conf,
                          self.directory)
        error = self.assertRaises(tenant.NoAccount, tenant.ensure,
                                  self.conf, self.directory)
        self.assertIn('heat_integrationtests.destroy', str(error))
        tenant.remove(manifest.load(self.directory, tenant.NAME),
                      self.keystone)
        self.assertEqual({'projects': {}, 'users': {}}, self.keystone.entities)

    def test_the_error_without_credentials_names_both_options(self):
        self.conf.auth.admin_username = None
        error = self.assertRaises(tenant.NoAccount, tenant.ensure,
                                  self.conf, self.directory)
        self.assertIn('[heat_integrationtests]', str(error))
        self.assertIn('[auth]', str(error))

    def test_a_configured_account_is_used_without_saving_its_password(self):
        conf = _conf()
        own = conf.heat_integrationtests
        own.username, own.password, own.project_name = 'u', 'hush', 'p'
        account = tenant.ensure(conf, self.directory)
        self.assertFalse(account.own)
        self.assertEqual('u', account.owner.username)
        self.assertEqual('admin', account.operator.username)
        self.assertNotIn('hush', str(manifest.load(self.directory,
                                                   tenant.NAME)))
        self.assertEqual(account, tenant.load(conf, self.directory))

    def test_an_incomplete_configuration_is_refused(self):
        self.conf.heat_integrationtests.username = 'u'
        self.assertRaises(tenant.NoAccount, tenant.ensure, self.conf,
                          self.directory)
