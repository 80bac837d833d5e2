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

"""The runner: order of steps, origins of failures, and deaths."""

import threading
import types

import ddt
import fixtures
from testtools import matchers

from heat_upgrade import errors
from heat_upgrade.plan import planner
from heat_upgrade.results import findings
from heat_upgrade.results import journal
from heat_upgrade.run.actions import registry
from heat_upgrade.tests.unit.support import runner_case

RunnerCase = runner_case.RunnerCase
fails = runner_case.fails
step = runner_case.step


class TestOrder(RunnerCase):

    def test_all_steps_are_done_in_order(self):
        self.run_plan(step('a'), step('b'), step('c'))
        self.assertEqual(['a', 'b', 'c'], self.done)
        self.assertEqual({'a': 'ok', 'b': 'ok', 'c': 'ok'}, self.outcomes())

    def test_steps_after_a_failure_are_skipped(self):
        self.run_plan(step('a'), step('b'), step('c'),
                      do={'b': fails(errors.LabError('no'))})
        self.assertEqual({'a': 'ok', 'b': 'failed', 'c': 'skipped'},
                         self.outcomes())

    def test_always_step_is_executed_after_a_failure(self):
        self.run_plan(step('a'), step('b'), step('down', always=True),
                      do={'a': fails(errors.LabError('no'))})
        self.assertEqual(['a', 'down'], self.done)
        self.assertEqual('ok', self.outcomes()['down'])

    def test_lanes_are_side_by_side(self):
        meeting = threading.Barrier(2, timeout=10)

        def meet(run, step):
            meeting.wait()
            return {}
        self.run_plan(((step('a'),), (step('b'),)),
                      do={'a': meet, 'b': meet})
        self.assertEqual({'a': 'ok', 'b': 'ok'}, self.outcomes())

    def test_a_failure_in_one_lane_ends_the_other_at_its_next_step(self):
        waiting, failed = threading.Event(), threading.Event()

        def wait(run, step):
            waiting.set()
            failed.wait(10)
            return {}

        def fail(run, step):
            waiting.wait(10)
            raise errors.LabError('no')
        self.set_when_found(failed)
        self.run_plan(((step('a'),), (step('b'), step('c'))), step('d'),
                      do={'a': fail, 'b': wait})
        self.assertEqual({'a': 'failed', 'b': 'ok', 'c': 'skipped',
                          'd': 'skipped'}, self.outcomes())

    def test_the_run_begins_and_ends_in_the_journal(self):
        self.run_plan(step('a'))
        kinds = [event['kind'] for event in journal.read(self.home)]
        self.assertEqual(('run-start', 'run-end'), (kinds[0], kinds[-1]))

    def test_measurements_of_a_step_are_in_the_journal(self):
        self.run_plan(step('a'), do={'a': lambda run, step: {'bytes': 5}})
        data = self.events(journal.STEP_END)[0]['data']
        self.assertEqual((5, 0.0), (data['bytes'], data['cpu_s']))

    def test_peak_of_memory_is_in_the_journal(self):
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.run.runner.METER_INTERVAL', 0.001))
        looked = iter([100, 500, 200])
        seen = threading.Event()

        def memory(marker):
            size = next(looked, None)
            if size is None:
                seen.set()
            return size or 0
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.lab.resource_usage.memory', memory))
        self.run_plan(step('a'), do={
            'a': lambda run, step: {'seen': seen.wait(10)}})
        self.assertEqual([100, 500], [
            event['data']['peak_memory']
            for event in self.events(journal.MEASURE)])


@ddt.ddt
class TestBlame(RunnerCase):
    """The origin of the finding of a failed step."""

    def finding_of(self, exc, blame):
        self.run_plan(step('a', blame), do={'a': fails(exc)})
        finding, = self.found()
        return finding

    @ddt.unpack
    @ddt.data((planner.HEAT, 'heat', 2), (planner.LAB, 'lab', None))
    def test_blame_of_the_step_decides_the_origin(self, blame, origin,
                                                  failure_class):
        finding = self.finding_of(
            errors.LabError('db_sync failed:\nno such column',
                            log='/logs/x.log'), blame)
        self.assertEqual(findings.make(
            'step.failed' if blame == planner.HEAT else 'lab.broken', 'a',
            'a: db_sync failed:', 'no such column', step='a', origin=origin,
            failure_class=failure_class, reproduce=finding.reproduce,
            log='/logs/x.log'), finding)

    @ddt.data(KeyError('x'), ZeroDivisionError(), OSError('disk full'))
    def test_bug_of_the_tool_is_never_blamed_on_heat(self, exc):
        finding = self.finding_of(exc, planner.HEAT)
        self.assertEqual(('lab', None),
                         (finding.origin, finding.failure_class))
        self.assertIn(f'a: {type(exc).__name__}: ', finding.title)

    def test_bug_of_the_tool_has_its_traceback_as_evidence(self):
        self.assertIn('Traceback', self.finding_of(
            KeyError('x'), planner.HEAT).evidence)

    def test_step_failed_adds_no_finding(self):
        self.run_plan(step('a'), do={'a': fails(registry.StepFailed())})
        self.assertEqual(([], {'a': 'failed'}),
                         (self.found(), self.outcomes()))

    @ddt.unpack
    @ddt.data((findings.ERROR, 'failed'), (findings.WARNING, 'ok'))
    def test_step_with_an_error_has_failed_and_the_run_continues(
            self, severity, outcome):
        def note(run, step):
            run.finding(findings.make(
                'test.failed', 'a', 'a test failed', step=step.name,
                severity=severity))
            return {'failed': 1}
        self.run_plan(step('a'), step('b'), do={'a': note})
        self.assertEqual({'a': outcome, 'b': 'ok'}, self.outcomes())


