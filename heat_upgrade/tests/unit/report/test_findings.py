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

"""The sections of the findings of a report, and its headline."""

import ddt
import fixtures
from testtools import matchers

from heat_upgrade.report import headline
from heat_upgrade.report import html
from heat_upgrade.report import overview
from heat_upgrade.report import summary
from heat_upgrade.report import triage
from heat_upgrade.results import findings
from heat_upgrade.results import grouping
from heat_upgrade.tests.unit.report import test_files
from heat_upgrade.tests.unit.support import stories


def finding(title, **changes):
    return stories.finding(**{
        'step': 'db-sync',
        'title': title, 'evidence': f'of {title}', 'subject': title,
        **changes})


MIXED = [
    finding('an old one', origin=findings.KNOWN),
    finding('a warning', severity=findings.WARNING),
    finding('a new one', rule='migration.fails'),
    finding('one of any restart', origin=findings.RESTART),
    finding('our own', origin=findings.LAB, failure_class=None,
            rule='lab.bug'),
]
SECTIONS = (triage.failures, triage.hazards, triage.warnings, triage.to_know,
            triage.notes)


def titles(found):
    return [one.title for one in found]


class TestGroups(test_files.ReportCase):

    def sections(self, *found):
        """Return the titles of each section of a report."""
        found = triage.of_report(self.report(found=list(found)))
        return [titles(section(found)) for section in SECTIONS]

    def test_finding_is_in_its_section(self):
        self.assertEqual(
            [['a new one', 'our own'], ['an old one', 'one of any restart'],
             ['a warning'], [], []], self.sections(*MIXED))

    def test_warnings_of_static_checks_have_a_section_of_their_own(self):
        found = [finding(severity, step='checks', severity=severity)
                 for severity in (findings.ERROR, findings.WARNING)]
        self.assertEqual([['error'], [], [], ['warning'], []],
                         [titles(section(found)) for section in SECTIONS])

    def test_warnings_about_known_failures_are_notes_and_no_hazards(self):
        self.assertEqual([[], [], [], [], ['it is gone']], self.sections(
            finding('it is gone', rule='known.absent', origin=findings.KNOWN,
                    severity=findings.WARNING)))

    def test_every_finding_is_in_exactly_one_section(self):
        found = [finding(f'{origin} {severity} {step}', origin=origin,
                         severity=severity, step=step)
                 for origin in findings.Origin
                 for severity in findings.Severity
                 for step in ('checks', 'db-sync')]
        shown = [one.title for section in SECTIONS for one in section(found)]
        self.assertThat(shown, matchers.MatchesSetwise(*map(
            matchers.Equals, titles(found))))

    def test_known_finding_has_the_reason_why_it_does_not_count(self):
        self.assertEqual('known failure x: because', triage.why_not(finding(
            'a', origin=findings.KNOWN,
            evidence='it failed\nknown failure x: because')))
        self.assertEqual('', triage.why_not(finding('a')))


