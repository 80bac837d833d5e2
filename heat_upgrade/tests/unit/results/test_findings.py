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

from heat_upgrade.results import findings
from heat_upgrade.results.rules import registry
from heat_upgrade.tests.unit.support import stories


@ddt.ddt
class TestFinding(testtools.TestCase):

    @ddt.data({}, {'failure_class': None, 'log': None, 'origin': findings.LAB},
              {'test': 'a.b.c'})
    def test_dict_round_trip(self, changes):
        finding = stories.finding('db-sync', **changes)
        self.assertEqual(finding, findings.from_dict(finding.as_dict()))

    def test_dict_has_the_keys_of_a_report(self):
        self.assertThat(
            stories.finding('db-sync').as_dict(),
            matchers.ContainsDict({
                'class': matchers.Equals(2),
                'severity': matchers.Equals('error'),
                'title': matchers.Equals('db-sync failed'),
                'evidence': matchers.StartsWith('Traceback'),
                'step': matchers.Equals('db-sync'),
                'reproduce': matchers.Equals(stories.AGAIN)}))

    def test_from_dict_does_not_change_its_argument(self):
        data = stories.finding('db-sync').as_dict()
        findings.from_dict(data)
        self.assertIn('class', data)

    def test_there_are_eight_classes(self):
        self.assertEqual(list(range(1, 9)), list(findings.CLASSES))


class TestMake(testtools.TestCase):
    """A finding has the texts of its rule."""

    def test_a_rule_gives_class_severity_impact_and_remedy(self):
        rule = registry.get('inflight.stuck')
        made = findings.make('inflight.stuck', 'create-chain', 'a title')
        self.assertEqual(
            (rule.failure_class, rule.severity, rule.impact, rule.remedy),
            (made.failure_class, made.severity, made.impact, made.remedy))

    def test_a_finding_may_differ_from_its_rule(self):
        made = findings.make(
            'inflight.stuck', 'create-chain', 'a title', remedy='wait',
            severity=findings.WARNING, failure_class=findings.FailureClass(5))
        self.assertEqual((findings.WARNING, 5, 'wait'), (
            made.severity, made.failure_class, made.remedy))

    def test_the_lab_s_failure_has_no_class(self):
        made = findings.make('lab.broken', 'base-up', 'a title',
                             failure_class=findings.FailureClass(2))
        self.assertEqual((findings.LAB, None),
                         (made.origin, made.failure_class))

    def test_unknown_rule_raises_key_error(self):
        self.assertRaises(KeyError, findings.make, 'no.rule', 'a', 'b')


class TestIdentity(testtools.TestCase):
    """Two runs find the same failure by rule and subject."""

    def test_title_evidence_and_step_make_no_difference(self):
        one = findings.make('inflight.stuck', 'create-chain', 'a', 'b',
                            step='settle-node-1')
        other = findings.make('inflight.stuck', 'create-chain', 'c', 'd',
                              step='settle-node-2')
        self.assertEqual(one.identity, other.identity)

    def test_rule_and_subject_change_the_identity(self):
        self.assertEqual(3, len({
            findings.make('inflight.stuck', 'a', 'x').identity,
            findings.make('inflight.stuck', 'b', 'x').identity,
            findings.make('inflight.wrong-end', 'a', 'x').identity}))

    def test_step_is_part_of_the_identity_of_a_probe(self):
        self.assertEqual(2, len({
            findings.make('probe.over-budget', 'signal', 'x',
                          step=step).identity
            for step in ('drain-node-1', 'drain-node-2')}))


@ddt.ddt
class TestCounts(testtools.TestCase):

    @ddt.unpack
    @ddt.data(('heat', 'error', True), ('heat', 'warning', False),
              ('input', 'error', True), ('known', 'error', False),
              ('restart', 'error', False), ('lab', 'error', False))
    def test_errors_of_heat_and_of_the_input_count(self, origin, severity,
                                                   counts):
        self.assertEqual(counts, stories.finding(
            'settle', origin=findings.Origin(origin),
            severity=findings.Severity(severity)).counts)
