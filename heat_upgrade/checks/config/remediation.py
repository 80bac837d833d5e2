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

"""What to change in an operator's files, line by line, as a text."""

import dataclasses
import textwrap

from heat_upgrade.checks.config import comparison
from heat_upgrade.checks.config import operator_settings
from heat_upgrade.checks.config import reporting
from heat_upgrade.results import findings as found_things

REMOVE = 'remove'
_SAME = '(the same value)'

_WHY = {comparison.REMOVED: 'gone in {}',
        comparison.RENAMED: 'renamed in {}, which still reads the old name',
        comparison.OLD_NAME_GONE: 'an old name, gone in {}'}


@dataclasses.dataclass(frozen=True)
class Line:
    """One line to change.

    :ivar place: file:line, or the section where nothing is set yet
    :ivar old: what stands there, without a secret
    :ivar new: what should stand there, or REMOVE
    :ivar why: in a few words
    """

    place: str
    old: str
    new: str
    why: str


def lines(settings, answers, changes, history, known):
    """Return the lines to change: list of :class:`Line`.

    Takes the same as :func:`usage.findings`.
    """
    result = []
    for change in changes:
        for setting in (
            operator_settings.touched(change, settings, known[0]) or ()
        ):
            new = _new(change, setting, known)
            if new:
                result.append(Line(
                    _place(setting), _old(setting, known), new,
                    _WHY[change.kind].format(history.target_version)))
    for setting, ours, theirs in zip(settings, *answers):
        if not ours['known'] and not theirs['known']:
            near = operator_settings.nearest(setting.key, known[1])
            if near:
                result.append(Line(
                    _place(setting), _old(setting, known),
                    _renamed(setting, near, known),
                    'known to neither release; perhaps misspelt'))
        elif theirs['error'] and not _goes(setting, changes, known):
            result.append(Line(
                _place(setting), _old(setting, known),
                f'{setting.name} = '
                f'<{_takes(setting, known, theirs)}>',
                f'{history.target_version} refuses the value'))
    return sorted(set(result), key=_order)


def _order(line):
    path, _, number = line.place.rpartition(':')
    number = number.partition('-')[0]
    return path, int(number), line.new


def _goes(setting, changes, known):
    """Tell whether a setting is to be removed or renamed anyway."""
    return any(_new(change, setting, known) for change in changes
               if operator_settings.touched(change, [setting], known[0]))


def _new(change, setting, known):
    if change.kind not in _WHY:
        return None
    if change.instead is None:
        return REMOVE
    return _renamed(setting, change.instead, known)


def _renamed(setting, key, known):
    value = (_SAME if operator_settings.masked(setting, known)
             else operator_settings.line(setting, False).partition(' = ')[2])
    section = f'[{key[0]}] ' if key[0] != setting.group else ''
    return f'{section}{key[1]} = {value}'


def _takes(setting, known, theirs):
    option = operator_settings.of(setting, known[1])
    if (
        option is None
        or operator_settings.masked(setting, known)
        or theirs['secret']
    ):
        return 'another value'
    return reporting.types.described(option.type)


def _old(setting, known):
    return operator_settings.line(
        setting, operator_settings.masked(setting, known)
    )


def _place(setting):
    if setting.last_line > setting.line:
        return f'{setting.path}:{setting.line}-{setting.last_line}'
    return f'{setting.path}:{setting.line}'


def text(findings, changed, history, files, defaults=()):
    """Return the advice as Markdown: a table, then the lines.

    :param findings: list of :class:`heat_upgrade.results.findings.Finding`
    :param changed: list of :class:`Line`
    :param history: :class:`history.History`
    :param files: paths that were looked at; none, and it is about the
        releases alone
    :param defaults: :class:`comparison.Change` of defaults that count, since
        nothing else is set
    """
    base, target = history.base_version, history.target_version
    parts = [f'# Configuration of Heat: {base} to {target}', '']
    if files:
        parts += ['Looked at; no file was changed:', '',
                  *(f'- `{path}`' for path in files), '']
    else:
        parts += ['No configuration file was named: this is what the two '
                  'releases differ in.', '']
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


def _table(findings):
    if not findings:
        return ['Nothing was found.']
    rows = sorted(findings, key=lambda finding: finding.severity
                  != found_things.ERROR)
    return ['| Severity | Finding | Remedy |', '|---|---|---|',
            *(f'| {finding.severity} | {_cell(finding.title)} | '
              f'{_cell(finding.remedy)} |' for finding in rows)]


def _cell(text):
    return text.replace('|', '\\|')


def _changed(changed):
    parts = []
    for line in changed:
        parts += [f'`{line.place}`: {line.why}', '', f'    - {line.old}',
                  f'    + {line.new}' if line.new != REMOVE
                  else '    + (remove)', '']
    return parts


def _defaults(changes, base):
    """Return the lines that keep the defaults of the base."""
    kept = [(change.base, value) for change in changes
            for value in (_value(change.base.default),)
            if value is not None and not change.base.secret]
    if not kept:
        return []
    parts = ['', f'## Lines to add to keep the defaults of {base}', '']
    for option, value in kept:
        parts += [f'    [{option.group}]', f'    {option.dest} = {value}', '']
    return parts


def _value(default):
    if default is None:
        return None
    if isinstance(default, list):
        return ','.join(map(str, default))
    if isinstance(default, dict):
        return ','.join(f'{key}:{value}' for key, value in default.items())
    return str(default)
