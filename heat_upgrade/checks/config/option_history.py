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

"""Options of earlier releases, and their replacements.

``option_history.json`` is made from the published wheels since Heat 11 by
``python -m tools.record_option_history``; ``replacements.yaml`` has the
replacements that no old name of an option tells.
"""

from collections import abc
import dataclasses
import fnmatch
import functools
import json
import pathlib
import typing

import yaml

from heat_upgrade.checks.config import options

FILE = pathlib.Path(__file__).with_name('option_history.json')
REPLACEMENTS = FILE.with_name('replacements.yaml')

# A misspelling differs by at most this many edits from the right name, and by
# at most a quarter of it.
_EDITS = 2
_SHARE = 4

# The part of the sections of Heat's client plug-ins.
_CLIENT = 'clients_'


@dataclasses.dataclass(frozen=True)
class Retired:
    """An option of an earlier release.

    :ivar owner: the distribution that read it
    :ivar until: the last version that did
    :ivar new: the option that replaces it in the target, or None
    :ivar use: the replacement in words, or ''
    """

    owner: str
    until: str
    new: options.Key | None = None
    use: str = ''

    @property
    def described(self) -> str:
        """The owner and its last version: oslo.db 9.1.0."""
        owner = 'Heat' if self.owner == options.HEAT else self.owner
        return f'{owner} {self.until}'

    @property
    def remedy(self) -> str:
        """The action for an operator who has set it."""
        if self.new:
            return f'use {options.named(self.new)} instead'
        return f'remove it; use {self.use}' if self.use else 'remove it'


@dataclasses.dataclass(frozen=True)
class Replacement:
    """An entry of replacements.yaml; see the file for its meaning."""

    section: str
    option: str
    owner: str = ''
    until: str = ''
    use: str = ''
    remove: bool = False
    fixed: bool | None = None
    loses: str = ''

    def matches(self, key: options.Key) -> bool:
        """Return True if it is about an option."""
        return (fnmatch.fnmatchcase(key[0], self.section)
                and fnmatch.fnmatchcase(key[1], self.option))


def retired(key: options.Key,
            known: abc.Mapping[options.Key, options.Option]
            ) -> Retired | None:
    """Return the history of an option that no release of a check knows.

    :param known: the options of the target
    """
    entry = replacement(key)
    use = entry.use if entry else ''
    recorded = _recorded().get('/'.join(key))
    if recorded:
        return Retired(recorded[0], recorded[1],
                       None if use or (entry and entry.remove)
                       else current(recorded[2], known), use)
    if entry and entry.owner:
        return Retired(entry.owner, entry.until, use=use)
    return None


def retired_section(group: str) -> Retired | None:
    """Return the history of a section, if all of it is gone: a client's."""
    entries = [entry for name, entry in _recorded().items()
               if name.startswith(f'{group}/')]
    if not group.startswith(_CLIENT) or not entries:
        return None
    return Retired(entries[0][0], entries[0][1])


def replacement(key: options.Key) -> Replacement | None:
    """Return the entry of replacements.yaml about an option, or None."""
    return next((entry for entry in _replacements()
                 if entry.matches(key)), None)


def current(name: str | None,
            known: abc.Mapping[options.Key, options.Option]
            ) -> options.Key | None:
    """Return the option of the target that a recorded name leads to.

    :param name: section/option; a new name may be an old name by now
    """
    seen: set[str] = set()
    while name and name not in seen:
        seen.add(name)
        section, _, option = name.partition('/')
        if (section, option) in known:
            return section, option
        newer = next((entry.key for entry in known.values()
                      if (section, option) in entry.old_names), None)
        if newer:
            return newer
        name = _recorded().get(name, ('', '', None))[2]
    return None


def misspelt(key: options.Key,
             known: abc.Iterable[options.Key]) -> options.Key | None:
    """Return the option that an unknown name misspells, or None.

    It is in the same section, and differs by one or two edits: a longer
    distance is another word.
    """
    group, name = key
    near = sorted((_distance(name, other), other) for section, other in known
                  if section == group)
    if not near:
        return None
    distance, other = near[0]
    return ((group, other) if distance <= min(_EDITS, len(name) // _SHARE)
            else None)


def _distance(left: str, right: str) -> int:
    """Return the edits between two names: Damerau's optimal alignment."""
    if abs(len(left) - len(right)) > _EDITS:
        return _EDITS + 1
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, char in enumerate(left, 1):
        above, row, older = row, [i], before
        for j, other in enumerate(right, 1):
            row.append(min(above[j] + 1, row[j - 1] + 1,
                           above[j - 1] + (char != other)))
            if (older and j > 1 and char == right[j - 2]
                    and left[i - 2] == other):
                row[j] = min(row[j], older[j - 2] + 1)
        before = above
    return row[-1]


@functools.cache
def _recorded() -> dict[str, tuple[str, str, str | None]]:
    data: dict[str, tuple[str, str, str | None]] = json.loads(
        FILE.read_text())
    return data


@functools.cache
def _replacements() -> tuple[Replacement, ...]:
    entries: list[dict[str, typing.Any]] = yaml.safe_load(
        REPLACEMENTS.read_text())
    return tuple(Replacement(**entry) for entry in entries)
