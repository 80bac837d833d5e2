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

"""Oracles detect bugs planted in a real cloud; no process remains."""

import json
import os
import signal

from heat_upgrade.results import journal
from heat_upgrade.self_test import experiment
from heat_upgrade.tests.functional import base

# One for each target, all of them quick: 40 s together.
QUICK = ('change-lost', 'made-twice', 'failed-in-flight', 'user-deleted')


class FaultsTest(base.ToolTestCase):

    def start_self_test(self, *arguments):
        return self.start('self-test', 'run', '--work-dir',
                          str(self.work_dir / 'runs'), *arguments)

    def test_each_bug_is_detected_and_the_control_has_no_findings(self):
        status = self.start_self_test(*QUICK).wait(base.RUN_TIMEOUT)
        self.assertEqual(0, status, self.output())
        table = json.loads((self.run_dir() / experiment.FILE).read_text())
        self.assertEqual(
            {**dict.fromkeys(QUICK, True), 'control': True},
            {result['name']: result['as_expected']
             for result in table['results']})
        self.assertEqual(
            {'change-lost': {'load: change-lost'},
             'made-twice': {'load: made-twice', 'ledger: MADE_TWICE'},
             'failed-in-flight': {'in flight: wrong end'},
             'user-deleted': {'probe: keystone-user'}, 'control': set()},
            {result['name']: {seen['oracle'] for seen in result['seen']}
             for result in table['results']})
        # Such a run has an ordinary report: Heat is not safe.
        self.assertEqual('fail', self.report()['verdict'])
        self.assert_nothing_is_left(self.marker())

    def test_ctrl_c_leaves_no_process(self):
        tool = self.start_self_test('stuck')
        self.wait_for_event(journal.STEP_START, experiment.PLANT, tool=tool)
        marker = self.marker()
        ports = self.ports(marker)
        self.assertGreaterEqual(len(ports), 6)
        os.killpg(tool.pid, signal.SIGINT)
        self.assertEqual(130, tool.wait(60), self.output())
        self.assert_nothing_is_left(marker, ports, timeout=5)
