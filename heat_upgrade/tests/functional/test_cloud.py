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

"""The lab's cloud: it starts, answers, stops, and leaves nothing."""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import threading
import urllib.request

from heat_upgrade.results import journal
from heat_upgrade.tests.functional import base


class CloudTest(base.ToolTestCase):

    def up(self, name):
        """Start a cloud; returns its run directory and its notes."""
        run_dir = self.work_dir / name
        status, output = self.run_tool('cloud', 'up', str(run_dir))
        self.assertEqual(0, status, output)
        self.addCleanup(self.run_tool, 'cloud', 'down', str(run_dir))
        return run_dir, json.loads((run_dir / 'cloud.json').read_text())

    def test_a_cloud_answers_and_leaves_nothing_when_it_is_ended(self):
        run_dir, noted = self.up('one')
        ports = self.ports(noted['marker'])
        self.assertGreaterEqual(len(ports), 6)
        status, output = self.run_tool('cloud', 'env', str(run_dir))
        variables = dict(
            line.removeprefix('export ').split('=', 1)
            for line in output.splitlines())
        stacks = subprocess.run(
            [pathlib.Path(sys.executable).with_name('openstack'),
             '--os-cloud', variables['OS_CLOUD'], 'stack', 'list', '-f',
             'json'],
            env={**os.environ, **variables}, check=True, timeout=60,
            capture_output=True, text=True)
        self.assertEqual([], json.loads(stacks.stdout))

        status, output = self.run_tool('cloud', 'down', str(run_dir))
        self.assertEqual(0, status, output)
        self.assert_nothing_is_left(noted['marker'], ports)

    def test_two_clouds_side_by_side_do_not_meet(self):
        clouds = {}

        def up(name):
            # A thread of its own has a tool of its own.
            run_dir = self.work_dir / name
            done = subprocess.run(
                [sys.executable, '-m', 'heat_upgrade.cli.main', 'cloud',
                 'up', str(run_dir)],
                env={**os.environ, 'TMPDIR': str(self.tmp)},
                capture_output=True, text=True, timeout=base.RUN_TIMEOUT)
            clouds[name] = (done, run_dir)

        threads = [threading.Thread(target=up, args=[name])
                   for name in ('one', 'two')]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        ports = []
        for done, run_dir in clouds.values():
            self.assertEqual(0, done.returncode, done.stdout + done.stderr)
            self.addCleanup(self.run_tool, 'cloud', 'down', str(run_dir))
            noted = json.loads((run_dir / 'cloud.json').read_text())
            ports.append(set(self.ports(noted['marker'])))
            with urllib.request.urlopen(f'{noted["keystone"]}/v3') as answer:
                self.assertEqual(200, answer.status)
        self.assertEqual(set(), ports[0] & ports[1])

    def test_services_listen_on_loopback_alone(self):
        _, noted = self.up('one')
        addresses = {address.ip
                     for address in self.listeners(noted['marker'])}
        self.assertEqual(set(), addresses - {'127.0.0.1', '::1'})

    def test_no_secret_is_in_a_log_or_on_a_command_line(self):
        run_dir, noted = self.up('one')
        heat_conf = pathlib.Path(noted['data'], 'heat', 'heat.conf')
        secrets = {line.partition(' = ')[2]
                   for line in heat_conf.read_text().splitlines()
                   if re.match(r'\w*(password|encryption_key) = ', line)}
        transport = heat_conf.read_text().partition('rabbit://heat:')[2]
        secrets.add(transport.partition('@')[0])
        self.assertGreaterEqual(len(secrets), 4)
        shown = [path.read_text(errors='replace')
                 for path in (run_dir / 'logs').iterdir()]
        shown += self.ask(noted['marker'],
                          lambda one: ' '.join(one.cmdline()))
        for secret in secrets:
            for text in shown:
                self.assertNotIn(secret, text)
        for name in ('clouds.yaml', 'openrc', 'tempest.conf', 'cloud.json'):
            self.assertEqual(0o600, (run_dir / name).stat().st_mode & 0o777)


class EndOfTheToolTest(base.ToolTestCase):

    def test_killed_tool_leaves_no_process(self):
        tool = self.start_run(*base.ONE_SCENARIO)
        self.wait_for_event(journal.STEP_START, 'verify-base', tool=tool)
        marker = self.marker()
        ports = self.ports(marker)
        self.assertGreaterEqual(len(ports), 6)
        tool.kill()
        tool.wait()
        self.assert_nothing_is_left(marker, ports)

    def test_ctrl_c_leaves_a_partial_report_and_nothing_else(self):
        tool = self.start_run(*base.ONE_SCENARIO)
        self.wait_for_event(journal.STEP_START, 'verify-base', tool=tool)
        marker = self.marker()
        ports = self.ports(marker)
        os.killpg(tool.pid, signal.SIGINT)
        self.assertEqual(130, tool.wait(60), self.output())
        self.assert_nothing_is_left(marker, ports, timeout=5)
        report = self.report()
        self.assertFalse(report['finished'])
        self.assertEqual('lab-error', report['verdict'])
        self.assertEqual('ok', report['steps'][1]['outcome'])
