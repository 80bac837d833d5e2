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

"""Unit tests of the violations of a spec."""

import ddt
import testtools

from heat_upgrade.specs import checker
from heat_upgrade.specs import questions

ANSWERS = {question.title: 'An answer of some words.'
           for question in questions.load()}
ANSWERS['Upgrade tests'] = 'Covered by ``test_random_string``.'


def heading(title, line):
    return f'{title}\n{line * len(title)}\n\n'


def spec(answers=ANSWERS, title='Upgrade Impact', line='-'):
    """Return a spec; the first answer is in line 14."""
    return (heading('A change', '#') + heading('Proposed change', '=')
            + 'Much.\n\n' + heading(title, '=')
            + ''.join(heading(title, line) + f'{answer}\n\n'
                      for title, answer in answers.items())
            + heading('Implementation', '=') + 'Soon.\n')


@ddt.ddt
class TestCheck(testtools.TestCase):

    def lacks(self, source):
        return [(violation.line, violation.text)
                for violation in checker.check(source)]

    def answered(self, title, answer):
        """Check a spec with another answer; returns its line, violations."""
        source = spec({**ANSWERS, title: answer})
        line = source.splitlines().index(title) + 4
        return line, self.lacks(source)

    def test_answered_spec_has_no_violation(self):
        self.assertEqual([], self.lacks(spec()))

    def test_missing_section_is_the_only_violation(self):
        self.assertEqual(
            [(1, 'there is no section "Upgrade Impact": copy it from '
                 'doc/source/specs/template.rst of heat-upgrade-tests, or '
                 'from the output of heat-upgrade spec template')],
            self.lacks(spec({}, title='Deployment')))
        self.assertEqual(1, len(self.lacks('')))

    def test_a_heading_that_may_be_meant_is_named(self):
        (_, text), = self.lacks(spec(title='Upgrade Impacts'))
        self.assertIn('; is "Upgrade Impacts" in line 9 meant?', text)

    def test_case_and_spaces_of_a_heading_do_not_matter(self):
        self.assertEqual([], self.lacks(spec(title='Upgrade   impact')))

    def test_the_section_may_be_at_any_level(self):
        answers = {title.upper(): text for title, text in ANSWERS.items()}
        self.assertEqual([], self.lacks(
            heading('A', '#') + heading('B', '=') + heading(
                'Upgrade Impact', '-') + ''.join(
                    heading(title, '~') + f'{text}\n\n'
                    for title, text in answers.items())))

    def test_a_second_section_is_a_violation(self):
        source = spec() + '\n' + heading('Upgrade Impact', '=')
        (line, text), = self.lacks(source)
        self.assertEqual(source.rstrip().count('\n'), line)
        self.assertIn('second section "Upgrade Impact": the first is in line '
                      '9', text)

    def test_the_order_of_the_answers_is_free(self):
        self.assertEqual([], self.lacks(spec(dict(reversed(
            ANSWERS.items())))))

    def test_further_headings_do_no_harm(self):
        self.assertEqual([], self.lacks(spec({**ANSWERS, 'More': 'x'})))

    @ddt.data(*ANSWERS)
    def test_each_question_is_missed(self, title):
        answers = {key: ANSWERS[key] for key in ANSWERS if key != title}
        self.assertEqual(
            [(9, f'{title}: missing: add a heading and the answer')],
            self.lacks(spec(answers)))

    @ddt.data(*ANSWERS)
    def test_each_question_wants_an_answer(self, title):
        line, lacks = self.answered(title, '')
        self.assertEqual([(line - 3, f'{title}: not answered')], lacks)

    @ddt.data(*ANSWERS)
    def test_each_none_needs_a_reason(self, title):
        line, lacks = self.answered(title, 'None')
        self.assertEqual([(line, f'{title}: "None" needs a reason: say '
                                 'why nothing changes')], lacks)

    @ddt.data(*ANSWERS)
    def test_each_none_with_a_reason_is_an_answer(self, title):
        self.assertEqual([], self.answered(
            title, 'None: this touches no table.')[1])

    @ddt.data('None.', '*None*', '"none"', 'N/A', 'n.a.', 'No', 'Nothing.',
              'No impact.', 'None, because', 'No changes are expected here.',
              'None - see above.', 'Not applicable', 'No impact on upgrades.',
              'None: TBD', 'None, for now.', 'None: n/a', 'No. No. No.',
              'Nothing yet (?)', 'There are none.', 'Does not apply.',
              'Unchanged.', 'It has no impact.', 'Irrelevant.', 'Nope.',
              'Same as above.', 'No, really.', 'None whatsoever.',
              'None: obvious', 'None: I do not know.',
              'None: will be decided later', 'None (pending)',
              '* None', 'None\n\n..\n  as nothing in the schema is touched')
    def test_none_without_a_reason_is_not_an_answer(self, answer):
        _, lacks = self.answered('Rollback', answer)
        self.assertEqual(1, len(lacks))
        self.assertIn('needs a reason', lacks[0][1])

    @ddt.data('None\n\nOnly the documentation changes.',
              'No: the table is read by the new code alone.',
              'None, *schema untouched*', 'Not before the last node is done.',
              'None: no schema change.', 'No, expand-only.', 'Nonetheless.',
              'Nodes are upgraded in any order.',
              '* None\n\n  * the API alone does it',
              'Narrowed in 2027.2', 'The same tables, one row more.',
              'Unchanged: documentation alone is touched.',
              ':None: documentation alone is touched')
    def test_reason_is_an_answer(self, answer):
        self.assertEqual([], self.answered('Rollback', answer)[1])

    @ddt.data('TBD', 'TODO: ask somebody', 'todo', '?', '...', 'Unclear.',
              'It is TBD', 'We will see', 'Pending.',
              'To be decided.', '**TBD**', 'FIXME later', '<TBD>',
              "I don't know.", 'Unknown at this point.', 'To be discussed',
              'To be confirmed with the operators', 'We are unsure.')
    def test_placeholder_is_not_an_answer(self, answer):
        line, lacks = self.answered('Rollback', answer)
        self.assertEqual(1, len(lacks))
        self.assertIn('Rollback: not answered yet: ', lacks[0][1])
        self.assertEqual(line, lacks[0][0])

    @ddt.data('Yes.', 'x', 'X y z', 'Yes, it can.', 'Possibly.', 'OK')
    def test_answer_that_names_nothing_is_refused(self, answer):
        line, lacks = self.answered('Rollback', answer)
        self.assertEqual(
            [(line, f'Rollback: "{answer}" is too short: name the change and '
                    'its effect')], lacks)

    @ddt.data('Yes, until the last node is upgraded.', 'Expand-only.',
              'The schema is known to old engines.')
    def test_short_answer_that_names_a_thing_is_accepted(self, answer):
        self.assertEqual([], self.answered('Rollback', answer)[1])

    @ddt.data('.. a comment', '..\n  TODO', '.. todo:: answer it',
              '.. include:: answers.rst', '* \n*', '.. |x| replace:: y',
              '.. _target:')
    def test_invisible_text_is_not_an_answer(self, answer):
        _, lacks = self.answered('Rollback', answer)
        self.assertEqual(['Rollback: not answered'],
                         [text for _, text in lacks])

    @ddt.data('.. code-block:: console\n\n   $ heat-manage db_sync',
              '::\n\n  heat-manage db_sync', '.. versionadded:: 2027.1',
              '#. heat-manage db_sync', 'Aspect\n~~~~~~\n\nIs covered.')
    def test_any_visible_text_is_an_answer(self, answer):
        self.assertEqual([], self.answered('Rollback', answer)[1])

    def test_the_text_of_the_template_is_no_answer(self):
        question = questions.load()[0]
        left = f'{question.asks}\n\n{question.example}'
        (_, text), = self.answered(question.title, left)[1]
        self.assertEqual('Database migrations: not answered, there is only '
                         'the text of the template', text)
        self.assertEqual([], self.answered(
            question.title, f'{left}\n\nThree, all expand.')[1])

    def test_the_example_names_no_scenario_of_the_spec(self):
        example = questions.load()[-1].example
        (_, text), = self.answered('Upgrade tests',
                                   f'{example}\n\nCovered.')[1]
        self.assertIn('names no test', text)

    def test_a_heading_of_the_wrong_level_is_reported(self):
        answers = {title: ANSWERS[title] for title in list(ANSWERS)[:-1]}
        source = spec(answers) + '\n' + heading('Upgrade tests', '=') + 'x\n'
        (line, text), = self.lacks(source)
        self.assertEqual('Upgrade tests', source.splitlines()[line - 1])
        self.assertIn('not directly below "Upgrade Impact" (line 9)', text)

    def test_a_misspelt_heading_is_named(self):
        answers = {title.replace('Rollback', 'Roll back'): text
                   for title, text in ANSWERS.items()}
        (_, text), = self.lacks(spec(answers))
        self.assertIn('Rollback: missing: add a heading and the answer; is '
                      '"Roll back" in line', text)

    def test_second_answer_is_reported(self):
        source = spec().replace('Implementation\n==============',
                                'Rollback\n--------\n\nAgain.')
        (line, text), = self.lacks(source)
        self.assertEqual('Rollback', source.splitlines()[line - 1])
        self.assertIn('Rollback: answered twice, first in line', text)

    def test_violations_are_in_the_order_of_the_lines(self):
        lacks = self.lacks(spec(dict.fromkeys(reversed(ANSWERS), 'None')))
        self.assertEqual(len(ANSWERS), len(lacks))
        self.assertEqual(sorted(lacks), lacks)


