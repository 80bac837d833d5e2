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

"""Reads a spec as a tree of sections and texts, with docutils.

Only the structure matters. Sphinx checks roles, directives and the targets of
links. docutils does not know those of Sphinx: a text with an unknown role
counts as that text, and an unknown directive counts as its text.
"""

from collections import abc
import dataclasses
import os
import pathlib
import re
import sys

from docutils import frontend
from docutils import nodes
from docutils.parsers import rst
from docutils import utils

# Messages of docutils about a broken structure: a title without its line,
# levels that do not match. Their level is severe before 0.21, error since.
ERROR = 3
_STRUCTURE = re.compile(
    'Title |(Unexpected|Incomplete|Invalid) section title|Inconsistent title'
    '|Missing matching underline|A level [0-9]+ section')

# Settings for untrusted text: docutils reads no other file, prints nothing,
# and looks for no docutils.conf.
SETTINGS: dict[str, object] = {
    '_disable_config': True, 'file_insertion_enabled': False,
    'raw_enabled': False, 'syntax_highlight': 'none',
    'line_length_limit': sys.maxsize, 'report_level': 5, 'halt_level': 5}

_DIRECTIVE = re.compile(r'\.\. ([\w:+.-]+)::\s*')

# Directives whose text does not count as text of the spec.
_OUTSIDE = ('include', 'literalinclude', 'raw', 'todo')


class Unreadable(Exception):
    """A file cannot be read as a spec.

    :ivar line: number of the line at fault, 1 for the whole file
    """

    def __init__(self, message: str, line: int = 1) -> None:
        super().__init__(message)
        self.line = line


@dataclasses.dataclass(frozen=True)
class Text:
    """A paragraph, or another element with text: literal, term, cell …

    :ivar line: number of its first line
    :ivar text: its words, with one space between them
    :ivar literals: its parts with the markup of a literal, or without a role
    """

    line: int
    text: str
    literals: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Section:
    """A section and its content.

    :ivar line: number of the line of its title
    :ivar texts: all texts in it, also those of its sections, without
        comments and without headings
    :ivar sections: the sections directly in it
    """

    line: int
    title: str
    texts: tuple[Text, ...]
    sections: tuple['Section', ...]

    def walk(self) -> list['Section']:
        """Return this section and all sections in it, in their order."""
        return [self, *(section for part in self.sections
                        for section in part.walk())]


def read(path: str | os.PathLike[str]) -> str:
    """Return the source text of a spec.

    :raises: Unreadable if the file cannot be read, or is not in UTF-8
    """
    path = pathlib.Path(path)
    try:
        if path.exists() and not path.is_file():
            raise Unreadable('cannot be read: not a file')
        content = path.read_bytes()
    except (OSError, ValueError) as exc:
        reason = getattr(exc, 'strerror', None) or exc
        raise Unreadable(f'cannot be read: {reason}') from None
    try:
        return content.decode('utf-8-sig')
    except UnicodeDecodeError as exc:
        raise Unreadable(
            f'cannot be read: not UTF-8 (byte 0x{content[exc.start]:02x})',
            1 + content.count(b'\n', 0, exc.start)) from None


def parse(source: str) -> list[Section]:
    """Return the sections of the highest level of a text.

    :raises: Unreadable if its structure is broken
    """
    settings = frontend.get_default_settings(rst.Parser)
    for name, value in SETTINGS.items():
        setattr(settings, name, value)
    document = utils.new_document('spec', settings)
    try:
        rst.Parser().parse(source, document)
    except RecursionError:
        raise Unreadable(
            'cannot be parsed: nested too deeply for docutils') from None
    for message in document.findall(nodes.system_message):
        paragraph = message.next_node(nodes.paragraph)
        text = _words(paragraph) if paragraph else ''
        if message['level'] >= ERROR and _STRUCTURE.match(text):
            raise Unreadable(f'cannot be parsed: {text.rstrip(".:")}',
                             message.get('line') or 1)
    lines = source.splitlines()
    return [_section(node, lines) for node in document.children
            if isinstance(node, nodes.section)]


def _section(node: nodes.section, lines: list[str]) -> Section:
    title = node.next_node(nodes.title)
    assert title is not None, 'docutils gives every section a title'
    return Section(
        _title_line(node.line or title.line or 1, title.rawsource, lines),
        _words(title), tuple(_texts(node)),
        tuple(_section(part, lines) for part in node.children
              if isinstance(part, nodes.section)))


def _title_line(near: int, title: str, lines: list[str]) -> int:
    """Return the line of a title; docutils has the line of its underline."""
    for number in (near - 1, near, near - 2):
        if 0 < number <= len(lines) and lines[number - 1].strip() == title:
            return number
    return near


def _texts(node: nodes.Node, line: int = 1) -> abc.Iterator[Text]:
    """Yield the texts below a node, each with its line."""
    for child in node.children:
        near = child.line or line
        if isinstance(child, nodes.system_message):
            # Text that docutils could not use: mostly a directive of Sphinx.
            for literal in child.findall(nodes.literal_block):
                text = _words(literal)
                match = _DIRECTIVE.match(text)
                if match is None or match[1] not in _OUTSIDE:
                    yield Text(child.get('line') or near,
                               text[match.end():] if match else text)
        elif isinstance(child, nodes.Invisible) or (
                isinstance(child, nodes.title)
                and isinstance(node, nodes.section)):
            continue
        elif isinstance(child, nodes.TextElement):
            yield Text(near, _words(child), tuple(
                _words(part) for part in child.findall(_is_literal)))
        else:
            yield from _texts(child, near)


def _is_literal(node: nodes.Node) -> bool:
    return isinstance(node, nodes.literal | nodes.title_reference)


def _words(node: nodes.Node) -> str:
    return ' '.join(node.astext().split())
