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

"""heat-upgrade report serve, as a process."""

import signal
import subprocess
import sys
import urllib.request

from heat_upgrade.tests.unit.support import cli_case


class TestServe(cli_case.CliCase):

    def test_ctrl_c_is_the_normal_end(self):
        process = subprocess.Popen(
            [sys.executable, '-m', 'heat_upgrade.cli.main', 'report', 'serve',
             str(self.home)], stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        url = process.stdout.readline().strip()
        with urllib.request.urlopen(url, timeout=30) as answer:
            self.assertIn('0 runs', answer.read().decode())
        process.send_signal(signal.SIGINT)
        self.assertEqual(0, process.wait(30))

    def test_missing_directory_is_a_usage_error(self):
        self.assertIn('is not a directory', self.refused(
            'report', 'serve', self.home / 'missing'))