@ddt.ddt
class TestScenarios(testtools.TestCase):

    def lacks(self, answer):
        source = spec({**ANSWERS, 'Upgrade tests': answer})
        return [(source.splitlines()[violation.line - 1], violation.text)
                for violation in checker.check(source)]

    def test_a_missing_scenario_is_reported_with_its_line(self):
        self.assertEqual(
            [('* ``test_random_sting`` or', 'Upgrade tests: there is no '
              'scenario or suite test_random_sting; is test_random_string '
              'meant? For a test to be added, write: new test_random_sting')],
            self.lacks('Those of:\n\n* ``test_snapshot``\n\n* a line\n'
                       '* ``test_random_sting`` or\n  ``test_random_sting``'))

    def test_the_line_is_that_of_the_answer(self):
        source = spec({**ANSWERS, 'Rollback': 'As test_nowhere has it.',
                       'Upgrade tests': 'It is test_nowhere.'})
        self.assertEqual(
            [1 + source.splitlines().index('It is test_nowhere.')],
            [violation.line for violation in checker.check(source)])

    def test_a_new_scenario_need_not_exist(self):
        self.assertEqual([], self.lacks('new ``test_not_there``'))

    def test_a_new_scenario_may_exist(self):
        self.assertEqual([], self.lacks('New: ``test_random_string``.'))

    def test_prose_without_a_scenario_is_reported(self):
        self.assertEqual(
            [('All of them will do.', 'Upgrade tests: names no test; name '
              'the file of a scenario, such as test_random_string, or a '
              'module of unit tests')],
            self.lacks('All of them will do.'))

    def test_tests_of_other_packages_are_not_looked_for(self):
        self.assertEqual([], self.lacks(
            '``heat.tests.db.test_migrations`` and test_snapshot'))

    @ddt.data('``heat.tests.db.test_migrations``',
              'heat/tests/test_rpc_client.py',
              '``smoke.test_stack``',
              'heat_integrationtests/mixed_version/test_life.py',
              'new scenarios ``renamed`` and ``moved_twice``',
              '``renamed_group`` (new)', '``random_string``')
    def test_other_forms_are_accepted(self, answer):
        self.assertEqual([], self.lacks(answer))

    def test_missing_smoke_test_is_reported(self):
        (_, text), = self.lacks('smoke.test_stacks')
        self.assertIn('there is no scenario or suite smoke.test_stacks; is '
                      'smoke.test_stack meant?', text)

    def test_a_scenario_next_to_a_none_must_exist(self):
        (_, text), = self.lacks('None is to be added: test_nowhere has it.')
        self.assertIn('there is no scenario or suite test_nowhere', text)

    def test_scenarios_in_other_answers_are_not_checked(self):
        source = spec({**ANSWERS, 'Rollback': 'See test_something_of_heat.'})
        self.assertEqual([], checker.check(source))
