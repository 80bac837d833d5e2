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

"""Clients go where they are told to, and answers are told apart."""

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
    """Who has a token, a project P and a catalog."""

    def get_token(self, session, **kwargs):
        return 'T'

    def get_project_id(self, session, **kwargs):
        return 'P'

    def get_endpoint(self, session, **kwargs):
        return 'http://catalog/v1/P'


class Web(adapters.BaseAdapter):
    """Answers all requests in the same way, and notes them."""

    def __init__(self, status=200, headers=None, *, error=None):
        super().__init__()
        self.status = status
        self.headers = headers or {}
        self.error = error
        self.asked = []

    def send(self, request, **kwargs):
        self.asked.append(request)
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

    def asked(self, endpoint=None):
        """Give the URL that a client asks for its stacks."""
        web = Web(headers={'Content-Type': 'application/json'})
        list(clients.heat(self.conf, _session(web), endpoint).stacks.list())
        self.assertEqual('T', web.asked[0].headers['X-Auth-Token'])
        return web.asked[0].url.partition('?')[0]

    def test_the_catalog_says_where_heat_is(self):
        self.assertEqual('http://catalog/v1/P/stacks', self.asked())

    def test_the_configuration_says_so_before_the_catalog(self):
        self.conf.set_override('api_endpoint', 'http://node/v1',
                               config.group.name)
        self.assertEqual('http://node/v1/P/stacks', self.asked())

    def test_who_asks_for_a_client_has_the_last_word(self):
        self.conf.set_override('api_endpoint', 'http://node/v1',
                               config.group.name)
        self.assertEqual('http://other/P/stacks',
                         self.asked('http://other/%(project_id)s'))


@ddt.ddt
class AnswerTest(testtools.TestCase):

    def answer(self, *args, **kwargs):
        return clients.answer_of(_session(Web(*args, **kwargs)),
                                 'http://catalog/')

    def test_a_refused_connection_is_no_answer(self):
        answer = self.answer(error=requests.ConnectionError('refused'))
        self.assertIsNone(answer)
        self.assertTrue(clients.nobody_is_there(answer))

    @ddt.data(502, 503, 504)
    def test_a_load_balancer_says_that_nobody_is_there(self, status):
        answer = self.answer(status, {'Content-Type': 'text/html'})
        self.assertTrue(clients.nobody_is_there(answer))
        self.assertEqual(f'{status} of a proxy', str(answer))

    @ddt.data(200, 300, 401, 404, 500, 502, 503, 504)
    def test_what_heat_says_itself_is_an_answer(self, status):
        answer = self.answer(status, HEATS)
        self.assertFalse(clients.nobody_is_there(answer))
        self.assertEqual(f'{status} of Heat', str(answer))

    @ddt.data(200, 302, 401, 404, 500)
    def test_another_answer_of_a_proxy_does_not_say_so(self, status):
        self.assertFalse(clients.nobody_is_there(self.answer(status)))


class TestRequests(testtools.TestCase):
    """A failed test shows the ids of its requests."""

    def request(self, status=200):
        made = clients.Session()
        answer = types.SimpleNamespace(
            status_code=status, headers={'x-openstack-request-id': 'req-1'})
        self.useFixture(fixtures.MonkeyPatch(
            'keystoneauth1.session.Session.request',
            lambda session, url, method, **options: answer))
        return made.request('http://heat/stacks?Signature=secret', 'GET')

    def test_each_is_noted_without_its_query(self):
        clients.forget_requests()
        self.request(500)
        self.assertEqual('GET http://heat/stacks 500 req-1',
                         clients.requests_text())

    def test_a_test_begins_with_none(self):
        clients.forget_requests()
        self.request()
        clients.forget_requests()
        self.assertEqual('', clients.requests_text())
