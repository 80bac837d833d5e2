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

"""The check of the language, on texts that a test writes."""

import contextlib
import io
import pathlib

import ddt
import fixtures
import testtools

from tools import check_language

BAD = 'Report what failed.'


@ddt.ddt
class CheckLanguageTest(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.root = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.useFixture(fixtures.MockPatchObject(
            check_language, 'ROOT', self.root))

    def check(self, name, text):
        """Return the output of the check of a single file."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        with contextlib.redirect_stdout(io.StringIO()) as out:
            self.status = check_language.main([name])
        return out.getvalue()

    @ddt.unpack
    @ddt.data(
        ('a.py', f'"""{BAD}"""\n'),
        ('a.py', f'# {BAD}\n'),
        ('tests/a.py', f'"""{BAD}"""\n'),
        ('tests/a.py', 'def test_what_fails_is_reported():\n    pass\n'),
        ('a.yaml', f'title: {BAD}\n'),
        ('a.yaml', f'# {BAD}\n'),
        ('a.yaml', f'text: |\n  {BAD}\n'),
        ('tests/a.yaml', f'title: {BAD}\n'),
        ('a.html.j2', f'<p>{BAD}</p>\n'),
        ('a.rst', f'{BAD}\n'))
    def test_clause_without_a_noun_is_found(self, name, text):
        self.assertIn("'what'", self.check(name, text))
        self.assertEqual(1, self.status)

    @ddt.unpack
    @ddt.data(
        ('tests/a.py', f'SAID = "{BAD}"\n'),
        ('tests/a.py', 'def test_failure_is_reported():\n    pass\n'),
        ('tests/a.yaml', f'find: |\n  # {BAD}\n'),
        ('a.html.j2', '<p class="what failed">{{ what.failed }}</p>\n'),
        ('golden/a.py', f'"""{BAD}"""\n'))
    def test_code_and_text_of_others_is_not_read(self, name, text):
        self.assertNotIn("'what'", self.check(name, text))
        self.assertEqual(0, self.status)
