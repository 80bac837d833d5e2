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

"""The static checks as a step of a run."""

import fixtures

from heat_upgrade.checks import check_context
from heat_upgrade.checks import registry
from heat_upgrade.results import findings
from heat_upgrade.results import journal
from heat_upgrade.run.actions import static_checks
from heat_upgrade.tests.unit.support import runner_case

REFUSED = check_context.error(
    'rpc.message-refused', 'a call', 'a call is refused', 'why',
    failure_class=findings.FailureClass.API)


class TestCheck(runner_case.RunnerCase):

    def check(self, *found, more=(), do_more=None, **options):
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.checks.registry.run',
            lambda names, base, target, context: list(found)))

        def do(run, step):
            run.environments = {'base': 'old', 'target': 'new'}
            return static_checks.check(run, step)
        return self.run_plan(
            runner_case.step('checks', phase='checks'), *more,
            do={'checks': do, **(do_more or {})}, **options)

    def outcomes_of_checks(self):
        event, = self.events(journal.TESTS)
        return {test['id'].rpartition('.')[2]: test['outcome']
                for test in event['data']['tests']}

    def test_each_check_that_finds_nothing_has_passed(self):
        self.check()
        self.assertEqual(dict.fromkeys(registry.NAMES, 'passed'),
                         self.outcomes_of_checks())

    def test_error_fails_its_check(self):
        self.check(REFUSED)
        self.assertEqual(['rpc'], [
            name for name, outcome in self.outcomes_of_checks().items()
            if outcome == 'failed'])
        found, = self.found()
        self.assertEqual(
            (findings.HEAT, 6, 'checks', 'heat-upgrade check rpc --from '
             '2026.1 --to 2026.2'),
            (found.origin, found.failure_class, found.step, found.reproduce))

    def test_rolling_failure_is_a_warning_in_a_cold_upgrade(self):
        self.check(check_context.error(
            'rpc.message-refused', 'a message', 'a message is refused', 'why'))
        self.assertEqual({'passed'}, set(self.outcomes_of_checks().values()))
        self.assertEqual(findings.WARNING, self.found()[0].severity)

    def test_base_message_failure_is_an_error_in_a_cold_upgrade_too(self):
        for sender, severity in (('base', findings.ERROR),
                                 ('target', findings.WARNING)):
            found = static_checks._of_a_cold_upgrade(check_context.error(
                'rpc.message-refused', 'a message', 'a message is refused',
                'why', facts={'sender': sender}))
            self.assertEqual(severity, found.severity)

    def test_warning_fails_no_check(self):
        self.check(check_context.warning(
            'config.default-changed', '[a] b', 'a default changed', 'x'))
        self.assertEqual({'passed'}, set(self.outcomes_of_checks().values()))

    def test_failing_target_is_an_error_in_a_cold_upgrade_too(self):
        self.check(findings.make(
            'target.program-fails', 'rpc', '27.0.1 cannot load its RPC '
            'interface', 'why', step='check-rpc', failure_class=5))
        self.assertEqual(findings.ERROR, self.found()[0].severity)

    def test_run_continues_after_a_failing_target(self):
        done = []
        self.check(
            findings.make('target.program-fails', 'schema', 'x',
                          step='check-schema', failure_class=1),
            more=[runner_case.step('later')],
            do_more={'later': lambda run, step: done.append(1) or {}})
        self.assertEqual([1], done)

    def test_a_finding_names_the_test_that_it_fails(self):
        self.check(check_context.error(
            'rpc.message-refused', 'engine', 'a call is refused', 'why'))
        self.assertEqual('heat_upgrade.checks.rpc', self.found()[0].test)
