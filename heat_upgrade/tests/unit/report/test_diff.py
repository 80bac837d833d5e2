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

"""The comparison of the findings of two runs."""

import dataclasses

import ddt
import testtools

from heat_upgrade import errors
from heat_upgrade.report import diff
from heat_upgrade.tests.unit.support import stories


def finding(subject, **changes):
    return stories.finding(**{
        'step': 'db-sync', 'subject': subject, 'title': f'{subject} failed',
        **changes})


def report(*found, verdict='pass'):
    return {'findings': [one.as_dict() for one in found],
            'verdict': verdict, 'run_dir': '/runs/one'}


def subjects(found):
    return [one.subject for one in found]


@ddt.ddt
class TestCompare(testtools.TestCase):

    def compare(self, before, after):
        return diff.compare(report(*before), report(*after))

    def test_findings_are_new_gone_or_the_same(self):
        found = self.compare([finding('a'), finding('b'), finding('c')],
                             [finding('c'), finding('d')])
        self.assertEqual(
            (['d'], ['a', 'b'], ['c']),
            tuple(map(subjects, (found.new, found.gone, found.same))))
        self.assertEqual('new 1, gone 2, same 1', diff.counts(found))

    @ddt.data({'title': 'in other words'}, {'evidence': 'else'},
              {'step': 'down'}, {'origin': 'known'}, {'failure_class': 5})
    def test_details_of_a_run_make_no_difference(self, changes):
        found = self.compare([finding('a')], [finding('a', **changes)])
        self.assertEqual('new 0, gone 0, same 1', diff.counts(found))

    @ddt.data({'rule': 'migration.fails'}, {'subject': 'b'})
    def test_another_rule_or_subject_is_another_finding(self, changes):
        found = self.compare([finding('a')], [finding('a') if not changes
                             else finding(**{'subject': 'a', **changes})])
        self.assertEqual('new 1, gone 1, same 0', diff.counts(found))

    def test_step_distinguishes_findings_of_some_rules(self):
        found = self.compare(*(
            [finding('canary', rule='probe.over-budget', step=step)]
            for step in ('db-sync', 'down')))
        self.assertEqual('new 1, gone 1, same 0', diff.counts(found))

    def test_an_error_is_new_where_the_other_run_has_a_warning(self):
        found = self.compare([finding('a', severity='warning')],
                             [finding('a')])
        self.assertTrue(found.counts)

    @ddt.unpack
    @ddt.data(({}, True), ({'origin': 'known'}, False),
              ({'origin': 'input'}, True), ({'severity': 'warning'}, False))
    def test_difference_counts_if_a_new_finding_counts(self, changes, counts):
        self.assertEqual(counts, self.compare(
            [], [finding('a', **changes)]).counts)
        self.assertFalse(self.compare([finding('a', **changes)], []).counts)

    @ddt.data({'origin': 'lab', 'failure_class': None},
              {'origin': 'scenario'},
              {'rule': 'known.absent', 'origin': 'known'})
    def test_finding_that_is_not_heat_s_is_not_compared(self, changes):
        self.assertEqual('new 0, gone 0, same 0', diff.counts(
            self.compare([], [finding('a', **changes)])))

    def test_repeated_finding_is_one(self):
        self.assertEqual('new 1, gone 0, same 0', diff.counts(
            self.compare([], [finding('a'), finding('a')])))

    def test_rule_of_another_version_is_compared(self):
        one = dataclasses.replace(finding('a'), rule='tomorrow.rule')
        self.assertEqual('new 0, gone 0, same 1', diff.counts(
            self.compare([one], [one])))

    def test_broken_run_is_noted(self):
        found = diff.compare(report(), report(verdict='lab-error'))
        self.assertEqual(('the second run is a LAB-ERROR: its missing '
                          'steps were not compared',), found.notes)

    def test_report_of_an_older_tool_is_refused(self):
        old = report(finding('a'))
        del old['findings'][0]['rule']
        exc = self.assertRaises(errors.UsageError, diff.compare, old,
                                report())
        self.assertIn('build it again', str(exc))

    def test_difference_can_be_written_as_json(self):
        found = self.compare([finding('a')], [finding('a'), finding('b')])
        self.assertEqual(
            {'new': [finding('b').as_dict()], 'gone': [],
             'same': [finding('a').as_dict()], 'notes': []},
            found.as_dict())
