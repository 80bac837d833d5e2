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
import types

import ddt
import fixtures
import testtools
from testtools import matchers

from heat_upgrade import actions
from heat_upgrade import errors
from heat_upgrade import plan as plans
from heat_upgrade import suites
from heat_upgrade import tracebacks

SCENARIO = 'heat_integrationtests.scenarios.test_a.TestA.test_it'
SMOKE = 'heat_integrationtests.smoke.test_stack.TestStack.test_create'
MISMATCH = 'traceback: Traceback\n  File x\ntesttools.MismatchError: 1 != 2'


def step(blame=plans.HEAT, **more):
    return plans.Step('verify', 'suite', 'verify', blame=blame, **more,
                      failure_class=2 if blame == plans.HEAT else None)


@ddt.ddt
class TestTestFinding(testtools.TestCase):
    """Failures are classed before a person looks."""

    def finding(self, test=SCENARIO, details=MISMATCH, blame=plans.HEAT):
        return actions.test_finding(
            step(blame), suites.Test(test, 'failed', 1.0, details))

    @ddt.unpack
    @ddt.data(
        (SCENARIO, MISMATCH, 2),
        (SCENARIO, 'traceback: MismatchError: random was replaced', 3),
        (SMOKE, MISMATCH, 2),
    )
    def test_what_a_test_shows_tells_the_class(self, test, details,
                                               failure_class):
        finding = self.finding(test, details)
        self.assertEqual(('heat', failure_class),
                         (finding.origin, finding.failure_class))

    @ddt.data('NameError: x', 'ModuleNotFoundError: x')
    def test_a_mistake_in_a_test_is_not_heat_s(self, error):
        self.assertEqual('scenario', self.finding(
            details=f'traceback: Traceback\n  File x\n{error}').origin)

    @ddt.data('AttributeError: x', 'TypeError: x')
    def test_what_a_test_meets_when_a_value_is_lost_is_heat_s(self, error):
        self.assertEqual('heat', self.finding(
            details=f'traceback: Traceback\n  File x\n{error}').origin)

    def test_on_the_base_a_failed_test_says_nothing_of_the_upgrade(self):
        self.assertEqual('scenario', self.finding(blame=plans.LAB).origin)

    @ddt.data({'blame': plans.LAB}, {'details': 'a\nNameError: x'})
    def test_what_is_not_heat_s_has_no_class(self, options):
        self.assertIsNone(self.finding(**options).failure_class)

    def test_its_evidence_is_what_the_test_said(self):
        finding = self.finding()
        self.assertEqual(
            ('scenarios.test_a.TestA.test_it failed', MISMATCH, SCENARIO,
             'verify'),
            (finding.title, finding.evidence, finding.test, finding.step))


@ddt.ddt
class TestSuite(testtools.TestCase):
    """A step that runs tests, with results that are given."""

    def setUp(self):
        super().setUp()
        self.found, self.noted = [], []
        log = self.useFixture(fixtures.TempDir()).join('verify.log')
        self.run_ = types.SimpleNamespace(
            plan=types.SimpleNamespace(scenarios=''), check=lambda: None,
            cloud=types.SimpleNamespace(
                heat=types.SimpleNamespace(processes=[])),
            workspace=types.SimpleNamespace(run_dir='/run',
                                            log=lambda name: log),
            finding=self.found.append,
            tests=lambda step, tests: self.noted.extend(tests))

    def suite(self, *outcomes, blame=plans.HEAT, kinds=('verify',)):
        tests = [suites.Test(f'{SCENARIO}_{number}', outcome, 1.0, '')
                 for number, outcome in enumerate(outcomes)]
        self.selected = []

        def run(*args, kinds, scenarios, **options):
            self.selected.append((kinds, scenarios))
            return tests
        self.useFixture(fixtures.MonkeyPatch('heat_upgrade.suites.run', run))
        return actions.suite(self.run_, step(blame, kinds=kinds))

    @ddt.data(('pre',), ('verify',))
    def test_a_selection_of_scenarios_reaches_the_suite(self, kinds):
        self.run_.plan.scenarios = 'random'
        self.suite('passed', kinds=kinds)
        self.assertEqual([(kinds, 'random')], self.selected)

    def test_the_numbers_are_measured(self):
        self.assertEqual({'passed': 2, 'failed': 0, 'skipped': 1},
                         self.suite('passed', 'skipped', 'passed'))
        self.assertThat(self.noted, matchers.HasLength(3))

    def test_failures_of_the_target_are_found_and_the_run_goes_on(self):
        self.assertEqual({'passed': 1, 'failed': 2, 'skipped': 0},
                         self.suite('failed', 'passed', 'failed'))
        self.assertEqual(['heat', 'heat'],
                         [finding.origin for finding in self.found])

    def test_a_failure_of_the_base_ends_the_run(self):
        self.assertRaises(actions.StepFailed, self.suite, 'failed', 'passed',
                          blame=plans.LAB)
        self.assertEqual('scenario', self.found[0].origin)

    @ddt.data((), ('skipped', ), ('skipped', 'skipped'))
    def test_without_a_test_nothing_is_known_of_heat(self, outcomes):
        self.assertRaises(actions.StepFailed, self.suite, *outcomes)
        finding, = self.found
        self.assertEqual(('lab', None, 'no test was executed in verify'),
                         (finding.origin, finding.failure_class,
                          finding.title))


