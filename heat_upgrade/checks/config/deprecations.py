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

"""Whether a change of an option was announced, and since when.

OpenStack's deprecation policy (``assert:follows-standard-deprecation``): what
is removed has been marked as deprecated in an earlier release, and the
release notes say so.
"""

import dataclasses
import re

from packaging import version as pkg_version

from heat_upgrade.checks.config import comparison
from heat_upgrade.checks.config import options
from heat_upgrade.checks.config import release_notes

# Heat's major versions are those of the cycles: Liberty was 5.0.0, Zed 19.0.0,
# 2023.1 20.0.0, and so on, two a year.
_CYCLES = ('liberty', 'mitaka', 'newton', 'ocata', 'pike', 'queens', 'rocky',
           'stein', 'train', 'ussuri', 'victoria', 'wallaby', 'xena', 'yoga',
           'zed')
_LIBERTY, _2023 = 5, 20

# How much of a note an evidence quotes.
_QUOTED = 300


@dataclasses.dataclass(frozen=True)
class History:
    """What two releases' sources tell: their versions and their notes.

    :ivar base_version: of Heat
    :ivar target_version: of Heat
    :ivar base: :class:`notes.Sources`
    :ivar target: :class:`notes.Sources`
    """

    base_version: str
    target_version: str
    base: release_notes.Sources = release_notes.Sources()
    target: release_notes.Sources = release_notes.Sources()


def announcement(change, history):
    """Tell whether a change was announced in an earlier release.

    :param change: :class:`comparison.Change`
    :param history: :class:`History`
    :returns: (whether it was, line of evidence)
    """
    option = change.base
    said = f'{history.base_version} '
    if change.kind == comparison.OLD_NAME_GONE:
        return True, ('Announced: yes, for as long as it is an old name: '
                      f'{said}reads it for {option}'
                      + _since_note(change.key, option, history))
    if option is not None and option.deprecated:
        return True, (f'Announced: yes, {said}has it deprecated'
                      f'{_for_how_long(option, history)}'
                      + (f'; {option.reason}' if option.reason else ''))
    if option is not None and option.heats:
        for note, since in _deprecations(change, history):
            return True, (f'Announced: yes, by {note.path} (deprecations)'
                          f', {since}')
    return False, (f'Announced: no, nothing in {said}deprecates it')


def _deprecations(change, history):
    """Return (note, since when) of announcements that are old enough."""
    return old_enough(history, lambda place: release_notes.naming(
        place, change.key, release_notes.DEPRECATIONS))


def old_enough(history, found):
    """Yield (note, since when) of the notes that an earlier release had.

    :param found: callable that returns the notes in question of some
        :class:`notes.Sources`
    """
    for note in found(history.base):
        first = release_notes.first_release(history.base, note)
        yield note, (f'in {first} first' if first else
                     f'which {history.base_version} has')
    for note in found(history.target):
        first = release_notes.first_release(history.target, note)
        if first and (pkg_version.Version(first)
                      <= pkg_version.Version(history.base_version)):
            yield note, f'in {first} first'


def _for_how_long(option, history):
    """Return since when an option is deprecated, as people say it."""
    if not option.since:
        return (_since_note(option.key, option, history)
                or ' (since when is not said)')
    return (f' since {option.since}'
            f'{_before(cycle(option.since, option.own), history)}')


def _before(major, history):
    """Return how many releases before the target a major version was."""
    if major is None:
        return ''
    count = pkg_version.Version(history.target_version).major - major
    return f', {count} release{"" if count == 1 else "s"} before'


def _since_note(key, option, history):
    """Return since when, by the notes, '' if they do not tell."""
    if option.heats:
        for place in (history.base, history.target):
            for note in release_notes.naming(
                place, key, release_notes.DEPRECATIONS
            ):
                first = release_notes.first_release(place, note)
                if first:
                    return (f' since {first} ({note.path})'
                            f'{_before(cycle(first, True), history)}')
    return ''


def cycle(since, own):
    """Return the major version of Heat in the cycle that a text names.

    :param since: 9.0.0, Queens, 2025.2...; a library's own version says
        nothing of a cycle
    :param own: whether a number is a version of Heat
    :returns: int, None if it names none
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


def notes_lines(change, history):
    """Return the lines of evidence that say what the release notes have."""
    if not change.option.heats and change.option.owner != options.HEAT:
        return [f'Notes: those of {change.option.owner} are not at hand']
    place = history.target if history.target.origin else history.base
    if not place.origin:
        return ['Notes: not at hand, both releases are installed from wheels; '
                'name a checkout or an sdist to have them looked at']
    found = release_notes.naming(place, change.key)
    lines = [f'Notes: {note.path} ({note.section}'
             f'{_released(place, note)}): {_quoted(note.text)}'
             for note in found if note.section in (release_notes.UPGRADE,
                                                   release_notes.DEPRECATIONS)]
    if not any(note.section == release_notes.UPGRADE for note in found):
        others = sorted({f'{note.path} ({note.section})' for note in found
                         if note.section not in (release_notes.UPGRADE,
                                                 release_notes.DEPRECATIONS)})
        lines.append(f'Notes: no upgrade note of {place.origin} names it'
                     + (f', only {", ".join(others)}' if others else ''))
    return lines


def _released(place, note):
    first = release_notes.first_release(place, note)
    return f', {first}' if first else ''


def _quoted(text):
    text = ' '.join(text.split())
    return text if len(text) <= _QUOTED else f'{text[:_QUOTED]}...'
