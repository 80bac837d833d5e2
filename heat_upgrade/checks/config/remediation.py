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

"""Writes the lines to change in an operator's files, as Markdown."""

from collections import abc
import dataclasses
import pathlib
import textwrap

from heat_upgrade.checks.config import comparison
from heat_upgrade.checks.config import config_files
from heat_upgrade.checks.config import conflicts
from heat_upgrade.checks.config import deprecations
from heat_upgrade.checks.config import operator_settings
from heat_upgrade.checks.config import options
from heat_upgrade.checks.config import types
from heat_upgrade.results import findings as results

REMOVE = 'remove'
_SAME = '(the same value)'

_REASONS = {comparison.REMOVED: 'removed in {}',
            comparison.RENAMED: 'renamed in {}, which still reads the old '
                                'name',
            comparison.OLD_NAME_GONE: 'an old name, removed in {}'}


@dataclasses.dataclass(frozen=True)
class Line:
    """One line to change.

    :ivar place: file:line, or file:first-last for a value of several lines
    :ivar old: the present line, redacted
    :ivar new: the line that replaces it, or REMOVE
    :ivar why: the reason, in a few words
    """

    place: str
    old: str
    new: str
    why: str


def lines(settings: abc.Sequence[config_files.Setting],
          answers: abc.Sequence[abc.Sequence[operator_settings.Answer]],
          changes: abc.Sequence[comparison.Change],
          history: deprecations.History,
          known: operator_settings.Known) -> list[Line]:
    """Return the lines to change; see :func:`operator_settings.findings`."""
    result = _of_conflicts(settings, known)
    merged = {line.place for line in result}
    for change in changes:
        for setting in (
            operator_settings.touched(change, settings, known[0]) or ()
        ):
            new = _new(change, setting, known)
            if new and _place(setting) not in merged:
                result.append(Line(
                    _place(setting), _old(setting, known), new,
                    _REASONS[change.kind].format(history.target_version)))
    for setting, in_base, in_target in zip(settings, *answers):
        if not in_base['known'] and not in_target['known']:
            old = operator_settings.retired(setting, known)
            # A similar name is a guess: it is never written as a line.
            if old and _place(setting) not in merged:
                result.append(Line(
                    _place(setting), _old(setting, known),
                    _renamed(setting, old.new, known)
                    if old.new and not _is_set(old.new, settings)
                    else REMOVE,
                    f'an option until {old.described}'
                    + (f'; use {old.use}' if old.use else '')))
        elif in_target['error'] and not _changes_anyway(setting, changes,
                                                        known):
            result.append(Line(
                _place(setting), _old(setting, known),
                f'{setting.name} = '
                f'<{_accepted(setting, known, in_target)}>',
                f'{history.target_version} refuses the value'))
    return sorted(set(result), key=_order)


def _of_conflicts(settings: abc.Sequence[config_files.Setting],
                  known: operator_settings.Known) -> list[Line]:
    """Return the lines of options that the files set by several names."""
    result = []
    for conflict in conflicts.conflicts(settings, known[1]):
        winner, option = conflict.winner, conflict.option
        if winner.key != option.key:
            result.append(Line(
                _place(winner), _old(winner, known),
                _renamed(winner, option.key, known),
                'the target reads this one of several old names'))
        result += [
            Line(_place(loser), _old(loser, known), REMOVE,
                 f'ignored, because {options.named(winner.key)} is set')
            for loser in conflict.losers]
    return result


def _is_set(key: options.Key,
            settings: abc.Iterable[config_files.Setting]) -> bool:
    return any(setting.key == key for setting in settings)


def _order(line: Line) -> tuple[str, int, str]:
    path, _, number = line.place.rpartition(':')
    number = number.partition('-')[0]
    return path, int(number), line.new


def _changes_anyway(setting: config_files.Setting,
                    changes: abc.Iterable[comparison.Change],
                    known: operator_settings.Known) -> bool:
    """Return True if a setting is to be removed or renamed."""
    return any(_new(change, setting, known) for change in changes
               if operator_settings.touched(change, [setting], known[0]))


