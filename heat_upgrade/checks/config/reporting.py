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

from heat_upgrade.checks import check_context
from heat_upgrade.checks.config import comparison
from heat_upgrade.checks.config import deprecations
from heat_upgrade.checks.config import options
from heat_upgrade.checks.config import types

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

# Rules, by the kind of change; of a removal also by whether it was announced.
_RULES = {
    comparison.RENAMED: 'config.option-renamed',
    comparison.OLD_NAME_GONE: 'config.old-name-removed',
    comparison.UNLISTED: 'config.option-unlisted',
    comparison.RETYPED: 'config.option-retyped',
    comparison.NARROWED: 'config.option-narrowed',
    comparison.DEFAULT: 'config.default-changed',
    comparison.REQUIRED: 'config.option-required',
    comparison.DEPRECATED: 'config.option-deprecated',
    comparison.LIMIT: 'config.limit-added',
}

_TO_DO = {
    comparison.REMOVED: 'remove it from your files: {target} ignores it',
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
    :returns: list of :class:`heat_upgrade.results.findings.Finding`
    """
    return [finding(change, history, fresh) for change in changes]


def unknown(failed, history):
    """Return the findings of what lists options and cannot be loaded.

    :param failed: {namespace: error}, in the target
    """
    return [check_context.error(
        'config.options-not-listed', namespace,
        f'the options of {namespace} cannot be listed',
        f'{history.target_version}: {error}')
        for namespace, error in failed.items()]


def finding(change, history, fresh, *, where=(), own_files=False):
    """Return the finding of a change.

    Takes what :func:`findings` takes, and

    :param where: lines that say where an operator has set it
    :param own_files: whether it is about an operator's own files
    """
    announced, how = deprecations.announcement(change, history)
    serious = (change.kind in comparison.BREAKING and change.documented
               and not announced)
    lines = [*where, *_values(change, history), _whose(change)]
    if change.kind in comparison.BREAKING:
        lines.append(how)
    if change.kind == comparison.DEPRECATED and change.target.reason:
        lines.append(f'Why: {change.target.reason}')
    lines += deprecations.notes_lines(change, history)
    near = _near(change, fresh)
    if near:
        lines.append(f'New there: {near}')
    tell = check_context.error if serious else check_context.warning
    return tell(
        rule(change, announced), subject(change), title(change, announced),
        '\n'.join(lines), own_files=own_files,
        remedy=to_do(change, history) + (
            f'; look whether {near} does what you need' if near else ''))


def rule(change, announced):
    """Return the slug of the rule of a change's finding."""
    if change.kind == comparison.REMOVED:
        return ('config.option-removed' if announced
                else 'config.option-removed-unannounced')
    return _RULES[change.kind]


def subject(change):
    """Return what a change is about: [section] option, as a file has it."""
    group, name = change.key
    if change.also:
        group = f'{group.partition("_")[0]}*'
    return options.named((group, name))


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


def _near(change, fresh):
    """Return the names of what may have come in its place, or ''.

    What the base has too has come in nobody's place.
    """
    if change.kind != comparison.REMOVED:
        return ''
    group, name = change.key
    near = difflib.get_close_matches(
        name, [key[1] for key in sorted(fresh) if key[0] == group], n=2,
        cutoff=0.6)
    found = [options.named((group, close)) for close in near]
    found += [str(option) for key, option in sorted(fresh.items())
              if key[1] == name and key[0] != group
              and option.owner == change.base.owner]
    return ', '.join(found[:3])
