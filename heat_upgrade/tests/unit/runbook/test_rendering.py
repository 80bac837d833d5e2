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

"""Markdown and HTML of a runbook."""

from html import parser

import hypothesis
from hypothesis import strategies
import markdown_it
import testtools

from heat_upgrade.runbook import model
from heat_upgrade.runbook import rendering

# Characters that Markdown interprets, and some that it does not.
TEXTS = strategies.text('ab 01_*`[]()<>#!&;:.~+-=|\\"\'{}$ä', max_size=20)


class Text(parser.HTMLParser):
    """The text of a page's list items and headings."""

    def __init__(self, page):
        super().__init__()
        self.texts = {}
        self.tag = ''
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tag = tag
        self.texts.setdefault(tag, '')

    def handle_endtag(self, tag):
        self.tag = ''

    def handle_data(self, data):
        if self.tag:
            self.texts[self.tag] += data


def runbook(*actions, **fields):
    return model.Runbook(**{
        'title': 'Upgrade', 'notes': (), 'sections': (
            model.Section('window', 'The window', actions),), **fields})


class TestRendering(testtools.TestCase):

    @hypothesis.settings(max_examples=60, deadline=None)
    @hypothesis.given(TEXTS)
    @hypothesis.example('[clients_x] y is _removed_ [here](http://x)')
    @hypothesis.example('1. first')
    @hypothesis.example('heading ##')
    def test_text_is_shown_as_it_is(self, text):
        shown = ' '.join(text.split())
        page = markdown_it.MarkdownIt('commonmark').render(
            rendering.markdown(runbook(title='x ' + text, notes=(text,))))
        texts = Text(page).texts
        self.assertEqual(shown, texts.get('li', ''))
        self.assertEqual(f'x {shown}'.strip(), texts['h1'])

    def test_commands_and_literal_text_are_not_changed(self):
        text = rendering.markdown(runbook(model.Action(
            'Do', commands=('a_b "*" <x>',), literal=('--- a\n+++ b',))))
        self.assertIn('```console\na_b "*" <x>\n```\n', text)
        self.assertIn('~~~~~~text\n--- a\n+++ b\n~~~~~~\n', text)

    def test_page_has_no_markup_from_findings(self):
        page = rendering.page(runbook(
            title='<script>', notes=('<b>x</b>',)))
        self.assertNotIn('<script>', page)
        self.assertNotIn('<b>', page)

    def test_short_action_is_not_shown_as_zero(self):
        text = rendering.markdown(runbook(
            model.Action('A', seconds=0.01), model.Action('B', seconds=12.34)))
        self.assertIn('Measured: less than 0.1 s.', text)
        self.assertIn('Measured: 12.3 s.', text)

    def test_action_without_a_measurement_shows_no_time(self):
        self.assertNotIn('Measured', rendering.markdown(runbook(
            model.Action('A'))))
