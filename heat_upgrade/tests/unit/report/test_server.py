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

"""The server of the history of runs, asked over HTTP."""

import http.client
import json
import pathlib
import threading

import ddt
import fixtures
import testtools

from heat_upgrade import errors
from heat_upgrade.report import history
from heat_upgrade.report import html
from heat_upgrade.report import server
from heat_upgrade.results import findings


def finding(subject):
    return findings.make('schema.db-sync-fails', subject,
                         f'{subject} fails').as_dict()


class ServerCase(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.work_dir = pathlib.Path(
            self.useFixture(fixtures.TempDir()).path) / 'runs'
        self.work_dir.mkdir()

    def save(self, name, *found, **changes):
        """Save a run with a report; returns its directory."""
        run_dir = self.work_dir / name
        (run_dir / 'logs').mkdir(parents=True)
        (run_dir / 'plan.json').write_text('{}')
        (run_dir / 'report.html').write_text(f'the report of {name}')
        (run_dir / 'logs' / 'heat-api.log').write_text('<b>a log</b>')
        (run_dir / 'clouds.yaml').write_text('password: secret')
        (run_dir / 'report.json').write_text(json.dumps({
            'started': '2026-11-29T00:58:16.506+00:00',
            'base': {'name': '2026.1', 'version': '26.0.2'},
            'target': {'name': '2026.2', 'version': '27.0.1'},
            'strategy': 'cold', 'seed': 0, 'verdict': 'pass',
            'duration_s': 97.5, 'findings': list(found), 'availability': {
                'heat-api': {'longest_gap_s': 17.35}}, **changes}))
        return run_dir


class TestHistory(ServerCase):

    def new(self):
        return {directory.name: number for directory, number
                in history.new_findings(history.runs(self.work_dir)).items()}

    def test_finding_is_new_if_the_run_before_lacks_it(self):
        self.save('1', finding('a'))
        self.save('2', finding('a'), finding('b'))
        self.save('3', finding('b'))
        self.assertEqual({'2': 1, '3': 0}, self.new())

    def test_run_of_another_upgrade_is_not_compared(self):
        self.save('1')
        self.save('2', finding('a'), strategy='rolling')
        self.save('3', finding('a'))
        self.assertEqual({'3': 1}, self.new())

    def test_run_without_a_report_is_left_out(self):
        self.save('1')
        (self.save('2') / 'report.json').unlink()
        self.save('3', finding('a'))
        self.assertEqual({'3': 1}, self.new())

    def test_page_has_the_figures_of_a_run(self):
        self.save('one run', finding('a'), verdict='fail')
        page = html.history_page(history.runs(self.work_dir))
        for text in ('1 run', 'FAIL', '17.4 s', '98 s', '26.0.2 to 27.0.1',
                     'href="one%20run/report.html"'):
            self.assertIn(text, page)

    def test_page_without_runs_is_complete(self):
        self.assertIn('0 runs', html.history_page([]))


@ddt.ddt
class TestServer(ServerCase):

    def setUp(self):
        super().setUp()
        self.save('one')
        self.server = server.Server(self.work_dir, 0)
        self.addCleanup(self.server.server_close)
        thread = threading.Thread(target=self.server.serve_forever)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(self.server.shutdown)

    def ask(self, path, method='GET', **headers):
        """Send a request; returns (status, kind of content, body)."""
        peer = http.client.HTTPConnection(*self.server.server_address,
                                          timeout=10)
        self.addCleanup(peer.close)
        peer.request(method, path, headers=headers)
        answer = peer.getresponse()
        return (answer.status, answer.headers.get_content_type(),
                answer.read().decode())

    def test_first_page_has_the_history(self):
        status, kind, body = self.ask('/')
        self.assertEqual((200, 'text/html'), (status, kind))
        self.assertIn('href="one/report.html"', body)

    def test_report_is_shown(self):
        self.assertEqual((200, 'text/html', 'the report of one'),
                         self.ask('/one/report.html'))

    def test_log_is_shown_as_text(self):
        self.assertEqual((200, 'text/plain', '<b>a log</b>'),
                         self.ask('/one/logs/heat-api.log'))

    @ddt.data('/one/clouds.yaml', '/one/logs/../clouds.yaml', '/one/', '/x',
              '/one/logs/..%2fclouds.yaml', '/one/logs/../report.json',
              '/../runs/one/clouds.yaml', '/..%2fruns/one/report.html/',
              '/one/logs/missing', '/../secret/report.html',
              '/%2e%2e/secret/report.html')
    def test_other_file_is_not_shown(self, path):
        secret = self.work_dir.parent / 'secret'
        secret.mkdir()
        (secret / 'report.html').write_text('outside')
        self.assertEqual(404, self.ask(path)[0])

    def test_link_out_of_the_logs_is_not_followed(self):
        (self.work_dir / 'one' / 'logs' / 'link').symlink_to(
            self.work_dir / 'one' / 'clouds.yaml')
        self.assertEqual(404, self.ask('/one/logs/link')[0])

    @ddt.data('POST', 'PUT', 'DELETE')
    def test_nothing_can_be_changed(self, method):
        self.assertEqual(501, self.ask('/', method)[0])

    def test_other_host_name_is_refused(self):
        self.assertEqual(403, self.ask('/', Host='evil.example:80')[0])

    def test_damaged_report_is_named(self):
        (self.work_dir / 'one' / 'report.json').write_text('{')
        status, _, body = self.ask('/')
        self.assertEqual(500, status)
        self.assertIn('report.json is damaged', body)

    def test_address_is_loopback(self):
        self.assertEqual('127.0.0.1', self.server.server_address[0])

    def test_taken_port_is_a_usage_error(self):
        self.assertRaises(errors.UsageError, server.Server, self.work_dir,
                          self.server.server_address[1])
