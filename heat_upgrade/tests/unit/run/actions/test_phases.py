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

"""Actions that run the suites: their selection and their findings."""

import types

import ddt
import fixtures
import testtools
from testtools import matchers

from heat_integrationtests import config
from heat_integrationtests import phases
from heat_upgrade.lab import stestr_runner
from heat_upgrade.plan import planner
from heat_upgrade.run.actions import phases as tests
from heat_upgrade.run.actions import registry
from heat_upgrade.run.actions import traces

SCENARIO = 'heat_integrationtests.scenarios.test_a.TestA.test_it'
SMOKE = 'heat_integrationtests.smoke.test_stack.TestStack.test_create'
MISMATCH = ('traceback: Traceback (most recent call last):\n'
            '  File "x", line 1, in test\n'
            'testtools.MismatchError: 1 != 2')


def step(blame=planner.HEAT, **more):
    return planner.Step('verify', 'suite', 'verify', blame=blame, **more,
                        failure_class=2 if blame == planner.HEAT else None)


@ddt.ddt
class TestTestFinding(testtools.TestCase):
    """Failures are classed before a person looks."""

    def finding(self, test=SCENARIO, details=MISMATCH, blame=planner.HEAT,
                **marks):
        return tests.test_finding(
            step(blame),
            stestr_runner.Test(test, 'failed', 1.0, details, **marks),
        )

    @ddt.unpack
    @ddt.data(
        (SCENARIO, {}, 'test.failed', 2),
        (SCENARIO, {'failure_class': 3}, 'test.resource-replaced', 3),
        (SMOKE, {}, 'test.failed', 2),
    )
    def test_markers_of_a_test_decide_the_class(self, test, marks, rule,
                                                failure_class):
        finding = self.finding(test, **marks)
        self.assertEqual(('heat', rule, failure_class), (
            finding.origin, finding.rule, finding.failure_class))

    def test_text_of_a_failure_does_not_change_the_class(self):
        self.assertEqual('test.failed', self.finding(
            details='traceback: MismatchError: random was replaced').rule)

    def test_a_proved_cause_and_the_base_are_facts(self):
        self.assertEqual({'cause': 'yaql-mixed-up', 'base_shows': True},
                         self.finding(cause='yaql-mixed-up',
                                      known_on_base=True).facts)
        self.assertEqual({}, self.finding().facts)

    def test_the_subject_is_the_test_without_its_package(self):
        self.assertEqual('scenarios.test_a.TestA.test_it',
                         self.finding().subject)

    def test_events_and_records_come_after_the_failure(self):
        finding = tests.test_finding(
            step(), stestr_runner.Test(SCENARIO, 'failed', 1.0, MISMATCH),
            traces.Traces('events of its stacks:\nan event', 'a record',
                          {'worker_went_down': True}))
        self.assertEqual('testtools.MismatchError: 1 != 2',
                         finding.evidence.splitlines()[0])
        self.assertTrue(finding.evidence.endswith('an event\n\na record'))
        self.assertEqual({'worker_went_down': True}, finding.facts)

    @ddt.data('NameError: x', 'ModuleNotFoundError: x')
    def test_bug_of_a_test_is_not_heat_s_failure(self, error):
        self.assertEqual('scenario', self.finding(
            details=f'traceback: Traceback\n  File x\n{error}').origin)

    @ddt.data('AttributeError: x', 'TypeError: x')
    def test_error_of_a_lost_value_is_heat_s_failure(self, error):
        self.assertEqual('heat', self.finding(
            details=f'traceback: Traceback\n  File x\n{error}').origin)

    def test_failure_on_the_base_is_not_heat_s(self):
        self.assertEqual('scenario', self.finding(blame=planner.LAB).origin)

    @ddt.data({'blame': planner.LAB}, {'details': 'a\nNameError: x'})
    def test_failure_that_is_not_heat_s_has_no_class(self, options):
        self.assertIsNone(self.finding(**options).failure_class)

    def test_evidence_has_the_details_of_the_test(self):
        finding = self.finding()
        self.assertEqual(
            ('scenarios.test_a.TestA.test_it failed',
             f'testtools.MismatchError: 1 != 2\n\n{MISMATCH}', SCENARIO,
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
            plan=types.SimpleNamespace(
                scenarios='', tier='standard', scenario_path=('/a', '/b')),
            check=lambda: None,
            cloud=types.SimpleNamespace(mariadb=None, heat_processes=[],
                                        nodes={
                name: types.SimpleNamespace(
                    side=side, api_url=f'api of {name}',
                    cfn_url=f'cfn of {name}')
                for name, side in (('node-1', 'target'), ('node-2', 'base'),
                                   ('node-3', 'base'))}),
            workspace=types.SimpleNamespace(run_dir='/run',
                                            log=lambda name: log),
            finding=self.found.append,
            tests=lambda step, tests: self.noted.extend(tests))

    def suite(self, *outcomes, blame=planner.HEAT, kinds=('verify',), **more):
        given = [stestr_runner.Test(f'{SCENARIO}_{number}', outcome, 1.0, '')
                 for number, outcome in enumerate(outcomes)]
        self.selected, self.variables = [], []

        def run(*args, kinds, scenarios, tier, variables, **options):
            self.selected.append((kinds, scenarios, tier))
            self.paths = variables.pop('HEAT_UPGRADE_SCENARIO_PATH')
            self.variables.append(variables)
            return given
        self.useFixture(
            fixtures.MonkeyPatch('heat_upgrade.lab.stestr_runner.run', run)
        )
        return tests.suite(self.run_, step(blame, kinds=kinds, **more))

    @ddt.data(('pre',), ('verify',))
    def test_a_selection_of_scenarios_reaches_the_suite(self, kinds):
        self.run_.plan.scenarios = 'random'
        self.suite('passed', kinds=kinds)
        self.assertEqual([(kinds, 'random', 'standard')], self.selected)
        self.assertEqual('/a:/b', self.paths)

    def test_the_numbers_are_measured(self):
        self.assertEqual({'passed': 2, 'failed': 0, 'skipped': 1},
                         self.suite('passed', 'skipped', 'passed'))
        self.assertThat(self.noted, matchers.HasLength(3))

    def test_failures_of_the_target_are_reported_and_the_run_continues(self):
        self.assertEqual({'passed': 1, 'failed': 2, 'skipped': 0},
                         self.suite('failed', 'passed', 'failed'))
        self.assertEqual(['heat', 'heat'],
                         [finding.origin for finding in self.found])

    def test_a_failure_of_the_base_ends_the_run(self):
        self.assertRaises(registry.StepFailed, self.suite, 'failed', 'passed',
                          blame=planner.LAB)
        self.assertEqual('scenario', self.found[0].origin)

    @ddt.data((), ('skipped', ), ('skipped', 'skipped'))
    def test_suite_without_a_test_is_a_lab_error(self, outcomes):
        self.assertRaises(registry.StepFailed, self.suite, *outcomes)
        finding, = self.found
        self.assertEqual(('lab', None, 'no test was executed in verify'),
                         (finding.origin, finding.failure_class,
                          finding.title))

    @ddt.unpack
    @ddt.data(
        ({}, {}),
        ({'kinds': ('smoke',), 'node': 'node-2'},
         {config.API_ENDPOINT_VARIABLE: 'api of node-2'}),
        ({'kinds': ('mixed-version',)},
         {phases.CONCURRENCY_VARIABLE: '14',
          config.API_ENDPOINTS_VARIABLE: 'api of node-3,api of node-1',
          config.CFN_ENDPOINTS_VARIABLE: 'cfn of node-3,cfn of node-1'}))
    def test_step_selects_the_tested_nodes(self, more, variables):
        self.suite('passed', **more)
        self.assertEqual([variables], self.variables)
