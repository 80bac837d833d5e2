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

"""The questions of a spec, the template and the filled example are one."""


import testtools

from heat_upgrade.specs import checker
from heat_upgrade.specs import outline
from heat_upgrade.specs import questions
from heat_upgrade.specs import template
from heat_upgrade.tests.unit.support import tree

SPECS = tree.ROOT / 'doc' / 'source' / 'specs'
TEMPLATE = SPECS / 'template.rst'
EXAMPLE = SPECS / 'upgrade-tests.rst'

# Those of heat-specs' newest template.
SECTIONS = {
    'Problem description': [],
    'Proposed change': ['Alternatives'],
    'Implementation': ['Assignee(s)', 'Milestones', 'Work Items'],
    'Dependencies': [],
}


def sections(path):
    """Return {title: titles below it} of what is below the document's."""
    title, = outline.parse(path.read_text())
    return {section.title: [part.title for part in section.sections]
            for section in title.sections}


class TestQuestions(testtools.TestCase):

    def test_every_text_is_there_and_structured_as_docutils_wants_it(self):
        for question in questions.load():
            for text in (question.asks, question.guidance, question.example):
                self.assertEqual([], outline.parse(text))
                self.assertEqual(text.strip(), text)
                self.assertTrue(text, question.title)

    def test_every_question_asks_and_has_one_example(self):
        for question in questions.load():
            self.assertIn('?', question.asks)
            self.assertTrue(question.example.startswith('Example: "'))
            self.assertNotIn('\n\n', question.example)

    def test_titles_differ(self):
        titles = [question.title.casefold() for question in questions.load()]
        self.assertEqual(len(titles), len(set(titles)))

    def test_one_of_them_is_answered_with_scenarios(self):
        self.assertEqual(
            ['Upgrade tests'], [question.title for question
                                in questions.load()
                                if question.names_scenarios])

    def test_the_docs_list_all_of_them_in_their_order(self):
        text = (SPECS.parent / 'contributor' / 'specs.rst').read_text()
        found = [text.find(f'\n{question.title}  ')
                 for question in questions.load()]
        self.assertNotIn(-1, found)
        self.assertEqual(sorted(found), found)


class TestTemplate(testtools.TestCase):

    def test_its_section_is_made_of_the_questions(self):
        self.assertIn(
            template.section(), TEMPLATE.read_text(),
            'put what "python -m heat_upgrade.specs.template" prints there')

    def test_it_has_the_sections_of_heat_specs_and_upgrade_impact(self):
        found = sections(TEMPLATE)
        asked = found.pop(questions.SECTION)
        self.assertEqual(SECTIONS, found)
        self.assertEqual([question.title for question in questions.load()],
                         asked)

    def test_as_it_is_it_answers_nothing(self):
        self.assertEqual(
            [f'{question.title}: not answered, there is only the text of the '
             'template' for question in questions.load()],
            [found.text for found in checker.check(TEMPLATE.read_text())])


class TestExample(testtools.TestCase):

    def test_it_has_the_sections_of_the_template(self):
        self.assertEqual(sections(TEMPLATE), sections(EXAMPLE))

    def test_it_answers_everything(self):
        self.assertEqual([], checker.check(EXAMPLE.read_text()))
