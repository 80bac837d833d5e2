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

"""The facts of a runbook, from reports on the disk."""

import json
import pathlib

import ddt
import fixtures
import testtools

from heat_upgrade import errors
from heat_upgrade.report import model
from heat_upgrade.runbook import evidence
from heat_upgrade.tests.unit.support import stories

BASE = {'name': '2026.1', 'version': '26.0.2'}
TARGET = {'name': '2026.2', 'version': '27.0.1'}


@ddt.ddt
class TestEvidence(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.run_dir = pathlib.Path(self.useFixture(fixtures.TempDir()).path)

    def save(self, name='report.json', **changes):
        """Save the report of a run, with changes."""
        stories.Story(self.run_dir).tell()
        path = self.run_dir / name
        path.write_text(json.dumps({
            **model.make(self.run_dir), 'base': BASE, 'target': TARGET,
            **changes}))
        return path

    def write(self, name, content):
        path = self.run_dir / name
        path.write_text(json.dumps(content))
        return path

    def refusal(self, **files):
        return str(self.assertRaises(
            errors.UsageError, evidence.read, self.run_dir, **files))

    def test_steps_have_their_measured_seconds(self):
        self.save(steps=[{'name': 'db-sync', 'seconds': 1.4, 'outcome': 'ok'},
                         {'name': 'down', 'outcome': 'skipped'}])
        self.assertEqual({'db-sync': 1.4},
                         evidence.read(self.run_dir).seconds)

    def test_findings_of_the_run_are_hazards(self):
        self.save(findings=[stories.finding('db-sync').as_dict()])
        hazards = evidence.read(self.run_dir).hazards
        self.assertEqual(['step.failed'], [each.rule for each in hazards])

    def test_check_replaces_the_findings_of_the_run(self):
        self.save(findings=[stories.finding('db-sync').as_dict()])
        check = self.write('check.json', [{
            'Rule': 'config.option-removed', 'Finding': 'x', 'Remedy': 'y',
            'Evidence': '- x'}])
        found = evidence.read(self.run_dir, check=check)
        self.assertTrue(found.checked)
        self.assertEqual((evidence.Hazard(
            'config.option-removed', 'x', 'y', '- x'),), found.hazards)

    @ddt.unpack
    @ddt.data(('ok', True), ('failed', False))
    def test_only_a_successful_return_counts(self, outcome, expected):
        self.save(steps=[{'name': 'start-engine-node-1-back',
                          'outcome': outcome}])
        self.assertEqual(expected, evidence.read(self.run_dir).returned)

    def test_rehearsal_gives_seconds_and_verdict(self):
        self.save()
        rehearsal = self.write('rehearsal.json', {
            'strategy': 'rehearsal', 'verdict': 'pass', 'base': BASE,
            'target': TARGET,
            'steps': [{'name': 'db-sync', 'start': 3.0, 'end': 8.25}]})
        found = evidence.read(self.run_dir, rehearsal=rehearsal)
        self.assertEqual(({'db-sync': 5.25}, 'pass'),
                         (found.rehearsed, found.rehearsal_verdict))

    def test_rehearsal_of_other_releases_is_refused(self):
        self.save()
        rehearsal = self.write('rehearsal.json', {
            'strategy': 'rehearsal', 'verdict': 'pass', 'base': BASE,
            'target': {'name': '2025.2', 'version': '25.0.0'}, 'steps': []})
        self.assertIn('26.0.2 -> 25.0.0',
                      self.refusal(rehearsal=rehearsal))

    @ddt.data([], {}, {'strategy': 'cold'}, [{'Rule': 'x'}], 'text')
    def test_other_file_is_refused(self, content):
        self.save()
        path = self.write('other.json', content)
        self.assertIn(str(path), self.refusal(rehearsal=path))
        if content:
            self.assertIn(str(path), self.refusal(check=path))

    def test_file_that_is_no_json_is_refused(self):
        self.save()
        path = self.run_dir / 'check.json'
        path.write_text('{')
        self.assertIn(str(path), self.refusal(check=path))

    def test_missing_report_is_refused(self):
        self.assertIn('cannot read', self.refusal())

    @ddt.data([], {}, {'strategy': 'rehearsal', 'steps': []})
    def test_other_report_is_refused(self, content):
        self.write('report.json', content)
        self.assertIn('is not the report of a run', self.refusal())

    def test_report_of_an_older_format_is_refused_with_the_remedy(self):
        self.save(version=1)
        self.assertIn('heat-upgrade report', self.refusal())

    def test_unfinished_run_is_refused(self):
        self.save(finished=False)
        self.assertIn('did not finish', self.refusal())

    def test_checkout_without_a_version_is_refused(self):
        self.save(target={'name': '~/src/heat'})
        self.assertIn('~/src/heat has no version', self.refusal())
