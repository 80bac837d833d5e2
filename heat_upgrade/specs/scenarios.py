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

"""Finds the scenarios that a text names, and those that exist."""

import dataclasses
import difflib
import functools
import re

from heat_integrationtests import catalogue

PACKAGE = 'heat_integrationtests.scenarios'

# The name of a file, module or test, with its path; or the name of a class.
_NAME = re.compile(r'[\w./]*\btest_\w[\w./]*|\b[A-Z]\w*Scenario\b')

# A scenario to be added follows "new": "new: test_x", "new scenario test_x".
_NEW = re.compile(r'\bnew\b[\s:,(]*(?:scenarios?\b[\s:]*)?$', re.IGNORECASE)


@dataclasses.dataclass(frozen=True)
class Named:
    """A scenario, or a part of one, that a text names.

    :ivar text: the name as written
    :ivar name: without the package: test_x, XScenario, test_x.XScenario …
    :ivar new: whether the text calls it new
    """

    text: str
    name: str
    new: bool


def named(text: str) -> list[Named]:
    """Return the scenarios that a text names, in its order.

    Tests of other packages (``heat.tests.test_api``, ``heat/tests/test_x.py``,
    ``heat_integrationtests.smoke.test_stack``) are left out.
    """
    names = []
    for match in _NAME.finditer(text):
        written = match[0].strip('./')
        name = written.removesuffix('.py').replace('/', '.')
        if name.startswith(PACKAGE):
            name = name.removeprefix(f'{PACKAGE}.')
        elif name.startswith('scenarios.'):
            name = name.removeprefix('scenarios.')
        elif not name.startswith('test_') and '.' in name:
            continue
        names.append(Named(written, name,
                           bool(_NEW.search(text[:match.start()]))))
    return names


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


def like(name: str) -> str | None:
    """Return the known name that is most similar to a name, or None."""
    return next(iter(difflib.get_close_matches(name, sorted(known()), 1)),
                None)
