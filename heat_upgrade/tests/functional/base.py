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

"""The base class of functional tests: the tool, run as a user runs it."""

import contextlib
import json
import os
import pathlib
import pwd
import signal
import subprocess
import sys
import time

import fixtures
import psutil
import testtools
from testtools import content

from heat_upgrade import process
from heat_upgrade import reaper
from heat_upgrade.results import journal
from heat_upgrade import waiting

# A run with one scenario takes 45 s alone on two cores, a rolling one that
# goes back once, with engines that end after a minute only, 290.
RUN_TIMEOUT = 600
POLL = 0.2

# One scenario is enough where the tool is what is tested.
ONE_SCENARIO = ('--scenarios', 'random_string')


class ToolTestCase(testtools.TestCase):
    """Runs heat-upgrade as a process, in a work directory of its own.

    :cvar command: the command
    :cvar user: name of the user to run it as, or None for ours
    """

    command = [sys.executable, '-m', 'heat_upgrade.cli.main']
    user = None

    def setUp(self):
        super().setUp()
        self.work_dir = pathlib.Path(
            self.useFixture(fixtures.TempDir()).path)
        self.tmp = self.work_dir / 'tmp'
        self.tmp.mkdir()

    def start(self, *arguments):
        """Start the tool; returns its process."""
        # What a run leaves in TMPDIR is what it left behind.
        env = dict(os.environ, TMPDIR=str(self.tmp), PYTHONUNBUFFERED='1')
        self.log = open(self.work_dir / 'output', 'w+')
        self.addCleanup(self.log.close)
        self.addOnException(self._attach_output)
        tool = subprocess.Popen(
            [*self.command, *arguments], env=env, cwd=self.work_dir,
            stdin=subprocess.DEVNULL, stdout=self.log,
            stderr=subprocess.STDOUT, user=self.user, group=self.user and (
                pwd.getpwnam(self.user).pw_gid),
            extra_groups=self.user and [], start_new_session=True)
        self.addCleanup(self._end, tool)
        return tool

    def run_tool(self, *arguments, timeout=RUN_TIMEOUT):
        """Run the tool to its end; returns (exit status, output)."""
        status = self.start(*arguments).wait(timeout)
        return status, self.output()

    def start_run(self, *arguments):
        """Start ``heat-upgrade run``; returns its process."""
        return self.start('run', '--work-dir', str(self.work_dir / 'runs'),
                          *arguments)

    def run_upgrade(self, *arguments):
        """Run ``heat-upgrade run``; returns (exit status, report)."""
        status = self.start_run(*arguments).wait(RUN_TIMEOUT)
        return status, self.report()

    def output(self):
        self.log.flush()
        return pathlib.Path(self.log.name).read_text()

    def run_dir(self):
        """Return the run directory, once there is one."""
        def found():
            runs = self.work_dir / 'runs'
            return sorted(runs.iterdir()) if runs.is_dir() else None
        return waiting.wait_until(found, timeout=60, interval=POLL,
                                  what='a run directory')[0]

    def report(self):
        return json.loads((self.run_dir() / 'report.json').read_text())

    def wait_for_event(self, kind, step, *, tool):
        """Wait for an event in the journal; returns it."""
        run_dir = self.run_dir()

        def found():
            if not (run_dir / journal.FILE).exists():
                return None
            for event in journal.read(run_dir):
                if (event['kind'], event['step']) == (kind, step):
                    return event
            self.assertIsNone(tool.poll(), 'the tool has ended')
            return None
        return waiting.wait_until(found, timeout=RUN_TIMEOUT, interval=POLL,
                                  what=f'{kind} of {step}')

    def marker(self):
        """Return the marker of the run's processes."""
        return next(event['data']['marker']
                    for event in journal.read(self.run_dir())
                    if event['kind'] == journal.RUN_START)

    def ask(self, marker, question):
        """Return the answer of each live process of a run.

        A command that the run only waits for can end while we look.

        :param question: called with a :class:`psutil.Process`
        """
        answers = []
        for pid in reaper.marked(f'{process.RUN_MARKER}={marker}'):
            with contextlib.suppress(psutil.NoSuchProcess):
                answers.append(question(psutil.Process(pid)))
        return answers

    def assert_nothing_is_left(self, marker, ports=(), timeout=30):
        """Assert that no process, port or temporary file of a run is left.

        :param marker: of the run's processes
        :param ports: that its services listened on
        :param timeout: seconds for the reaper to do its work
        """
        def left():
            return (self.ask(marker,
                             lambda one: one.as_dict(['pid', 'cmdline']))
                    + [f'port {port}' for port in ports if listening(port)]
                    + sorted(path.name for path in self.tmp.iterdir()
                             if path.name.startswith('heat-upgrade-')))
        deadline = time.monotonic() + timeout
        while left() and time.monotonic() < deadline:
            time.sleep(POLL)
        self.assertEqual([], left())

    def listeners(self, marker):
        """Return the addresses that a run's processes listen on."""
        found = self.ask(marker, lambda one: one.net_connections('tcp'))
        return {connection.laddr for several in found
                for connection in several
                if connection.status == psutil.CONN_LISTEN}

    def ports(self, marker):
        """Return the ports that a run's processes listen on."""
        return sorted({address.port for address in self.listeners(marker)})

    def kill(self, marker, word):
        """Kill the oldest process of a run with a word in its command."""
        found = self.ask(marker, lambda one: (
            any(word in part for part in one.cmdline())
            and (one.create_time(), one)))
        min(filter(None, found))[1].kill()

    def _attach_output(self, exc_info):
        self.addDetail('output', content.text_content(self.output()))

    def _end(self, tool):
        if tool.poll() is None:
            os.killpg(tool.pid, signal.SIGKILL)
            tool.wait()


def listening(port):
    """Tell whether anybody listens on a port on loopback."""
    return any(one.laddr.port == port
               for one in psutil.net_connections('tcp')
               if one.status == psutil.CONN_LISTEN)
