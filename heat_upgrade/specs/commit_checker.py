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
"""Checks that a commit of Heat announces its effects on an upgrade.

A change that an operator, a template or another release can meet needs the
flag UpgradeImpact in the commit message, and a release note with a section
for the upgrade. A deprecation needs such a note, an addition any note. The
checker compares declarations; reviewers judge whether behaviour changes.
"""

from collections import abc
import dataclasses
import enum
import re

import yaml

from heat_upgrade.specs import commits
from heat_upgrade.specs import declarations

# The files whose text matters.
PATHS = (r'^heat/(?!tests/|locale/).*\.py$|^etc/heat/api-paste\.ini$'
         r'|^releasenotes/notes/[^/]+\.yaml$')

_NOTES = 'releasenotes/notes/'
_PASTE = 'etc/heat/api-paste.ini'

# Also the place of the migrations before alembic (2023.1).
_MIGRATIONS = re.compile(
    r'heat/db/(sqlalchemy/)?(migrations/versions|migrate_repo/versions)/'
    r'(?!__init__)')

# The flag, alone on a line, as in the OpenStack guide "Git commit good
# practice"; or with the reason that nothing needs an announcement.
_FLAG = re.compile(r'^UpgradeImpact\b[ \t]*(?:[:.-][ \t]*(.*))?$',
                   re.IGNORECASE | re.MULTILINE)
_NONE = re.compile(r'(?:none|no|not)\b\W*(.*)', re.IGNORECASE)

# Parts of a service or of an object that has a version.
_VERSIONED = (declarations.Kind.FIELD, declarations.Kind.METHOD)

# Additions that no user can see.
_SILENT_IF_NEW = (*_VERSIONED, declarations.Kind.VERSION,
                  declarations.Kind.POLICY)

# The shortest reason, in words.
_REASON = 3


class Weight(enum.IntEnum):
    """The announcement that a change needs."""

    NOTHING = 0
    NOTE = 1
    DEPRECATION = 2
    IMPACT = 3


# The sections of a release note, one of which a change needs.
_SECTIONS = {
    Weight.DEPRECATION: {'deprecations', 'upgrade', 'critical'},
    Weight.IMPACT: {'upgrade', 'critical'},
}


@dataclasses.dataclass(frozen=True, order=True)
class Effect:
    """A change that an upgrade can meet.

    :ivar line: number of a line of the file after the commit
    :ivar text: the change, in a few words
    :ivar more: number of further declarations of the file that are new, or
        removed, with this one
    """

    path: str
    line: int
    text: str
    weight: Weight
    more: int = 0


@dataclasses.dataclass(frozen=True, order=True)
class Violation:
    """An effect that a commit does not announce.

    :ivar text: the change and its remedy, in one line
    """

    path: str
    line: int
    text: str


def check(commit: commits.Commit) -> list[Violation]:
    """Return the effects that a commit does not announce, in file order."""
    flag, exempt = _flag(commit.message)
    if exempt:
        return []
    notes = [_sections(file) for file in commit.files
             if file.path.startswith(_NOTES) and file.after is not None]
    violations = []
    for effect in effects(commit):
        lacks = []
        if effect.weight is Weight.IMPACT and not flag:
            lacks.append('the line "UpgradeImpact" in the commit message')
        sections = _SECTIONS.get(effect.weight)
        if not any(note & sections if sections else True for note in notes):
            lacks.append(_note_with(sections))
        if lacks:
            more = f' (and {effect.more} more)' if effect.more else ''
            violations.append(Violation(
                effect.path, effect.line,
                f'{effect.text}{more}; missing: {" and ".join(lacks)}'))
    return violations


def effects(commit: commits.Commit) -> list[Effect]:
    """Return the changes of a commit that an upgrade can meet."""
    found = [*_of_files(commit.files)]
    before = _by_name(commit.files, 'before')
    after = _by_name(commit.files, 'after')
    renamed = {name for group in after.values() for each in group
               for name in re.findall(r"'([\w-]+)'",
                                      each.parts.get('deprecated_name', '')
                                      + each.parts.get('deprecated_opts', ''))}
    pairs = {key: _without_equal(before.get(key, []), after.get(key, []))
             for key in before.keys() | after.keys()}
    # The version of a service or an object announces its methods or fields.
    raised = {each.path for (kind, _), (_, new) in pairs.items()
              for each in new if kind is declarations.Kind.VERSION}
    added, removed = [], []
    for (kind, _), (old, new) in pairs.items():
        for one, other in zip(old, new):
            if kind not in _VERSIONED or other.path not in raised:
                found += _changed(one, other)
        added += [_added(each) for each in new[len(old):]]
        removed += [_removed(each, each.name in renamed)
                    for each in old[len(new):]]
    return sorted(each for each in [*found, *_first(added), *_first(removed)]
                  if each.weight)


def _first(alike: abc.Iterable[Effect]) -> abc.Iterator[Effect]:
    """Yield the first of the effects with the same file and weight.

    A new resource type and its properties need one release note.
    """
    groups: dict[tuple[str, Weight], list[Effect]] = {}
    for each in sorted(alike):
        groups.setdefault((each.path, each.weight), []).append(each)
    for group in groups.values():
        yield dataclasses.replace(group[0], more=len(group) - 1)


