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
"""Writes doc/source/reference/coverage.rst.

    python tools/write_coverage.py

It joins the list of real failures with the scenarios, the builders of aged
rows and the profiles that name their numbers.
"""

from collections import abc
import pathlib
import textwrap
import typing

import yaml

from heat_integrationtests import catalogue
from heat_upgrade.aged_rows import model
from heat_upgrade.lab import profiles

ROOT = pathlib.Path(__file__).resolve().parents[1]
PAGE = ROOT / 'doc' / 'source' / 'reference' / 'coverage.rst'
FAILURES = ROOT / 'heat_upgrade' / 'results' / 'real-failures.yaml'

HEAD = '''\
=============================
Coverage of the real failures
=============================

Each entry is an upgrade failure in the history of Heat. The scenarios, the
:doc:`aged rows <aged-rows>` and the :doc:`profiles <profiles>` bring about
the state that showed it; the rules, assigned by hand, report its kind.
``python tools/write_coverage.py`` writes this page from
``heat_upgrade/results/real-failures.yaml`` and the numbers that scenarios,
builders of rows and profiles name. ``heat-upgrade scenario list`` shows the
entries of each scenario.

{covered} of {all} entries have at least one of these; {states} states are
described by scenarios with data.
'''

Failures = dict[int, dict[str, typing.Any]]


def failures() -> Failures:
    """Return the real failures by number."""
    loaded: Failures = yaml.safe_load(FAILURES.read_text('utf-8'))
    return loaded


def scenarios(entries: abc.Iterable[catalogue.Entry]
              ) -> dict[int, list[str]]:
    """Return the names of the scenarios of each number."""
    return _by_number((entry.name, entry.covers) for entry in entries)


def sources(entries: abc.Iterable[catalogue.Entry],
            known: Failures) -> dict[str, dict[int, list[str]]]:
    """Return {kind: {number: names}} of all that reveals real failures.

    :param entries: the scenarios
    """
    return {
        'Scenarios': scenarios(entries),
        'Aged rows': _by_number(
            (builder.name, builder.failures)
            for stack in model.every() for builder in stack.builders),
        'Profiles': _by_number((profile.name, profile.failures)
                               for profile in profiles.every()),
        'Rules': {number: failure['rules']
                  for number, failure in known.items()
                  if failure.get('rules')},
    }


def _by_number(names: abc.Iterable[tuple[str, abc.Iterable[int]]]
               ) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for name, numbers in names:
        for number in numbers:
            found.setdefault(number, []).append(name)
    return found


def text() -> str:
    """Return the page."""
    known = failures()
    entries = catalogue.entries()
    found = sources(entries, known)
    covered = sum(any(number in names for names in found.values())
                  for number in known)
    lines = [HEAD.format(covered=covered, all=len(known), states=sum(
        len(entry.states) for entry in entries))]
    for number, failure in known.items():
        lines.append(f'{number}: {failure["title"]} (class '
                     f'{failure["class"]})')
        revealing = {kind: names[number] for kind, names in found.items()
                     if number in names}
        for kind, names in revealing.items():
            lines.append(_wrapped(f'{kind}: ' + ', '.join(
                f'``{name}``' for name in names)))
        if not revealing:
            lines.append('    Nothing reveals it.')
        lines.append('')
    return '\n'.join(lines).rstrip('\n') + '\n'


def _wrapped(words: str) -> str:
    return textwrap.fill(words, 79, initial_indent='    | ',
                         subsequent_indent='      ', break_long_words=False,
                         break_on_hyphens=False)


if __name__ == '__main__':
    PAGE.write_text(text(), 'utf-8')
