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
import signal
import sys
import time

import ddt
import fixtures
import testtools
from testtools import matchers

from heat_upgrade import errors
from heat_upgrade import process
from heat_upgrade import reaper
from heat_upgrade.tests.unit.support import children
from heat_upgrade import waiting

MARKER = 'feedbeef'


class ProcessCase(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.home = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.log = self.home / 'child.log'
        self.env = process.environment(MARKER)
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.process.WATCH_INTERVAL', 0.02))

    def process(self, script, **options):
        """Return a shell that runs a script; it does not outlive the test."""
        made = process.Process('child', ['sh', '-c', script], log=self.log,
                               env=self.env, **options)
        self.addCleanup(made.kill)
        return made

    def started(self, script, **options):
        made = self.process(script, **options)
        made.start()
        return made


@ddt.ddt
class TestEnvironment(testtools.TestCase):

    @ddt.data('OS_CLOUD', 'PYTHONPATH', 'VIRTUAL_ENV', 'TOX_ENV_NAME',
              'RABBITMQ_NODENAME', 'MYSQL_HOME', 'TEMPEST_CONFIG',
              'UWSGI_HTTP')
    def test_misleading_variable_does_not_reach_a_service(self, name):
        self.useFixture(fixtures.EnvironmentVariable(name, 'elsewhere'))
        self.assertNotIn(name, process.environment(MARKER))

    def test_other_variables_of_the_caller_are_kept(self):
        self.useFixture(fixtures.EnvironmentVariable('https_proxy', 'p'))
        self.assertThat(process.environment(MARKER), matchers.ContainsDict({
            'https_proxy': matchers.Equals('p'),
            'PATH': matchers.Equals(os.environ['PATH'])}))

    def test_environment_carries_the_marker(self):
        self.assertEqual(MARKER,
                         process.environment(MARKER)['HEAT_UPGRADE_RUN'])

    def test_messages_are_in_english(self):
        self.useFixture(fixtures.EnvironmentVariable('LC_ALL', 'de_DE'))
        self.assertEqual('C.UTF-8', process.environment(MARKER)['LC_ALL'])

    def test_process_title_does_not_overwrite_the_marker(self):
        # setproctitle's documentation: SPT_NOENV
        self.assertThat(process.environment(MARKER),
                        matchers.ContainsDict({
                            'SPT_NOENV': matchers.Not(matchers.Equals(''))}))

    def test_extra_variable_overrides_the_caller_s(self):
        self.useFixture(fixtures.EnvironmentVariable('HOME', '/root'))
        env = process.environment(MARKER, {'HOME': '/data', 'OS_X': 'y'})
        self.assertEqual(('/data', 'y'), (env['HOME'], env['OS_X']))


class TestTail(ProcessCase):

    def test_tail_returns_the_last_lines(self):
        self.log.write_text('one\ntwo\nthree\n')
        self.assertEqual('two\nthree', process.tail(self.log, 2))

    def test_tail_of_a_missing_log_is_empty(self):
        self.assertEqual('', process.tail(self.home / 'no.log'))

    def test_tail_accepts_bytes_that_are_not_text(self):
        self.log.write_bytes(b'\xff\xfe the end\n')
        self.assertIn('the end', process.tail(self.log))


class TestLife(ProcessCase):
    """A process that is started, asked to stop, and killed."""

    def test_process_before_its_start_neither_runs_nor_died(self):
        child = self.process('true')
        self.assertEqual((False, None, None),
                         (child.running(), child.died(), child.pid))
        self.assertEqual((0.0, False), child.stop())
        child.kill()

    def test_process_has_its_own_group_and_session(self):
        child = self.started(children.FOREVER)
        self.assertEqual((child.pid, child.pid),
                         (os.getpgid(child.pid), os.getsid(child.pid)))

    def test_output_and_errors_are_in_the_log(self):
        child = self.started('echo out; echo err >&2; exec sleep 600')
        child.wait_ready(lambda: 'err' in self.log.read_text(), timeout=10,
                         what='errors')
        self.assertEqual('out\nerr\n', self.log.read_text())

    def test_a_second_start_keeps_the_log_of_the_first(self):
        self.log.write_text('first\n')
        self.started('echo second; exec sleep 600')
        self.assertEqual('first\n', self.log.read_text()[:6])

    def test_stop_sends_sigterm(self):
        child = self.started(
            "trap 'echo gracefully; exit 0' TERM; echo ready; "
            'while :; do sleep 0.02; done')
        children.text_of(self.log)
        seconds, killed = child.stop(10)
        self.assertFalse(killed)
        self.assertThat(seconds, matchers.LessThan(10))
        self.assertIn('gracefully', self.log.read_text())

    def test_process_that_ignores_sigterm_is_killed(self):
        child = self.started("trap '' TERM; echo ready; "
                             'while :; do sleep 0.02; done')
        children.text_of(self.log)
        seconds, killed = child.stop(0.1)
        self.assertEqual(True, killed)
        self.assertThat(seconds, matchers.GreaterThan(0.09))
        self.assertFalse(children.alive(child.pid))

    def test_stop_ends_the_whole_group(self):
        child = self.started(f'{children.FOREVER} & echo $!; wait')
        grandchild = int(children.text_of(self.log))
        child.stop(10)
        children.gone(grandchild)

    def test_stop_ends_the_group_of_a_dead_leader(self):
        child = self.started(f'{children.FOREVER} & echo $!')
        grandchild = int(children.text_of(self.log))
        children.gone(child.pid)
        self.assertTrue(children.alive(grandchild))
        child.stop(10)
        children.gone(grandchild)

    def test_stopped_process_can_be_started_again(self):
        child = self.started(children.FOREVER)
        first = child.pid
        child.stop(10)
        child.start()
        self.assertTrue(child.running())
        self.assertIsNone(child.died())
        self.assertNotEqual(first, child.pid)


class TestDeath(ProcessCase):
    """A process that ends by itself, without a stop signal."""

    def dead(self, script):
        child = self.started(script)
        children.gone(child.pid)
        return child

    def test_process_that_ended_by_itself_died(self):
        self.assertEqual(7, self.dead('exit 7').died())

    def test_exit_status_0_is_a_death_too(self):
        self.assertEqual(0, self.dead('exit 0').died())

    def test_a_signal_from_elsewhere_is_a_death(self):
        child = self.started(children.FOREVER)
        os.kill(child.pid, signal.SIGKILL)
        children.gone(child.pid)
        self.assertEqual(-signal.SIGKILL, child.died())

    def test_stopped_process_did_not_die(self):
        child = self.started(children.FOREVER)
        child.stop(10)
        self.assertIsNone(child.died())
        child.check()

    def test_process_with_a_stop_signal_did_not_die(self):
        child = self.started(children.FOREVER)
        child.ask_to_stop()
        children.gone(child.pid)
        self.assertIsNone(child.died())

    def test_stop_signal_is_sent_only_once(self):
        # A second signal would find no handler, as in an eventlet service.
        go = self.home / 'go'
        child = self.started(
            "trap 'trap - TERM; echo signalled; while [ ! -e \"$GO\" ]; do "
            "sleep 0.02; done; echo drained; exit 0' TERM; echo ready; "
            'while :; do sleep 0.02; done'.replace('$GO', str(go)))
        children.text_of(self.log)
        child.ask_to_stop()
        waiting.wait_until(lambda: 'signalled' in self.log.read_text(),
                           timeout=10, what='a handler')
        child.ask_to_stop()
        go.touch()
        _, killed = child.stop(10)
        self.assertFalse(killed)
        self.assertIn('drained', self.log.read_text())

    def test_restarted_process_gets_the_stop_signal_again(self):
        child = self.started(children.FOREVER)
        child.stop(10)
        child.start()
        _, killed = child.stop(10)
        self.assertFalse(killed)

    def test_error_has_the_status_and_the_last_lines(self):
        child = self.dead('echo cannot bind; exit 3')
        exc = self.assertRaises(errors.ProcessDied, child.check)
        self.assertEqual('child ended by itself with status 3:\ncannot bind',
                         str(exc))
        self.assertEqual(self.log, exc.log)

    def test_a_death_ends_the_wait_for_readiness_at_once(self):
        child = self.started('exit 1')
        started = time.monotonic()
        self.assertRaises(errors.ProcessDied, child.wait_ready,
                          lambda: False, timeout=60, what='a port')
        self.assertThat(time.monotonic() - started, matchers.LessThan(10))

    def test_readiness_that_does_not_come_names_the_process_and_its_log(self):
        child = self.started(children.FOREVER)
        exc = self.assertRaises(errors.WaitTimeout, child.wait_ready,
                                lambda: False, timeout=0, what='port 5')
        self.assertThat(str(exc), matchers.MatchesAll(
            matchers.Contains('for child: port 5'),
            matchers.Contains(str(self.log))))

    def test_words_of_a_command_line_may_be_numbers_and_paths(self):
        child = process.Process('child', [sys.executable, '-c', 'pass', 5,
                                          self.home], log=self.log, env={})
        self.assertEqual(['5', str(self.home)], child.argv[-2:])


class TestRun(ProcessCase):
    """A command that is run to its end."""

    def run_script(self, script, *, timeout=30, **options):
        return process.run('child', ['sh', '-c', script], log=self.log,
                           env=self.env, timeout=timeout, **options)

    def test_status_and_output_are_returned(self):
        self.assertEqual((0, 'out\nerr\n'),
                         self.run_script('echo out; echo err >&2'))

    def test_output_is_only_the_new_part_of_the_log(self):
        self.run_script('echo first')
        self.assertEqual((0, 'second\n'), self.run_script('echo second'))
        self.assertEqual('first\nsecond\n', self.log.read_text())

    def test_command_has_no_input(self):
        self.assertEqual((0, ''), self.run_script('cat'))

    def test_command_runs_in_the_given_directory(self):
        _, output = self.run_script('pwd', cwd=self.home)
        self.assertEqual(f'{self.home.resolve()}\n', output)

    def test_a_failure_is_raised_with_its_own_last_lines(self):
        self.log.write_text('of another command\n')
        exc = self.assertRaises(
            errors.LabError, self.run_script,
            'for i in $(seq 20); do echo line $i; done; exit 4')
        self.assertThat(str(exc), matchers.MatchesAll(
            matchers.StartsWith('child ended with status 4:\nline 6\n'),
            matchers.EndsWith('line 20'),
            matchers.Not(matchers.Contains('another command'))))
        self.assertEqual(self.log, exc.log)

    def test_a_failure_that_is_expected_is_a_status(self):
        self.assertEqual((4, 'x\n'), self.run_script('echo x; exit 4',
                                                     check=False))

    def test_deadline_kills_the_whole_group(self):
        exc = self.assertRaises(
            errors.WaitTimeout, self.run_script,
            f'{children.FOREVER} & echo $!; wait', timeout=0.3)
        self.assertIn('child did not end within 0.3 s:\n', str(exc))
        children.gone(int(self.log.read_text()))

    def test_process_that_cannot_be_killed_is_not_waited_for(self):
        killpg, seen = os.killpg, []

        def refuse(group, number):
            seen.append(group)
            raise PermissionError()
        self.patch(os, 'killpg', refuse)
        self.patch(process, 'KILL_TIMEOUT', 0.1)
        self.addCleanup(lambda: killpg(seen[0], signal.SIGKILL))
        exc = self.assertRaises(errors.WaitTimeout, self.run_script,
                                children.FOREVER, timeout=0.1)
        self.assertIn(f'process {seen[0]} could not be killed', str(exc))

    def test_process_that_ends_at_the_deadline_is_a_plain_timeout(self):
        def gone(group, number):
            raise ProcessLookupError()
        self.patch(os, 'killpg', gone)
        exc = self.assertRaises(errors.WaitTimeout, self.run_script,
                                'sleep 0.3', timeout=0.1)
        self.assertNotIn('killed', str(exc))

    def test_deadline_holds_with_a_watch(self):
        self.assertRaises(errors.WaitTimeout, self.run_script,
                          children.FOREVER, timeout=0.1, watch=lambda: None)

    def test_error_of_the_watch_ends_the_command(self):
        def watch():
            children.text_of(self.log)
            raise errors.ProcessDied('the engine')
        self.assertRaises(errors.ProcessDied, self.run_script,
                          f'{children.FOREVER} & echo $!; wait', watch=watch)
        children.gone(int(self.log.read_text()))

    def test_ctrl_c_ends_the_command(self):
        def watch():
            children.text_of(self.log)
            raise KeyboardInterrupt
        self.assertRaises(KeyboardInterrupt, self.run_script,
                          f'echo $$; exec {children.FOREVER}', watch=watch)
        children.gone(int(self.log.read_text()))

    def test_watch_without_an_error_changes_nothing(self):
        self.assertEqual((0, 'x\n'), self.run_script('echo x',
                                                     watch=lambda: None))

    def test_process_carries_the_marker(self):
        seen = []

        def watch():
            pid = int(children.text_of(self.log))
            seen.append(pid in reaper.marked(f'HEAT_UPGRADE_RUN={MARKER}'))
            raise errors.LabError('seen enough')
        self.assertRaises(errors.LabError, self.run_script,
                          f'echo $$; exec {children.FOREVER}', watch=watch)
        self.assertEqual([True], seen)
