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

"""Finds the tests that a text names, and those that exist."""

import ast
from collections import abc
import dataclasses
import difflib
import functools
import re

from heat_integrationtests import catalogue

ROOT = 'heat_integrationtests'
PACKAGE = f'{ROOT}.scenarios'

# Packages of tests that are not scenarios.
SUITES = ('smoke', 'mixed_version')

# The name of a file, module or test, with its path; or the name of a class.
_NAME = re.compile(r'[\w./]*\btest_\w[\w./]*|\b[A-Z]\w*Scenario\b')

# The name of a scenario, as heat-upgrade scenario list prints it.
_BARE = re.compile(r'[a-z][a-z0-9_]*')

# A test to be added follows "new": "new: test_x", "new scenario test_x".
_NEW = re.compile(r'\bnew\b[\s:,(]*((?:scenario|test)s?\b[\s:]*)?$',
                  re.IGNORECASE)

# Or "new" follows in parentheses: "test_x (new)", "test_x (a new scenario)".
_NEW_AFTER = re.compile(r'''['"`*]*\s*\((?:an? |to be )?(?:new|added)\b''',
                        re.IGNORECASE)

# The text between two names of a list: "new scenarios test_x, test_y".
_BETWEEN = re.compile(r'''['"`*]*\s*(?:,|&|,?\s*\b(?:and|or)\b)\s*['"`*]*''',
                      re.IGNORECASE)


@dataclasses.dataclass(frozen=True)
class Named:
    """A test, or a part of one, that a text names.

    :ivar text: the name as written
    :ivar name: without the package of the scenarios: test_x, XScenario,
        test_x.XScenario, smoke.test_x, heat.tests.test_x …
    :ivar new: whether the text calls it new
    """

    text: str
    name: str
    new: bool

    @property
    def exists(self) -> bool:
        """Whether the test exists, or belongs to another project."""
        first, *rest = self.name.split('.')
        if first in SUITES:
            return '.'.join([first, *rest[:2]]) in suites()
        return (self.name in known()
                or bool(rest) and not self.name.startswith('test_'))


def named(text: str, literals: abc.Iterable[str] = ()) -> list[Named]:
    """Return the tests that a text names, in its order.

    :param literals: parts of the text with the markup of a literal; the name
        of a scenario as the command line has it (``random_string``) counts
        only there
    """
    names: list[Named] = []
    end, listed = 0, False
    for start, written in sorted({**_bare(text, literals),
                                  **_qualified(text)}.items()):
        before = _NEW.search(text[:start])
        listed = (
            (before[1] or '').rstrip(' :').endswith('s') if before
            else listed and bool(_BETWEEN.fullmatch(text[end:start])))
        end = start + len(written)
        new = bool(before or listed or _NEW_AFTER.match(text[end:]))
        name = _without_package(written)
        if not _BARE.fullmatch(name) or name.startswith('test_'):
            names.append(Named(written, name, new))
        elif new or f'test_{name}' in known():
            names.append(Named(written, f'test_{name}', new))
    return names


def _qualified(text: str) -> dict[int, str]:
    """Return the names that any text may contain, by their places."""
    found = {}
    for match in _NAME.finditer(text):
        written = match[0].strip('./')
        found[match.start() + match[0].index(written)] = (
            written.removesuffix('.py'))
    return found


def _bare(text: str, literals: abc.Iterable[str]) -> dict[int, str]:
    """Return the names that only literals may contain, by their places."""
    return {match.start(): name for name in literals if _BARE.fullmatch(name)
            for match in re.finditer(rf'(?<![\w./-]){name}(?![\w./-])', text)}


def _without_package(written: str) -> str:
    name = written.replace('/', '.')
    for prefix in (f'{PACKAGE}.', 'scenarios.', f'{ROOT}.'):
        name = name.removeprefix(prefix)
    return name


@functools.lru_cache
def known() -> frozenset[str]:
    """Return every name of the scenarios and their parts."""
    names: set[str] = set()
    for entry in catalogue.entries():
        names.add(f'test_{entry.name}')
        for test in entry.tests:
            module, cls, method = test.removeprefix(f'{PACKAGE}.').split('.')
            names |= {module, cls, method, f'{module}.{cls}',
                      f'{cls}.{method}', f'{module}.{cls}.{method}'}
    return frozenset(names)


@functools.lru_cache
def suites() -> frozenset[str]:
    """Return the modules and classes of the other suites: smoke.test_x.X.

    Their methods are not compared: some come from a base class.
    """
    names: set[str] = set()
    for suite in SUITES:
        for path in catalogue.OWN.with_name(suite).glob('test_*.py'):
            module = f'{suite}.{path.stem}'
            names |= {module} | {
                f'{module}.{node.name}'
                for node in ast.parse(path.read_text('utf-8')).body
                if isinstance(node, ast.ClassDef)}
    return frozenset(names)


def like(name: str) -> str | None:
    """Return the known name that is most similar to a name, or None."""
    return next(iter(difflib.get_close_matches(
        name, sorted(known() | suites()), 1)), None)
