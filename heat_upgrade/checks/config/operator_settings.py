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

"""Checks an operator's settings against the options of both releases."""

from collections import abc
import typing

from heat_upgrade.checks import check_context
from heat_upgrade.checks.config import comparison
from heat_upgrade.checks.config import config_files
from heat_upgrade.checks.config import deprecations
from heat_upgrade.checks.config import option_history
from heat_upgrade.checks.config import options
from heat_upgrade.checks.config import redaction
from heat_upgrade.checks.config import reporting
from heat_upgrade.results import findings as results

# Changes that affect operators who have not set the option.
_UNSET = (comparison.DEFAULT, comparison.REQUIRED, comparison.LIMIT)

# A name in more sections than these is a common word.
_FEW = 3

_CREDENTIALS = {'keystone_authtoken', 'trustee', 'ec2authtoken',
                'clients_keystone'}

# Defaults that change no behaviour of Heat: the log levels of libraries.
_QUIET = (('DEFAULT', 'default_log_levels'),)

# The spellings of a switch in oslo.config (types.Boolean).
_SWITCH = {**dict.fromkeys(('true', '1', 'on', 'yes'), True),
           **dict.fromkeys(('false', '0', 'off', 'no'), False)}

# The answer of ``inspectors/config_values`` for one setting.
Answer = dict[str, typing.Any]

# The options of the base and of the target.
Known = tuple[options.Options, options.Options]


def findings(settings: abc.Sequence[config_files.Setting],
             answers: abc.Sequence[abc.Sequence[Answer]],
             changes: abc.Iterable[comparison.Change],
             history: deprecations.History,
             known: Known) -> list[results.Finding]:
    """Return the findings that affect an operator's settings.

    :param answers: of the base and of the target, each in the order of the
        settings
    """
    result = []
    fresh = only_new(*known)
    for change in changes:
        if change.kind == comparison.NARROWED:
            # The target itself validates the value.
            continue
        affected = touched(change, settings, known[0])
        if affected is not None:
            result.append(reporting.finding(
                change, history, fresh, own_files=True,
                where=[_where(setting, known) for setting in affected],
                serious=_is_serious(change, affected, settings, known)))
            result += _fixed(change, affected, history, known)
    for setting, in_base, in_target in zip(settings, *answers):
        result += _of_value(setting, in_base, in_target, history, known)
    return result


def _is_serious(change: comparison.Change,
                affected: abc.Iterable[config_files.Setting],
                settings: abc.Iterable[config_files.Setting],
                known: Known) -> bool | None:
    """Return True if the target loses the value of a setting.

    An announcement excuses the release, not the file: the value is lost if
    the target reads another name only, and has another default.

    :returns: None if the change alone decides
    """
    if change.kind not in (comparison.REMOVED, comparison.OLD_NAME_GONE):
        return None
    if change.instead:
        new = known[1].get(change.instead)
        return new is not None and not any(
            setting.key == new.key for setting in settings) and any(
                not _is_default(setting, new) for setting in affected)
    entry = option_history.replacement(change.key)
    # The client plug-ins of retired services read nothing.
    retired_client = change.key[0].startswith('clients_') and not any(
        group == change.key[0] for group, _ in known[1])
    if retired_client or (entry and entry.remove):
        return False
    return True if entry and entry.use else None


def _is_default(setting: config_files.Setting,
                option: options.Option) -> bool:
    value = setting.value.strip().lower()
    if isinstance(option.default, bool):
        return _SWITCH.get(value) is option.default
    return value == ('' if option.default is None
                     else str(option.default).lower())


def _fixed(change: comparison.Change,
           affected: abc.Iterable[config_files.Setting],
           history: deprecations.History,
           known: Known) -> abc.Iterator[results.Finding]:
    """Yield the findings of values that the target no longer allows.

    The target behaves as if a removed switch had one of its two values. By
    default that is the last default; ``replacements.yaml`` has exceptions.
    """
    if change.kind != comparison.REMOVED or change.instead:
        return
    entry = option_history.replacement(change.key)
    if entry and entry.remove:
        return
    fixed = entry.fixed if entry else None
    loses = entry.loses if entry else ''
    groups = {group for group, _ in known[1]}
    if fixed is None and change.option.type['class'] == 'Boolean' and (
            change.key[0] in groups and isinstance(change.option.default,
                                                   bool)):
        fixed = change.option.default
    for setting in affected:
        value = _SWITCH.get(setting.value.strip().lower())
        if fixed is None or value is None or value == fixed:
            continue
        name = options.named(setting.key)
        always = str(fixed).lower()
        yield check_context.error(
            'config.option-fixed', name,
            f'{name} = {setting.value.strip()} loses its effect: '
            f'{history.target_version} always behaves as {always}',
            '\n'.join([_where(setting, known), *(
                [f'Reason: {change.option.reason}'] if change.option.reason
                else [])]), own_files=True,
            impact=loses[:1].upper() + loses[1:] + '.' if loses else '',
            remedy=f'run {history.base_version} with {always} first, correct '
                   'the failures, and then remove the line')


def only_new(base: options.Options,
             target: options.Options) -> options.Options:
    """Return the options that only the target has."""
    return {key: option for key, option in target.items()
            if key not in base}


def touched(change: comparison.Change,
            settings: abc.Sequence[config_files.Setting],
            base: options.Options) -> list[config_files.Setting] | None:
    """Return the settings that a change affects; None if it has no effect.

    A changed default has an effect if the option is not set and its section
    exists. A required option has an effect if it is not set.
    """
    if change.kind == comparison.DEFAULT and change.key in _QUIET:
        return None
    if change.kind in _UNSET:
        names = {change.option.key, change.key,
                 *(change.base.old_names if change.base else ())}
        if any(setting.key in names for setting in settings):
            return None
        sections = {setting.group for setting in settings}
        return [] if (change.kind == comparison.REQUIRED
                      or change.key[0] in sections) else None
    return [setting for setting in settings
            if setting.key == change.key or (
                change.kind != comparison.OLD_NAME_GONE
                and setting.key not in base and change.base
                and setting.key in change.base.old_names)] or None


