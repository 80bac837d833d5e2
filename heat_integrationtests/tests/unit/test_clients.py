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

"""Clients use the configured endpoints; answers of Heat are recognized."""

from concurrent import futures
import io
import types

import ddt
import fixtures
from keystoneauth1 import plugin
from keystoneauth1 import session as auth_session
from oslo_config import cfg
import requests
from requests import adapters
import testtools

from heat_integrationtests import clients
from heat_integrationtests import config

HEATS = {'x-openstack-request-id': 'req-1'}


class Auth(plugin.BaseAuthPlugin):
    """Provides a token, the project P and a catalog."""

    def get_token(self, session, **kwargs):
        return 'T'

    def get_project_id(self, session, **kwargs):
        return 'P'

    def get_endpoint(self, session, **kwargs):
        return 'http://catalog/v1/P'


class Web(adapters.BaseAdapter):
    """Sends the same response to all requests, and records them."""

    def __init__(self, status=200, headers=None, *, error=None):
        super().__init__()
        self.status = status
        self.headers = headers or {}
        self.error = error
        self.requests = []

    def send(self, request, **kwargs):
        self.requests.append(request)
        if self.error:
            raise self.error
        response = requests.Response()
        response.status_code = self.status
        response.headers.update(self.headers)
        response.raw = io.BytesIO(b'{"stacks": []}')
        response.url, response.request = request.url, request
        return response

    def close(self):
        pass


def _session(web):
    through = requests.Session()
    through.mount('http://', web)
    return auth_session.Session(auth=Auth(), session=through)


class HeatTest(testtools.TestCase):

    def setUp(self):
        super().setUp()
        for variable in (config.API_ENDPOINT_VARIABLE,
                         config.API_ENDPOINTS_VARIABLE):
            self.useFixture(fixtures.EnvironmentVariable(variable))
        self.conf = cfg.ConfigOpts()
        self.conf.register_opts(config.OPTIONS, group=config.group.name)
        self.conf.register_opt(cfg.StrOpt('region'), group='identity')
        self.conf([])

    def requested_url(self, endpoint=None):
        """Return the URL from which a client requests its stacks."""
        web = Web(headers={'Content-Type': 'application/json'})
        list(clients.heat(self.conf, _session(web), endpoint).stacks.list())
        self.assertEqual('T', web.requests[0].headers['X-Auth-Token'])
        return web.requests[0].url.partition('?')[0]

    def test_endpoint_comes_from_the_catalog(self):
        self.assertEqual('http://catalog/v1/P/stacks', self.requested_url())

    def test_configured_endpoint_precedes_the_catalog(self):
        self.conf.set_override('api_endpoint', 'http://node/v1',
                               config.group.name)
        self.assertEqual('http://node/v1/P/stacks', self.requested_url())

    def test_given_endpoint_precedes_the_configuration(self):
        self.conf.set_override('api_endpoint', 'http://node/v1',
                               config.group.name)
        self.assertEqual('http://other/P/stacks',
                         self.requested_url('http://other/%(project_id)s'))


@ddt.ddt
class AnswerTest(testtools.TestCase):

    def answer(self, *args, **kwargs):
        return clients.answer_of(_session(Web(*args, **kwargs)),
                                 'http://catalog/')

    def test_a_refused_connection_means_down(self):
        answer = self.answer(error=requests.ConnectionError('refused'))
        self.assertIsNone(answer)
        self.assertTrue(clients.is_heat_down(answer))

    @ddt.data(502, 503, 504)
    def test_a_load_balancer_without_backends_means_down(self, status):
        answer = self.answer(status, {'Content-Type': 'text/html'})
        self.assertTrue(clients.is_heat_down(answer))
        self.assertEqual(f'{status} of a proxy', str(answer))

    @ddt.data(200, 300, 401, 404, 500, 502, 503, 504)
    def test_a_response_of_heat_is_an_answer_with_any_status(self, status):
        answer = self.answer(status, HEATS)
        self.assertFalse(clients.is_heat_down(answer))
        self.assertEqual(f'{status} of Heat', str(answer))

    @ddt.data(200, 302, 401, 404, 500)
    def test_other_answers_of_a_proxy_do_not_mean_down(self, status):
        self.assertFalse(clients.is_heat_down(self.answer(status)))


class TestRequests(testtools.TestCase):
    """A failed test shows the IDs of its requests."""

    def request(self, status=200):
        made = clients.Session()
        answer = types.SimpleNamespace(
            status_code=status, headers={'x-openstack-request-id': 'req-1'})
        self.useFixture(fixtures.MonkeyPatch(
            'keystoneauth1.session.Session.request',
            lambda session, url, method, **options: answer))
        return made.request('http://heat/stacks?Signature=secret', 'GET')

    def test_each_request_is_recorded_without_its_query(self):
        clients.forget_requests()
        self.request(500)
        self.assertEqual('GET http://heat/stacks 500 req-1',
                         clients.requests_text())

    def test_a_test_starts_with_an_empty_record(self):
        clients.forget_requests()
        self.request()
        clients.forget_requests()
        self.assertEqual('', clients.requests_text())

    def test_requests_of_helping_threads_are_recorded_with_the_tests(self):
        clients.forget_requests()
        with futures.ThreadPoolExecutor(
                1, initializer=clients.share_requests()) as pool:
            pool.submit(self.request, 500).result()
        self.assertEqual('GET http://heat/stacks 500 req-1',
                         clients.requests_text())
