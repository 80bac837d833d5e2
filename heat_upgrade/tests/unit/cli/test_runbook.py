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

"""heat-upgrade runbook, of a run that a test makes up."""

import json

from heat_upgrade.report import model
from heat_upgrade.tests.unit.support import cli_case
from heat_upgrade.tests.unit.support import stories


class TestRunbook(cli_case.CliCase):

    def setUp(self):
        super().setUp()
        self.run_dir = self.home / 'run'
        self.run_dir.mkdir()
        stories.Story(self.run_dir).tell()
        (self.run_dir / 'report.json').write_text(json.dumps({
            **model.make(self.run_dir),
            'base': {'name': '2026.1', 'version': '26.0.2'},
            'target': {'name': '2026.2', 'version': '27.0.1'}}))

    def test_strategy_of_the_run_is_the_default(self):
        self.assertEqual(0, self.call('runbook', self.run_dir))
        self.assertTrue(self.out.startswith(
            '# Upgrade of Heat 26.0.2 to 27.0.1 (cold, systemd)\n'))

    def test_html_is_written_to_a_file(self):
        page = self.home / 'runbook.html'
        self.assertEqual(0, self.call(
            'runbook', self.run_dir, '--html', '--output', page))
        self.assertEqual('', self.out)
        self.assertIn('<h1>Upgrade of Heat', page.read_text())

    def test_unwritable_file_is_a_usage_error(self):
        self.assertIn('cannot write', self.refused(
            'runbook', self.run_dir, '--output', self.home / 'no' / 'file'))

    def test_rolling_upgrade_takes_the_names_of_nodes(self):
        self.assertEqual(0, self.call(
            'runbook', self.run_dir, '--strategy', 'rolling', '--node', 'a',
            '--node', 'b', '--deployment', 'containers'))
        self.assertIn('On a:', self.out)

    def test_directory_without_a_report_is_a_usage_error(self):
        self.assertIn('cannot read', self.refused('runbook', self.home))
