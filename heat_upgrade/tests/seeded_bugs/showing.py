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

"""Prints the seeded bugs and their results: lists, tables, JSON."""

import collections
import dataclasses
import json
import textwrap

from heat_upgrade.results import findings
from heat_upgrade.tests.seeded_bugs import bugs
from heat_upgrade.tests.seeded_bugs import judging

_WIDTH = 78


def kind(bug: bugs.Bug) -> str:
    """Return the failure class of a seeded bug, in words."""
    if bug.harmless:
        return 'Harmless changes'
    number = int(bug.kind.partition('-')[0])
    return f'Class {number}: {findings.CLASSES[number]}'


def listing(chosen: tuple[bugs.Bug, ...]) -> str:
    """Return a line for each seeded bug."""
    return ''.join(f'{bug.name:<41}{bug.effect}\n' for bug in chosen)


def table(results: list[judging.Result]) -> str:
    """Return the results as text: a line for each, and the sums."""
    sums = collections.Counter(result.outcome for result in results)
    return ''.join(f'{result.line()}\n' for result in results) + ', '.join(
        f'{count} {outcome}' for outcome, count in sorted(sums.items())) + '\n'


def as_json(results: list[judging.Result], base: str) -> str:
    """Return the results as text for machines."""
    return json.dumps({
        'base': base, 'target': bugs.TARGET,
        'results': [dataclasses.asdict(result) | {'good': result.good}
                    for result in results]}, indent=1) + '\n'


def rst(chosen: tuple[bugs.Bug, ...]) -> str:
    """Return the table of the reference: reStructuredText."""
    lines = ['.. list-table::', '   :header-rows: 1', '   :widths: 26 50 24',
             '', '   * - Name', '     - Effect', '     - Right steps']
    before = ''
    for bug in chosen:
        if kind(bug) != before:
            before = kind(bug)
            lines += [f'   * - **{before}**', '     -', '     -']
        steps = ', '.join(f'``{step}``' for step in bug.steps) or 'none'
        lines += [f'   * - ``{bug.name}``', *_cell(bug.effect),
                  *_cell(steps)]
    return '\n'.join(lines) + '\n'


def _cell(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent='     - ',
                         subsequent_indent='       ')
