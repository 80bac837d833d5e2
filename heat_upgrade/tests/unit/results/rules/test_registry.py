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

"""The registry of rules: each has a summary, impact and remedy."""

import re

import ddt
import testtools
from testtools import matchers

from heat_upgrade.results.rules import registry


@ddt.ddt
class TestRules(testtools.TestCase):

    @ddt.data(*registry.BY_SLUG)
    def test_rule_is_complete(self, slug):
        rule = registry.get(slug)
        self.assertThat(slug, matchers.MatchesRegex(
            r'[a-z]+(-[a-z]+)*\.[a-z0-9]+(-[a-z0-9]+)*$'))
        for text in (rule.summary, rule.impact, rule.remedy):
            self.assertTrue(text.strip(), slug)
            self.assertThat(text, matchers.EndsWith('.'))
        self.assertTrue(rule.example)

    def test_no_sentence_begins_headless(self):
        headless = re.compile(r'(^|[.;:] )(What|Who|Nobody|Whoever)\b')
        self.assertEqual([], [
            rule.slug for rule in registry.BY_SLUG.values()
            if headless.search(f'{rule.summary} {rule.impact} '
                               f'{rule.remedy}')])
