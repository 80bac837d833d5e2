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

"""Which findings a report shows in full, which are folded."""

import ddt
from testtools import matchers

from heat_upgrade import findings
from heat_upgrade.report import groups
from heat_upgrade.report import html as pages
from heat_upgrade.report import summary
from heat_upgrade.tests.unit import stories
from heat_upgrade.tests.unit import test_report_files


def finding(title, **changes):
    return stories.finding('db-sync', title=title, evidence=f'of {title}',
                           **changes)


MIXED = [
    finding('an old one', origin=findings.KNOWN),
    finding('a warning', severity=findings.WARNING),
    finding('a new one'),
    finding('one of any restart', origin=findings.RESTART),
    finding('our own', origin=findings.LAB, failure_class=None),
]


@ddt.ddt
class TestGroups(test_report_files.ReportCase):

    def test_what_counts_comes_before_warnings_and_in_its_order(self):
        self.assertEqual(
            ['a new one', 'our own', 'a warning'],
            [one['title'] for one in groups.counted(
                self.report(found=MIXED))])

    def test_the_others_are_folded_by_why_they_do_not_count(self):
        self.assertEqual(
            [['an old one'], ['one of any restart']],
            [[one['title'] for one in found] for found in groups.folded(
                self.report(found=MIXED)).values()])

    def test_warnings_of_the_static_checks_are_folded_and_errors_not(self):
        report = {'findings': [
            {'title': severity, 'origin': findings.HEAT, 'step': 'checks',
             'severity': severity}
            for severity in (findings.ERROR, findings.WARNING)]}
        self.assertEqual(['error'], [
            one['title'] for one in groups.counted(report)])
        self.assertEqual({groups.TO_KNOW: report['findings'][1:]},
                         groups.folded(report))

    def test_none_is_lost(self):
        report = self.report(found=[
            finding('one', origin=origin, severity=severity)
            for origin in findings.ORIGINS
            for severity in (findings.ERROR, findings.WARNING)])
        shown = groups.counted(report) + [
            one for found in groups.folded(report).values() for one in found]
        self.assertThat(shown, matchers.MatchesSetwise(*map(
            matchers.Equals, report['findings'])))


@ddt.ddt
class TestSummary(test_report_files.ReportCase):

    def summary(self, *found):
        return summary.text(self.report(found=list(found))).splitlines()

    def test_what_counts_is_told_in_full(self):
        lines = self.summary(*MIXED)
        for expected in ('   a new one', '   | of a new one', '   our own',
                         '   | of our own'):
            self.assertIn(expected, lines)

    @ddt.data(findings.KNOWN, findings.RESTART)
    def test_what_does_not_has_one_line(self, origin):
        lines = self.summary(finding('such a thing', origin=origin))
        self.assertEqual(['   - such a thing (in db-sync)'],
                         [line for line in lines if 'such a thing' in line])
        self.assertIn('  no findings that count', lines)

    def test_a_step_is_not_told_twice(self):
        self.assertIn('   - db-sync took long', self.summary(finding(
            'db-sync took long', origin=findings.KNOWN)))


class TestPage(test_report_files.ReportCase):

    def page(self, *found):
        report = self.report(found=list(found))
        path = self.run_dir / 'report.html'
        pages.write(report, path)
        return test_report_files.Page(path.read_text()), report

    def test_all_are_there_and_what_counts_comes_first(self):
        page, _ = self.page(*MIXED)
        text = page.text
        places = [text.index(f'of {title}') for title in (
            'a new one', 'our own', 'a warning', 'an old one',
            'one of any restart')]
        self.assertEqual(sorted(places), places)
        self.assertTrue(page.balanced)

    def test_a_fact_counts_only_what_does(self):
        _, report = self.page(*MIXED)
        self.assertEqual({'name': 'findings', 'kind': 'bad',
                          'text': '2, and 2 not counted'},
                         pages.facts(report)[0])

    def test_a_failed_test_that_is_known_is_no_bad_fact(self):
        _, report = self.page(stories.finding(
            'verify-target', test=test_report_files.TEST,
            origin=findings.KNOWN))
        self.assertEqual({'name': 'tests', 'kind': 'known',
                          'text': '4 passed, 0 failed, 1 known'},
                         pages.facts(report)[1])
