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

"""Whether a change of an option was announced, and since which release.

OpenStack's deprecation policy (``assert:follows-standard-deprecation``)
requires that an earlier release deprecates an option before its removal, and
that the release notes say so.
"""

from collections import abc
import dataclasses
import re

from packaging import version as pkg_version

from heat_upgrade.checks.config import comparison
from heat_upgrade.checks.config import options
from heat_upgrade.checks.config import release_notes

# Heat has a major version for each cycle, two a year: Liberty was 5.0.0, Zed
# 19.0.0, 2023.1 20.0.0.
_CYCLES = ('liberty', 'mitaka', 'newton', 'ocata', 'pike', 'queens', 'rocky',
           'stein', 'train', 'ussuri', 'victoria', 'wallaby', 'xena', 'yoga',
           'zed')
_LIBERTY, _2023 = 5, 20

# Characters of a note that the evidence quotes.
_QUOTED = 300


@dataclasses.dataclass(frozen=True)
class History:
    """The versions of two releases, and their release notes."""

    base_version: str
    target_version: str
    base: release_notes.Sources = release_notes.Sources()
    target: release_notes.Sources = release_notes.Sources()


def announcement(change: comparison.Change,
                 history: History) -> tuple[bool, str]:
    """Return whether an earlier release announced a change, and how.

    :returns: (whether it did, line of evidence)
    """
    option = change.base
    version = history.base_version
    if option is not None and change.kind == comparison.OLD_NAME_GONE:
        return True, (f'Announced: yes, {version} reads it as an old name of '
                      f'{option}' + _since_note(change.key, option, history))
    if option is not None and option.deprecated:
        return True, (f'Announced: yes, deprecated in {version}'
                      f'{_for_how_long(option, history)}'
                      + (f'; {option.reason}' if option.reason else ''))
    if option is not None and option.heats:
        for note, since in _deprecations(change, history):
            return True, (f'Announced: yes, by {note.path} (deprecations)'
                          f', {since}')
    return False, f'Announced: no, not deprecated in {version}'


def _deprecations(change: comparison.Change, history: History
                  ) -> abc.Iterator[tuple[release_notes.Note, str]]:
    """Return (note, since when) of the notes that announce a change."""
    return old_enough(history, lambda sources: release_notes.naming(
        sources, change.key, release_notes.DEPRECATIONS))


def old_enough(
    history: History,
    select: abc.Callable[[release_notes.Sources],
                         abc.Iterable[release_notes.Note]],
) -> abc.Iterator[tuple[release_notes.Note, str]]:
    """Yield (note, since when) of the notes that an earlier release had.

    :param select: returns the relevant notes of some sources
    """
    for note in select(history.base):
        first = release_notes.first_release(history.base, note)
        yield note, (f'first in {first}' if first else
                     f'in {history.base_version}')
    for note in select(history.target):
        first = release_notes.first_release(history.target, note)
        if first is None:
            continue
        if (pkg_version.Version(first)
                <= pkg_version.Version(history.base_version)):
            yield note, f'first in {first}'
        elif (pkg_version.Version(first).major
                < pkg_version.Version(history.target_version).major):
            yield note, (f'first in {first}, a release that this upgrade '
                         'leaves out')


def _for_how_long(option: options.Option, history: History) -> str:
    """Return since when an option is deprecated, in words."""
    if not option.since:
        return (_since_note(option.key, option, history)
                or ' (since an unknown release)')
    return (f' since {option.since}'
            f'{_before(cycle(option.since, option.own), history)}')


def _before(major: int | None, history: History) -> str:
    """Return how many releases before the target a major version was."""
    if major is None:
        return ''
    count = pkg_version.Version(history.target_version).major - major
    return f', {count} release{"" if count == 1 else "s"} before'


def _since_note(key: options.Key, option: options.Option,
                history: History) -> str:
    """Return since when, by the notes; '' if that is unknown."""
    if option.heats:
        for sources in (history.base, history.target):
            for note in release_notes.naming(
                sources, key, release_notes.DEPRECATIONS
            ):
                first = release_notes.first_release(sources, note)
                if first:
                    return (f' since {first} ({note.path})'
                            f'{_before(cycle(first, True), history)}')
    return ''


def cycle(since: str, own: bool) -> int | None:
    """Return the major version of Heat in the cycle that a text names.

    :param since: 9.0.0, Queens, 2025.2...; the version of a library does not
        name a cycle
    :param own: whether a number is a version of Heat
    :returns: None if the text names no cycle
    """
    text = since.strip().lower()
    if text in _CYCLES:
        return _LIBERTY + _CYCLES.index(text)
    year = re.fullmatch(r'(20\d\d)\.([12])', text)
    if year and int(year[1]) >= 2023:
        return _2023 + 2 * (int(year[1]) - 2023) + int(year[2]) - 1
    if own and re.fullmatch(r'\d+(\.\d+)*', text):
        return int(text.partition('.')[0])
    return None


def notes_lines(change: comparison.Change, history: History) -> list[str]:
    """Return the lines of evidence from the release notes."""
    sources = history.target if history.target.origin else history.base
    notes = release_notes.naming(sources, change.key)
    # Heat announces few changes of its libraries, and has not their notes.
    if not notes and not change.option.heats and (
            change.option.owner != options.HEAT):
        return []
    if not sources.origin:
        return ['Notes: not available, because both releases are installed '
                'from wheels; give a checkout or an sdist to include them']
    lines = [note_line(sources, note)
             for note in notes if note.section in (release_notes.UPGRADE,
                                                   release_notes.DEPRECATIONS)]
    if not any(note.section == release_notes.UPGRADE for note in notes):
        others = sorted({f'{note.path} ({note.section})' for note in notes
                         if note.section not in (release_notes.UPGRADE,
                                                 release_notes.DEPRECATIONS)})
        lines.append(f'Notes: no upgrade note of {sources.origin} names it'
                     + (f', only {", ".join(others)}' if others else ''))
    return lines


def note_line(sources: release_notes.Sources,
              note: release_notes.Note) -> str:
    """Return the line of evidence that quotes a note."""
    return (f'Notes: {note.path} ({note.section}{_released(sources, note)}): '
            f'{_quoted(note.text)}')


def _released(sources: release_notes.Sources,
              note: release_notes.Note) -> str:
    first = release_notes.first_release(sources, note)
    return f', {first}' if first else ''


def _quoted(text: str) -> str:
    text = ' '.join(text.split())
    return text if len(text) <= _QUOTED else f'{text[:_QUOTED]}...'
