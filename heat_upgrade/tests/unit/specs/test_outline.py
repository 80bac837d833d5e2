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

"""Unit tests of the outline of a spec."""

import pathlib

import ddt
import fixtures
import hypothesis
from hypothesis import strategies
import testtools

from heat_upgrade.specs import outline

SPEC = '''\
=====
Title
=====

First, of
two lines.

One
===

..
 no text

* item :doc:`link`

  * inner

.. note:: noted

Two  words
----------

.. seqdiag::

   a -> b

.. todo:: not yet

::

   literal

Three
=====
'''


def texts(source):
    return [(text.line, text.text) for section in outline.parse(source)
            for text in section.texts]


@ddt.ddt
class TestParse(testtools.TestCase):

    def test_sections_have_their_line_and_content(self):
        top, = outline.parse(SPEC)
        self.assertEqual(
            [(2, 'Title'), (8, 'One'), (20, 'Two words'), (33, 'Three')],
            [(section.line, section.title) for section in top.walk()])
        self.assertEqual([section.title for section in top.sections],
                         ['One', 'Three'])

    def test_visible_texts_are_read_with_their_lines(self):
        self.assertEqual(
            [(5, 'First, of two lines.'), (14, 'item :doc:`link`'),
             (16, 'inner'), (18, 'noted'), (23, 'a -> b'), (31, 'literal')],
            texts(SPEC))

    def test_a_table_and_a_list_of_definitions_have_text(self):
        self.assertEqual(
            ['a', 'b', 'term', 'meaning', 'field', 'value'],
            [text for _, text in texts(
                'T\n=\n\n=  =\na  b\n=  =\n\nterm\n  meaning\n\n'
                ':field: value\n')])

    def test_no_other_file_is_read(self):
        for directive in ('include:: /etc/hostname',
                          'raw:: html\n   :file: /etc/hostname',
                          'csv-table::\n   :file: /etc/hostname'):
            content = ' '.join(text for _, text in texts(
                f'T\n=\n\n.. {directive}\n'))
            self.assertNotIn(
                pathlib.Path('/etc/hostname').read_text().strip(), content)

    @ddt.data(
        ('Title\n===\n\nText\n\n=====\nx', 6, 'Incomplete section title'),
        ('* a\n\n  Title\n  =====\n', 3, 'Unexpected section title'),
        ('====\nTitle\n----\n', 1, 'overline'))
    @ddt.unpack
    def test_text_without_structure_is_unreadable(self, source, line, reason):
        exc = self.assertRaises(outline.Unreadable, outline.parse, source)
        self.assertIn(reason, str(exc))
        self.assertIn(exc.line, (line, line + 1))

    def test_levels_that_do_not_match_are_unreadable(self):
        exc = self.assertRaises(
            outline.Unreadable, outline.parse,
            'a\n=\n\nb\n-\n\nc\n~\n\nd\n=\n\ne\n~\n')
        self.assertEqual(13, exc.line)

    def test_deep_nesting_is_unreadable(self):
        self.assertRaises(outline.Unreadable, outline.parse,
                          '* ' * 2000 + 'x')

    def test_roles_of_sphinx_do_not_matter(self):
        self.assertEqual(1, len(outline.parse(
            'T\n=\n\n:ref:`x` |y| `z`_ [1]_\n\n.. nothing:: x\n   :y: z\n')))

    @hypothesis.settings(max_examples=60, deadline=None)
    @hypothesis.given(strategies.lists(strategies.sampled_from(
        ['=', '--', '====', 'Title', '\n', '\n\n', '* ', ' ', '.. ', '::',
         '`', '|', '_', ':x:', '+--+', '\t', '\f', '\0', '“', 'None', '1. ',
         'include', '[#]_', '>>> ', '-a  b', '\N{HANGUL FILLER}']),
        max_size=40).map(''.join))
    def test_any_text_is_parsed_or_unreadable(self, source):
        try:
            sections = outline.parse(source)
        except outline.Unreadable as exc:
            self.assertLessEqual(1, exc.line)
        else:
            self.assertIsInstance(sections, list)


class TestRead(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.path = pathlib.Path(
            self.useFixture(fixtures.TempDir()).path, 'a.rst')

    def refused(self):
        exc = self.assertRaises(outline.Unreadable, outline.read, self.path)
        return exc.line, str(exc)

    def test_a_missing_file_is_unreadable(self):
        self.assertEqual(
            (1, 'cannot be read: No such file or directory'), self.refused())

    def test_a_directory_is_unreadable(self):
        self.path.mkdir()
        self.assertEqual((1, 'cannot be read: not a file'), self.refused())

    def test_another_encoding_is_unreadable_in_its_line(self):
        self.path.write_bytes(b'One\n===\n\nnot na\xefve\n')
        self.assertEqual(
            (4, 'cannot be read: not UTF-8 (byte 0xef)'), self.refused())

    def test_a_byte_order_mark_is_no_text(self):
        self.path.write_bytes('Ünë\r\n===\r\n'.encode('utf-8-sig'))
        section, = outline.parse(outline.read(self.path))
        self.assertEqual('Ünë', section.title)
