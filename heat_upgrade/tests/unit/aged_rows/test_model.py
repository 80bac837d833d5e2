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

"""The builders of aged rows, as data."""

import re

import testtools

from heat_upgrade.aged_rows import model
from heat_upgrade.aged_rows import older_ciphers
from heat_upgrade.aged_rows import page
from heat_upgrade.aged_rows import reading
from heat_upgrade.aged_rows import templates

# The named parameters of a statement.
VALUES = {'stack', 'nested', 'dead', 'project', 'new', 'event'}


class BuildersTest(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.kinds = model.every()
        self.builders = [builder for kind in self.kinds
                         for builder in kind.builders]

    def test_names_are_unique_slugs(self):
        for named in (self.kinds, self.builders):
            names = [one.name for one in named]
            self.assertEqual(len(names), len(set(names)))
            for name in names:
                self.assertRegex(name, r'^[a-z0-9]+(-[a-z0-9]+)*$')

    def test_statements_use_known_parameters(self):
        for builder in self.builders:
            for statement in builder.statements:
                self.assertLessEqual(
                    set(re.findall(r'%\((\w+)\)s', statement)), VALUES,
                    builder.name)
                # pymysql formats the statement.
                self.assertNotIn('%', re.sub(r'%\(\w+\)s|%%', '', statement),
                                 builder.name)

    def test_a_statement_about_a_nested_stack_has_one(self):
        for kind in self.kinds:
            if any('%(nested)s' in text for builder in kind.builders
                   for text in builder.statements):
                self.assertEqual(templates.NESTED, kind.template, kind.name)

    def test_every_builder_writes_something(self):
        for builder in self.builders:
            self.assertTrue(builder.statements or builder.cipher,
                            builder.name)

    def test_fields_have_known_values(self):
        reads = {*reading.PATHS, *reading.ELSEWHERE, reading.EVENT}
        ciphers = ('', older_ciphers.OSLO, older_ciphers.HEAT)
        for builder in self.builders:
            self.assertIn(builder.cipher, ciphers)
            self.assertLessEqual(set(builder.reads), reads, builder.name)

    def test_every_stack_has_rows_and_a_template(self):
        for kind in self.kinds:
            self.assertTrue(kind.builders, kind.name)
            self.assertIn(kind.template, templates.SHAPES)

    def test_every_builder_names_a_real_failure(self):
        for builder in self.builders:
            self.assertTrue(builder.failures, builder.name)
            self.assertEqual([], [number for number in builder.failures
                                  if not 1 <= number <= 88], builder.name)

    def test_a_row_is_a_sentence(self):
        for builder in self.builders:
            self.assertRegex(builder.row, r'^[A-Z].*[^.]\.$')


class PageTest(testtools.TestCase):

    def test_page_is_up_to_date(self):
        self.assertEqual(page.text(), page.PAGE.read_text(),
                         'run: python -m heat_upgrade.aged_rows.page')
