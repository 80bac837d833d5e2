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

"""Engines that are restarted again and again leave no process behind."""

import glob
import pathlib

import fixtures
import testtools

from heat_upgrade import concurrency
from heat_upgrade.install import releases
from heat_upgrade.lab import cloud_start
from heat_upgrade.lab.services import heat
from heat_upgrade.lab import workspace as workspaces
from heat_upgrade import process
from heat_upgrade import reaper

# Of two nodes side by side: twenty restarts in all, half of them after a
# SIGKILL.
ROUNDS = 10


class EnginesTest(testtools.TestCase):

    def test_twenty_restarts_leave_no_process_behind(self):
        base, _ = releases.newest_two()
        place = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        with workspaces.Workspace(place) as workspace:
            cloud = cloud_start.start(workspace, base, size=2)
            before = self.commands(workspace)
            for number in range(ROUNDS):
                concurrency.run_parallel(*(
                    lambda node=node, kill=number % 2: self.restart(
                        node, kill=kill)
                    for node in cloud.nodes.values()))
            self.assertEqual(before, self.commands(workspace))
            # Each process reads its own queue of replies.
            self.assertEqual([], [
                queue for queue in cloud.queues()
                if queue.name.startswith('reply_') and queue.consumers > 1])
            for node in cloud.nodes.values():
                cloud.check_answer(node)
        self.assertEqual([], reaper.marked(
            f'{process.RUN_MARKER}={workspace.marker}'))
        self.assertEqual([], glob.glob(
            workspaces.shared_memory(workspace.marker)))

    def restart(self, node, *, kill):
        engine = node.process(heat.ENGINE)
        if kill:
            engine.kill()
        else:
            _, killed = engine.stop()
            self.assertFalse(killed, engine.last_words(20))
        node.start(heat.ENGINE)
        self.assertEqual(heat.WORKERS, len(node.engines()))

    def commands(self, workspace):
        """Return the programs of a run's processes, sorted."""
        found = []
        for pid in reaper.marked(
                f'{process.RUN_MARKER}={workspace.marker}'):
            words = pathlib.Path(f'/proc/{pid}/cmdline').read_bytes()
            found.append(words.partition(b'\0')[0].decode())
        return sorted(found)
