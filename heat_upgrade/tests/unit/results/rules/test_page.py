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

"""The page of the documentation about all rules."""

import testtools

from heat_upgrade.results.rules import page
from heat_upgrade.results.rules import registry


class TestPage(testtools.TestCase):

    def test_page_is_up_to_date(self):
        self.assertEqual(
            page.text(), page.PAGE.read_text(),
            'run: python -m heat_upgrade.results.rules.page')

    def test_page_has_every_rule(self):
        text = page.text()
        words = ' '.join(text.split())
        for slug, rule in registry.BY_SLUG.items():
            self.assertIn(f'\n{slug}\n{"~" * len(slug)}\n', text)
            self.assertIn(f':Example: ``{rule.example}`` :', words)

    def test_referenced_pages_exist(self):
        source = page.PAGE.parents[1]
        self.assertEqual([], [
            rule.slug for rule in registry.BY_SLUG.values()
            if rule.docs and not (source / f'{rule.docs}.rst').is_file()])

    def test_markup_of_a_rule_is_escaped(self):
        self.assertEqual(r'a\_ \*b\* c_d \`e\`', page._plain('a_ *b* c_d `e`'))
