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
from testtools import matchers

from heat_upgrade import findings
from heat_upgrade.tests.unit import stories


@ddt.ddt
class TestFinding(testtools.TestCase):

    @ddt.data({}, {'failure_class': None, 'log': None, 'origin': 'lab'},
              {'test': 'a.b.c'})
    def test_what_is_written_is_read_again(self, changes):
        finding = stories.finding('db-sync', **changes)
        self.assertEqual(finding, findings.from_dict(finding.as_dict()))

    def test_a_report_gets_what_the_design_promises(self):
        self.assertThat(
            stories.finding('db-sync').as_dict(),
            matchers.ContainsDict({
                'class': matchers.Equals(2),
                'severity': matchers.Equals('error'),
                'title': matchers.Equals('db-sync failed'),
                'evidence': matchers.StartsWith('Traceback'),
                'step': matchers.Equals('db-sync'),
                'reproduce': matchers.Equals(stories.AGAIN)}))

    def test_reading_leaves_what_was_read_alone(self):
        data = stories.finding('db-sync').as_dict()
        findings.from_dict(data)
        self.assertIn('class', data)

    def test_there_are_eight_classes(self):
        self.assertEqual(list(range(1, 9)), list(findings.CLASSES))
