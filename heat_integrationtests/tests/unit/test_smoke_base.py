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

"""Smoke tests share credentials, of the type that a test asks for."""

import types
import unittest

from tempest import test
import testtools

from heat_integrationtests.smoke import base


class _Provider:
    """A provider that counts the credentials that it creates."""

    def __init__(self):
        self.created = []

    def is_role_available(self, role):
        return role == 'reader'

    def _create(self, name):
        self.created.append(name)
        return types.SimpleNamespace(credentials=name)

    def get_primary_creds(self):
        return self._create('primary')

    def get_alt_creds(self):
        return self._create('alt')

    def get_admin_creds(self):
        return self._create('admin')

    def get_creds_by_roles(self, roles, scope):
        return self._create(f'{scope}: {roles}')


class _Manager:

    def __init__(self, credentials):
        self.credentials = credentials
        self.auth_provider = types.SimpleNamespace(set_auth=lambda: None)


class CredentialsTest(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.provider = _Provider()
        self.patch(base, '_provider', lambda: self.provider)
        self.patch(base, '_managers', {})
        self.patch(test.BaseTestCase, 'client_manager', _Manager)

    def got(self, *args, **kwargs):
        return base.SmokeTest.get_client_manager(*args, **kwargs).credentials

    def test_each_type_has_credentials_of_its_own(self):
        self.assertEqual(['primary', 'alt', 'admin'], [
            self.got(credential_type=name)
            for name in ('primary', 'alt', 'admin')])

    def test_primary_credentials_are_the_default(self):
        self.assertEqual('primary', self.got())

    def test_roles_select_the_credentials(self):
        self.assertEqual("project: ['reader']",
                         self.got(roles=['reader'], scope='project'))

    def test_role_that_the_cloud_lacks_skips_the_test(self):
        self.assertRaises(unittest.SkipTest, self.got, roles=['stranger'])

    def test_classes_share_the_credentials_of_a_type(self):
        class Other(base.SmokeTest):
            """Another class."""

        self.assertIs(base.SmokeTest.get_client_manager('alt'),
                      Other.get_client_manager('alt'))
        self.assertEqual(['alt'], self.provider.created)


class SkipTest(testtools.TestCase):

    def test_cloud_without_heat_skips_the_smoke_tests(self):
        self.patch(base, 'CONF', types.SimpleNamespace(
            service_available=types.SimpleNamespace(heat=False)))
        self.patch(test.BaseTestCase, 'skip_checks', classmethod(
            lambda cls: None))
        skip = self.assertRaises(unittest.SkipTest,
                                 base.SmokeTest.skip_checks)
        self.assertEqual('heat is off in [service_available]', str(skip))