def _new(change: comparison.Change, setting: config_files.Setting,
         known: operator_settings.Known) -> str | None:
    if change.kind not in _REASONS:
        return None
    if change.instead is None:
        return REMOVE
    return _renamed(setting, change.instead, known)


def _renamed(setting: config_files.Setting, key: options.Key,
             known: operator_settings.Known) -> str:
    value = (_SAME if operator_settings.masked(setting, known)
             else operator_settings.line(setting, False).partition(' = ')[2])
    section = f'[{key[0]}] ' if key[0] != setting.group else ''
    return f'{section}{key[1]} = {value}'


def _accepted(setting: config_files.Setting, known: operator_settings.Known,
              in_target: operator_settings.Answer) -> str:
    """Return the values that the target accepts, in words."""
    option = operator_settings.of(setting, known[1])
    if (
        option is None
        or operator_settings.masked(setting, known)
        or in_target['secret']
    ):
        return 'another value'
    return types.described(option.type)


def _old(setting: config_files.Setting,
         known: operator_settings.Known) -> str:
    return operator_settings.line(
        setting, operator_settings.masked(setting, known)
    )


def _place(setting: config_files.Setting) -> str:
    if setting.last_line > setting.line:
        return f'{setting.path}:{setting.line}-{setting.last_line}'
    return f'{setting.path}:{setting.line}'


def text(findings: abc.Sequence[results.Finding],
         changed: abc.Iterable[Line], history: deprecations.History,
         files: abc.Sequence[pathlib.Path],
         defaults: abc.Iterable[comparison.Change] = ()) -> str:
    """Return the advice as Markdown: a table, then the lines.

    :param files: the operator's files; without any, the text is only about
        the releases
    :param defaults: changed defaults of options that are not set
    """
    base, target = history.base_version, history.target_version
    parts = [f'# Configuration of Heat: {base} to {target}', '']
    if files:
        parts += ['Files that were checked; none was changed:', '',
                  *(f'- `{path}`' for path in files), '']
    else:
        parts += ['No configuration file was named: these are the differences '
                  'between the two releases.', '']
    parts += _table(findings)
    if files:
        parts += ['', '## Lines to change', '']
        parts += _changed(changed) or ['None.']
        parts += _defaults(defaults, base)
    parts += ['', '## Evidence', '']
    for finding in findings:
        parts += [f'### {_cell(finding.title)}', '',
                  textwrap.indent(
                      f'{finding.evidence}\n'
                      f'Remedy: {finding.remedy}', '    '), '']
    return '\n'.join(parts).rstrip() + '\n'


def _table(findings: abc.Sequence[results.Finding]) -> list[str]:
    if not findings:
        return ['There are no findings.']
    rows = sorted(findings, key=lambda finding: finding.severity
                  != results.ERROR)
    return ['| Severity | Finding | Remedy |', '|---|---|---|',
            *(f'| {finding.severity} | {_cell(finding.title)} | '
              f'{_cell(finding.remedy)} |' for finding in rows)]


def _cell(text: str) -> str:
    return text.replace('|', '\\|')


def _changed(changed: abc.Iterable[Line]) -> list[str]:
    parts = []
    for line in changed:
        parts += [f'`{line.place}`: {line.why}', '', f'    - {line.old}',
                  f'    + {line.new}' if line.new != REMOVE
                  else '    + (remove)', '']
    return parts


def _defaults(changes: abc.Iterable[comparison.Change],
              base: str) -> list[str]:
    """Return the lines that keep the defaults of the base."""
    kept = [(option, value) for change in changes
            if (option := change.base) and not option.secret
            and (value := _value(option.default)) is not None]
    if not kept:
        return []
    parts = ['', f'## Lines to add to keep the defaults of {base}', '']
    for option, value in kept:
        parts += [f'    [{option.group}]', f'    {option.dest} = {value}', '']
    return parts


def _value(default: object) -> str | None:
    if default is None:
        return None
    if isinstance(default, list):
        return ','.join(map(str, default))
    if isinstance(default, dict):
        return ','.join(f'{key}:{value}' for key, value in default.items())
    return str(default)
