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

"""Which findings count: causes, ceilings, released versions."""

import datetime
import json
import pathlib

import ddt
import fixtures
import testtools
from testtools import matchers

from heat_upgrade.judgement import judge
from heat_upgrade.judgement import known_failures
from heat_upgrade.plan import control_run
from heat_upgrade.plan import model
from heat_upgrade.results import findings
from heat_upgrade.results import journal
from heat_upgrade.tests.unit.judgement import test_known_failures
from heat_upgrade.tests.unit.support import stories

HELD = {'disruption': 'kill', 'held_by': ['node-1'], 'repaired': 'update',
        'stuck': True}

PLAN = model.Plan(
    strategy='rolling', base='2026.1', target='2026.2', seed=0, scenarios='',
    stages=(
        ((model.Step('stop-engine-node-1', 'stop_engine', 'kill it',
                     node='node-1', disruption='kill'),),),
        ((model.Step('settle-node-1', 'settle', 'judge', blame='heat',
                     failure_class=2, disruption='kill'),),)))


def lost(case='create-chain', **facts):
    return findings.make('inflight.stuck', case, f'{case} is stuck', 'rows',
                         step='settle-node-1', facts={**HELD, **facts})


class JudgementCase(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.run_dir = pathlib.Path(
            self.useFixture(fixtures.TempDir()).path)

    def judged(self, *found, entry=None, operations=12, **release):
        """Journal findings in a run; return them as they are judged."""
        entry = entry or test_known_failures.entry()
        story = stories.Story(self.run_dir, PLAN, known_failures=[entry])
        if release:
            self.change_target(story, **release)
        for number in range(operations):
            story.event(journal.IN_FLIGHT, 'settle-node-1',
                        case=f'c{number}', disruption='kill')
        for one in found:
            story.finding(one)
        return judge.of_run(
            self.run_dir, journal.read(self.run_dir), PLAN)

    def change_target(self, story, **release):
        first = json.loads(story._lines[0])
        first['data']['target'].update(release)
        story._lines[0] = json.dumps(first)
        story.write()


@ddt.ddt
class TestCause(JudgementCase):

    def test_a_proved_cause_excuses_a_finding(self):
        one, = self.judged(lost())
        self.assertEqual((findings.KNOWN, 'killed', False),
                         (one.origin, one.known, one.counts))

    def test_the_reason_follows_the_evidence(self):
        one, = self.judged(lost())
        self.assertThat(one.evidence, matchers.MatchesAll(
            matchers.StartsWith('rows\n'),
            matchers.Contains('it stays in progress (bug 1)')))

    @ddt.data({'held_by': ['node-2']}, {'held_by': []},
              {'disruption': 'graceful'}, {'repaired': 'nothing'})
    def test_without_the_proof_it_counts(self, facts):
        one, = self.judged(lost(**facts))
        self.assertTrue(one.counts)

    def test_another_subject_counts(self):
        one, = self.judged(lost('update-chain'))
        self.assertTrue(one.counts)

    def test_the_operator_s_own_files_always_count(self):
        entry = test_known_failures.entry(
            rules=['inflight.stuck'], cause='compared', subjects=['*'])
        for own_files, counts in ((False, False), (True, True)):
            one, = self.judged(findings.make(
                'inflight.stuck', 'x', 'x', step='checks',
                own_files=own_files), entry=entry)
            self.assertEqual(counts, one.counts)


@ddt.ddt
class TestCeiling(JudgementCase):
    """3 of 12 are measured."""

    def found(self, number, operations):
        return [one.counts for one in self.judged(*(
            lost(f'create-{index}') for index in range(number)),
            operations=operations)]

    @ddt.unpack
    @ddt.data((3, 12), (6, 24), (1, 1))
    def test_up_to_the_ceiling_nothing_counts(self, number, operations):
        self.assertEqual([False] * number, self.found(number, operations))

    @ddt.unpack
    @ddt.data((4, 12), (12, 12), (7, 24))
    def test_beyond_it_all_of_them_count(self, number, operations):
        self.assertEqual([True] * number, self.found(number, operations))

    def test_a_finding_may_be_about_several_things(self):
        entry = test_known_failures.entry(
            rules=['ledger.snapshot-left-behind'], subjects=['ledger'],
            cause='snapshots-of-deleted-stacks', ceiling={'at_most': 3})
        for number, counts in ((3, False), (4, True)):
            left = findings.make(
                'ledger.snapshot-left-behind', 'ledger', 'left',
                step='account', facts={'number': number,
                                       'of_deleted_stacks': number})
            one, = self.judged(left, entry=entry)
            self.assertEqual(counts, one.counts)


class TestUnreleased(JudgementCase):
    """A checkout is excused for what a released version shows too."""

    CHECKOUT = {'kind': 'checkout', 'version': '28.0.0.dev3'}

    def test_by_itself_it_is_not_excused(self):
        one, = self.judged(lost(), **self.CHECKOUT)
        self.assertTrue(one.counts)
        self.assertEqual('27.0.1', judge.wants_reference(self.run_dir))

    def test_a_released_target_wants_no_reference(self):
        self.judged(lost())
        self.assertIsNone(judge.wants_reference(self.run_dir))

    def test_a_failure_of_its_own_wants_no_reference(self):
        self.judged(lost(held_by=[]), **self.CHECKOUT)
        self.assertIsNone(judge.wants_reference(self.run_dir))

    def test_the_base_of_the_same_run_excuses_it(self):
        one, = self.judged(lost(base_shows=True), **self.CHECKOUT)
        self.assertFalse(one.counts)

    def test_a_mirror_image_that_fails_on_the_base_excuses_a_test(self):
        forth, back = (
            findings.make(
                'test.failed',
                f'mixed_version.test_x.A{way}Test.test_nodes_named_{end}',
                'failed',
                facts={'worker_went_down': True, **facts},
            )
            for way, end, facts in (
                ('BaseToTarget', 'later', {}),
                ('TargetToBase', 'earlier', {'base_shows': True}),
            )
        )
        entry = test_known_failures.entry(
            rules=['test.failed'], subjects=['mixed_version.*'],
            cause='yaql-mixed-up', ceiling={'at_most': 2})
        forth.facts['cause'] = back.facts['cause'] = 'yaql-mixed-up'
        for found, counts in (([forth], [True]),
                              ([forth, back], [False, False])):
            self.assertEqual(counts, [one.counts for one in self.judged(
                *found, entry=entry, **self.CHECKOUT)])
        self.assertIsNone(judge.wants_reference(self.run_dir))

    def reference(self, *found):
        path = self.run_dir / judge.REFERENCE
        path.parent.mkdir()
        path.write_text(json.dumps(
            {'findings': [one.as_dict() for one in found]}))

    def test_the_reference_run_excuses_it(self):
        self.reference(lost())
        one, = self.judged(lost(), **self.CHECKOUT)
        self.assertFalse(one.counts)
        self.assertIsNone(judge.wants_reference(self.run_dir))

    def test_another_failure_of_the_reference_does_not(self):
        self.reference(lost('create-fan-in'))
        one, = self.judged(lost(), **self.CHECKOUT)
        self.assertTrue(one.counts)

    def test_a_file_is_not_released_whatever_its_version(self):
        one, = self.judged(lost(), kind='file', version='27.0.1')
        self.assertTrue(one.counts)


class TestControl(JudgementCase):

    def test_a_failure_of_the_control_is_no_fault_of_the_upgrade(self):
        made = control_run.plan_of(model.Plan(
            **{**vars(PLAN), 'choices': {
                'order': ['node-1'], 'api_first': [], 'kills': [],
                'faults': {}, 'rollback': '', 'cases': {}}}))
        stories.Story(
            control_run.make_run_dir(self.run_dir, made), made
        ).finding(lost(held_by=[]))
        one, = self.judged(lost(held_by=[]))
        self.assertEqual(findings.RESTART, one.origin)


class TestEntries(JudgementCase):
    """Warnings about the list of known failures itself."""

    def told(self, end=True, **changes):
        entry = test_known_failures.entry(**changes)
        story = stories.Story(self.run_dir, PLAN, known_failures=[entry])
        if end:
            story.event(journal.RUN_END)
        return [(one.rule, one.severity) for one in judge.of_run(
            self.run_dir, journal.read(self.run_dir), PLAN)]

    def test_one_that_did_not_happen_is_told(self):
        self.assertEqual([('known.absent', 'warning')], self.told())

    def test_the_absence_of_one_that_takes_a_race_is_not(self):
        self.assertEqual([], self.told(sometimes=True))

    def test_a_run_that_was_cut_off_says_nothing_of_it(self):
        self.assertEqual([], self.told(end=False))

    def test_one_that_is_to_be_reviewed_warns_and_still_excuses(self):
        day = stories.START.date()
        self.assertEqual([('known.expired', 'warning')], self.told(
            sometimes=True, expires=day))
        entry = test_known_failures.entry(sometimes=True, expires=day)
        one, warning = self.judged(lost(), entry=entry)
        self.assertEqual((False, False), (one.counts, warning.counts))

    def test_one_that_is_to_be_reviewed_later_does_not(self):
        self.assertEqual([], self.told(
            sometimes=True,
            expires=stories.START.date() + datetime.timedelta(days=1)))


@ddt.ddt
class TestChecks(testtools.TestCase):
    """Static checks alone, without a run."""

    ENTRY = known_failures.from_dict({
        **test_known_failures.DATA, 'rules': ['step.failed'],
        'subjects': ['x'], 'cause': 'compared', 'ceiling': {'at_most': 1}})
    FOUND = findings.make('step.failed', 'x', 'x', step='check-config')

    def judged(self, **changes):
        one, = judge.of_checks([self.FOUND], [self.ENTRY], **{
            'base': '26.0.2', 'reference': '27.0.1', 'released': True,
            **changes})
        return one.counts

    def test_a_known_failure_of_released_versions_does_not_count(self):
        self.assertFalse(self.judged())

    def test_that_of_a_checkout_counts(self):
        self.assertTrue(self.judged(released=False))

    def test_unless_its_reference_shows_the_same(self):
        self.assertFalse(self.judged(released=False,
                                     shown={self.FOUND.identity}))
