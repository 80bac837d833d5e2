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

"""What an operator's files set, against the options of both releases."""

import difflib

from heat_upgrade.checks import check_context
from heat_upgrade.checks.config import comparison
from heat_upgrade.checks.config import options
from heat_upgrade.checks.config import redaction
from heat_upgrade.checks.config import reporting

# How alike two names are, for one to be taken for a misspelling of the other.
_NEAR = 0.7

# What matters to who has not set the option.
_UNSET = (comparison.DEFAULT, comparison.REQUIRED, comparison.LIMIT)


def findings(settings, answers, changes, history, known):
    """Return the findings that touch what is set.

    :param settings: list of :class:`ini.Setting`
    :param answers: (of the base, of the target), each what
        ``inspectors/config_values`` says of each setting
    :param changes: list of :class:`comparison.Change`
    :param history: :class:`history.History`
    :param known: (options of the base, options of the target), each
        {(group, name): :class:`options.Option`}
    """
    found = []
    fresh = only_new(*known)
    for change in changes:
        if change.kind == comparison.NARROWED:
            # The target itself says whether it takes the value.
            continue
        places = touched(change, settings, known[0])
        if places is not None:
            found.append(reporting.finding(
                change, history, fresh, own_files=True,
                where=[_where(setting, known) for setting in places]))
    for setting, *said in zip(settings, *answers):
        found += _of_value(setting, said, history, known)
    return found


def only_new(base, target):
    """Return the options that only the target has."""
    return {key: option for key, option in target.items()
            if key not in base}


def touched(change, settings, base):
    """Return the settings that a change touches, None if it is of no matter.

    A default touches who has not set the option, in a section that is there;
    what must be set touches who has not set it.
    """
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


def _of_value(setting, said, history, known):
    """Yield the findings of one setting's name and value."""
    ours, theirs = said
    if not ours['known'] and not theirs['known']:
        yield _unknown(setting, history, known)
    elif theirs['error']:
        yield _refused(setting, ours, theirs, history, known)


def _unknown(setting, history, known):
    near = nearest(setting.key, known[1])
    lines = [_place(setting),
             f'{history.base_version}: no such option',
             f'{history.target_version}: no such option']
    name = options.named((setting.section, setting.name))
    return check_context.warning(
        'config.option-unknown', name, f'{name} is known to neither release',
        '\n'.join(lines), own_files=True,
        remedy=f'you may have meant {options.named(near)}' if near else
        'remove it, unless a plugin of your own reads it')


def nearest(key, known):
    """Return the known option that an unknown one is most like, or None."""
    group, name = key
    groups = sorted({option[0] for option in known})
    here = group if group in groups else next(iter(
        difflib.get_close_matches(group, groups, n=1, cutoff=_NEAR)), None)
    names = [option[1] for option in known if option[0] == here]
    close = difflib.get_close_matches(name, names, n=1, cutoff=_NEAR)
    if close:
        return here, close[0]
    # In the wrong section?
    elsewhere = sorted(option for option in known if option[1] == name)
    return elsewhere[0] if len(elsewhere) == 1 else None


def _refused(setting, ours, theirs, history, known):
    secret = masked(setting, known) or ours['secret'] or theirs['secret']
    option = of(setting, known[1])

    def say(version, answer):
        if not answer['error']:
            return f'{version}: takes it'
        return f'{version}: ' + ('refuses it' if secret else redaction.shown(
            answer['error'], False))

    lines = [_where(setting, known, secret),
             say(history.base_version, ours),
             say(history.target_version, theirs)]
    if option:
        lines.append(f'{history.target_version}: '
                     f'{reporting.described(option)}')
    remedy = f'set a value that {history.target_version} takes'
    name = options.named((setting.section, setting.name))
    if ours['known'] and not ours['error']:
        return check_context.error(
            'config.value-refused', name,
            f'{name} has a value that the target refuses', '\n'.join(lines),
            own_files=True, remedy=remedy)
    return check_context.warning(
        'config.value-refused-by-both', name,
        f'{name} has a value that neither release takes', '\n'.join(lines),
        own_files=True, remedy=remedy)


def of(setting, known):
    """Return the option that a setting is of, None if it is of none."""
    if setting.key in known:
        return known[setting.key]
    return next((option for option in known.values()
                 if setting.key in option.old_names), None)


def masked(setting, known):
    """Tell whether the value of a setting is not to be shown.

    What no release knows may be a misspelt password.
    """
    opts = [of(setting, release) for release in known]
    return (redaction.is_secret(setting.name, *opts)
            or not any(opts))


def line(setting, secret):
    """Return a setting as its file has it, without a secret."""
    return f'{setting.name} = {redaction.shown(setting.value, secret)}'


def _place(setting):
    return f'Set in: {setting.place}: [{setting.section}] {setting.name}'


def _where(setting, known, secret=None):
    if secret is None:
        secret = masked(setting, known)
    return f'Set in: {setting.place}: {line(setting, secret)}'
