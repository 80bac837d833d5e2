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

"""Findings of one kind are put together, the worst first."""

import dataclasses

import ddt
import testtools

from heat_upgrade.results import findings
from heat_upgrade.results import grouping

REMOVED = 'config.option-removed-unannounced'


def made(rule, subject, **more):
    return findings.make(rule, subject, f'{subject} is wrong', **more)


@ddt.ddt
class TestGroups(testtools.TestCase):

    def titles(self, *found, **how):
        return [group.title for group in grouping.groups(found, **how)]

    def test_options_of_one_section_are_one_group(self):
        found = [made(REMOVED, f'[clients_vitrage] {name}')
                 for name in 'abcde']
        group, = grouping.groups(found, whole=True)
        self.assertEqual('5 options of [clients_vitrage] are removed without '
                         'a deprecation', group.title)
        self.assertEqual(tuple(found), group.findings)

    def test_single_finding_keeps_its_title(self):
        self.assertEqual(['[a] b is wrong'],
                         self.titles(made(REMOVED, '[a] b')))

    @ddt.data({'origin': findings.KNOWN}, {'severity': findings.WARNING},
              {'known': 'entry'}, {'own_files': True}, {'step': 'other'},
              {'rule': 'config.option-narrowed'}, {'subject': '[b] c'})
    def test_other_finding_is_another_group(self, other):
        one = made(REMOVED, '[a] b')
        another = dataclasses.replace(made(REMOVED, '[a] c'), **other)
        self.assertEqual(2, len(grouping.groups([one, another])))

    def test_findings_without_a_plural_may_stand_alone(self):
        found = [made('schema.renamed', name) for name in 'ab']
        self.assertEqual(['a is wrong; and 1 more of this kind'],
                         self.titles(*found))
        self.assertEqual(['a is wrong', 'b is wrong'],
                         self.titles(*found, whole=True))

    def test_repeated_failure_is_one_group(self):
        one = made('schema.renamed', 'a')
        self.assertEqual(['a is wrong (2 times)'],
                         self.titles(one, one, whole=True))

    def test_worst_group_comes_first(self):
        warning = made('config.default-changed', '[a] b')
        rolling = made('schema.table-dropped', 'b')
        known = dataclasses.replace(made('schema.renamed', 'c'),
                                    origin=findings.KNOWN)
        lost = made('resources.property-replaces', 'OS::A::B c')
        own = made('config.value-refused', '[a] d', own_files=True)
        self.assertEqual(
            [own, lost, rolling, known, warning],
            [group.first for group in grouping.groups(
                [warning, known, rolling, lost, own])])

    def test_a_rule_of_another_version_of_the_tool_is_grouped_too(self):
        one = dataclasses.replace(made('schema.renamed', 'a'),
                                  rule='tomorrow.rule')
        self.assertEqual(['a is wrong'], self.titles(one))

    @ddt.data(('[clients_vitrage] insecure', '[clients_vitrage]'),
              ('stack.name', 'stack'), ('stack unique (a, b)', 'stack'),
              ('OS::Nova::Server networks.*.port', 'OS::Nova::Server'),
              ('OS::Nova::Server', 'OS::Nova'), ('db_sync', ''))
    @ddt.unpack
    def test_family_of_a_subject(self, subject, family):
        self.assertEqual(family, grouping.family(
            made('schema.renamed', subject)))