@ddt.ddt
class TestHeadline(test_files.ReportCase):

    def headline(self, *found, flown=(), **story):
        report = self.report(found=list(found), **story)
        report['in_flight'] = [
            {'legal': legal, 'origin': origin} for legal, origin in flown]
        return headline.headline(report)

    def test_headline_of_a_pass(self):
        self.assertEqual('no failures; downtime 9.2 s', self.headline())
        self.assertEqual(
            'no failures; 2 of 2 in-flight operations finished, '
            'downtime 9.2 s', self.headline(flown=[(True, '')] * 2))

    def test_headline_of_a_failure_has_the_number_and_the_worst(self):
        slow = finding('it is slow', failure_class=8)
        self.assertEqual('1 new failure: it is slow', self.headline(slow))
        self.assertEqual(
            '2 new failures, the worst: it is gone', self.headline(
                slow, finding('it is gone', failure_class=3),
                finding('as ever', origin=findings.KNOWN, failure_class=3)))

    def lost(self, case, origin=findings.KNOWN):
        return finding(case, rule='inflight.stuck', origin=origin)

    @ddt.unpack
    @ddt.data(
        (findings.KNOWN, 'as known from other upgrades of 26.0.2'),
        (findings.RESTART, 'as in a plain restart of 26.0.2'))
    def test_headline_has_the_number_of_known_losses(self, origin, words):
        self.assertEqual(
            'no new failures; 2 of 3 in-flight operations were lost, '
            + words, self.headline(
                self.lost('a', origin), self.lost('b', origin),
                flown=[(False, origin), (False, origin), (True, '')]))

    @ddt.unpack
    @ddt.data(
        (['a'], [], 'no new failures; 1 known failure was met: a'),
        (['a', 'b'], [],
         'no new failures; 2 known failures were met, the worst: a'),
        (['a'], ['c'], 'no new failures; 1 of 1 in-flight operations were '
         'lost, as known from other upgrades of 26.0.2, 1 other known failure '
         'was met: a'))
    def test_headline_has_the_number_of_hazards_and_the_worst(self, some, lost,
                                                              words):
        self.assertEqual(words, self.headline(
            *(finding(one, origin=findings.KNOWN) for one in some),
            *map(self.lost, lost), flown=[(False, 'known') for _ in lost]))

    def test_headline_of_a_broken_lab_has_the_progress_and_the_cause(self):
        self.assertEqual(
            'the upgrade was not tested to its end: 1 of 8 steps and 0 of 3 '
            'phases passed; no network', self.headline(
                finding('no network', origin=findings.LAB, step='pre-upgrade',
                        failure_class=None, rule='lab.broken'),
                failing=['pre-upgrade']))

    def test_headline_of_a_run_that_was_cut_off(self):
        self.assertThat(self.headline(until='db-sync'), matchers.EndsWith(
            '4 of 8 steps and 2 of 3 phases passed; the run was cut off'))

    def test_a_phase_without_a_test_is_named(self):
        report = self.report()
        report['verdict'] = 'lab-error'
        report['phases']['post-upgrade'].update(passed=0)
        self.assertThat(headline.headline(report), matchers.EndsWith(
            '; no test was executed in post-upgrade'))
        report['phases'] = {}
        self.assertThat(headline.headline(report), matchers.EndsWith(
            '; no test was executed'))

    def test_proved_are_phases_and_steps(self):
        self.assertEqual(
            ['phase pre-upgrade: 2 tests passed',
             'phase during-upgrade: 1 test passed',
             'successful steps: base-up, pre-upgrade, during-upgrade, '
             'save-database'],
            headline.proved(self.report(until='db-sync')))

    def test_lab_that_broke_at_once_has_proved_nothing(self):
        self.assertEqual(['nothing: no step succeeded'], headline.proved(
            self.report(until='base-up')))