def _of_files(files: abc.Iterable[commits.File]) -> abc.Iterator[Effect]:
    for file in files:
        if _MIGRATIONS.match(file.path):
            change = ('new' if file.before is None else
                      'removed' if file.after is None else 'changed')
            yield Effect(file.path, 1, f'a database migration is {change}',
                         Weight.IMPACT)
        elif file.path == _PASTE:
            yield Effect(file.path, 1, 'api-paste.ini changes, of which '
                         'operators have copies', Weight.IMPACT)


def _by_name(files: abc.Iterable[commits.File], side: str
             ) -> dict[tuple[declarations.Kind, str],
                       list[declarations.Declaration]]:
    """Return the declarations of all files by their kinds and names.

    A declaration that moves to another file is the same one.

    :param side: before or after, the text of the file to read
    """
    found: dict[tuple[declarations.Kind, str],
                list[declarations.Declaration]] = {}
    for file in files:
        text = getattr(file, side)
        if text is not None and file.path.endswith('.py'):
            for each in declarations.find(text, file.path):
                found.setdefault((each.kind, each.name), []).append(each)
    return found


def _without_equal(old: list[declarations.Declaration],
                   new: list[declarations.Declaration]
                   ) -> tuple[list[declarations.Declaration],
                              list[declarations.Declaration]]:
    """Return the declarations of one name that differ, on either side."""
    rest = list(new)
    changed = []
    for each in old:
        equal = next((other for other in rest if other.parts == each.parts),
                     None)
        if equal is None:
            changed.append(each)
        else:
            rest.remove(equal)
    return changed, rest


def _changed(old: declarations.Declaration, new: declarations.Declaration
             ) -> abc.Iterator[Effect]:
    for part in sorted(old.parts.keys() | new.parts.keys()):
        one, other = old.parts.get(part), new.parts.get(part)
        if one != other:
            yield Effect(
                new.path, new.line,
                f'{_title(new)}: {part} changes from {one or "unset"} to '
                f'{other or "unset"}', _weight(part, one, other))


def _weight(part: str, old: str | None, new: str | None) -> Weight:
    """Return the announcement that the change of one argument needs."""
    if part == 'support_status':
        return (Weight.DEPRECATION if new == 'DEPRECATED' else
                Weight.IMPACT if new in ('HIDDEN', 'UNSUPPORTED') else
                Weight.NOTHING)
    if part.startswith('deprecated_'):
        # A new alias is silent, and so is the end of a warning.
        if part == 'deprecated_for_removal':
            return Weight.DEPRECATION if new == 'True' else Weight.NOTHING
        return Weight.NOTHING if old is None else Weight.IMPACT
    wider = {'update_allowed': 'True', 'required': 'False',
             'immutable': 'False'}
    if part in wider and (new or 'False') == wider[part]:
        return Weight.NOTHING
    if part in ('constraints', 'choices') and _widened(old, new):
        return Weight.NOTHING
    return Weight.IMPACT


def _widened(old: str | None, new: str | None) -> bool:
    """Return True if every value that was allowed still is."""
    if new is None:
        return True
    if old is None:
        return False
    if not re.search(r'AllowedValues|^[\[(]', new):
        return False
    return _words(old) <= _words(new)


def _words(source: str) -> set[str]:
    return set(re.findall(r'[\w.-]+', source))


def _added(new: declarations.Declaration) -> Effect:
    weight = Weight.NOTE
    if new.kind is declarations.Kind.SUPPORT:
        weight = _weight('support_status', None, new.parts['support_status'])
    elif new.kind in _SILENT_IF_NEW:
        weight = Weight.NOTHING
    return Effect(new.path, new.line, f'{_title(new)} is new', weight)


def _removed(old: declarations.Declaration, renamed: bool) -> Effect:
    if old.kind is declarations.Kind.SUPPORT:
        return Effect(old.path, 1, '', Weight.NOTHING)
    if renamed:
        return Effect(old.path, 1, f'{_title(old)} gets another name',
                      Weight.DEPRECATION)
    return Effect(old.path, 1, f'{_title(old)} is removed', Weight.IMPACT)


def _title(each: declarations.Declaration) -> str:
    return f'{each.kind.value} {each.name}'


def _flag(message: str) -> tuple[bool, bool]:
    """Return whether a message has the flag, and whether it is exempt.

    "UpgradeImpact: none, REASON" exempts a commit, so that an author can
    override the check where reviewers see it.
    """
    match = _FLAG.search(message)
    if not match:
        return False, False
    none = _NONE.match(match[1] or '')
    return not none, bool(none and len(none[1].split()) >= _REASON)


def _sections(file: commits.File) -> set[str]:
    """Return the sections of a release note; none if it is not YAML."""
    try:
        note = yaml.safe_load(file.after or '')
    except yaml.YAMLError:
        return set()
    return set(note) if isinstance(note, dict) else set()


def _note_with(sections: set[str] | None) -> str:
    if sections is None:
        return 'a release note'
    return ('a release note with the section '
            + ('deprecations' if 'deprecations' in sections else 'upgrade'))
