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

"""The reference page of in-flight operations agrees with the code."""

import re

import testtools

from heat_upgrade.inflight import cases
from heat_upgrade.inflight import orphans
from heat_upgrade.inflight import stall_detector
from heat_upgrade.plan import variation
from heat_upgrade.tests.unit.support import tree

PAGE = (tree.ROOT / 'doc' / 'source' / 'reference'
        / 'in-flight.rst')


class PageTest(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.text = PAGE.read_text()
        # Without line breaks.
        self.words = ' '.join(self.text.split())

    def first_column(self, words):
        """Return the names that begin a row of a table, in their order."""
        return [name for name in re.findall(r'^``([\w-]+)``  ', self.text,
                                            re.MULTILINE) if name in words]

    def test_page_has_each_kind_shape_and_hold_point(self):
        for words in (cases.KINDS, cases.SHAPES):
            self.assertEqual(list(words), self.first_column(words))
        self.assertEqual(set(cases.PARKED),
                         set(self.first_column(cases.PARKED)))

    def test_page_has_the_impossible_cases(self):
        rows = re.findall(
            r'^   \* - (.*)\n     - (.*)\n     - [A-Z`]', self.text,
            re.MULTILINE)

        def quoted(text):
            return set(re.findall('``([^`]*)``', text))
        documented = [(quoted(kinds), quoted(subject))
                      for kinds, subject in rows if quoted(kinds)]
        self.assertEqual(
            [(set(rule.kinds), set(rule.shapes)
              if rule.parked == cases.PARKED else set(rule.parked))
             for rule in cases.IMPOSSIBLE], documented)

    def test_page_has_the_numbers_of_the_code(self):
        for sentence in (
            f'That leaves {len(cases.every())} cases.',
            f'A run takes {variation.COLD_SAMPLE} operations along (cold), '
            f'or {variation.ENGINE_SAMPLE} around each engine that stops '
            f'and {variation.LAST_ENGINE_SAMPLE} around the last one',
            f'no row of it has changed for {stall_detector.QUIET} s',
            f"Heat's tables are read every {stall_detector.LOOK_INTERVAL} s",
        ):
            self.assertIn(sentence, self.words)

    def test_page_has_the_recoveries_of_orphans(self):
        for recovery in orphans.RECOVERIES:
            self.assertIn(f'``{recovery.operation}``', self.text)
            if recovery.kind != orphans.DELETED:
                self.assertIn(f'``{recovery.status}``', self.text)
