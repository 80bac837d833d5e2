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


import pathlib
import secrets
import subprocess
import sys

import fixtures
import psutil
import testtools
from testtools import matchers

from heat_upgrade.lab import resource_usage
from heat_upgrade import process
from heat_upgrade.tests.unit.support import children

MIB = 2**20


class TestUsage(testtools.TestCase):
    """With a real child that uses a known amount."""

    def setUp(self):
        super().setUp()
        self.marker = secrets.token_hex(8)
        self.log = pathlib.Path(
            self.useFixture(fixtures.TempDir()).path, 'output')

    def child(self, code):
        with open(self.log, 'w') as out:
            child = subprocess.Popen(
                [sys.executable, '-S', '-c',
                 f'import time\n{code}\nprint("ready", flush=True)\n'
                 'time.sleep(600)'],
                stdout=out, env=process.environment(self.marker))
        self.addCleanup(child.wait)
        self.addCleanup(child.kill)
        children.text_of(self.log)
        return child

    def test_the_memory_of_a_child_counts(self):
        self.child('held = bytearray(b"x") * (40 * 2**20)')
        with_it = resource_usage.memory(self.marker)
        without = resource_usage.memory('of another run')
        self.assertThat(with_it - without, matchers.MatchesAll(
            matchers.GreaterThan(35 * MIB), matchers.LessThan(80 * MIB)))

    def test_cpu_of_a_tree_is_that_of_its_processes(self):
        child = self.child('while time.process_time() < 0.1: pass')
        self.assertThat(
            resource_usage.cpu_seconds_of_tree(child.pid),
            matchers.MatchesAll(matchers.GreaterThan(0.05),
                                matchers.LessThan(2)))
        child.kill()
        child.wait(10)
        self.assertEqual(0, resource_usage.cpu_seconds_of_tree(child.pid))

    def test_memory_of_the_tool_counts(self):
        self.assertThat(resource_usage.memory(self.marker),
                        matchers.GreaterThan(5 * MIB))

    def test_the_time_of_a_child_that_lives_counts(self):
        self.child('while time.process_time() < 0.1: pass')
        self.assertThat(
            resource_usage.cpu_seconds(self.marker)
            - resource_usage.cpu_seconds('of another run'),
            matchers.GreaterThan(0.05))

    def test_the_time_of_a_child_that_has_ended_counts_once(self):
        before = resource_usage.cpu_seconds(self.marker)
        child = self.child('while time.process_time() < 0.1: pass')
        child.kill()
        child.wait(10)
        self.assertThat(resource_usage.cpu_seconds(self.marker) - before,
                        matchers.MatchesAll(matchers.GreaterThan(0.08),
                                            matchers.LessThan(2)))

    def test_process_that_ends_during_the_measurement_is_skipped(self):
        # proc(5): no process has an id beyond 2^22
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.reaper.marked', lambda marker: [2**22 + 1]))
        self.assertThat(
            resource_usage.memory(self.marker), matchers.GreaterThan(0)
        )
        self.assertThat(resource_usage.cpu_seconds(self.marker),
                        matchers.GreaterThan(0))

    def test_the_memory_of_a_tree_has_that_of_the_descendants(self):
        child = self.child(
            'import subprocess, sys\n'
            'held = bytearray(b"x") * (40 * 2**20)\n'
            'subprocess.Popen([sys.executable, "-S", "-c", '
            '"held = bytearray(b\'x\') * (30 * 2**20); print(1, flush=True);'
            'import sys; sys.stdin.read()"], stdin=subprocess.PIPE, '
            'stdout=subprocess.PIPE).stdout.readline()')
        self.assertThat(
            resource_usage.memory_of_tree(child.pid), matchers.MatchesAll(
                matchers.GreaterThan(70 * MIB), matchers.LessThan(140 * MIB)))

    def test_a_process_that_has_ended_has_no_tree(self):
        self.assertEqual(0, resource_usage.memory_of_tree(2**22 + 1))


class TestOtherWork(testtools.TestCase):

    def measured(self, busy, idle, own):
        original = psutil.cpu_times()
        clock = [0.0, 0.0, 0.0]
        nothing = original._replace(**dict.fromkeys(original._fields, 0.0))
        for name, fake in (
                ('psutil.cpu_times', lambda: nothing._replace(
                    user=clock[0], idle=clock[1])),
                ('heat_upgrade.lab.resource_usage.cpu_seconds',
                 lambda marker: clock[2])):
            self.useFixture(fixtures.MonkeyPatch(name, fake))
        others = resource_usage.OtherWork('a run')
        clock[:] = busy, idle, own
        return others.share()

    def test_the_work_of_the_run_does_not_count(self):
        self.assertEqual(0.0, self.measured(busy=6.0, idle=4.0, own=6.0))

    def test_the_work_of_others_is_a_share_of_all_cpus(self):
        self.assertEqual(0.5, self.measured(busy=6.0, idle=4.0, own=1.0))

    def test_rounding_never_makes_a_negative_share(self):
        self.assertEqual(0.0, self.measured(busy=1.0, idle=9.0, own=1.1))
