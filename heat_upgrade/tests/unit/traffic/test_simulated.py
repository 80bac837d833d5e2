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


import ddt
import fixtures
import testtools

from heat_upgrade.tests.unit.support import simulated_heat
from heat_upgrade.traffic import validator

SEEDS = range(12)

# Probability of a fault that a correct Heat meets during an upgrade: errors
# without effect, lost answers, messages that are consumed up to 50 s late.
NO_FAULTS, SOME_FAULTS, MANY_FAULTS = 0.0, 0.1, 0.3

# {seeded bug: the rule that must be broken}
BUGS = {
    'drop-update': 'change-lost',
    'drop-item-update': 'change-lost',
    'drop-signal': 'change-lost',
    'never-end': 'stuck',
    'fail': 'failed',
    'make-twice': 'made-twice',
    'leave-item': 'left-behind',
    'lose-item': 'resource-lost',
    'swap-outputs': 'outputs-wrong',
    'no-event': 'events-incomplete',
    'garbage': 'never-written',
    'old-read': 'backwards',
    'forget': 'refused',
}


@ddt.ddt
class TestSeededBugs(testtools.TestCase):
    """Histories of real traffic against a simulated Heat."""

    def found(self, **options):
        """Return the violations, and whether the bug occurred."""
        run_dir = self.useFixture(fixtures.TempDir()).path
        calls, ledger, final, heat = simulated_heat.run(run_dir, **options)
        self.assertNotEqual([], calls)
        return validator.validate(calls, ledger, final), heat.bug_done

    @ddt.data(NO_FAULTS, SOME_FAULTS, MANY_FAULTS)
    def test_correct_heat_breaks_no_rule_under_faults(self, faults):
        for seed in SEEDS:
            violations, _ = self.found(seed=seed, stacks=3, faults=faults)
            self.assertEqual([], violations, f'seed {seed}')

    @ddt.data(*BUGS)
    def test_a_bug_of_heat_breaks_its_rule(self, bug):
        rules, done = set(), 0
        for seed in SEEDS:
            violations, came_up = self.found(seed=seed, stacks=3, bug=bug,
                                             bug_at=seed % 3)
            done += came_up
            if came_up:
                self.assertNotEqual([], violations, f'seed {seed}')
            rules |= {violation.rule for violation in violations}
        self.assertNotEqual(0, done)
        self.assertIn(BUGS[bug], rules)

    @ddt.data('drop-update', 'make-twice', 'leave-item', 'never-end', 'fail',
              'garbage')
    def test_faults_do_not_hide_a_bug_for_long(self, bug):
        missed = 0
        for seed in SEEDS:
            violations, came_up = self.found(seed=seed, stacks=3, bug=bug,
                                             faults=SOME_FAULTS)
            missed += came_up and not violations
        self.assertLess(missed, len(SEEDS) / 3)

    def test_each_rule_has_a_bug(self):
        self.assertEqual(set(validator.RULES), set(BUGS.values()))
