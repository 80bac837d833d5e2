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

"""Checks the language of the sources and the documentation.

    python tools/check_language.py [PATH...]

It holds the rules of HACKING.rst that a machine can hold: no clause that
begins with "what", "who", "nobody" or "whoever" in place of a noun, and none
of the banned phrases. It reads docstrings, comments and strings of Python
files that have at least three words; of tests only the docstrings and the
names, which begin with a subject; all of an rst file except literal text;
comments and texts of YAML files; and the text of HTML templates. A line that
ends with "# language: quoted" is not read.

Exit status: 0 if the rate of such clauses is below LIMIT and no banned phrase
is used, 1 if not.
"""

import ast
import collections
from collections import abc
import functools
import io
import pathlib
import re
import sys
import tokenize

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[1]

# Headless clauses per 1,000 words.
LIMIT = 1.0

PLACES = ('heat_upgrade', 'heat_integrationtests', 'tools', 'doc/source',
          'README.rst', 'CONTRIBUTING.rst', 'HACKING.rst', 'devstack', 'roles',
          'playbooks', 'zuul.d')

SUFFIXES = ('.py', '.rst', '.yaml', '.j2')

# Other people's text, and the results of programs.
LEFT_OUT = re.compile(r'/(golden|upstream|_build|__pycache__)/')

_TESTS = re.compile(r'/tests/')
# A test's name without a subject.
_NO_SUBJECT = re.compile(
    r'test_(what|who|whoever|it|nobody)_')  # language: quoted

HEADLESS = re.compile(
    r'\b(?:what|whatever|whoever|nobody)\b(?!\?)'  # language: quoted
    r'|(?:^|[.,;:(]\s+|\b(?:and|or|of|to|for|by|if|that)\s+)who\b',
    re.IGNORECASE)

BANNED = re.compile(
    r'\b(?:likewise|meanwhile|in hand|any more|go on'  # language: quoted
    r'|goes on|(?-i:is none))\b'  # language: quoted
    r'|\btold\b', re.IGNORECASE)

_LITERAL = re.compile(r'``[^`]*``|`[^`]*`|"[^"]*"|:\w+:`[^`]*`')
_QUESTION = re.compile(r'[^.!?;:]*\?')
_MARKUP = re.compile(r'<[^>]*>|{[{%].*?[}%]}', re.DOTALL)
_WORD = re.compile(r"[A-Za-z][A-Za-z'-]+")

Text = tuple[int, str]


def python_texts(source: str) -> abc.Iterator[Text]:
    """Yield (line, text) of comments and of strings that are sentences."""
    lines = source.splitlines()
    quoted = {number for number, line in enumerate(lines, 1)
              if line.endswith('# language: quoted')}
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT and token.start[1] is not None:
            yield token.start[0], token.string.lstrip('# ')
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if (len(_WORD.findall(node.value)) >= 3
                    and node.lineno not in quoted):
                yield node.lineno, node.value


def texts_of_tests(source: str) -> abc.Iterator[Text]:
    """Yield (line, text) of the docstrings and names of tests.

    A name without a subject becomes a clause without one.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module):
            line = getattr(node, 'lineno', 1)
            yield line, ast.get_docstring(node) or ''
        if isinstance(node, ast.FunctionDef) and _NO_SUBJECT.match(node.name):
            yield node.lineno, 'what ' + node.name  # language: quoted


def yaml_texts(source: str, *, test: bool) -> abc.Iterator[Text]:
    """Yield (line, text) of the comments and sentences of a YAML file.

    :param test: whether it belongs to the tests: a literal block is code then
    """
    code: set[int] = set()
    for token in yaml.scan(source, Loader=yaml.SafeLoader):
        if not isinstance(token, yaml.ScalarToken):
            continue
        if token.style == '|' and test:
            code.update(range(token.start_mark.line, token.end_mark.line))
        elif len(_WORD.findall(token.value)) >= 3:
            yield token.start_mark.line + 1, token.value
    for index, line in enumerate(source.splitlines()):
        if line.lstrip().startswith('# ') and index not in code:
            yield index + 1, line.lstrip('# ')


def template_texts(source: str) -> abc.Iterator[Text]:
    """Yield (line, text) of a template, without its tags and expressions."""
    text = _MARKUP.sub(lambda match: '\n' * match[0].count('\n'), source)
    yield from enumerate(text.splitlines(), 1)


def rst_texts(source: str) -> abc.Iterator[Text]:
    """Yield (line, text) of a document, without its literal blocks."""
    indent: int | None = None
    for number, line in enumerate(source.splitlines(), 1):
        margin = len(line) - len(line.lstrip())
        if indent is not None and line.strip() and margin <= indent:
            indent = None
        if indent is None and line.strip():
            yield number, line
            if line.rstrip().endswith('::') or line.lstrip().startswith(
                    '.. code'):
                indent = margin


def texts(path: pathlib.Path) -> abc.Iterator[Text]:
    """Yield (line, text) of a file."""
    test = _TESTS.search(str(path)) is not None
    readers: dict[str, abc.Callable[[str], abc.Iterator[Text]]] = {
        '.py': texts_of_tests if test else python_texts,
        '.yaml': functools.partial(yaml_texts, test=test),
        '.j2': template_texts, '.rst': rst_texts}
    yield from readers[path.suffix](path.read_text())


def files(arguments: list[str]) -> list[pathlib.Path]:
    """Return the files under the arguments, all of them without arguments."""
    found: list[pathlib.Path] = []
    for place in map(ROOT.joinpath, arguments or PLACES):
        paths = [place] if place.is_file() else sorted(place.rglob('*'))
        found += [path for path in paths if path.suffix in SUFFIXES
                  and not LEFT_OUT.search(f'/{path.relative_to(ROOT)}')]
    return found


def main(arguments: list[str]) -> int:
    """Print each violation and the rate; returns the exit status."""
    words, headless, banned = 0, 0, 0
    worst: collections.Counter[str] = collections.Counter()
    for path in files(arguments):
        name = str(path.relative_to(ROOT))
        for line, text in texts(path):
            plain = _QUESTION.sub('', _LITERAL.sub('', text))
            words += len(_WORD.findall(plain))
            for pattern in (HEADLESS, BANNED):
                for match in pattern.finditer(plain):
                    print(f'{name}:{line}: {match[0].strip()!r} in '
                          f'{" ".join(plain.split())[:90]!r}')
                    worst[name] += 1
                    headless += pattern is HEADLESS
                    banned += pattern is BANNED
    rate = 1000 * headless / max(words, 1)
    print(f'{words} words; {headless} headless clauses, {rate:.1f} per 1,000 '
          f'words (limit {LIMIT}); {banned} banned phrases')
    return int(rate >= LIMIT or banned > 0)


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
