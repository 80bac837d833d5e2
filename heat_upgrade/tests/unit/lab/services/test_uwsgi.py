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


import http.server
import socket
import threading

import ddt
import testtools
from testtools import matchers

from heat_upgrade.lab.services import uwsgi
from heat_upgrade.tests.unit.support import fakes


class Handler(http.server.BaseHTTPRequestHandler):

    def do_GET(self):
        self.send_response(300 if self.path == '/' else 404)
        self.end_headers()

    def log_message(self, *args):
        pass


@ddt.ddt
class TestAnswers(testtools.TestCase):

    def serve(self):
        server = http.server.HTTPServer(('127.0.0.1', 0), Handler)
        self.addCleanup(server.server_close)
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        self.addCleanup(thread.join)
        return server.server_port

    @ddt.unpack
    @ddt.data(('/', (300,), True), ('/', (200, 300), True),
              ('/', (200,), False), ('/x', (300,), False))
    def test_only_the_given_statuses_are_answers(self, path, statuses,
                                                 answers):
        self.assertEqual(answers, uwsgi.answers(self.serve(), path, statuses))

    def test_refused_connection_is_an_oserror(self):
        with socket.socket() as held:
            held.bind(('127.0.0.1', 0))
            self.assertRaises(OSError, uwsgi.answers,
                              held.getsockname()[1], '/', (200,))

    @ddt.data(b'', b'HELLO\r\n\r\n')
    def test_answer_that_is_not_http_is_an_oserror(self, words):
        server = socket.create_server(('127.0.0.1', 0))
        self.addCleanup(server.close)

        def answer():
            peer, _ = server.accept()
            with peer:
                peer.recv(4096)
                peer.sendall(words)
        thread = threading.Thread(target=answer)
        thread.start()
        self.addCleanup(thread.join)
        self.assertRaises(OSError, uwsgi.answers,
                          server.getsockname()[1], '/', (200,))


class TestProcess(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.workspace = self.useFixture(fakes.Workspace()).workspace
        self.environment = fakes.environment(self.workspace.data / 'heat')

    def argv(self, application, **options):
        return uwsgi.wsgi_process(
            'heat-api', self.environment, application, port=5, env={},
            log=self.workspace.log('heat-api'), processes=2, threads=4,
            **options).argv

    def test_application_listens_on_loopback_only(self):
        argv = self.argv('heat.wsgi.api:application')
        self.assertEqual('127.0.0.1:5',
                         argv[argv.index('--http-socket') + 1])

    def test_sigterm_ends_the_application(self):
        # uWSGI's own meaning of SIGTERM is to reload.
        self.assertIn('--die-on-term', self.argv('a:b'))

    def test_arguments_are_for_the_application(self):
        argv = self.argv('a:b', arguments='--config-file heat.conf')
        self.assertEqual(['--pyargv', '--config-file heat.conf'], argv[-2:])
        self.assertThat(self.argv('a:b'),
                        matchers.Not(matchers.Contains('--pyargv')))
