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


import contextlib
import dataclasses
import json
import pathlib

import ddt
import fixtures
import testtools
from testtools import matchers

from heat_upgrade import errors
from heat_upgrade.results import findings
from heat_upgrade.tests.unit.support import simulated_heat
from heat_upgrade.tests.unit.traffic import test_validator
from heat_upgrade.traffic import diagnostics
from heat_upgrade.traffic import generator
from heat_upgrade.traffic import history
from heat_upgrade.traffic import revalidate
from heat_upgrade.traffic import validator


class RunDir(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.run_dir = pathlib.Path(
            self.useFixture(fixtures.TempDir()).path)

    def write(self, calls):
        with contextlib.closing(history.History(self.run_dir)) as written:
            for call in calls:
                values = dataclasses.asdict(call)
                del values['id']
                written.add(**values)
        return self.run_dir / history.FILE


@ddt.ddt
class TestHistory(RunDir):

    def test_written_history_is_read(self):
        calls = test_validator.Story().lives().dies().calls
        self.write(calls)
        self.assertEqual(calls, history.read(self.run_dir))

    def test_a_fault_is_among_the_calls(self):
        with contextlib.closing(history.History(self.run_dir)) as calls:
            calls.fault(history.SIGKILL, 'node-1', now=5.0)
        fault, = history.read(self.run_dir)
        self.assertThat(fault, matchers.MatchesStructure.byEquality(
            operation='fault', result='sigkill', node='node-1', start=5.0))

    def test_after_the_end_nothing_is_written(self):
        calls = history.History(self.run_dir)
        calls.close()
        calls.fault(history.SIGKILL)
        self.assertEqual([], history.read(self.run_dir))

    @ddt.data('', '{"id": ', '{"id": 1')
    def test_a_last_line_that_was_cut_off_is_left_out(self, rest):
        calls = test_validator.Story().lives().calls
        with open(self.write(calls), 'a') as file:
            file.write(rest)
        self.assertEqual(calls, history.read(self.run_dir))

    @ddt.data('hello', '[]', '{"id": 1}', '{')
    def test_a_damaged_line_is_named(self, line):
        path = self.write(test_validator.Story().lives().calls)
        lines = path.read_text().splitlines()
        path.write_text('\n'.join([*lines[:2], line, *lines[2:]]))
        error = self.assertRaises(errors.UsageError, history.read,
                                  self.run_dir)
        self.assertThat(str(error), matchers.StartsWith(
            f'line 3 of {path} is damaged'))

    def test_missing_history_is_a_run_without_traffic(self):
        error = self.assertRaises(errors.UsageError, history.read,
                                  self.run_dir)
        self.assertIn('not the directory of a run with traffic', str(error))

    @ddt.unpack
    @ddt.data((None, 'no-answer'), (200, 'ok'), (204, 'ok'), (302, 'ok'),
              (400, 'refused'), (409, 'refused'), (500, 'error'),
              (503, 'error'))
    def test_status_determines_the_result_of_a_call(self, status, result):
        self.assertEqual(result, history.result_of(status))

    def test_errors_are_counted_by_step_and_class(self):
        story = (
            test_validator.Story().call(history.SHOW, 503).call(history.SHOW)
        )
        story.call(history.SHOW, 503).call(history.SHOW, 404)
        story.call(history.SHOW, None, error='ConnectionError: x')
        story.call(history.SHOW, None)
        self.assertEqual(
            {'': {'HTTP 503': 1},
             'b': {'HTTP 503': 1, 'ConnectionError': 1},
             'c': {'no-answer': 1}},
            history.failures(story.calls, [
                ('a', 0.1, 0.9), ('b', 0.15, 0.9), ('c', 0.45, 0.9)]))


@ddt.ddt
class TestRevalidate(RunDir):

    def saved(self, story, **final):
        self.write(story.calls)
        generator.write_final(self.run_dir, story.final(**final))
        (self.run_dir / generator.LEDGER_FILE).write_text(''.join(
            json.dumps(dataclasses.asdict(event)) + '\n'
            for event in story.ledger))
        return self.run_dir

    def test_revalidation_finds_the_same_violations_as_the_run(self):
        for name in test_validator.DOCTORED:
            story = test_validator.DOCTORED[name][2]()
            self.assertEqual(story.judged(),
                             revalidate.rejudge(self.saved(story)), name)
            (self.run_dir / history.FILE).unlink()

    def test_files_of_a_run_suffice_for_revalidation(self):
        calls, ledger, final, _ = simulated_heat.run(
            self.run_dir, bug='leave-item')
        generator.write_final(self.run_dir, final)
        self.assertEqual([], revalidate.rejudge(self.run_dir))
        (self.run_dir / generator.LEDGER_FILE).write_text(''.join(
            json.dumps(dataclasses.asdict(event)) + '\n'
            for event in ledger))
        self.assertEqual(
            ['left-behind'],
            [one.rule for one in revalidate.rejudge(self.run_dir)])

    def test_a_run_that_was_cut_off_is_judged_as_far_as_it_came(self):
        self.write(
            test_validator.DOCTORED['an update that does not end'][2]().calls
        )
        self.assertEqual(
            ['stuck'], [one.rule for one in revalidate.rejudge(self.run_dir)])

    @ddt.data('', '[]', '{}', '{"stacks": 1}')
    def test_a_damaged_end_is_named(self, text):
        path = (
            self.saved(test_validator.Story().lives().dies())
            / generator.FINAL_FILE
        )
        path.write_text(text)
        error = self.assertRaises(errors.UsageError, revalidate.rejudge,
                                  self.run_dir)
        self.assertIn(f'{path} is damaged', str(error))

    @ddt.data('hello', '{"item": 1}')
    def test_a_damaged_ledger_is_named_with_its_line(self, line):
        path = (
            self.saved(test_validator.Story().lives().dies())
            / generator.LEDGER_FILE
        )
        path.write_text(f'{line}\n{path.read_text()}')
        error = self.assertRaises(errors.UsageError, revalidate.rejudge,
                                  self.run_dir)
        self.assertIn(f'line 1 of {path} is damaged', str(error))


@ddt.ddt
class TestDiagnostics(testtools.TestCase):

    def violation(self, **changes):
        return dataclasses.replace(
            validator.Violation(
                'stuck', test_validator.STACK, (5, 6), 'it hangs', 'update'
            ),
            **changes,
        )

    @ddt.data(*validator.RULES)
    def test_each_rule_has_a_class(self, rule):
        (finding,) = diagnostics.findings(
            [self.violation(rule=rule)], [], step='s'
        )
        self.assertIn(finding.failure_class, findings.CLASSES)
        self.assertEqual((findings.HEAT, findings.ERROR, 's'),
                         (finding.origin, finding.severity, finding.step))

    def test_same_violation_in_many_stacks_is_one_finding(self):
        finding, = diagnostics.findings(
            [self.violation(stack=f'load-0-{number}')
             for number in range(14)], [], step='s')
        self.assertIn('load-0-9, update: it hangs', finding.evidence)
        self.assertNotIn('load-0-10', finding.evidence)
        self.assertIn('and 4 more', finding.evidence)

    def test_the_title_is_the_same_in_another_run(self):
        titles = {diagnostics.findings(
            [self.violation(stack=stack, text=text)], [], step='s')[0].identity
            for stack, text in (('load-0-1', 'a'), ('load-1-7', 'b'))}
        self.assertEqual(1, len(titles))

    def test_finding_of_a_stuck_stack_has_the_records_of_the_cloud(self):
        calls = test_validator.Story().lives().calls
        asked = []
        for rule in ('failed', 'stuck'):
            finding, = diagnostics.findings(
                [self.violation(rule=rule)], calls, step='s',
                look=lambda *words: asked.append(words) or 'the lock of it')
        self.assertIn('the lock of it', finding.evidence)
        self.assertEqual([(test_validator.ID, test_validator.STACK)], asked)

    def test_violation_in_the_control_too_is_a_warning(self):
        finding, = diagnostics.findings([self.violation(control=True)], [],
                                        step='s')
        self.assertEqual(findings.WARNING, finding.severity)
        self.assertIn('control', finding.title)

    def test_a_finding_is_of_the_step_in_which_it_began(self):
        calls = test_validator.Story().lives().calls
        steps = [('before', 0, 2.2), ('drain', 2.2, 9)]
        self.assertEqual(['drain', 'judge'], [
            diagnostics.findings([self.violation(calls=ids)], calls,
                                 step='judge', steps=steps)[0].step
            for ids in ((4, 5), ())])

    def test_the_story_is_the_stacks_calls_in_order(self):
        story = test_validator.Story().lives().fault(history.SIGKILL)
        story.call(history.SHOW, stack='load-1-0')
        for _ in range(3):
            story.call(history.POLL, state='UPDATE_COMPLETE')
        story.call(history.SHOW, None, error='refused')
        lines = diagnostics.story(
            story.calls, test_validator.STACK, marked=(4,)
        )
        self.assertThat(lines, matchers.MatchesListwise([
            matchers.Contains('0.00 s  #1     [node-1 26.0.2] create 202 '
                              'value v1'),
            matchers.Contains('create (#1) ended: COMPLETE CREATE_COMPLETE'),
            matchers.Contains("outputs {'first': 'v1'"),
            matchers.StartsWith('>     2.20 s  #4'),
            matchers.StartsWith('      4.30 s  #5'),
            matchers.Contains('show 200'),
            matchers.Contains('-- sigkill'),
            matchers.EndsWith('(and 2 more like it until 4.90 s)'),
            matchers.EndsWith('show no answer error refused')]))

    def test_a_stack_without_calls_has_no_story(self):
        self.assertEqual([], diagnostics.story([], 'load-9-9'))
