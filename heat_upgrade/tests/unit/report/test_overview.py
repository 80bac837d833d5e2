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

import ddt
import testtools

from heat_upgrade.report import overview
from heat_upgrade.results import findings
from heat_upgrade.results import grouping
from heat_upgrade.results import verdict
from heat_upgrade.tests.unit.report import test_files
from heat_upgrade.tests.unit.support import stories

RUN_DIR = '/runs/one'


def row(**changes):
    """Return the row of one finding, as a report has it."""
    found = findings.from_dict(
        stories.finding('db-sync', **changes).as_dict())
    return overview.hazards(grouping.groups([found]), RUN_DIR,
                            prefix='failures')[0]


@ddt.ddt
class TestHazards(testtools.TestCase):

    @ddt.unpack
    @ddt.data(({}, 'failure'), ({'origin': findings.KNOWN}, 'hazard'),
              ({'origin': findings.RESTART}, 'hazard'),
              ({'origin': findings.LAB}, 'lab'),
              ({'origin': findings.SCENARIO}, 'lab'),
              ({'severity': findings.WARNING}, 'warning'))
    def test_severity_follows_origin(self, changes, severity):
        self.assertEqual(severity, row(**changes).severity)

    @ddt.unpack
    @ddt.data(({'own_files': True}, 'this cloud: its own files'),
              ({'failure_class': None}, ''),
              ({'failure_class': findings.FailureClass.API},
               'clients of the API'))
    def test_affected_people_follow_the_class(self, changes, affected):
        self.assertEqual(affected, row(**changes).affected)

    @ddt.unpack
    @ddt.data(('/runs/one/logs/a b.log', 'logs/a b.log', True),
              ('/var/log/a.log', '/var/log/a.log', False),
              ('/runs/one-more/a.log', '/runs/one-more/a.log', False),
              (None, '', False))
    def test_log_in_the_run_directory_is_a_link(self, log, path, link):
        hazard = row(log=log)
        self.assertEqual((path, link), (hazard.log, hazard.link))

    def test_link_is_a_url(self):
        self.assertEqual('logs/a%20b%3F.log',
                         row(log=f'{RUN_DIR}/logs/a b?.log').href)

    def test_group_is_one_row(self):
        rows = overview.hazards(grouping.groups([
            stories.finding('db-sync', title=title, failure_class=None)
            for title in 'ab']),
            RUN_DIR, prefix='hazards')
        self.assertEqual(['hazards-1'], [one.anchor for one in rows])

    def test_each_class_names_the_affected_people(self):
        self.assertEqual(len(findings.FailureClass), len({
            one.affected for one in findings.FailureClass}))


@ddt.ddt
class TestTiles(test_files.ReportCase):

    def tile(self, name, report):
        return next(tile for tile in overview.tiles(report)
                    if tile.name == name)

    def available(self, **gaps):
        """Return a report with the longest gap of each probe."""
        report = self.report()
        report['availability'] = {
            name.replace('_', '-'): {'longest_gap_s': gap}
            for name, gap in gaps.items()}
        return report

    def test_each_service_has_the_gap_of_its_worst_probe(self):
        tile = self.tile('longest gap of heat-api', self.available(
            api_versions=3.0, stack_list=4.5, signal=9.0, keystone_user=0.1))
        self.assertEqual(
            ('4.5 s', ('heat-api-cfn: 9.0 s', 'data plane: 0.1 s')),
            (tile.value, tile.details))

    def test_probe_that_is_never_answered_again_is_the_worst(self):
        tile = self.tile('longest gap of heat-api', self.available(
            api_versions=3.0, stack_list=None))
        self.assertEqual(('never answered again', overview.PLAIN),
                         (tile.value, tile.kind))

    def test_run_without_probes_has_no_downtime(self):
        self.assertNotIn('longest gap of heat-api', [
            tile.name for tile in overview.tiles(self.available())])

    @ddt.unpack
    @ddt.data((findings.HEAT, overview.BAD),
              (findings.KNOWN, overview.KNOWN))
    def test_exceeded_budget_marks_the_downtime(self, origin, kind):
        report = self.report(found=[stories.finding(
            'db-sync', rule='probe.over-budget', origin=origin)])
        self.assertEqual(
            kind, self.tile('longest gap of heat-api', report).kind)

    def test_files_without_findings_are_not_called_checked(self):
        tile = self.tile('your files', self.report())
        self.assertEqual(('not checked', overview.PLAIN),
                         (tile.value, tile.kind))

    @ddt.unpack
    @ddt.data((findings.ERROR, overview.BAD),
              (findings.WARNING, overview.KNOWN))
    def test_finding_about_own_files_is_shown(self, severity, kind):
        tile = self.tile('your files', self.report(found=[stories.finding(
            'db-sync', own_files=True, severity=severity)]))
        self.assertEqual(('1 finding', kind), (tile.value, tile.kind))

    def test_known_failed_test_is_not_bad(self):
        tile = self.tile('tests passed', self.report(found=[stories.finding(
            'verify-target', test=test_files.TEST, origin=findings.KNOWN)]))
        self.assertEqual(('4 of 5', overview.KNOWN, ('1 known',)),
                         (tile.value, tile.kind, tile.details))

    def test_failed_test_is_bad(self):
        tile = self.tile('tests passed', self.report(found=[stories.finding(
            'verify-target', test=test_files.TEST)]))
        self.assertEqual(overview.BAD, tile.kind)


@ddt.ddt
class TestAnswers(test_files.ReportCase):

    @ddt.data(*verdict.SHOWN)
    def test_each_verdict_has_an_answer_and_a_next_command(self, name):
        report = self.report()
        report['verdict'] = name
        self.assertIn(name, overview.ANSWERS)
        self.assertIn(name, overview.ADVICE)
        self.assertEqual(
            name not in verdict.PASSED,
            overview.next_command(report) == stories.AGAIN)
