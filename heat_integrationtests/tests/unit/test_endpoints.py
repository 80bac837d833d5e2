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

"""The API endpoints of nodes come from tempest.conf or a variable."""

import ddt
import fixtures
from oslo_config import cfg
import testtools

from heat_integrationtests import config

ONE = 'http://node-1:8004/v1'
TWO = 'https://node-2/heat-api/v1/$(tenant_id)s'
CFN = 'http://node-1:8000,http://node-2:8000/'


@ddt.ddt
class EndpointsTest(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.conf = cfg.ConfigOpts()
        self.conf.register_opts(config.OPTIONS, group=config.group.name)
        self.conf([])
        self.options = self.conf.heat_integrationtests

    def set(self, **options):
        for name, value in options.items():
            self.conf.set_override(name, value, config.group.name)

    def test_no_endpoints_are_configured_by_default(self):
        self.assertIsNone(config.api_endpoint(self.options, {}))
        self.assertEqual([], config.api_endpoints(self.options, {}))
        self.assertEqual([], config.cfn_endpoints(self.options, {}))

    @ddt.data('http://node:8004/v1', 'http://node:8004/v1/',
              'http://node:8004/v1/$(project_id)s',
              'http://node:8004/v1/%(project_id)s/',
              'http://node:8004/v1/$(tenant_id)s',
              'http://node:8004/v1/%(tenant_id)s')
    def test_project_may_be_omitted_or_written_as_in_a_catalog(
            self, url):
        self.set(api_endpoint=url)
        self.assertEqual('http://node:8004/v1/%(project_id)s',
                         config.api_endpoint(self.options, {}))

    def test_configuration_file_accepts_the_notation_of_the_catalog(self):
        path = self.useFixture(fixtures.TempDir()).join('tempest.conf')
        with open(path, 'w') as file:
            file.write('[heat_integrationtests]\n'
                       'api_endpoint = http://one/v1/$(project_id)s\n'
                       'api_endpoints = http://one/v1/$(project_id)s, '
                       'http://two/v1/%(project_id)s\n')
        self.conf(['--config-file', path])
        self.assertEqual('http://one/v1/%(project_id)s',
                         config.api_endpoint(self.options, {}))
        self.assertEqual(['http://one/v1/%(project_id)s',
                          'http://two/v1/%(project_id)s'],
                         config.api_endpoints(self.options, {}))

    def test_endpoints_of_the_environment_take_precedence(self):
        self.set(api_endpoint='http://other/v1',
                 api_endpoints=['http://other/v1', 'http://others/v1'])
        environ = {config.API_ENDPOINT_VARIABLE: ONE,
                   config.API_ENDPOINTS_VARIABLE: f'{ONE}, {TWO}',
                   config.CFN_ENDPOINTS_VARIABLE: CFN}
        one = 'http://node-1:8004/v1/%(project_id)s'
        self.assertEqual(one, config.api_endpoint(self.options, environ))
        self.assertEqual(
            [one, 'https://node-2/heat-api/v1/%(project_id)s'],
            config.api_endpoints(self.options, environ))
        self.assertEqual(['http://node-1:8000', 'http://node-2:8000'],
                         config.cfn_endpoints(self.options, environ))

    @ddt.data([ONE], [ONE, ONE], [ONE, f'{ONE}/$(project_id)s'])
    def test_a_single_node_is_an_error(self, urls):
        self.set(api_endpoints=urls)
        error = self.assertRaises(config.WrongEndpoint,
                                  config.api_endpoints, self.options, {})
        self.assertIn('at least two nodes', str(error))

    def test_both_lists_must_name_the_same_nodes(self):
        self.set(api_endpoints=[ONE, TWO], cfn_endpoints=['http://node-1'])
        error = self.assertRaises(config.WrongEndpoint,
                                  config.cfn_endpoints, self.options, {})
        self.assertIn('1 nodes, and api_endpoints 2', str(error))

    @ddt.data('node-1:8004', '/v1', 'ftp://node-1/', 'http://')
    def test_an_invalid_url_is_an_error(self, text):
        self.set(api_endpoint=text)
        error = self.assertRaises(config.WrongEndpoint,
                                  config.api_endpoint, self.options, {})
        self.assertIn(repr(text), str(error))
