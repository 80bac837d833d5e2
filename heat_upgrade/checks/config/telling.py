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

"""Changes of options as findings: title, evidence, and what to do."""

import difflib

from heat_upgrade.checks.config import comparison
from heat_upgrade.checks.config import history as histories
from heat_upgrade.checks.config import options
from heat_upgrade.checks.config import types
from heat_upgrade.checks import contract

CHECK = 'config'
CLASS = 4

_TITLES = {
    comparison.RENAMED: '{option} is renamed to {new}',
    comparison.OLD_NAME_GONE: '{old}, the old name of {option}, is removed, '
                              'as announced',
    comparison.UNLISTED: '{option} is no longer listed by Heat',
    comparison.RETYPED: '{option} is of another type',
    comparison.NARROWED: '{option} takes fewer values',
    comparison.DEFAULT: '{option} has another default',
    comparison.REQUIRED: '{option} must be set',
    comparison.DEPRECATED: '{option} is deprecated for removal',
    comparison.LIMIT: '{option} is a new limit',
}

_TO_DO = {
    comparison.REMOVED: 'remove it from your files: {target} ignores it; if '
                        'you have set it, find out what takes its place',
    comparison.RENAMED: 'write {instead} instead, once all run {target}; '
                        'the old name is still read there',
    comparison.OLD_NAME_GONE: 'write {instead} instead before the upgrade: '
                              '{target} ignores the old name',
    comparison.UNLISTED: 'look whether you have set it: the library still '
                         'has it, but Heat says no longer that it is read',
    comparison.RETYPED: 'look whether the value that you have set still means '
                        'the same; --config-file lets {target} look at it',
    comparison.NARROWED: 'look at the value that you have set; --config-file '
                         'lets {target} look at it',
    comparison.DEFAULT: 'if you rely on the old default, set it in your '
                        'files before the upgrade',
    comparison.REQUIRED: 'set it before the upgrade: {target} does not start '
                         'without it',
    comparison.LIMIT: 'look whether there is more of it already, and set a '
                      'higher limit with the upgrade if so',
    comparison.DEPRECATED: 'nothing yet: {target} reads it; a later release '
                           'will not',
}


def findings(changes, history, fresh):
    """Return the findings of some changes.

    :param changes: list of :class:`comparison.Change`
    :param history: :class:`history.History`
    :param fresh: {(group, name): :class:`options.Option`} of those that
        only the target has
    :returns: list of :class:`heat_upgrade.findings.Finding`
    """
    return [finding(change, history, fresh) for change in changes]


def unknown(failed, history):
    """Return the findings of what lists options and cannot be loaded.

    :param failed: {namespace: error}, in the target
    """
    return [contract.error(
        CHECK, CLASS, f'the options of {namespace} cannot be listed',
        f'{history.target_version}: {error}\n'
        'What to do: nothing is known of its options; mend it, and look '
        'again') for namespace, error in failed.items()]


def finding(change, history, fresh, *, where=()):
    """Return the finding of a change.

    Takes what :func:`findings` takes, and

    :param where: lines that say where an operator has set it
    """
    announced, how = histories.announcement(change, history)
    serious = (change.kind in comparison.BREAKING and change.documented
               and not announced)
    lines = [*where, *_values(change, history), _whose(change)]
    if change.kind in comparison.BREAKING:
        lines.append(how)
    if change.kind == comparison.DEPRECATED and change.target.reason:
        lines.append(f'Why: {change.target.reason}')
    lines += histories.notes_lines(change, history)
    lines += _hints(change, fresh)
    lines.append(f'What to do: {to_do(change, history)}')
    tell = contract.error if serious else contract.warning
    return tell(CHECK, CLASS, title(change, announced), '\n'.join(lines))


def _whose(change):
    option = change.option
    if change.kind == comparison.OLD_NAME_GONE and option.heats:
        return (f'Whose: Heat, which read the old name for {option} '
                f'(oslo.config.opts: {", ".join(option.namespaces)})')
    return option.whose


def title(change, announced):
    """Return the title of a change's finding."""
    option = change.option
    if change.also:
        stem = option.group.partition('_')[0]
        name = f'[{stem}*] {option.dest}'
        name = name if option.own else f'{name} of {option.owner}'
    else:
        name = option.title
    if change.kind == comparison.OLD_NAME_GONE and option.heats:
        name = str(option)
    if change.kind == comparison.REMOVED:
        return f'{name} is removed' + (
            ', as announced' if announced else ' without a deprecation')
    return _TITLES[change.kind].format(
        option=name, old=options.named(change.key), new=change.target)


def to_do(change, history):
    """Return what somebody who has set an option has to do."""
    kind = change.kind
    if kind == comparison.REMOVED and change.instead:
        kind = comparison.OLD_NAME_GONE
    return _TO_DO[kind].format(
        target=history.target_version,
        instead=change.instead and options.named(change.instead))


def _values(change, history):
    """Return the lines that say what the option is in each release."""
    lines = []
    for version, option in ((history.base_version, change.base),
                            (history.target_version, change.target)):
        lines.append(f'{version}: ' + (described(option) if option
                                       else 'not there'))
    if change.detail:
        lines.append(f'Changed: {change.detail}')
    if change.also:
        lines.append(f'Sections: {change.key[0]}, {", ".join(change.also)}')
    return lines


def described(option):
    """Return an option in a line: what it takes, and its default."""
    shown = (option.default if option.sample_default is None
             else option.sample_default)
    default = ('(not shown)' if option.secret and shown else
               'not set' if shown is None else repr(shown))
    return (f'{option}: {types.described(option.type)}, default {default}'
            f'{", may be set several times" if option.multi else ""}'
            f'{", must be set" if option.required else ""}')


def _hints(change, fresh):
    """Return the line that names what may have come in its place.

    What the base has too has come in nobody's place.
    """
    if change.kind != comparison.REMOVED:
        return []
    group, name = change.key
    near = difflib.get_close_matches(
        name, [key[1] for key in sorted(fresh) if key[0] == group], n=2,
        cutoff=0.6)
    found = [options.named((group, close)) for close in near]
    found += [str(option) for key, option in sorted(fresh.items())
              if key[1] == name and key[0] != group
              and option.owner == change.base.owner]
    return [f'New there: {", ".join(found[:3])}'] if found else []
