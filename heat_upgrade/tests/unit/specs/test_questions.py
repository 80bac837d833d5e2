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

"""Unit tests of the questions, the template and the filled example."""

import testtools

from heat_upgrade import errors
from heat_upgrade.specs import checker
from heat_upgrade.specs import outline
from heat_upgrade.specs import questions
from heat_upgrade.specs import template
from heat_upgrade.tests.unit.support import tree

SPECS = tree.ROOT / 'doc' / 'source' / 'specs'
TEMPLATE = SPECS / 'template.rst'
EXAMPLE = SPECS / 'upgrade-tests.rst'

# Sections of heat-specs' newest template.
SECTIONS = {
    'Problem description': [],
    'Proposed change': ['Alternatives'],
    'Implementation': ['Assignee(s)', 'Milestones', 'Work Items'],
    'Dependencies': [],
}


def sections(path):
    """Return {title: titles below it} of the sections of a document."""
    title, = outline.parse(path.read_text())
    return {section.title: [part.title for part in section.sections]
            for section in title.sections}


class TestQuestions(testtools.TestCase):

    def test_every_text_is_plain_restructuredtext(self):
        for question in questions.load():
            for text in (question.asks, question.guidance, question.example):
                self.assertEqual([], outline.parse(text))
                self.assertEqual(text.strip(), text)
                self.assertTrue(text, question.title)

    def test_question_with_a_misspelt_key_is_refused(self):
        exc = self.assertRaises(errors.UsageError, questions._question, {
            'title': 'Rollback', 'asks': '?', 'guidance': '.', 'example': '.',
            'names_scenarios': True})
        self.assertIn("'Rollback' has an unknown key 'names_scenarios'",
                      str(exc))

    def test_question_without_guidance_is_refused(self):
        exc = self.assertRaises(errors.UsageError, questions._question, {
            'title': 'Rollback', 'asks': '?', 'example': '.'})
        self.assertIn("'Rollback' lacks the key 'guidance'", str(exc))

    def test_every_question_asks_and_has_one_example(self):
        for question in questions.load():
            self.assertIn('?', question.asks)
            self.assertTrue(question.example.startswith('Example: "'))
            self.assertNotIn('\n\n', question.example)

    def test_titles_differ(self):
        titles = [question.title.casefold() for question in questions.load()]
        self.assertEqual(len(titles), len(set(titles)))

    def test_one_question_is_answered_with_scenarios(self):
        self.assertEqual(
            ['Upgrade tests'], [question.title for question
                                in questions.load()
                                if question.names_scenarios])

    def test_docs_list_all_questions_in_their_order(self):
        text = (SPECS.parent / 'contributor' / 'specs.rst').read_text()
        offsets = [text.find(f'\n{question.title}  ')
                   for question in questions.load()]
        self.assertNotIn(-1, offsets)
        self.assertEqual(sorted(offsets), offsets)


class TestTemplate(testtools.TestCase):

    def test_section_is_made_from_the_questions(self):
        self.assertIn(
            template.section(), TEMPLATE.read_text(),
            'run "heat-upgrade spec template", copy its output')

    def test_template_has_the_sections_of_heat_specs_and_ours(self):
        titles = sections(TEMPLATE)
        impact = titles.pop(questions.SECTION)
        self.assertEqual(SECTIONS, titles)
        self.assertEqual([question.title for question in questions.load()],
                         impact)

    def test_template_answers_no_question(self):
        self.assertEqual(
            [f'{question.title}: not answered, there is only the text of the '
             'template' for question in questions.load()],
            [violation.text for violation
             in checker.check(TEMPLATE.read_text())])


class TestExample(testtools.TestCase):

    def test_example_has_the_sections_of_the_template(self):
        self.assertEqual(sections(TEMPLATE), sections(EXAMPLE))

    def test_example_answers_every_question(self):
        self.assertEqual([], checker.check(EXAMPLE.read_text()))
