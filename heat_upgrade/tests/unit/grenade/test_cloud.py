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

"""The cloud of a grenade run."""

import json

import ddt
import requests
import testtools

from heat_upgrade import errors
from heat_upgrade.grenade import cloud


@ddt.ddt
class TestUrls(testtools.TestCase):

    @ddt.data(
        ('http://n/heat-api/v1/abc', 'http://n/heat-api/'),
        ('http://n:8004/v1/abc', 'http://n:8004/'),
        ('http://n/heat-api-cfn/v1', 'http://n/heat-api-cfn/'),
        ('https://[::1]/heat-api/v1/abc', 'https://[::1]/heat-api/'))
    @ddt.unpack
    def test_versions_are_shown_above_the_version(self, endpoint, root):
        self.assertEqual(root, cloud.root(endpoint))

    @ddt.data(
        ('http://n/heat-api/v1', '10.0.0.2', 'http://10.0.0.2/heat-api/v1'),
        ('http://n:8004/v1', '10.0.0.2', 'http://10.0.0.2:8004/v1'),
        ('http://n/v1', 'fd00::2', 'http://[fd00::2]/v1'))
    @ddt.unpack
    def test_another_node_has_the_same_url_with_its_address(
            self, endpoint, address, url):
        self.assertEqual(url, cloud.on(endpoint, address))

    def test_a_url_is_cut_at_its_project(self):
        self.assertEqual('http://n/heat-api/v1',
                         cloud.without_project('http://n/heat-api/v1/abc'))

    def test_missing_openrc_is_an_error_with_its_variables(self):
        error = self.assertRaises(errors.UsageError, cloud.Cloud, {
            'OS_USERNAME': 'admin'})
        self.assertIn('OS_AUTH_URL, OS_PASSWORD', str(error))
        self.assertIn('openrc', str(error))

    @ddt.data(None, {}, {'error': 'x'}, [])
    def test_answer_without_a_list_of_engines_is_an_oserror(self, body):
        one = cloud.Cloud({
            'OS_AUTH_URL': 'http://n', 'OS_USERNAME': 'admin',
            'OS_PASSWORD': 'x', 'OS_PROJECT_NAME': 'admin'})
        answer = requests.Response()
        answer.status_code = 200
        answer._content = (b'<html>' if body is None
                           else json.dumps(body).encode())
        self.patch(one, 'endpoint', lambda kind: 'http://n/heat-api/v1/p')
        self.patch(one, 'get', lambda url: answer)
        error = self.assertRaises(OSError, one.engines)
        self.assertIn('no list of services', str(error))

    @ddt.data('http://n/identity', 'http://n/identity/',
              'http://n/identity/v3')
    def test_keystone_is_asked_in_its_third_version(self, url):
        one = cloud.Cloud({
            'OS_AUTH_URL': url, 'OS_USERNAME': 'admin', 'OS_PASSWORD': 'x',
            'OS_PROJECT_NAME': 'admin'})
        self.assertEqual('http://n/identity/v3', one.auth_url)
