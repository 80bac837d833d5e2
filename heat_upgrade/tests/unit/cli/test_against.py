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

"""heat-upgrade run --against, with runs that a test makes up."""

import json

import fixtures

from heat_upgrade.tests.unit.support import cli_case
from heat_upgrade.tests.unit.support import stories


def finding(subject, **changes):
    return stories.finding(**{
        'step': 'db-sync', 'subject': subject, 'title': f'{subject} failed',
        **changes})


class AgainstCase(cli_case.CliCase):

    def setUp(self):
        super().setUp()
        self.ran = []
        # The report of each target, by its name; the target of a run: TARGET.
        self.stories = {}
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.run.runner.execute', self.execute))

    def execute(self, plan, *, run_dir, base, target, **options):
        self.ran.append((plan, run_dir, target.name, options))
        story = self.stories.get(target.name, {})
        if isinstance(story, int):
            stories.Story(run_dir).tell(until='db-sync')
            return story
        stories.Story(run_dir).tell(**story)
        return 0

    def run_it(self, *words):
        return self.call('run', '--work-dir', self.home / 'runs', *words)

    def targets(self):
        return [name for _, _, name, _ in self.ran]

    def wants(self, name):
        """Let a released version decide about a finding."""
        self.useFixture(
            fixtures.MonkeyPatch(
                'heat_upgrade.judgement.judge.wants_reference',
                lambda run_dir: name,
            )
        )

    def report(self):
        return json.loads((self.ran[0][1] / 'report.json').read_text())


class TestAgainst(AgainstCase):

    def test_the_same_plan_is_run_and_compared(self):
        self.stories = {
            '2026.2': {'found': [finding('a'), finding('b')]},
            '27.0.0': {'found': [finding('b')]}}
        self.assertEqual(1, self.run_it('--against', '27.0.0'))
        self.assertEqual(['2026.2', '27.0.0'], self.targets())
        first, second = (plan for plan, *_ in self.ran)
        self.assertEqual((first.stages, first.seed, '27.0.0'),
                         (second.stages, second.seed, second.target))
        one = self.report()['against']
        self.assertEqual((1, 0, 1, 'fail'), (
            one['new'], one['gone'], one['same'], one['verdict']))
        self.assertIn('new 1, gone 0, same 1 (against 27.0.1)', self.out)

    def test_reference_is_run_once_for_the_same_content(self):
        for _ in range(2):
            self.run_it('--against', '27.0.0')
        self.assertEqual(['2026.2', '27.0.0', '2026.2'], self.targets())
        self.assertIn('compared with an earlier run to 27.0.0', self.out)

    def test_another_plan_has_a_reference_of_its_own(self):
        for seed in (1, 2):
            self.run_it('--against', '27.0.0', '--seed', seed)
        self.assertEqual(2, self.targets().count('27.0.0'))

    def test_reference_run_is_in_the_run_directory(self):
        self.run_it('--against', '27.0.0')
        (_, run_dir, *_), (_, place, *_) = self.ran
        self.assertEqual(run_dir / 'against' / 'run', place)

    def test_a_reference_that_broke_is_neither_compared_nor_kept(self):
        self.stories = {'27.0.0': {'failing': ['base-up'], 'found': [
            finding('x', step='base-up', origin='lab', rule='lab.broken',
                    failure_class=None)]}}
        self.assertEqual(0, self.run_it('--against', '27.0.0'))
        self.assertIsNone(self.report()['against'])
        self.assertIn('the reference run broke', self.out)
        self.run_it('--against', '27.0.0')
        self.assertEqual(2, self.targets().count('27.0.0'))

    def test_a_run_that_broke_has_no_reference(self):
        self.stories = {'2026.2': {'until': 'db-sync'}}
        self.assertEqual(3, self.run_it('--against', '27.0.0'))
        self.assertEqual(['2026.2'], self.targets())

    def test_an_interrupted_reference_interrupts_the_run(self):
        self.stories = {'27.0.0': 130}
        self.assertEqual(130, self.run_it('--against', '27.0.0'))
        self.assertIsNone(self.report()['against'])

    def test_an_interrupted_run_has_no_reference(self):
        self.stories = {'2026.2': 130}
        self.assertEqual(130, self.run_it('--against', '27.0.0'))
        self.assertEqual(['2026.2'], self.targets())

    def test_the_constraints_of_the_target_are_not_those_of_a_release(self):
        constraints = self.home / 'constraints.txt'
        constraints.write_text('x==1\n')
        self.run_it('--against', '27.0.0', '--constraints', constraints)
        self.assertEqual([str(constraints), None],
                         [options['constraints'] for *_, options in self.ran])

    def test_each_seed_of_a_night_is_compared(self):
        self.run_it('--against', '27.0.0', '--seeds', '1..2')
        self.assertEqual(['2026.2', '27.0.0'] * 2, self.targets())

    def test_published_release_is_not_compared_by_default(self):
        self.wants('27.0.0')
        self.run_it()
        self.assertEqual(['2026.2'], self.targets())


class TestUnreleased(AgainstCase):

    def setUp(self):
        super().setUp()
        self.useFixture(
            fixtures.MonkeyPatch(
                'heat_upgrade.run.reference_run.is_unreleased',
                lambda release: True,
            )
        )

    def test_excusable_finding_is_compared(self):
        self.wants('27.0.0')
        self.run_it()
        self.assertEqual(['2026.2', '27.0.0'], self.targets())

    def test_finding_without_a_known_failure_needs_no_reference(self):
        self.wants(None)
        self.run_it()
        self.assertEqual(['2026.2'], self.targets())

    def test_comparison_can_be_left_out(self):
        self.wants('27.0.0')
        self.run_it('--no-against')
        self.assertEqual(['2026.2'], self.targets())

    def test_base_is_not_used_as_its_own_reference(self):
        self.wants('2026.1')
        self.assertEqual(0, self.run_it())
        self.assertEqual(['2026.2'], self.targets())


class TestRefused(AgainstCase):

    def test_wrong_reference_is_refused_before_any_run(self):
        for name, said in (('2026.1', 'same release'),
                           ('2025.2', 'is older than'),
                           ('2026.2', 'is the target itself'),
                           ('2031.1', 'names neither a known release')):
            self.assertIn(said, self.refused(
                'run', '--against', name, '--work-dir', self.home / 'runs'))
        self.assertEqual([], self.ran)
        self.assertFalse((self.home / 'runs').exists())

    def test_against_and_no_against_exclude_each_other(self):
        self.assertIn('not allowed with', self.refused(
            'run', '--against', '27.0.0', '--no-against'))