def _of_value(setting: config_files.Setting, in_base: Answer,
              in_target: Answer, history: deprecations.History,
              known: Known) -> abc.Iterator[results.Finding]:
    """Yield the findings of a setting's name and value."""
    if not in_base['known'] and not in_target['known']:
        yield _unknown(setting, history, known)
    elif in_target['error']:
        yield _refused(setting, in_base, in_target, history, known)


def _unknown(setting: config_files.Setting, history: deprecations.History,
             known: Known) -> results.Finding:
    lines = [_place(setting),
             f'{history.base_version}: no such option',
             f'{history.target_version}: no such option']
    name = options.named((setting.section, setting.name))
    old = retired(setting, known)
    if old:
        return check_context.warning(
            'config.option-retired', name,
            f'{name} was an option until {old.described}',
            '\n'.join([*lines, f'{old.described}: the last release that read '
                               'it']), own_files=True,
            remedy=f'{old.remedy}: both releases ignore it')
    near = option_history.misspelt(setting.key, known[1])
    return check_context.warning(
        'config.option-unknown', name, f'{name} is known to neither release',
        '\n'.join(lines), own_files=True,
        remedy=f'you may have meant {options.named(near)}' if near else
        _elsewhere(setting, known[1])
        or 'remove it, unless a plugin of your own reads it')


def _elsewhere(setting: config_files.Setting, target: options.Options) -> str:
    """Return the remedy if other sections have the option, or ''."""
    sections = sorted({group for group, name in target
                       if name == setting.name})
    # Each section with credentials has its own account.
    if not sections or len(sections) > _FEW or (
            {setting.group, *sections} & _CREDENTIALS):
        return ''
    named = ', '.join(f'[{group}]' for group in sections)
    return f'remove it, or move it: the option of this name is in {named}'


def retired(setting: config_files.Setting,
            known: Known) -> option_history.Retired | None:
    """Return the history of a setting that neither release knows, or None."""
    return (option_history.retired(setting.key, known[1])
            or option_history.retired_section(setting.group))


def _refused(setting: config_files.Setting, in_base: Answer,
             in_target: Answer, history: deprecations.History,
             known: Known) -> results.Finding:
    secret = (masked(setting, known) or in_base['secret']
              or in_target['secret'])
    option = of(setting, known[1])

    def line_of(version: str, answer: Answer) -> str:
        if not answer['error']:
            return f'{version}: accepts it'
        return f'{version}: ' + ('refuses it' if secret else redaction.shown(
            answer['error'], False))

    lines = [_where(setting, known, secret),
             line_of(history.base_version, in_base),
             line_of(history.target_version, in_target)]
    if option:
        lines.append(f'{history.target_version}: '
                     f'{reporting.described(option)}')
    remedy = _accepted(setting, option, history)
    name = options.named((setting.section, setting.name))
    if in_base['known'] and not in_base['error']:
        return check_context.error(
            'config.value-refused', name,
            f'{name} has a value that the target refuses', '\n'.join(lines),
            own_files=True, remedy=remedy)
    return check_context.warning(
        'config.value-refused-by-both', name,
        f'{name} has a value that neither release takes', '\n'.join(lines),
        own_files=True, remedy=remedy)


def _accepted(setting: config_files.Setting, option: options.Option | None,
              history: deprecations.History) -> str:
    """Return the remedy for a value that the target refuses."""
    kind = option.type if option else {}
    choices = [str(choice) for choice in kind.get('choices', ())]
    # Only the case may be wrong.
    same = [choice for choice in choices
            if choice.lower() == setting.value.strip().lower()]
    if choices:
        return f'write {" or ".join(same or choices)}'
    if kind.get('class') == 'URI':
        return 'write a URL with its scheme, such as http://HOST:PORT'
    bounds = [f'at {word} {kind[name]}' for name, word in (
        ('min', 'least'), ('max', 'most')) if kind.get(name) is not None]
    if bounds:
        return f'write a number of {" and ".join(bounds)}'
    return f'set a value that {history.target_version} accepts'


def of(setting: config_files.Setting,
       known: options.Options) -> options.Option | None:
    """Return the option that a setting sets; None if it is unknown."""
    if setting.key in known:
        return known[setting.key]
    return next((option for option in known.values()
                 if setting.key in option.old_names), None)


def masked(setting: config_files.Setting, known: Known) -> bool:
    """Return True if the value of a setting must be hidden.

    An option that no release knows may be a misspelt password.
    """
    opts = [of(setting, release) for release in known]
    return (redaction.is_secret(setting.name, *opts)
            or not any(opts))


def line(setting: config_files.Setting, secret: bool) -> str:
    """Return a setting as in its file, redacted."""
    return f'{setting.name} = {redaction.shown(setting.value, secret)}'


def _place(setting: config_files.Setting) -> str:
    return f'Set in: {setting.place}: [{setting.section}] {setting.name}'


def where(setting: config_files.Setting, known: Known) -> str:
    """Return the line of evidence that shows a setting, redacted."""
    return _where(setting, known)


def _where(setting: config_files.Setting, known: Known,
           secret: bool | None = None) -> str:
    if secret is None:
        secret = masked(setting, known)
    return f'Set in: {setting.place}: {line(setting, secret)}'
