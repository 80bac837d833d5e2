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

It joins the list of real failures with the scenarios that name their numbers.
"""

from collections import abc
import pathlib
import textwrap
import typing

import yaml

from heat_integrationtests import catalogue

ROOT = pathlib.Path(__file__).resolve().parents[1]
PAGE = ROOT / 'doc' / 'source' / 'reference' / 'coverage.rst'
FAILURES = ROOT / 'heat_upgrade' / 'results' / 'real-failures.yaml'

HEAD = '''\
=============================
Coverage of the real failures
=============================

Each entry is an upgrade failure in the history of Heat. The scenarios bring
about the state that showed it; the rules, assigned by hand, report its kind.
``python tools/write_coverage.py`` writes this page from
``heat_upgrade/results/real-failures.yaml`` and the scenarios.
``heat-upgrade scenario list`` shows the entries of each scenario.

{covered} of {all} entries have a scenario or a rule; {states} states are
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
    found: dict[int, list[str]] = {}
    for entry in entries:
        for number in entry.covers:
            found.setdefault(number, []).append(entry.name)
    return found


def text() -> str:
    """Return the page."""
    known = failures()
    entries = catalogue.entries()
    named = scenarios(entries)
    covered = sum(bool(number in named or failure.get('rules'))
                  for number, failure in known.items())
    lines = [HEAD.format(covered=covered, all=len(known), states=sum(
        len(entry.states) for entry in entries))]
    for number, failure in known.items():
        lines.append(f'{number}: {failure["title"]} (class '
                     f'{failure["class"]})')
        for kind, names in (('Scenarios', named.get(number)),
                            ('Rules', failure.get('rules'))):
            if names:
                lines.append(_wrapped(f'{kind}: ' + ', '.join(
                    f'``{name}``' for name in names)))
        if number not in named and not failure.get('rules'):
            lines.append('    No scenario and no rule.')
        lines.append('')
    return '\n'.join(lines).rstrip('\n') + '\n'


def _wrapped(words: str) -> str:
    return textwrap.fill(words, 79, initial_indent='    | ',
                         subsequent_indent='      ', break_long_words=False,
                         break_on_hyphens=False)


if __name__ == '__main__':
    PAGE.write_text(text(), 'utf-8')
