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

import json
import pathlib
import runpy

import fixtures
import testtools

from heat_upgrade.lab.physical import model

logged = runpy.run_path(str(model.PROGRAMS / 'lab_wsgi.py'))['logged']


class TestAccessLog(testtools.TestCase):

    def lines(self, environ, user=None, status='200 OK'):
        """Send one request; returns the lines of the access log."""
        path = pathlib.Path(self.useFixture(fixtures.TempDir()).path, 'log')

        def application(environ, start_response):
            if user:
                # As keystonemiddleware does.
                environ['HTTP_X_USER_NAME'] = user
            start_response(status, [('X-OpenStack-Request-ID', 'req-1')])
            return [b'answer']
        answer = logged(application, str(path))(
            {'REQUEST_METHOD': 'PUT', 'PATH_INFO': '/ports/1', **environ},
            lambda status, headers, exc_info: None)
        self.assertEqual([b'answer'], answer)
        return [json.loads(line) for line in path.read_text().splitlines()]

    def test_line_has_the_request_its_user_and_its_status(self):
        line, = self.lines({'SCRIPT_NAME': '/v2', 'QUERY_STRING': 'a=1',
                            'HTTP_USER_AGENT': 'heat'}, user='demo',
                           status='409 Conflict')
        del line['time'], line['seconds']
        self.assertEqual(
            {'method': 'PUT', 'path': '/v2/ports/1?a=1', 'status': 409,
             'user': 'demo', 'project': None, 'agent': 'heat',
             'request_id': 'req-1'}, line)

    def test_a_client_cannot_choose_the_logged_user(self):
        line, = self.lines({'HTTP_X_USER_NAME': 'admin'})
        self.assertIsNone(line['user'])
