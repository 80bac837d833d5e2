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


import html.parser
import pathlib
from xml.etree import ElementTree

import ddt
import fixtures
import testtools
from testtools import matchers

from heat_upgrade.report import html as pages
from heat_upgrade.report import junit
from heat_upgrade.report import model
from heat_upgrade.results import journal
from heat_upgrade.tests.unit.support import stories

TEST = 'heat_integrationtests.scenarios.test_a.TestA.test_verify'
# What a terminal makes of colours, and other bytes that XML cannot hold.
DIRTY = 'a\x1b[31mred\x00\x0b <b>&amp; ]]> "quoted" ä'


class ReportCase(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.run_dir = pathlib.Path(self.useFixture(fixtures.TempDir()).path)

    def report(self, **story):
        stories.Story(self.run_dir).tell(**story)
        return model.make(self.run_dir)


@ddt.ddt
class TestJunit(ReportCase):

    def suites(self, report):
        path = self.run_dir / 'junit.xml'
        junit.write(report, path)
        return {suite.get('name'): suite
                for suite in ElementTree.parse(path).getroot()
                if suite.get('name') != 'verdict'}

    @ddt.unpack
    @ddt.data(({}, '0'), ({'until': 'db-sync'}, '1'))
    def test_run_that_does_not_pass_is_not_green(self, story, failures):
        path = self.run_dir / 'junit.xml'
        junit.write(self.report(**story), path)
        last = list(ElementTree.parse(path).getroot())[-1]
        self.assertEqual(('verdict', failures),
                         (last.get('name'), last.get('failures')))

    def test_a_pass_with_hazards_is_green(self):
        path = self.run_dir / 'junit.xml'
        junit.write(self.report(found=[
            stories.finding('db-sync', origin='known')]), path)
        self.assertEqual({'0'}, {
            suite.get('failures')
            for suite in ElementTree.parse(path).getroot()})

    def test_step_is_a_suite_with_itself_as_a_test(self):
        suites = self.suites(self.report())
        self.assertEqual([step.name for step in stories.PLAN.steps],
                         list(suites))
        for name, suite in suites.items():
            self.assertEqual(('step', name), (
                suite[0].get('classname'), suite[0].get('name')))

    @ddt.data(
        {},
        {'until': 'db-sync'},
        {'failing': ['base-up'], 'found': [stories.finding(
            'base-up', origin='lab', failure_class=None)]},
        {'found': [stories.finding('verify-target', test=TEST),
                   stories.finding('verify-target'),
                   stories.finding('verify-target', title='another')]},
        {'found': [stories.finding('db-sync', origin='known'),
                   stories.finding('db-sync', severity='warning')]},
    )
    def test_counts_match_the_content(self, story):
        for suite in self.suites(self.report(**story)).values():
            cases = suite.findall('testcase')
            self.assertEqual(
                {'tests': len(cases),
                 'failures': sum(case.find('failure') is not None
                                 for case in cases),
                 'skipped': sum(case.find('skipped') is not None
                                for case in cases)},
                {name: int(suite.get(name))
                 for name in ('tests', 'failures', 'skipped')})

    def test_a_failed_test_has_its_details(self):
        suite = self.suites(self.report(found=[stories.finding(
            'verify-target', test=TEST)]))['verify-target']
        case, = [case for case in suite if case.find('failure') is not None]
        self.assertEqual(TEST, '.'.join([case.get('classname'),
                                         case.get('name')]))
        self.assertIn('the id changed', case.find('failure').text)

    def test_a_step_that_failed_without_a_test_is_a_failure(self):
        step = self.suites(self.report(failing=['db-sync'], found=[
            stories.finding('db-sync', title='db_sync: no such column')]
        ))['db-sync'][0]
        self.assertEqual('db_sync: no such column',
                         step.find('failure').get('message'))

    @ddt.data({'origin': 'known'}, {'origin': 'restart'},
              {'severity': 'warning'})
    def test_finding_that_does_not_count_is_not_a_failure(self, changes):
        suite = self.suites(self.report(found=[
            stories.finding('db-sync', **changes)]))['db-sync']
        self.assertEqual('0', suite.get('failures'))

    def test_a_known_failure_of_a_step_is_skipped_with_its_reason(self):
        step = self.suites(self.report(found=[stories.finding(
            'db-sync', origin='known', known='slow',
            evidence='it was slow\nknown failure slow: it is')]))['db-sync'][0]
        self.assertEqual('known failure slow: it is',
                         step.find('skipped').get('message'))

    def test_a_known_failure_of_a_test_is_skipped_with_its_reason(self):
        suite = self.suites(self.report(found=[stories.finding(
            'verify-target', test=TEST, origin='restart')]))['verify-target']
        case = suite.find(f"testcase[@name='{TEST.rpartition('.')[2]}']")
        self.assertEqual('a plain restart of the base shows it too',
                         case.find('skipped').get('message'))
        self.assertIsNone(suite[0].find('skipped'))

    def test_a_skip_has_its_reason(self):
        suite = self.suites(self.report())['during-upgrade']
        self.assertEqual('reason: no swift',
                         suite.find('.//skipped').get('message'))

    def test_a_step_that_was_not_reached_is_skipped(self):
        suites = self.suites(self.report(until='db-sync'))
        self.assertIsNotNone(suites['down'][0].find('skipped'))

    def test_characters_that_xml_forbids_are_replaced(self):
        report = self.report(found=[stories.finding(
            'db-sync', title=DIRTY, evidence=DIRTY)])
        report['tests'][0]['outcome'] = 'failed'
        report['tests'][0]['details'] = DIRTY
        failure = self.suites(report)['db-sync'][0].find('failure')
        self.assertEqual(
            'a\N{REPLACEMENT CHARACTER}[31mred\N{REPLACEMENT CHARACTER}'
            '\N{REPLACEMENT CHARACTER} <b>&amp; ]]> "quoted" ä',
            failure.text)

    @ddt.data(0xfffe, 0xffff, 0xd800)
    def test_code_points_without_characters_are_replaced(self, code):
        report = self.report(found=[stories.finding('db-sync')])
        report['findings'][0]['evidence'] = f'a{chr(code)}b'
        self.suites(report)


@ddt.ddt
class TestJunitOfOtherCases(ReportCase):
    """Operations in flight, rules of checks and budgets are test cases."""

    def cases(self, step, classname, *, events=(), found=(), asked=()):
        """Return {name: None, or the tag and message of its outcome}.

        :param asked: names of probes that the step asked
        """
        story = stories.Story(self.run_dir)
        for kind, data in events:
            story.event(kind, step, **data)
        for one in found:
            story.finding(one)
        report = model.make(self.run_dir)
        for name in asked:
            report['availability'][name] = {'steps': {step: {}}}
        path = self.run_dir / 'junit.xml'
        junit.write(report, path)
        suite, = (one for one in ElementTree.parse(path).getroot()
                  if one.get('name') == step)
        self.own = suite[0]
        return {
            case.get('name'): next(((tag, case.find(tag).get('message'))
                                    for tag in ('failure', 'skipped')
                                    if case.find(tag) is not None), None)
            for case in suite if case.get('classname') == classname}

    def flight(self, case, legal):
        return journal.IN_FLIGHT, {
            'case': case, 'disruption': 'graceful', 'stack': '1',
            'status': 'CREATE_IN_PROGRESS', 'seconds': 1, 'legal': legal}

    def lost(self, case, **changes):
        return stories.finding(
            'verify-target', rule='inflight.stuck', subject=case,
            title=f'{case} is stuck', facts={'disruption': 'graceful'},
            **changes)

    def test_each_operation_in_flight_is_a_case(self):
        self.assertEqual(
            {'good': None, 'bad': ('failure', 'bad is stuck'),
             'as-ever': ('skipped', 'because'),
             'untold': ('failure', 'ended in CREATE_IN_PROGRESS')},
            self.cases(
                'verify-target', 'in-flight.graceful',
                events=[self.flight(name, name == 'good') for name in (
                    'good', 'bad', 'as-ever', 'untold')],
                found=[self.lost('bad'), self.lost(
                    'as-ever', origin='known', evidence='x\nbecause')]))

    def test_in_flight_operation_does_not_fail_its_step_too(self):
        self.cases('verify-target', 'in-flight.graceful',
                   events=[self.flight('bad', False)],
                   found=[self.lost('bad')])
        self.assertIsNone(self.own.find('failure'))

    def checked(self, *found):
        # Not a check, but rules of the registry begin with its name.
        return self.cases('pre-upgrade', 'rule', found=found, events=[(
            journal.TESTS, {'phase': 'pre-upgrade', 'tests': [
                {'id': 'heat_upgrade.checks.queue', 'outcome': 'passed',
                 'seconds': 0, 'details': ''}]})])

    def test_each_rule_of_a_check_that_was_run_is_a_case(self):
        self.assertEqual({'queue.not-empty': None,
                          'queue.orphaned-messages': None}, self.checked())

    @ddt.unpack
    @ddt.data(({}, ('failure', 'full')), ({'severity': 'warning'}, None),
              ({'origin': 'known', 'evidence': 'x\nwhy'}, ('skipped', 'why')))
    def test_a_rule_is_judged_by_its_findings(self, changes, outcome):
        for test in (None, 'heat_upgrade.checks.queue'):
            cases = self.checked(stories.finding(
                'pre-upgrade', rule='queue.orphaned-messages', title='full',
                test=test, **changes))
            self.assertEqual(outcome, cases['queue.orphaned-messages'])
            self.assertIsNone(self.own.find('failure'))

    @ddt.unpack
    @ddt.data(({}, ('failure', 'too slow')),
              ({'origin': 'known', 'evidence': 'x\nwhy'}, ('skipped', 'why')),
              ({'subject': 'another'}, None), ({'step': 'down'}, None))
    def test_each_budget_of_a_probe_is_a_case(self, changes, outcome):
        cases = self.cases('db-sync', 'probe', asked=['stack-list'], found=[
            stories.finding(**{
                'step': 'db-sync', 'rule': 'probe.over-budget',
                'subject': 'stack-list', 'title': 'too slow', **changes})])
        self.assertEqual(outcome, cases['stack-list'])

    def test_a_probe_without_samples_has_a_case_for_its_finding(self):
        self.assertEqual({'canary': ('failure', 'too slow')}, self.cases(
            'db-sync', 'probe', found=[stories.finding(
                'db-sync', rule='probe.never-recovered', subject='canary',
                title='too slow')]))


class Page(html.parser.HTMLParser):
    """The content of a page: its text, and the URLs that it would load."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.loads, self.words, self._open = [], [], [], []
        self._classes = []
        self.balanced = True
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        if tag not in ('meta', 'br', 'line', 'input'):
            self._open.append(tag)
        self._classes += [(tag, value) for name, value in attributes
                          if name == 'class']
        self.loads += [value for name, value in attributes
                       if name in ('src', 'href', 'xlink:href', 'data')]

    def handle_startendtag(self, tag, attributes):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        if not self._open or self._open.pop() != tag:
            self.balanced = False

    def handle_data(self, data):
        if self._open and self._open[-1] == 'script':
            return
        self.words.append(data)

    def classes(self, tag):
        """Return the classes of all tags of a name."""
        return [value for name, value in self._classes if name == tag]

    @property
    def text(self):
        return ' '.join(self.words)


@ddt.ddt
class TestHtml(ReportCase):

    def page(self, report):
        path = self.run_dir / 'report.html'
        pages.write(report, path)
        self.source = path.read_text()
        return Page(self.source)

    @ddt.data({}, {'until': 'base-up'}, {'until': 'db-sync'},
              {'failing': ['base-up']},
              {'found': [stories.finding('db-sync', log=None)]})
    def test_every_kind_of_run_has_a_well_formed_page(self, story):
        page = self.page(self.report(**story))
        self.assertTrue(page.balanced)
        for step in stories.PLAN.steps:
            self.assertIn(step.name, page.text)

    def test_page_has_the_releases_and_the_verdict(self):
        self.assertThat(self.page(self.report()).text, matchers.MatchesAll(
            matchers.Contains('Heat 26.0.2 to 27.0.1'),
            matchers.Contains('PASS')))

    def test_a_finding_has_its_evidence_and_class(self):
        text = self.page(self.report(found=[stories.finding(
            'db-sync', title='no such column')])).text
        for expected in ('no such column', 'MismatchError', stories.AGAIN,
                         'class 2: old stacks are unusable or stuck'):
            self.assertIn(expected, text)

    def test_markup_is_text(self):
        text = '<script>alert(1)</script>'
        report = self.report(found=[stories.finding(
            'db-sync', title=text, evidence=text)])
        report['tests'][0]['id'] = text
        report['run_dir'] = text
        scripts = self.page(self.report()).tags.count('script')
        page = self.page(report)
        self.assertEqual(scripts, page.tags.count('script'))
        self.assertNotIn(text, self.source)
        self.assertIn(text, page.text)

    def test_page_needs_no_other_file_and_no_network(self):
        page = self.page(self.report(found=[stories.finding(
            'db-sync', log=f'{self.run_dir}/logs/db-sync.log')]))
        self.assertEqual({'#failures-1', 'logs/db-sync.log'},
                         set(page.loads))
        self.assertIn("default-src 'none'", self.source)
        for word in ('@import', 'url(', '<script src', '<link'):
            self.assertNotIn(word, self.source)

    def test_probe_without_recovery_is_not_none_seconds(self):
        report = self.report()
        report['availability']['heat-api']['longest_gap_s'] = None
        self.assertNotIn('None', self.page(report).words)
