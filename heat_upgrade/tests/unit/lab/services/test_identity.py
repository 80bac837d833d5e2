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


import types

from keystoneauth1 import exceptions
import testtools
from testtools import matchers

from heat_upgrade.lab.services import identity


class Session:
    """A fake Keystone that keeps names and ids."""

    def __init__(self):
        self.made, self.calls = {}, []

    def request(self, url, method, json=None, raise_exc=True, **options):
        if not raise_exc:
            raise exceptions.ConnectFailure('refused')
        path = url.partition('/v3/')[2]
        self.calls.append((method, path))
        if method == 'PUT':
            return types.SimpleNamespace(content=b'')
        if method == 'GET':
            plural, _, name = path.partition('?name=')
            name = name.partition('&')[0]
            made = self.made.get((plural, name))
            body = {plural: [{'id': made}] if made else []}
        else:
            (kind, attributes), = json.items()
            made = f'{kind}-{attributes.get("name")}'
            self.made[path, attributes.get('name')] = made
            body = {kind: {'id': made}}
        return types.SimpleNamespace(content=b'x', json=lambda: body)


class TestIdentity(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.identity = identity.Identity('http://127.0.0.1:5',
                                          username='admin', password='x')
        self.session = self.identity.session = Session()

        self.session.get_user_id = lambda: 'user-1'
        self.session.get_project_id = lambda: 'project-1'

    def test_the_administrator_gets_a_role_in_another_project(self):
        other = self.identity.of_project('aged')
        self.assertIn(('POST', 'projects'), self.session.calls)
        self.assertEqual(
            ('PUT', 'projects/project-aged/users/user-1/roles/role-admin'),
            self.session.calls[-1])
        self.assertEqual('aged', other.session.auth.project_name)

    def test_a_member_has_one_role_in_the_administrators_project(self):
        member = self.identity.member()
        self.assertEqual(
            ('PUT', 'projects/project-1/users/user-member/roles/role-member'),
            self.session.calls[-1])
        self.assertEqual('admin', member.session.auth.project_name)

    def prepare(self):
        self.identity.prepare_heat(service_password='s', domain_password='d')

    def test_accounts_of_the_installation_guide_are_made(self):
        self.prepare()
        self.assertThat(self.session.made, matchers.ContainsAll([
            ('projects', 'service'), ('users', 'heat'), ('domains', 'heat'),
            ('users', 'heat_domain_admin'), ('roles', 'heat_stack_owner'),
            ('roles', 'heat_stack_user')]))

    def test_domain_administrator_has_a_role_on_the_domain_only(self):
        self.prepare()
        self.assertEqual(
            ['domains/domain-heat/users/user-heat_domain_admin/roles/'
             'role-admin'],
            [path for method, path in self.session.calls
             if method == 'PUT' and 'domain_admin' in path])

    def test_existing_objects_are_not_made_again(self):
        self.prepare()
        made = dict(self.session.made)
        again = identity.Identity('http://127.0.0.1:5', username='admin',
                                  password='x')
        again.session = self.session
        self.session.calls.clear()
        again.prepare_heat(service_password='s', domain_password='d')
        self.assertEqual(made, self.session.made)
        self.assertNotIn('POST', [method for method, _
                                  in self.session.calls])

    def test_a_service_has_a_public_and_an_internal_endpoint(self):
        self.identity.endpoint('heat', 'orchestration', 'http://h',
                               region='R')
        self.assertEqual(2, self.session.calls.count(('POST', 'endpoints')))

    def test_refused_connection_is_an_oserror(self):
        exc = self.assertRaises(OSError, self.identity.get, 'http://h',
                                timeout=1)
        self.assertIn('refused', str(exc))
