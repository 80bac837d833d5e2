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


@ddt.ddt
class TestSignature(testtools.TestCase):
    """What is the same in two runs has the same signature."""

    def signature(self, title, **changes):
        return findings.signature(stories.finding('db-sync', title=title,
                                                  **changes))

    @ddt.unpack
    @ddt.data(
        ('node-1 logs a traceback', 'node-3 logs a traceback'),
        ('things were made twice (2)', 'things were made twice (11)'),
        ('no answer after 4.5 s', 'no answer after 60 s'),
        ('stack 0d9be8a2-93c4-4d5e-8b7a-1c2d3e4f5a6b is stuck',
         'stack 6f1a7f34-4f5b-4b7e-a8f6-2f3b5e8d9c01 is stuck'),
        ('inflight-3fa85f64 is left', 'inflight-0c1d2e3f is left'))
    def test_ids_numbers_and_nodes_make_no_difference(self, one, other):
        self.assertEqual(self.signature(one), self.signature(other))

    def test_words_and_classes_do(self):
        self.assertEqual(3, len({
            self.signature('a is stuck'), self.signature('a is lost'),
            self.signature('a is lost', failure_class=5)}))

    def test_a_word_of_letters_is_no_id(self):
        self.assertNotEqual(self.signature('defaced is stuck'),
                            self.signature('acceded is stuck'))