class TestShared(RunnerCase):
    """State that actions share through the run."""

    def setUp(self):
        super().setUp()
        self.told = []

    def note(self, word):
        return lambda *arguments: self.told.append((word, *arguments))

    def test_queued_operations_are_released_first(self):
        def release(run, step):
            run.in_flight = types.SimpleNamespace(
                release_queued=self.note('queued'), release=self.note('all'))
            run.release(['node-1'])
            return {}
        self.run_plan(step('a'), do={'a': release})
        self.assertEqual([('queued', ['node-1']), ('all',)], self.told)

    def test_faults_are_recorded_in_the_history_of_the_traffic(self):
        def break_it(run, step):
            run.calls = types.SimpleNamespace(fault=self.note('fault'))
            run.note_fault('SIGKILL', 'node-1')
            return {}
        self.run_plan(step('a'), do={'a': break_it})
        self.assertEqual([('fault', 'SIGKILL', 'node-1')], self.told)

    def test_run_without_traffic_and_operations_ignores_faults(self):
        def do_both(run, step):
            run.release()
            run.note_fault('cut-broker')
            return {}
        self.run_plan(step('a'), do={'a': do_both})
        self.assertEqual({'a': 'ok'}, self.outcomes())


@ddt.ddt
class TestDeaths(RunnerCase):
    """A process of the cloud that ends by itself."""

    def die(self, who, blame=planner.HEAT, exc=None, status=-9):
        def action(run, step):
            getattr(run.cloud, who).status = status
            if exc:
                raise exc
            return {}
        self.run_plan(step('a', blame), step('b', blame),
                      do={'a': action})
        return self.found()

    @ddt.unpack
    @ddt.data(('engine', planner.HEAT, 'heat', 2),
              ('engine', planner.LAB, 'lab', None),
              ('mariadb', planner.HEAT, 'lab', None),
              ('mariadb', planner.LAB, 'lab', None))
    def test_death_is_heat_s_only_for_its_services_and_blame(
            self, who, blame, origin, failure_class):
        finding, = self.die(who, blame)
        self.assertEqual((origin, failure_class),
                         (finding.origin, finding.failure_class))

    def test_finding_names_the_process_its_status_and_its_last_lines(self):
        finding, = self.die('engine')
        self.assertEqual(
            ('heat-engine ended by itself with status -9',
             'the last words of heat-engine', '/logs/heat-engine.log', 'a'),
            (finding.title, finding.evidence, finding.log, finding.step))

    def test_a_death_ends_the_run_though_the_step_did_not_notice(self):
        self.die('engine')
        self.assertEqual({'a': 'failed', 'b': 'skipped'}, self.outcomes())

    @ddt.data(errors.ProcessDied('heat-engine ended'), )
    def test_step_ended_by_a_death_adds_no_finding(self, exc):
        self.assertThat(self.die('engine', exc=exc), matchers.HasLength(1))

    def test_other_failures_come_after_the_death(self):
        titles = [finding.title for finding in self.die(
            'mariadb', exc=errors.LabError('no answer'))]
        self.assertEqual(['mariadb ended by itself with status -9',
                          'a: no answer'], titles)

    def test_death_is_reported_once(self):
        def die(run, step):
            run.cloud.engine.status = 1
            return {}
        self.run_plan(step('a'), step('b', always=True), do={'a': die})
        self.assertThat(self.found(), matchers.HasLength(1))

    def test_death_seen_by_two_lanes_is_reported_once(self):
        meeting = threading.Barrier(2, timeout=10)

        def die(run, step):
            run.cloud.engine.status = 1
            meeting.wait()
            return {}
        self.run_plan(((step('a'),), (step('b'),)),
                      do={'a': die, 'b': die})
        self.assertThat(self.found(), matchers.HasLength(1))

    def test_death_is_attributed_to_the_first_lane_of_the_plan(self):
        seen = threading.Event()

        def wait(run, step):
            seen.wait(10)
            return {}

        def die(run, step):
            run.cloud.engine.status = 1
            return {}
        self.set_when_found(seen)
        self.run_plan(((step('a'),), (step('b'),)),
                      do={'a': wait, 'b': die})
        self.assertEqual('a', self.found()[0].step)

    def test_watch_of_a_suite_raises_a_death(self):
        seen = []

        def watch(run, step):
            run.check()
            run.cloud.engine.status = 1
            try:
                run.check()
            except errors.ProcessDied as exc:
                seen.append(exc)
            return {}
        self.run_plan(step('a'), do={'a': watch})
        self.assertThat(seen, matchers.HasLength(1))

    def test_run_without_a_cloud_has_no_deaths(self):
        def forget(run, step):
            run.cloud = None
            run.check()
            return {}
        self.run_plan(step('a'), do={'a': forget})
        self.assertEqual({'a': 'ok'}, self.outcomes())
