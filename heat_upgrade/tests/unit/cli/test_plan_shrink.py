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

"""heat-upgrade plan shrink, with runs that a test makes up."""

import shlex

import fixtures

from heat_upgrade.plan import planner
from heat_upgrade.report import model
from heat_upgrade.tests.unit.support import cli_case
from heat_upgrade.tests.unit.support import stories

PLAN = planner.make('cold', base='2026.1', target='2026.2', seed=3)
SCENARIO = 'heat_integrationtests.scenarios.test_a.TestA.test_verify'


def stuck(case, **changes):
    return stories.finding(**{
        'step': 'settle', 'rule': 'inflight.stuck', 'subject': case,
        'title': f'the stack of {case} is stuck', **changes})


class ShrinkCase(cli_case.CliCase):

    def setUp(self):
        super().setUp()
        self.run_dir = self.home / 'run'
        self.run_dir.mkdir()
        self.ran = []

    def failed(self, *found, **story):
        stories.Story(self.run_dir, PLAN).tell(found=found, **story)

    def shrink(self, *words, outcome):
        """Call it with runs whose outcome is a function of the plan.

        :param outcome: returns findings, or a status
        """
        def execute(plan, *, run_dir, **options):
            self.ran.append((plan, options))
            found = outcome(plan)
            if isinstance(found, int):
                stories.Story(run_dir, plan).tell(until='db-sync')
                return found
            stories.Story(run_dir, plan).tell(found=found)
            return 0
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.run.runner.execute', execute))
        return self.call('plan', 'shrink', self.run_dir, *words)

    def shrunk(self):
        return planner.from_json((self.run_dir / 'shrunk.json').read_text())


