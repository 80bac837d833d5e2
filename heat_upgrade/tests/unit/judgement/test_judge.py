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
        """Journal findings in a run; return them judged."""
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

    def test_proved_cause_excuses_a_finding(self):
        one, = self.judged(lost())
        self.assertEqual((findings.KNOWN, 'killed', False),
                         (one.origin, one.known, one.counts))

    def test_reason_follows_the_evidence(self):
        one, = self.judged(lost())
        self.assertThat(one.evidence, matchers.MatchesAll(
            matchers.StartsWith('rows\n'),
            matchers.Contains('it stays in progress (bug 1)')))

    @ddt.data({'held_by': ['node-2']}, {'held_by': []},
              {'disruption': 'graceful'}, {'repaired': 'nothing'})
    def test_finding_without_the_proof_counts(self, facts):
        one, = self.judged(lost(**facts))
        self.assertTrue(one.counts)

    def test_finding_with_another_subject_counts(self):
        one, = self.judged(lost('update-chain'))
        self.assertTrue(one.counts)

    def test_finding_about_own_files_always_counts(self):
        entry = test_known_failures.entry(
            rules=['inflight.stuck'], cause='compared', subjects=['*'])
        for own_files, counts in ((False, False), (True, True)):
            one, = self.judged(findings.make(
                'inflight.stuck', 'x', 'x', step='checks',
                own_files=own_files), entry=entry)
            self.assertEqual(counts, one.counts)


@ddt.ddt
class TestCeiling(JudgementCase):
    """The measured ceiling is 3 of 12."""

    def found(self, number, operations):
        return [one.counts for one in self.judged(*(
            lost(f'create-{index}') for index in range(number)),
            operations=operations)]

    @ddt.unpack
    @ddt.data((3, 12), (6, 24), (1, 1))
    def test_findings_up_to_the_ceiling_do_not_count(self, number, operations):
        self.assertEqual([False] * number, self.found(number, operations))

    @ddt.unpack
    @ddt.data((4, 12), (12, 12), (7, 24))
    def test_all_findings_beyond_the_ceiling_count(self, number, operations):
        self.assertEqual([True] * number, self.found(number, operations))

    def test_finding_about_several_objects_uses_their_number(self):
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
    """Findings of a released version do not count for a checkout."""

    CHECKOUT = {'kind': 'checkout', 'version': '28.0.0.dev3'}

    def test_checkout_alone_is_not_excused(self):
        one, = self.judged(lost(), **self.CHECKOUT)
        self.assertTrue(one.counts)
        self.assertEqual('27.0.1', judge.wants_reference(self.run_dir))

    def certain(self, *found):
        """Return the findings that count without a reference."""
        self.judged(*found, **self.CHECKOUT)
        return [one.counts for one in judge.of_run(
            self.run_dir, journal.read(self.run_dir), PLAN, certain=True)
            if one.rule == 'inflight.stuck']

    def test_failure_that_a_reference_could_excuse_is_not_certain(self):
        self.assertEqual([False], self.certain(lost()))

    def test_unknown_failure_is_certain(self):
        self.assertEqual([True], self.certain(lost(held_by=[])))

    def test_released_target_needs_no_reference(self):
        self.judged(lost())
        self.assertIsNone(judge.wants_reference(self.run_dir))

    def test_unknown_failure_needs_no_reference(self):
        self.judged(lost(held_by=[]), **self.CHECKOUT)
        self.assertIsNone(judge.wants_reference(self.run_dir))

    def test_base_of_the_same_run_excuses_a_finding(self):
        one, = self.judged(lost(base_shows=True), **self.CHECKOUT)
        self.assertFalse(one.counts)

    def test_mirror_image_that_fails_on_the_base_excuses_a_test(self):
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

    def test_reference_run_excuses_a_finding(self):
        self.reference(lost())
        one, = self.judged(lost(), **self.CHECKOUT)
        self.assertFalse(one.counts)
        self.assertIsNone(judge.wants_reference(self.run_dir))

    def test_other_failure_of_the_reference_excuses_nothing(self):
        self.reference(lost('create-fan-in'))
        one, = self.judged(lost(), **self.CHECKOUT)
        self.assertTrue(one.counts)

    def test_file_is_never_released(self):
        one, = self.judged(lost(), kind='file', version='27.0.1')
        self.assertTrue(one.counts)


class TestControl(JudgementCase):

    def test_failure_of_the_control_does_not_count(self):
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

    def test_absent_known_failure_is_reported(self):
        self.assertEqual([('known.absent', 'warning')], self.told())

    def test_absent_race_is_not_reported(self):
        self.assertEqual([], self.told(sometimes=True))

    def test_interrupted_run_reports_no_absence(self):
        self.assertEqual([], self.told(end=False))

    def test_expired_entry_warns_and_still_excuses(self):
        day = stories.START.date()
        self.assertEqual([('known.expired', 'warning')], self.told(
            sometimes=True, expires=day))
        entry = test_known_failures.entry(sometimes=True, expires=day)
        one, warning = self.judged(lost(), entry=entry)
        self.assertEqual((False, False), (one.counts, warning.counts))

    def test_entry_that_is_not_expired_does_not_warn(self):
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

    def test_known_failure_of_released_versions_does_not_count(self):
        self.assertFalse(self.judged())

    def test_known_failure_of_a_checkout_counts(self):
        self.assertTrue(self.judged(released=False))

    def test_known_failure_of_the_reference_too_does_not_count(self):
        self.assertFalse(self.judged(released=False,
                                     shown={self.FOUND.identity}))
