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


from http import server
import json
import socket
import threading
import types

import ddt
import fixtures
import testtools

from heat_upgrade import http_client
from heat_upgrade.lab import heat_client
from heat_upgrade.probes import canary
from heat_upgrade.probes import definitions
from heat_upgrade.probes import error_classes

PROJECT, STACK, USER = 'project-id', 'stack-id', 'user-id'
VERSIONS = {'versions': [{'id': 'v1.0', 'status': 'CURRENT'}]}
LISTED = {'stacks': [{'id': STACK}]}
SHOWN = {'stack': {'id': STACK, 'stack_status': 'CREATE_COMPLETE'}}
TOKEN = {'token': {'user': {'id': USER}, 'project': {'id': PROJECT},
                   'roles': [{'name': 'one'}]}}


class Server(fixtures.Fixture):
    """An HTTP server on loopback that answers everything alike.

    :ivar status: of the answers
    :ivar body: their content, as a value for JSON
    :ivar seen: [(method, path, headers, body)] of the requests
    """

    def __init__(self):
        self.status, self.body, self.headers = 200, {}, {}
        self.seen = []

    def _setUp(self):
        fake = self

        class Handler(server.BaseHTTPRequestHandler):
            def _answer(self):
                length = int(self.headers.get('Content-Length', 0))
                fake.seen.append((self.command, self.path, self.headers,
                                  self.rfile.read(length)))
                content = json.dumps(fake.body).encode()
                self.send_response(fake.status)
                for name, value in fake.headers.items():
                    self.send_header(name, value)
                self.send_header('Content-Length', str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_PUT = do_POST = _answer

            def log_message(self, *words):
                pass
        one = server.HTTPServer(('127.0.0.1', 0), Handler)
        self.url = f'http://127.0.0.1:{one.server_port}'
        thread = threading.Thread(target=one.serve_forever, args=(0.01,),
                                  daemon=True)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(one.server_close)
        self.addCleanup(one.shutdown)


@ddt.ddt
class TestHttp(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.server = self.useFixture(Server())

    def test_request_is_sent_once_with_the_whole_url(self):
        http_client.ask(
            'PUT',
            f'{self.server.url}/a%3Ab?c=d%2F',
            json={'e': 1},
            headers={'X-Auth-Token': 't'},
            timeout=5,
        )
        (method, path, headers, body), = self.server.seen
        self.assertEqual(
            ('PUT', '/a%3Ab?c=d%2F', 't', {'e': 1}),
            (method, path, headers['X-Auth-Token'], json.loads(body)))

    def test_a_redirection_is_an_answer(self):
        self.server.status = 302
        self.server.headers = {'Location': f'{self.server.url}/there'}
        self.assertEqual(302, http_client.ask('GET', f'{self.server.url}/',
                                              timeout=5).status)
        self.assertEqual(1, len(self.server.seen))

    def test_reply_names_the_node(self):
        self.server.headers = {heat_client.NODE_HEADER: 'node-2'}
        answer = http_client.ask('GET', f'{self.server.url}/', timeout=5)
        self.assertEqual('node-2', definitions.reply(answer, 200).node)

    def test_closed_port_raises_oserror(self):
        exc = self.assertRaises(OSError, http_client.ask, 'GET',
                                'http://127.0.0.1:1/', timeout=5)
        self.assertEqual(error_classes.REFUSED,
                         error_classes.of_exception(exc))

    @ddt.unpack
    @ddt.data((b'', error_classes.RESET), (None, error_classes.TIMEOUT),
              (b'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncut',
               error_classes.CUT_OFF),
              (b'not HTTP\r\n\r\n', error_classes.CUT_OFF))
    def test_broken_answer_has_the_class_of_its_error(self, content, error):
        def answer():
            connection, _ = listener.accept()
            with connection:
                connection.recv(4096)
                if content is None:
                    asked.wait(10)
                else:
                    connection.sendall(content)
        listener, asked = socket.create_server(('127.0.0.1', 0)), (
            threading.Event())
        self.addCleanup(listener.close)
        thread = threading.Thread(target=answer)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(asked.set)
        exc = self.assertRaises(
            OSError, http_client.ask, 'GET',
            f'http://127.0.0.1:{listener.getsockname()[1]}/', timeout=0.2)
        self.assertEqual(error, error_classes.of_exception(exc))

    def test_content_that_is_not_json_is_none(self):
        self.assertIsNone(http_client.Answer(200, {}, b'<html>').json())


@ddt.ddt
class TestQuestions(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.server = self.useFixture(Server())
        standing = types.SimpleNamespace(
            id=STACK, project=PROJECT, user=USER, password='secret',
            url=f'{self.server.url}/v1/waitcondition/arn%3Aone?Signature=s')
        identity = types.SimpleNamespace(
            url=self.server.url, project_id=lambda: PROJECT,
            session=types.SimpleNamespace(get_token=lambda: 'token'))
        cloud = types.SimpleNamespace(identity=identity,
                                      cfn_url=self.server.url)
        self.questions = {
            one.name: one
            for one in definitions.of_cloud(
                cloud,
                heat_client.Api(identity, f'{self.server.url}/v1'),
                standing,
                threading.Event(),
            )
        }

    def ask(self, name, status, body):
        self.server.status, self.server.body = status, body
        self.server.headers = {'X-Subject-Token': 'its-token'}
        return self.questions[name].ask()

    def test_each_name_has_a_question(self):
        self.assertEqual(sorted(definitions.NAMES), sorted(self.questions))

    @ddt.unpack
    @ddt.data(
        # probe, status, body, class of the error
        ('api-versions', 300, VERSIONS, ''),
        ('api-versions', 200, VERSIONS, '200'),
        ('api-versions', 300, {'versions': []}, 'wrong'),
        ('api-versions', 503, 'no server', '503'),
        ('cfn-versions', 300, VERSIONS, ''),
        ('cfn-versions', 300, 'nonsense', 'wrong'),
        ('stack-list', 200, LISTED, ''),
        ('stack-list', 200, {'stacks': []}, 'wrong'),
        ('stack-list', 200, {'stacks': [{'id': 'another'}]}, 'wrong'),
        ('stack-list', 500, {'error': {'type': 'MessagingTimeout'}}, '500'),
        ('stack-list', 400, {}, '400'),
        ('stack-show', 200, SHOWN, ''),
        ('stack-show', 404, {}, '404'),
        ('stack-show', 200, None, 'wrong'),
        ('stack-show', 200, {'stack': {
            'id': STACK, 'stack_status': 'CREATE_FAILED'}}, 'wrong'),
        ('signal', 200, {}, ''),
        ('signal', 403, {}, '403'),
        ('keystone-user', 201, TOKEN, ''),
        ('keystone-user', 401, {}, '401'),
        ('keystone-user', 201, {'token': {
            **TOKEN['token'], 'user': {'id': 'another'}}}, 'wrong'),
        ('keystone-user', 201, {'token': {
            **TOKEN['token'], 'roles': []}}, 'wrong'),
    )
    def test_answer_is_judged_by_its_status_and_content(
            self, name, status, body, error):
        self.assertEqual(error, self.ask(name, status, body).error)

    def test_bad_answer_keeps_its_text(self):
        self.assertIn('MessagingTimeout', self.ask(
            'stack-list', 500, {'error': {'type': 'MessagingTimeout'}}
        ).detail)

    @ddt.unpack
    @ddt.data(
        ('api-versions', 'GET', '/'),
        ('cfn-versions', 'GET', '/'),
        ('stack-list', 'GET', f'/v1/{PROJECT}/stacks?limit=1'
                              '&name=heat-upgrade-probe-standing'),
        ('stack-show', 'GET', f'/v1/{PROJECT}/stacks/'
                              f'heat-upgrade-probe-standing/{STACK}'
                              '?resolve_outputs=False'),
        ('signal', 'PUT', '/v1/waitcondition/arn%3Aone?Signature=s'),
        ('keystone-user', 'POST', '/v3/auth/tokens'),
    )
    def test_question_sends_the_described_request(self, name, method, path):
        self.ask(name, 200, {})
        self.assertEqual((method, path), self.server.seen[0][:2])

    def test_user_validates_its_token_and_renews_it_periodically(self):
        looks = [200] * (definitions.LOOKS_PER_TOKEN - 2)
        for status in [201, *looks, 201, 200]:
            self.assertEqual('', self.ask('keystone-user', status,
                                          TOKEN).error)
        self.assertEqual(['POST', *('GET' for _ in looks), 'POST', 'GET'],
                         [method for method, *_ in self.server.seen])
        self.assertEqual('its-token', self.server.seen[1][2]['X-Auth-Token'])

    def test_a_user_that_was_refused_logs_in_the_next_time(self):
        self.ask('keystone-user', 401, {})
        self.ask('keystone-user', 201, TOKEN)
        self.assertEqual(['POST', 'POST'],
                         [method for method, *_ in self.server.seen])

    def test_password_is_not_in_a_reply(self):
        self.assertNotIn('secret', str(self.ask('keystone-user', 401, {})))

    def test_canary_needs_no_concurrent_questions(self):
        one = self.questions['canary']
        self.assertIsInstance(one.ask, canary.Cycle)
        self.assertEqual((1, 0), (one.in_flight, one.spare))