class TestShrink(ShrinkCase):

    def in_flight(self, plan):
        """Fail for as long as anything is in flight: another case each."""
        cases = [case for step in plan.steps for case in step.cases]
        return [stuck(cases[-1])] if cases else []

    def test_the_shortest_plan_that_fails_is_written(self):
        self.failed(stuck('update-fan-in-lock'))
        self.assertEqual(0, self.shrink(outcome=self.in_flight))
        plan = self.shrunk()
        self.assertEqual(1, len({case for step in plan.steps
                                 for case in step.cases}))
        self.assertTrue(plan.choices['quick'])
        self.assertIn('nothing more can be left out', self.out)

    def test_each_try_the_tree_and_the_command_are_printed(self):
        self.failed(stuck('update-fan-in-lock'))
        self.shrink(outcome=self.in_flight)
        self.assertIn('finding: the stack of update-fan-in-lock is stuck',
                      self.out)
        self.assertEqual(len(self.ran), self.out.count('\ntry '))
        self.assertIn('the same finding, 44.0 s (', self.out)
        self.assertIn('├─ stop-base: ', self.out)
        command = shlex.join(['heat-upgrade', 'run', '--plan', str(
            self.run_dir.resolve() / 'shrunk.json')])
        self.assertIn(f'again: {command}', self.out)

    def test_shortest_plan_can_be_run(self):
        self.failed(stuck('update-fan-in-lock'))
        self.shrink(outcome=self.in_flight)
        self.ran.clear()
        self.call('run', '--plan', self.run_dir / 'shrunk.json',
                  '--work-dir', self.home / 'runs')
        self.assertEqual(self.shrunk(), self.ran[0][0])

    def test_the_finding_can_be_chosen(self):
        self.failed(stories.finding('settle', title='a test failed'),
                    stuck('update-fan-in-lock'))
        self.shrink('--finding', 'update-.* is stuck', '--tries', 1,
                    outcome=self.in_flight)
        self.assertIn('finding: the stack of update-fan-in-lock is stuck',
                      self.out)
        self.assertEqual(self.ran[0][0], self.shrunk())

    def test_the_finding_can_be_chosen_by_its_rule(self):
        self.failed(stories.finding('settle', title='a test failed'),
                    stuck('update-fan-in-lock'))
        self.shrink('--finding', r'^inflight\.', '--tries', 1,
                    outcome=self.in_flight)
        self.assertIn('finding: the stack of update-fan-in-lock is stuck',
                      self.out)

    def test_same_finding_may_have_another_title(self):
        self.failed(stuck('update-fan-in-lock'))
        self.shrink('--tries', 1, outcome=lambda plan: [
            stuck('delete-group-queued', title='in other words')])
        self.assertEqual(self.ran[0][0], self.shrunk())

    def test_another_finding_is_not_the_same(self):
        self.failed(stuck('update-fan-in-lock'))
        self.shrink('--tries', 2, outcome=lambda plan: [
            stories.finding('settle', title='something else')])
        self.assertEqual(PLAN.stages, self.shrunk().stages)
        self.assertIn('fail, with other findings', self.out)
        self.assertIn('stopped after 2 tries', self.out)

    def test_finding_that_does_not_count_is_not_the_same(self):
        self.failed(stuck('update-fan-in-lock'))
        self.shrink('--tries', 1, outcome=lambda plan: [
            stuck('update-fan-in-lock', origin='known')])
        self.assertEqual(PLAN.stages, self.shrunk().stages)

    def test_a_scenario_that_fails_is_tried_alone(self):
        self.failed(stories.finding('verify-target', test=SCENARIO))
        self.shrink(outcome=lambda plan: [
            stories.finding('verify-target', test=SCENARIO)])
        self.assertIn(r'heat_integrationtests\.scenarios\.test_a\.TestA',
                      {plan.scenarios for plan, _ in self.ran})

    def test_ctrl_c_keeps_the_shortest_plan_so_far(self):
        self.failed(stuck('update-fan-in-lock'))
        self.assertEqual(130, self.shrink(
            outcome=lambda plan: 130 if len(self.ran) == 2
            else self.in_flight(plan)))
        self.assertEqual(self.ran[0][0], self.shrunk())

    def test_each_try_has_a_run_directory_below_the_run_s(self):
        self.failed(stuck('update-fan-in-lock'))
        self.shrink('--tries', 2, outcome=self.in_flight)
        tries = sorted((self.run_dir / 'shrink').iterdir())
        self.assertEqual(['fail', 'fail'], [
            model.make(one)['verdict'] for one in tries])

    def test_tries_are_made_as_the_run_is_to_be_repeated(self):
        self.failed(stuck('update-fan-in-lock'))
        self.shrink('--tries', 1, '--constraints', 'c.txt',
                    '--base-constraints', 'b.txt', outcome=self.in_flight)
        self.assertEqual(('c.txt', 'b.txt'), (
            self.ran[0][1]['constraints'], self.ran[0][1]['base_constraints']))
        self.assertIn('--constraints c.txt --base-constraints b.txt',
                      self.out)


class TestRefused(ShrinkCase):

    def test_passed_run_is_refused(self):
        self.failed()
        self.assertIn('is pass: only a failed run can be shrunk',
                      self.refused('plan', 'shrink', self.run_dir))

    def test_lab_error_is_refused(self):
        self.failed(until='db-sync')
        self.assertIn('is lab-error: only a failed run can be shrunk',
                      self.refused('plan', 'shrink', self.run_dir))

    def test_unknown_finding_is_refused(self):
        self.failed(stuck('update-fan-in-lock'),
                    stories.finding('settle', title='known', origin='known'))
        said = self.refused('plan', 'shrink', self.run_dir, '--finding',
                            'known')
        self.assertIn("--finding 'known' matches no finding", said)
        self.assertIn('\n  the stack of update-fan-in-lock is stuck', said)
        self.assertNotIn('\n  known', said)

    def test_invalid_regular_expression_is_refused(self):
        self.failed(stuck('update-fan-in-lock'))
        self.assertIn('is not a regular expression', self.refused(
            'plan', 'shrink', self.run_dir, '--finding', '('))

    def test_directory_without_a_run_is_refused(self):
        self.assertIn('is not the directory of a run',
                      self.refused('plan', 'shrink', self.home))

    def test_plan_without_choices_is_refused(self):
        stories.Story(self.run_dir).tell(found=[
            stories.finding('verify-target', title='x')])
        self.assertIn('the plan has no choices',
                      self.refused('plan', 'shrink', self.run_dir))
