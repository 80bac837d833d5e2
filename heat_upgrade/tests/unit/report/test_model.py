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


import json
import pathlib

import ddt
import fixtures
import testtools
from testtools import matchers

from heat_upgrade import errors
from heat_upgrade.plan import planner
from heat_upgrade.report import files
from heat_upgrade.report import model
from heat_upgrade.results import journal as journals
from heat_upgrade.tests.unit.support import stories


def numbers(**some):
    return {'passed': 0, 'failed': 0, 'skipped': 0, 'known': 0, **some}


class ModelCase(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.run_dir = pathlib.Path(
            self.useFixture(fixtures.TempDir()).path).resolve()

    def report(self, **story):
        stories.Story(self.run_dir).tell(**story)
        return model.make(self.run_dir)


class TestPromises(ModelCase):
    """The data of report.json, with values and types."""

    def test_report_has_the_upgrade_and_its_verdict(self):
        self.assertThat(self.report(), matchers.ContainsDict({
            name: matchers.Equals(value) for name, value in {
                'version': 2, 'verdict': 'pass', 'strategy': 'cold',
                'seed': 7,
                'duration_s': 16.0, 'finished': True, 'scenarios': '',
                'base': {'name': '2026.1', 'kind': 'series',
                         'version': '26.0.2'},
                'target': {'name': '2026.2', 'kind': 'series',
                           'version': '27.0.1'},
                'started': '2026-11-22T12:00:00.000+00:00',
                'peak_memory_bytes': 2**30,
                'reproduce': stories.AGAIN,
                'run_dir': str(self.run_dir),
            }.items()}))

    def test_steps_are_in_the_order_of_the_plan(self):
        steps = self.report()['steps']
        self.assertEqual([step.name for step in stories.PLAN.steps],
                         [step['name'] for step in steps])
        self.assertThat(steps[1], matchers.Equals({
            'name': 'pre-upgrade', 'title': 'create and record',
            'command': 'tox -e pre-upgrade', 'phase': 'pre-upgrade',
            'start': 2.0, 'end': 4.0,
            'outcome': 'ok', 'seconds': 2.0, 'cpu_s': 1.25, 'passed': 2,
            'failed': 0, 'skipped': 0}))

    def test_phases_have_the_numbers_of_their_tests(self):
        self.assertEqual(
            {'pre-upgrade': numbers(passed=2),
             'during-upgrade': numbers(passed=1, skipped=1),
             'post-upgrade': numbers(passed=2)}, self.report()['phases'])

    def test_report_has_the_findings(self):
        found = [stories.finding('db-sync'),
                 stories.finding('down', origin='lab', failure_class=None)]
        self.assertEqual([one.as_dict() for one in found],
                         self.report(found=found)['findings'])

    def test_report_has_availability_by_probe(self):
        self.assertEqual(
            {'heat-api': {'sent': 120, 'failed': 90, 'longest_gap_s': 9.25}},
            self.report()['availability'])

    def test_tests_have_their_step(self):
        tests = self.report()['tests']
        self.assertThat(tests, matchers.HasLength(6))
        self.assertEqual({
            'step': 'during-upgrade', 'outcome': 'skipped', 'seconds': 1.5,
            'id': 'heat_integrationtests.scenarios.test_b.TestB.test_during',
            'details': 'reason: no swift'}, tests[3])

    def test_report_can_be_written_as_json(self):
        report = self.report()
        self.assertEqual(report, json.loads(json.dumps(report)))


class TestVerdicts(ModelCase):

    def test_a_failed_test_of_the_target_fails(self):
        test = 'heat_integrationtests.scenarios.test_a.TestA.test_verify'
        report = self.report(found=[stories.finding('verify-target',
                                                    test=test)])
        self.assertEqual('fail', report['verdict'])
        self.assertEqual(numbers(passed=1, failed=1),
                         report['phases']['post-upgrade'])

    def test_known_failed_test_is_counted_separately(self):
        test = 'heat_integrationtests.scenarios.test_a.TestA.test_verify'
        report = self.report(found=[stories.finding(
            'verify-target', test=test, origin='known')])
        self.assertEqual('pass-with-hazards', report['verdict'])
        self.assertEqual(numbers(passed=1, known=1),
                         report['phases']['post-upgrade'])

    def test_failed_migration_fails_the_run_without_later_tests(self):
        self.assertEqual('fail', self.report(
            failing=['db-sync'],
            found=[stories.finding('db-sync', failure_class=1)])['verdict'])

    def test_base_that_does_not_start_is_a_lab_error(self):
        report = self.report(failing=['base-up'], found=[stories.finding(
            'base-up', origin='lab', failure_class=None)])
        self.assertEqual('lab-error', report['verdict'])
        self.assertEqual(
            ['failed'] + ['skipped'] * 6 + ['ok'],
            [step['outcome'] for step in report['steps']])

    def test_a_failed_test_with_a_finding_that_counts_is_not_known(self):
        test = 'heat_integrationtests.scenarios.test_a.TestA.test_verify'
        report = self.report(found=[
            stories.finding('verify-target', test=test, origin=origin)
            for origin in ('known', 'heat')])
        self.assertEqual(numbers(passed=1, failed=1),
                         report['phases']['post-upgrade'])
        self.assertEqual(['failed'], [
            one['outcome'] for one in report['tests'] if one['id'] == test])

    def test_a_known_failure_passes_with_a_hazard_and_is_shown(self):
        report = self.report(found=[stories.finding('db-sync',
                                                    origin='known')])
        self.assertEqual(('pass-with-hazards', 1),
                         (report['verdict'], len(report['findings'])))


@ddt.ddt
class TestSteps(ModelCase):

    def outcome(self, *found, failing=()):
        report = self.report(found=found, failing=failing)
        return next(step['outcome'] for step in report['steps']
                    if step['name'] == 'db-sync')

    @ddt.unpack
    @ddt.data(
        ({}, 'failed'), ({'origin': 'lab', 'failure_class': None}, 'failed'),
        ({'origin': 'known'}, 'hazard'), ({'origin': 'restart'}, 'hazard'),
        ({'severity': 'warning'}, 'ok'),
        ({'origin': 'known', 'severity': 'warning'}, 'ok'))
    def test_findings_decide_the_outcome_of_a_step(self, changes, outcome):
        self.assertEqual(outcome, self.outcome(
            stories.finding('db-sync', **changes)))

    def test_step_that_the_runner_failed_may_be_a_hazard(self):
        self.assertEqual('hazard', self.outcome(
            stories.finding('db-sync', origin='known'), failing=['db-sync']))

    def test_one_error_that_counts_is_enough(self):
        self.assertEqual('failed', self.outcome(
            stories.finding('db-sync', origin='known'),
            stories.finding('db-sync')))

    def test_step_that_failed_without_a_finding_has_failed(self):
        self.assertEqual('failed', self.outcome(failing=['db-sync']))


class TestChecks(ModelCase):
    """Static checks count as tests, and rules name the check."""

    def outcomes(self, *found):
        story = stories.Story(self.run_dir)
        # Not checks, but rules of the registry begin with their names.
        story.event(journals.TESTS, 'pre-upgrade', phase='pre-upgrade', tests=[
            {'id': f'heat_upgrade.checks.{name}', 'outcome': 'failed',
             'seconds': 0, 'details': ''} for name in ('queue', 'ledger')])
        for one in found:
            story.finding(one)
        return [one['outcome'] for one in model.make(self.run_dir)['tests']]

    def test_a_finding_may_name_the_test_of_its_check(self):
        self.assertEqual(['known', 'failed'], self.outcomes(
            stories.finding('pre-upgrade', rule='queue.orphaned-messages',
                            test='heat_upgrade.checks.queue',
                            origin='known'),
            stories.finding('pre-upgrade', rule='ledger.lost',
                            test='heat_upgrade.checks.ledger')))

    def test_check_with_only_known_findings_is_known(self):
        self.assertEqual(['known', 'failed'], self.outcomes(
            stories.finding('pre-upgrade', rule='queue.orphaned-messages',
                            origin='known'),
            stories.finding('pre-upgrade', rule='ledger.lost', origin='known'),
            stories.finding('pre-upgrade', rule='ledger.left-behind')))

    def test_findings_of_another_step_excuse_nothing(self):
        self.assertEqual(['failed', 'failed'], self.outcomes(
            stories.finding('db-sync', rule='queue.orphaned-messages',
                            origin='known')))


class TestOrder(ModelCase):

    def test_the_worst_finding_is_the_first(self):
        found = [
            stories.finding('db-sync', title='note', severity='warning'),
            stories.finding('db-sync', title='known', origin='known',
                            failure_class=3),
            stories.finding('db-sync', title='slow', failure_class=8),
            stories.finding('db-sync', title='stuck', failure_class=2),
            stories.finding('db-sync', title='gone', failure_class=3)]
        self.assertEqual(
            ['gone', 'stuck', 'slow', 'known', 'note'],
            [one['title'] for one in self.report(found=found)['findings']])

    def test_lab_that_broke_first_decides(self):
        report = self.report(found=[
            stories.finding('base-up', origin='lab', failure_class=None),
            stories.finding('db-sync')])
        self.assertEqual(
            ('lab-error', 'heat'),
            (report['verdict'], report['findings'][0]['origin']))


@ddt.ddt
class TestAgainst(ModelCase):

    def against(self, text):
        place = self.run_dir / 'against'
        place.mkdir()
        (place / 'report.json').write_text(text)

    def reference(self, *found):
        directory = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        stories.Story(directory).tell(found=found)
        return model.make(directory)

    def test_run_without_a_reference_has_no_comparison(self):
        self.assertIsNone(self.report()['against'])

    def test_new_gone_and_same_are_counted(self):
        self.against(json.dumps(self.reference(
            stories.finding('db-sync', subject='both'),
            stories.finding('db-sync', subject='there'))))
        report = self.report(found=[
            stories.finding('db-sync', subject='both'),
            stories.finding('db-sync', subject='here'),
            stories.finding('db-sync', subject='here too')])
        self.assertEqual(
            {'target': report['target'], 'verdict': 'fail', 'new': 2,
             'gone': 1, 'same': 1}, report['against'])

    def test_a_damaged_reference_is_refused_with_its_path(self):
        self.against('{')
        exc = self.assertRaises(errors.UsageError, self.report)
        self.assertIn('against/report.json is not a report', str(exc))


@ddt.ddt
class TestCutOff(ModelCase):
    """A journal that ends before the run's end."""

    def test_report_has_finished_steps_and_those_not_reached(self):
        report = self.report(until='db-sync')
        outcomes = {step['name']: step['outcome']
                    for step in report['steps']}
        self.assertEqual(
            ('ok', 'cut off', 'not reached'),
            (outcomes['during-upgrade'], outcomes['db-sync'],
             outcomes['down']))

    def test_step_that_was_cut_off_has_a_start(self):
        step = next(step for step in self.report(until='db-sync')['steps']
                    if step['name'] == 'db-sync')
        self.assertEqual((8.0, None), (step['start'], step['end']))

    def test_run_that_was_cut_off_never_passes(self):
        report = self.report(until='down')
        self.assertEqual(('lab-error', False),
                         (report['verdict'], report['finished']))

    def test_last_line_may_be_truncated(self):
        story = stories.Story(self.run_dir).tell()
        journal = self.run_dir / journals.FILE
        journal.write_text(journal.read_text()[:-15])
        self.assertEqual(False, model.make(story.run_dir)['finished'])

    def test_empty_journal_is_accepted(self):
        stories.Story(self.run_dir)
        (self.run_dir / journals.FILE).write_text('')
        report = model.make(self.run_dir)
        self.assertEqual(
            ('lab-error', {'name': '2026.1'}, 0, None, {'not reached'}),
            (report['verdict'], report['base'], report['duration_s'],
             report['started'],
             {step['outcome'] for step in report['steps']}))

    @ddt.data({}, {'until': 'base-up'}, {'until': 'db-sync'},
              {'failing': ['base-up']}, {'failing': ['db-sync']})
    def test_every_kind_of_report_can_be_built(self, story):
        stories.Story(self.run_dir).tell(**story)
        report = files.build(self.run_dir)
        self.assertEqual(report, json.loads(
            (self.run_dir / 'report.json').read_text()))
        for name in ('report.html', 'junit.xml'):
            self.assertThat(str(self.run_dir / name), matchers.FileExists())


class TestNoRun(ModelCase):

    def refused(self):
        exc = self.assertRaises(errors.UsageError, model.make, self.run_dir)
        return str(exc)

    def test_an_empty_directory_is_refused(self):
        self.assertIn('is not the directory of a run', self.refused())

    def test_missing_directory_is_refused(self):
        self.run_dir = self.run_dir / 'nowhere'
        self.assertIn('is not the directory of a run', self.refused())

    def test_a_file_is_refused(self):
        self.run_dir = self.run_dir / 'file'
        self.run_dir.touch()
        self.assertIn('is not the directory of a run', self.refused())

    def test_a_plan_without_a_journal_is_refused(self):
        (self.run_dir / planner.FILE).write_text(stories.PLAN.as_json())
        self.assertIn('journal.jsonl', self.refused())

    def test_a_damaged_journal_is_refused_with_its_line(self):
        stories.Story(self.run_dir).tell()
        journal = self.run_dir / journals.FILE
        journal.write_text('{"ti\n' + journal.read_text())
        self.assertIn('line 1 of journal.jsonl is damaged', self.refused())

    def test_a_run_of_an_older_tool_is_refused(self):
        story = stories.Story(self.run_dir)
        story.event(journals.FINDING, 'db-sync', finding={'title': 'x'})
        self.assertIn('was made by an older version', self.refused())

    def test_a_damaged_plan_is_refused(self):
        stories.Story(self.run_dir).tell()
        (self.run_dir / planner.FILE).write_text('{}')
        self.assertIn('not a plan', self.refused())
