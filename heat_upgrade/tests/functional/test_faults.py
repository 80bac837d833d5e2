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

"""Bugs that are planted in a real cloud are seen, and nothing is left."""

import json
import os
import signal

from heat_upgrade.bug_seeding import experiment
from heat_upgrade.results import journal
from heat_upgrade.tests.functional import base

# One of each place, none of which takes long: 40 s in all.
QUICK = ('change-lost', 'made-twice', 'failed-in-flight', 'user-deleted')


class FaultsTest(base.ToolTestCase):

    def start_faults(self, *arguments):
        return self.start('faults', 'run', '--work-dir',
                          str(self.work_dir / 'runs'), *arguments)

    def test_each_is_seen_and_the_control_is_silent(self):
        status = self.start_faults(*QUICK).wait(base.RUN_TIMEOUT)
        self.assertEqual(0, status, self.output())
        told = json.loads((self.run_dir() / experiment.FILE).read_text())
        self.assertEqual(
            {**dict.fromkeys(QUICK, True), 'control': True},
            {one['name']: one['as_expected'] for one in told['results']})
        self.assertEqual(
            {'change-lost': {'load: change-lost'},
             'made-twice': {'load: made-twice', 'ledger: MADE_TWICE'},
             'failed-in-flight': {'in flight: wrong end'},
             'user-deleted': {'probe: keystone-user'}, 'control': set()},
            {one['name']: {seen['oracle'] for seen in one['seen']}
             for one in told['results']})
        # The report of such a run is that of any: Heat is not safe.
        self.assertEqual('fail', self.report()['verdict'])
        self.assert_nothing_is_left(self.marker())

    def test_ctrl_c_leaves_nothing(self):
        tool = self.start_faults('stuck')
        self.wait_for_event(journal.STEP_START, experiment.PLANT, tool=tool)
        marker = self.marker()
        ports = self.ports(marker)
        self.assertGreaterEqual(len(ports), 6)
        os.killpg(tool.pid, signal.SIGINT)
        self.assertEqual(130, tool.wait(60), self.output())
        self.assert_nothing_is_left(marker, ports, timeout=5)