class Child:
    """A service of Heat, with a log."""

    def __init__(self, name, log):
        self.name, self.log = name, log


class ActionCase(testtools.TestCase):
    """Actions on a cloud that does what the test says."""

    def setUp(self):
        super().setUp()
        home = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.log = home / 'target-heat-api.log'
        self.log.write_text('INFO starting\n')
        api = Child('heat-api', self.log)
        self.found, self.noted = [], {}
        self.calls = []
        self.heat = types.SimpleNamespace(
            api=api, processes=[api], manage=self.manage,
            db_sync=lambda: self.calls.append('db_sync'))
        self.status = 0
        self.cloud = types.SimpleNamespace(
            heat=self.heat, start_heat=lambda: self.calls.append('start'),
            stop_heat=lambda: {'heat-engine': {'seconds': 60.1,
                                               'killed': self.killed}},
            deploy=lambda environment, side: self.calls.append(
                ('deploy', environment, side)),
            down=lambda: self.calls.append('down'),
            save_database=lambda path: path.write_text('x' * 7),
            request=lambda path, timeout: types.SimpleNamespace(
                status_code=200))
        self.killed = False
        self.answers = True
        self.run_ = types.SimpleNamespace(
            check=lambda: None, failed=lambda: False,
            cloud=self.cloud, keep=False, environments={'target': 'new'},
            workspace=types.SimpleNamespace(
                run_dir=home, log=lambda name: home / name),
            probe=types.SimpleNamespace(
                wait_for_good=lambda timeout: self.answers,
                stop=lambda: {'sent': 9}, running=lambda: False),
            finding=self.found.append, availability=self.noted.setdefault)

    def manage(self, *words, check):
        self.calls.append((words, check))
        return self.status, 'output'

    def do(self, name):
        return actions.BY_NAME[name](self.run_, step())

    def origins(self):
        return [(one.origin, one.severity) for one in self.found]


@ddt.ddt
class TestActions(ActionCase):

    @ddt.unpack
    @ddt.data((False, []), (True, [('heat', 'warning')]))
    def test_a_heat_that_had_to_be_killed_is_warned_of(self, killed, origins):
        self.killed = killed
        measured = self.do('stop_base')
        self.run_.probe.stop()
        self.assertEqual(killed, measured['stopped']['heat-engine']['killed'])
        self.assertEqual(origins, self.origins())

    def test_the_size_of_the_dump_is_measured(self):
        self.assertEqual({'bytes': 7}, self.do('save_database'))

    @ddt.data(0, 1)
    def test_warnings_of_heat_s_own_check_do_not_stop_an_upgrade(self,
                                                                 status):
        self.status = status
        self.assertEqual({'status': status}, self.do('upgrade_check'))

    @ddt.data(2, 255)
    def test_failures_of_heat_s_own_check_do(self, status):
        self.status = status
        exc = self.assertRaises(errors.LabError, self.do, 'upgrade_check')
        self.assertIn(f'ended with status {status}:\noutput', str(exc))

    def test_the_check_is_the_target_s(self):
        self.do('upgrade_check')
        self.assertEqual(
            [('deploy', 'new', 'target'),
             (('heat-status', 'upgrade', 'check'), False)], self.calls)

    def test_a_target_that_starts_has_its_downtime(self):
        self.do('start_target')
        self.assertEqual({'heat-api': {'sent': 9}}, self.noted)
        self.assertEqual([], self.found)

    def test_a_target_that_does_not_start_has_its_downtime_too(self):
        def fail():
            raise errors.ProcessDied('heat-api ended')
        self.cloud.start_heat = fail
        self.assertRaises(errors.ProcessDied, self.do, 'start_target')
        self.assertEqual({'heat-api': {'sent': 9}}, self.noted)

    def test_a_target_that_does_not_answer_has_failed(self):
        self.answers = False
        exc = self.assertRaises(errors.LabError, self.do, 'start_target')
        self.assertEqual(self.log, exc.log)

    def test_a_traceback_at_the_start_is_heat_s_failure(self):
        self.log.write_text(f'{tracebacks.SIGN}:\nValueError: no\n')
        self.do('start_target')
        self.assertEqual([('heat', 'error')], self.origins())
        self.assertIn('ValueError: no', self.found[0].evidence)

    @ddt.unpack
    @ddt.data((0, []), (1, [('heat', 'error')]), (3, [('lab', 'error')]))
    def test_what_is_left_behind_is_heat_s_failure(self, status, origins):
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.suites.destroy',
            lambda workspace, directory, watch: (status, 'x is left')))
        self.do('destroy')
        self.assertEqual(origins, self.origins())

    def test_what_is_kept_to_be_looked_at_is_not_destroyed(self):
        self.run_.keep, self.run_.failed = True, lambda: True
        self.assertEqual({'kept': True}, self.do('destroy'))

    @ddt.unpack
    @ddt.data((False, ['down']), (True, []))
    def test_a_cloud_is_stopped_unless_it_is_kept(self, keep, calls):
        self.run_.keep = keep
        self.do('down')
        self.assertEqual(calls, self.calls)

    def test_a_probe_that_still_asks_is_ended_and_its_answers_kept(self):
        self.run_.probe.running = lambda: True
        self.do('down')
        self.assertEqual({'heat-api': {'sent': 9}}, self.noted)

    def test_without_a_cloud_there_is_nothing_to_stop(self):
        self.run_.cloud = None
        self.assertEqual({}, self.do('down'))