@ddt.ddt
class TestSummary(test_files.ReportCase):

    def summary(self, *found):
        return summary.text(self.report(found=list(found))).splitlines()

    @ddt.data(*findings.Origin)
    def test_error_is_shown_in_full(self, origin):
        lines = self.summary(finding(
            'such a thing', origin=origin, impact='It hurts.',
            remedy='Wait.', docs='findings/last-engine',
            failure_class=None))
        mark = '* ' if origin in triage.NOT_COUNTED else '1.'
        for expected in (f'{mark} [error; {origin}] in db-sync:',
                         '   such a thing', '   | of such a thing',
                         '   impact: It hurts.', '   remedy: Wait.',
                         '   docs: doc/source/findings/last-engine.rst'):
            self.assertIn(expected, lines)

    def test_failures_come_before_hazards_and_these_before_warnings(self):
        lines = self.summary(*MIXED)
        places = [lines.index(line) for line in (
            '   a new one', '   our own',
            'hazards: known defects of these releases, to be avoided (2):',
            '   an old one', 'warnings (1):', '   a warning')]
        self.assertEqual(sorted(places), places)

    def test_hazards_do_not_count(self):
        self.assertIn('  no findings that count', self.summary(
            finding('as ever', origin=findings.KNOWN)))

    def test_group_has_the_evidence_of_its_first_finding(self):
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.results.grouping.groups', lambda found: [
                grouping.Group('12 things failed', tuple(found))]
            if found else []))
        lines = self.summary(*(finding(f'thing {number}')
                               for number in range(12)))
        self.assertIn('   12 things failed', lines)
        self.assertEqual(['   | of thing 0'], [
            line for line in lines if '| of thing' in line])
        self.assertIn('   - thing 9', lines)
        self.assertNotIn('   - thing 10', lines)
        self.assertIn('   - and 2 more', lines)

    def test_the_head_and_the_end_of_the_evidence_are_shown(self):
        lines = self.summary(finding('long', evidence='\n'.join(
            f'line {number}' for number in range(20))))
        self.assertIn('   | line 0', lines)
        self.assertIn(f'   | line {summary.EVIDENCE_LINES - 1}', lines)
        self.assertNotIn(f'   | line {summary.EVIDENCE_LINES}', lines)
        place = lines.index('   | ... 7 more lines')
        self.assertEqual('   | line 19', lines[place + 1])

    def test_one_line_more_than_the_head_is_shown_as_it_is(self):
        lines = self.summary(finding('long', evidence='\n'.join(
            f'line {number}' for number in range(
                summary.EVIDENCE_LINES + 1))))
        self.assertIn(f'   | line {summary.EVIDENCE_LINES}', lines)
        self.assertNotIn('more lines', '\n'.join(lines))

    def test_evidence_of_a_hazard_is_shorter(self):
        lines = self.summary(finding(
            'long', origin=findings.KNOWN, evidence='\n'.join(
                f'line {number}' for number in range(20))))
        self.assertNotIn(f'   | line {summary.FEW_LINES}', lines)

    def test_reason_is_shown_below_long_evidence(self):
        reason = 'known failure x: because'
        lines = self.summary(finding(
            'long', origin=findings.KNOWN, evidence='\n'.join(
                [*map(str, range(20)), reason])))
        self.assertIn(f'   reason: {reason}', lines)

    def test_list_does_not_repeat_a_step(self):
        lines = self.summary(*(
            finding(title, origin=findings.KNOWN, rule=rule,
                    severity=findings.WARNING)
            for title, rule in (('db-sync took long', 'known.absent'),
                                ('it is gone', 'known.expired'))))
        self.assertIn('   - db-sync took long', lines)
        self.assertIn('   - it is gone (in db-sync)', lines)

    def test_summary_of_a_broken_lab_has_its_successes(self):
        lines = summary.text(self.report(until='db-sync')).splitlines()
        place = lines.index('proved before the lab failed:')
        self.assertEqual('   - phase pre-upgrade: 2 tests passed',
                         lines[place + 1])
        self.assertNotIn('proved before the lab failed:', self.summary(
            finding('x')))

    def test_a_reference_is_compared_in_one_line(self):
        report = self.report()
        report['against'] = {'target': {'name': '2026.2',
                                        'version': '27.0.1'},
                             'verdict': 'pass', 'new': 1, 'gone': 0,
                             'same': 10}
        self.assertIn('  findings         new 1, gone 0, same 10 (against '
                      '27.0.1)', summary.text(report).splitlines())
        self.assertEqual(
            overview.Tile('against 27.0.1', 'new 1', overview.KNOWN,
                          ('gone 0, same 10',)), overview.tiles(report)[-1])


class TestPage(test_files.ReportCase):

    def page(self, *found):
        report = self.report(found=list(found))
        path = self.run_dir / 'report.html'
        html.write(report, path)
        return test_files.Page(path.read_text()), report

    def test_page_has_all_findings_the_worst_first(self):
        page, _ = self.page(*MIXED)
        text = page.text
        places = [text.index(f'of {title}') for title in (
            'a new one', 'our own', 'an old one', 'one of any restart',
            'a warning')]
        self.assertEqual(sorted(places), places)
        self.assertTrue(page.balanced)

    def test_impact_and_remedy_of_a_hazard_are_not_folded(self):
        page, _ = self.page(finding(
            'as ever', origin=findings.KNOWN, impact='It hurts.',
            remedy='Wait.', docs='findings/last-engine',
            evidence='it failed\nknown failure x: because'))
        text = page.text
        for expected in ('It hurts.', 'Wait.', 'PASS WITH HAZARDS',
                         'doc/source/findings/last-engine.rst',
                         'known failure x: because'):
            self.assertIn(expected, text)
        self.assertThat(text.index('Wait.'), matchers.LessThan(
            text.index('Evidence')))

    def test_a_group_shows_each_of_its_findings(self):
        page, _ = self.page(finding('one'), finding('two'))
        self.assertIn('of one', page.text)
        self.assertIn('of two', page.text)
        self.assertTrue(page.balanced)

    def test_headline_is_below_the_verdict(self):
        page, _ = self.page(finding('it is slow'))
        self.assertIn('1 new failure: it is slow.', page.text)
