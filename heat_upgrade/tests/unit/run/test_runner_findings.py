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

"""The runner's findings, their reproduce commands, and its journal."""

import contextlib
import threading

import ddt

from heat_upgrade import errors
from heat_upgrade.judgement import known_failures
from heat_upgrade.lab import stestr_runner
from heat_upgrade.results import findings
from heat_upgrade.results import journal
from heat_upgrade.run.actions import phases
from heat_upgrade.tests.unit.support import runner_case
from heat_upgrade import waiting

RunnerCase = runner_case.RunnerCase
TEST = runner_case.TEST
step = runner_case.step


class TestKnownFailures(RunnerCase):
    """The runner records findings; the judgement comes afterwards."""

    def note(self, run, step):
        run.finding(findings.make('inflight.stuck', 'create-chain', 'stuck',
                                  step=step.name))
        return {}

    def test_the_entries_are_in_the_journal(self):
        entry = known_failures.load()[0]
        self.run_plan(step('a'), known_failures=[entry])
        start, = self.events(journal.RUN_START)
        self.assertEqual([entry], list(map(
            known_failures.from_dict, start['data']['known_failures'])))
        self.assertEqual('27.0.1', start['data']['reference'])

    def test_a_finding_is_recorded_as_it_was_made(self):
        self.run_plan(step('a'), known_failures=known_failures.load(),
                      do={'a': self.note})
        self.assertEqual(['heat'], [one.origin for one in self.found()])
        self.assertEqual('failed', self.outcomes()['a'])

    def test_a_run_has_failed_if_a_finding_counts(self):
        run = self.run_plan(step('a'), do={'a': self.note})
        self.assertTrue(run.failed())

    def test_a_run_without_findings_has_not_failed(self):
        self.assertFalse(self.run_plan(step('a')).failed())


class TestStopAtFirstFailure(RunnerCase):

    def note(self, run, step):
        run.finding(findings.make('inflight.stuck', 'create-chain', 'stuck',
                                  step=step.name))
        return {}

    def warn(self, run, step):
        run.finding(findings.make('inflight.stuck', 'create-chain', 'slow',
                                  step=step.name, severity='warning'))
        return {}

    def test_the_steps_after_a_failure_are_skipped(self):
        self.run_plan(step('a'), step('b'), step('down', always=True),
                      do={'a': self.note}, stop_at_first_failure=True)
        self.assertEqual({'a': 'failed', 'b': 'skipped', 'down': 'ok'},
                         self.outcomes())

    def test_a_run_without_the_option_continues(self):
        self.run_plan(step('a'), step('b'), do={'a': self.note})
        self.assertEqual({'a': 'failed', 'b': 'ok'}, self.outcomes())

    def test_a_finding_that_does_not_count_stops_nothing(self):
        self.run_plan(step('a'), step('b'), do={'a': self.warn},
                      stop_at_first_failure=True)
        self.assertEqual({'a': 'ok', 'b': 'ok'}, self.outcomes())

    def test_the_suites_of_the_other_lanes_end_at_once(self):
        ended = threading.Event()

        def watch(run, step):
            with contextlib.suppress(errors.WaitTimeout):
                waiting.wait_until(run.check, timeout=10, what='the stop')
            return {}

        def note(run, step):
            ended.wait(0.1)
            return self.note(run, step)
        self.run_plan(((step('a'),), (step('b'),)), step('c'),
                      do={'a': note, 'b': watch}, stop_at_first_failure=True)
        self.assertEqual({'a': 'failed', 'b': 'skipped', 'c': 'skipped'},
                         self.outcomes())
        self.assertEqual(1, len(self.found()))


@ddt.ddt
class TestReproduce(RunnerCase):

    COMMAND = ('heat-upgrade run --from 2026.1 --to 2026.2 --strategy cold '
               '--seed 7')

    def start(self):
        return self.events(journal.RUN_START)[0]['data']['reproduce']

    def test_the_command_repeats_the_run(self):
        self.run_plan(step('a'))
        self.assertEqual(self.COMMAND, self.start())

    def test_command_selects_the_same_scenarios(self):
        self.run_plan(step('a'), scenarios=r'random|x y',
                      constraints='/tmp/upper constraints.txt')
        self.assertEqual(
            f"{self.COMMAND} --constraints '/tmp/upper constraints.txt' "
            "--scenarios 'random|x y'", self.start())

    def test_a_test_is_repeated_with_its_whole_class(self):
        run = self.run_plan(step('a'), scenarios='random')
        self.assertEqual(
            self.COMMAND + r" --scenarios 'heat_integrationtests\.scenarios\."
            r"test_a\.TestA'", run.reproduce(test=TEST))

    @ddt.data('smoke', 'mixed-version')
    def test_test_without_a_scenario_is_in_every_run(self, where):
        run = self.run_plan(step('a'))
        self.assertEqual(self.COMMAND, run.reproduce(
            test=f'heat_integrationtests.{where}.test_a.TestA.test_x'))

    def test_a_class_that_could_not_be_set_up_is_repeated(self):
        run = self.run_plan(step('a'))
        self.assertEqual(
            self.COMMAND + r" --scenarios 'heat_integrationtests\.scenarios\."
            r"test_a\.TestA'", run.reproduce(
                test='setUpClass (heat_integrationtests.scenarios.test_a'
                     '.TestA)'))

    def test_plan_without_options_is_repeated_by_its_file(self):
        run = self.run_plan(step('a'), scenarios='random', selectors=(),
                            constraints='c.txt')
        command = (f'heat-upgrade run --plan {self.home}/plan.json '
                   '--constraints c.txt')
        self.assertEqual(command, self.start())
        self.assertEqual(command, run.reproduce(test=TEST))

    def test_a_finding_of_a_test_has_the_command_for_it(self):
        def note(run, step):
            run.finding(
                phases.test_finding(
                    step,
                    stestr_runner.Test(TEST, 'failed', 1.0, 'MismatchError'),
                )
            )
            return {}
        self.run_plan(step('a'), do={'a': note})
        self.assertIn(r'test_a\.TestA', self.found()[0].reproduce)


class TestNotes(RunnerCase):

    def test_tests_are_journalled_with_their_phase(self):
        def note(run, step):
            run.tests(step, [stestr_runner.Test(TEST, 'passed', 1.5)])
            return {}
        self.run_plan(step('a', phase='post-upgrade'), do={'a': note})
        self.assertEqual(
            {'phase': 'post-upgrade', 'tests': [
                {'id': TEST, 'outcome': 'passed', 'seconds': 1.5,
                 'details': ''}]},
            self.events(journal.TESTS)[0]['data'])

    def test_a_probe_is_journalled_by_its_name(self):
        def note(run, step):
            run.availability('heat-api', {'sent': 3, 'failed': 1,
                                          'longest_gap_s': 0.5})
            return {}
        self.run_plan(step('a'), do={'a': note})
        self.assertEqual(
            {'probe': 'heat-api', 'sent': 3, 'failed': 1,
             'longest_gap_s': 0.5}, self.events(journal.PROBE)[0]['data'])
