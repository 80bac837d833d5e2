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

"""The messages of the page of troubleshooting are those of the tool."""

import re

import testtools

from heat_upgrade.tests.unit.support import tree

PAGE = tree.ROOT / 'doc/source/user/troubleshooting.rst'
_QUOTE = re.compile(r"'\s*f?[\"']|\"\s*f?[\"']")


def messages():
    """Return the quoted messages of the first section, without variables."""
    text = PAGE.read_text().partition('Questions\n')[0]
    return [message.strip('… ')
            for message in re.findall(r'^``(.+)``$', text, re.MULTILINE)
            if not message.startswith('verdict')]


def sources():
    """Return the sources as one text, with joined literals."""
    return _QUOTE.sub('', re.sub(r'\s+', ' ', '\n'.join(
        path.read_text() for path in (tree.ROOT / 'heat_upgrade').rglob('*.py')
        if 'tests' not in path.parts)))


class TroubleshootingTest(testtools.TestCase):

    def test_each_message_is_in_the_sources(self):
        text = sources()
        self.assertEqual([], [message for message in messages()
                              if message not in text])

    def test_the_page_has_messages(self):
        self.assertGreater(len(messages()), 4)
