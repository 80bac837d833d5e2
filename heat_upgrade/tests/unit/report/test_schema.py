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

"""The published schema of report.json."""

import json

import ddt
import fixtures
import jsonschema

from heat_upgrade.inflight import cases
from heat_upgrade.inflight import outcomes
from heat_upgrade.report import model
from heat_upgrade.report import schema
from heat_upgrade.tests.unit.report import test_files
from heat_upgrade.tests.unit.support import stories


@ddt.ddt
class TestSchema(test_files.ReportCase):

    def test_schema_is_valid_for_its_draft(self):
        jsonschema.Draft202012Validator.check_schema(schema.load())
        self.assertEqual('https://json-schema.org/draft/2020-12/schema',
                         schema.load()['$schema'])

    def test_schema_has_the_version_of_reports(self):
        self.assertEqual(model.VERSION,
                         schema.load()['properties']['version']['const'])

    def test_schema_describes_each_key_of_a_report(self):
        report = json.loads(json.dumps(self.report(
            found=[stories.finding('db-sync')])))
        defined = schema.load()['$defs']
        self.assertEqual(set(report), set(schema.load()['properties']))
        self.assertEqual(set(report['findings'][0]),
                         set(defined['finding']['properties']))

    def test_schema_describes_each_key_of_an_in_flight_operation(self):
        told = outcomes.Outcome(
            cases.by_id(['create-chain-lock'])[0], 'graceful', '1',
            'CREATE_COMPLETE', '', 1.0, legal=True).as_dict()
        defined = schema.load()['$defs']['flight']['properties']
        self.assertEqual(set(), set(told) - set(defined))

    @ddt.data(
        lambda report: report.pop('seed'),
        lambda report: report.update(verdict='perhaps'),
        lambda report: report.update(version=1),
        lambda report: report.update(surprise=1),
        lambda report: report['findings'][0].pop('impact'),
        lambda report: report['findings'][0].update({'class': 9}),
        lambda report: report['steps'][0].update(outcome='perhaps'))
    def test_report_that_breaks_the_schema_is_refused(self, spoil):
        report = self.report(found=[stories.finding('db-sync')])
        schema.validate(report)
        spoil(report)
        self.assertRaises(jsonschema.ValidationError, schema.validate,
                          report)

    def test_report_is_not_validated_by_default(self):
        self.useFixture(fixtures.EnvironmentVariable(schema.VARIABLE))
        self.assertIsNone(schema.validate({}))

    def test_unit_tests_validate_reports(self):
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.report.model.VERSION', 0))
        self.assertRaises(jsonschema.ValidationError, self.report)
