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


import os
import pathlib
import secrets
import signal
import subprocess
import sys
import textwrap

import fixtures
import testtools
from testtools import matchers

from heat_upgrade import process
from heat_upgrade import reaper
from heat_upgrade.tests.unit.support import children
from heat_upgrade import waiting

# A tool: it starts a child that has a child in another session, prints their
# ids, and then runs the code of the test. A process in the background of a
# shell script ignores SIGINT, and its children inherit that.
TOOL = '''
import os, signal, subprocess, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)
from heat_upgrade import process, reaper
marker, directory, out = sys.argv[1:]
watch = reaper.Reaper(f'HEAT_UPGRADE_RUN={marker}', [directory],
                          [f'{out}.shm-*'])
child = subprocess.Popen(
    ['setsid', 'sh', '-c',
     "setsid sh -c 'echo $$ $PPID > \\"$0\\"; exec sleep 600' $0 & wait",
     out + '.child'], env=process.environment(marker))
while not os.path.exists(out + '.child') or (
        not open(out + '.child').read().endswith('\\n')):
    time.sleep(0.005)
with open(out, 'w') as text:
    print(watch._popen.pid, open(out + '.child').read(), file=text, end='')
'''


class ReaperCase(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.marker = secrets.token_hex(8)
        self.home = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.addCleanup(self.sweep, grace=0.1)

    def sweep(self, **options):
        return reaper.sweep(f'HEAT_UPGRADE_RUN={self.marker}', **options)

    def marked(self):
        return reaper.marked(f'HEAT_UPGRADE_RUN={self.marker}')

    def child(self, script, marker=None):
        """Start a shell with the marker; wait for its first line."""
        log = self.home / 'output'
        with open(log, 'w') as out:
            child = subprocess.Popen(
                ['sh', '-c', script], stdout=out, stderr=subprocess.DEVNULL,
                start_new_session=True,
                env=process.environment(marker or self.marker))
        self.addCleanup(child.wait)
        self.addCleanup(child.kill)
        children.text_of(log)
        return child


class TestSweep(ReaperCase):

    def test_process_with_the_marker_is_found(self):
        child = self.child(f'echo ready; exec {children.FOREVER}')
        # During its exec the process has no readable environment.
        waiting.wait_until(lambda: self.marked() == [child.pid], timeout=10,
                           what='the marker of the child')

    def test_process_of_another_run_is_not_found(self):
        child = self.child(f'echo ready; exec {children.FOREVER}',
                           marker=f'{self.marker}0')
        self.assertEqual([], self.marked())
        self.assertEqual(0, self.sweep())
        self.assertTrue(children.alive(child.pid))

    def test_zombie_is_not_found(self):
        child = self.child('echo ready')
        children.gone(child.pid)
        self.assertEqual([], self.marked())

    def test_sigterm_comes_first(self):
        child = self.child("trap 'exit 5' TERM; echo ready; "
                           'while :; do sleep 0.02; done')
        self.sweep(grace=10)
        self.assertEqual(5, child.wait(10))

    def test_process_that_ignores_sigterm_is_killed(self):
        child = self.child("trap '' TERM; echo ready; "
                           'while :; do sleep 0.02; done')
        self.sweep(grace=0.1)
        self.assertEqual(-signal.SIGKILL, child.wait(10))

    def test_sweep_returns_the_number_of_processes(self):
        self.child(f'{children.FOREVER} & {children.FOREVER} & '
                   'echo ready; wait')
        self.assertEqual(3, self.sweep())
        self.assertEqual([], self.marked())


class TestReaper(ReaperCase):
    """A real tool, and its processes and files after its end."""

    def tool(self, then):
        """Start a tool; return it with the ids of its processes.

        :param then: code that the tool runs after the start of its processes
        :returns: (tool, id of its reaper, of the grandchild, of the child)
        """
        self.directory = self.home / 'data'
        self.directory.mkdir()
        (self.directory / 'secret').write_text('x')
        out = self.home / 'ids'
        self.shared = self.home / 'ids.shm-counter'
        self.shared.write_text('1')
        self.others = self.home / 'ids.other'
        self.others.write_text('1')
        tool = subprocess.Popen(
            [sys.executable, '-c', TOOL + textwrap.dedent(then), self.marker,
             str(self.directory), str(out)],
            start_new_session=True, stderr=subprocess.DEVNULL,
            cwd=pathlib.Path(reaper.__file__).parents[1])
        self.addCleanup(tool.wait)
        self.addCleanup(tool.kill)
        waiting.wait_until(out.exists, timeout=10, what='a tool',
                           interval=0.005)
        return tool, *map(int, children.text_of(out).split())

    def assertNothingLeft(self, *pids):
        for pid in pids:
            children.gone(pid)
        for path in (self.directory, self.shared):
            self.assertThat(str(path),
                            matchers.Not(matchers.PathExists()))
        self.assertThat(str(self.others), matchers.FileExists())

    def ignores(self, pid, signum):
        status = pathlib.Path(f'/proc/{pid}/status').read_text()
        ignored = int(status.partition('SigIgn:')[2].split()[0], 16)
        return ignored >> (signum - 1) & 1

    def test_killed_tool_leaves_no_process(self):
        tool, watch, *started = self.tool('time.sleep(600)')
        self.assertEqual(sorted(started), sorted(self.marked()))
        tool.kill()
        children.gone(watch)
        self.assertNothingLeft(*started)

    def test_grandchild_in_another_session_ends(self):
        tool, watch, grandchild, child = self.tool('time.sleep(600)')
        self.assertNotEqual(os.getsid(child), os.getsid(grandchild))
        tool.kill()
        self.assertNothingLeft(watch, grandchild)

    def test_ctrl_c_does_not_reach_the_reaper(self):
        tool, watch, *started = self.tool('time.sleep(600)')
        self.assertNotEqual(tool.pid, os.getpgid(watch))
        os.killpg(tool.pid, signal.SIGINT)
        tool.wait(10)
        self.assertNothingLeft(watch, *started)

    def test_signals_do_not_end_the_reaper_before_the_tool(self):
        tool, watch, *started = self.tool('time.sleep(600)')
        waiting.wait_until(lambda: self.ignores(watch, signal.SIGHUP),
                           timeout=10, what='a reaper', interval=0.005)
        for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            os.kill(watch, signum)
        tool.kill()
        self.assertNothingLeft(watch, *started)

    def test_release_waits_for_the_work_of_the_reaper(self):
        tool, watch, *started = self.tool('''
            watch.release()
            os._exit(len(reaper.marked(f'HEAT_UPGRADE_RUN={marker}')))
            ''')
        self.assertEqual(0, tool.wait(10))
        self.assertNothingLeft(watch, *started)

    def test_keep_leaves_processes_and_directory(self):
        tool, watch, *started = self.tool('watch.release(keep=True)')
        self.assertEqual(0, tool.wait(10))
        children.gone(watch)
        self.assertEqual(sorted(started), sorted(self.marked()))
        for path in (self.directory / 'secret', self.shared):
            self.assertThat(str(path), matchers.FileExists())

    def test_reaper_and_tool_do_not_carry_the_marker(self):
        tool, watch, *started = self.tool('time.sleep(600)')
        self.assertNotIn(watch, self.marked())
        self.assertNotIn(tool.pid, self.marked())
