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

"""The findings and the report of a fuzzing."""

import json
import pathlib

import fixtures
import testtools

from heat_upgrade.fuzz import causes
from heat_upgrade.fuzz import model
from heat_upgrade.fuzz import quick
from heat_upgrade.fuzz import report
from heat_upgrade.fuzz import stack_files
from heat_upgrade.install import releases
from heat_upgrade.results import verdict

STACK = model.Stack(json.dumps({
    'heat_template_version': 'pike', 'outputs': {
        'o': {'value': {'str_split': [',', 'a']}}}}))


def cause(kind=model.Kind.READ_DIFFERENTLY, base='a', target=None):
    return causes.Cause(
        model.Difference(kind, 'outputs', base, target),
        quick.Case('stack 3 of seed 1', STACK, 3), STACK, (), 7)


class ReportTest(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.place = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.order = report.Order(
            releases.parse('26.0.2'), releases.parse('27.0.1'),
            ('heat-upgrade', 'fuzz', '--quick'), 'seed 1')

    def make(self, *found):
        tally = quick.Tally(stacks=10, refused=2, seconds=2.0)
        return report.make(self.order, tally, [
            report.finding(one, self.order, self.place) for one in found],
            cpu_seconds=4.0)

    def test_subject_names_the_aspect_and_the_features(self):
        found = report.finding(cause(), self.order, self.place)
        self.assertEqual('outputs: str_split', found.subject)
        self.assertEqual('fuzz.template-read-differently', found.rule)

    def test_evidence_has_both_values_and_the_template(self):
        found = report.finding(cause(), self.order, self.place)
        for text in ('26.0.2: a', '27.0.1: null', '7 stack(s)',
                     'stack 3 of seed 1', '"str_split"'):
            self.assertIn(text, found.evidence)

    def test_finding_repeats_itself_with_its_own_directory(self):
        found = report.finding(cause(), self.order, self.place / 'a b')
        self.assertEqual(
            'heat-upgrade fuzz --quick --from 26.0.2 --to 27.0.1 '
            f"--templates '{self.place}/a b'", found.reproduce)

    def test_difference_makes_the_verdict_fail(self):
        self.assertEqual(verdict.FAIL, self.make(cause())['verdict'])

    def test_report_without_findings_passes(self):
        made = self.make()
        self.assertEqual(verdict.PASS, made['verdict'])
        self.assertIn('no findings', report.summary(made))

    def test_no_accepted_stack_is_no_pass(self):
        tally = quick.Tally(stacks=2, refused=2, seconds=1.0)
        made = report.make(self.order, tally, [], cpu_seconds=1.0)
        self.assertEqual(verdict.LAB_ERROR, made['verdict'])

    def test_speed_is_per_second_of_time_and_of_cpu(self):
        self.assertIn('5 stacks a second; 2 in a second of CPU',
                      report.summary(self.make()))

    def test_report_is_written_as_json_and_text(self):
        report.write(self.make(cause()), self.place)
        written = json.loads((self.place / 'report.json').read_text())
        self.assertEqual(10, written['stacks'])
        self.assertIn('FAIL', (self.place / 'summary.txt').read_text())

    def test_stack_of_each_cause_is_written(self):
        path, = report.write_stacks([cause()], self.place)
        self.assertEqual('01-template-read-differently', path.name)
        self.assertEqual(STACK, stack_files.read(path)[0].stack)
