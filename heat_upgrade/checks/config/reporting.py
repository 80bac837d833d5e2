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

"""Turns changes of options into findings: title, evidence and remedy."""

from collections import abc
import difflib

from heat_upgrade.checks import check_context
from heat_upgrade.checks.config import comparison
from heat_upgrade.checks.config import deprecations
from heat_upgrade.checks.config import option_history
from heat_upgrade.checks.config import options
from heat_upgrade.checks.config import types
from heat_upgrade.results import findings as results

_TITLES = {
    comparison.RENAMED: '{option} is renamed to {new}',
    comparison.OLD_NAME_GONE: '{old}, the old name of {option}, is removed, '
                              'as announced',
    comparison.UNLISTED: '{option} is no longer listed by Heat',
    comparison.RETYPED: '{option} has another type',
    comparison.NARROWED: '{option} takes fewer values',
    comparison.DEFAULT: '{option} has another default',
    comparison.REQUIRED: '{option} must be set',
    comparison.DEPRECATED: '{option} is deprecated for removal',
    comparison.LIMIT: '{option} is a new limit',
}

# The rule of each kind of change, except removals.
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

_REMEDIES = {
    comparison.REMOVED: 'remove it from your files: {target} ignores it',
    comparison.RENAMED: 'write {instead} instead, once all services run '
                        '{target}, which still reads the old name',
    comparison.OLD_NAME_GONE: 'write {instead} instead before the upgrade: '
                              '{target} ignores the old name',
    comparison.UNLISTED: 'check whether you have set it: the library still '
                         'has it, but Heat may no longer read it',
    comparison.RETYPED: 'check whether your value still has the same meaning; '
                        'with --config-file, {target} validates your files',
    comparison.NARROWED: 'check whether {target} accepts your value; with '
                         '--config-file, {target} validates your files',
    comparison.DEFAULT: 'if you rely on the old default, set it in your '
                        'files before the upgrade',
    comparison.REQUIRED: 'set it before the upgrade: {target} does not start '
                         'without it',
    comparison.LIMIT: 'check whether your cloud already exceeds it; if so, '
                      'set a higher limit with the upgrade',
    comparison.DEPRECATED: 'nothing yet: {target} still reads it, a later '
                           'release will not',
}


def findings(changes: abc.Iterable[comparison.Change],
             history: deprecations.History,
             fresh: options.Options) -> list[results.Finding]:
    """Return the findings of some changes.

    :param fresh: the options that only the target has
    """
    return [finding(change, history, fresh) for change in changes]


def unknown(failed: dict[str, str],
            history: deprecations.History) -> list[results.Finding]:
    """Return the findings of namespaces whose options cannot be listed.

    :param failed: {namespace: error}, in the target
    """
    return [check_context.error(
        'config.options-not-listed', namespace,
        f'the options of {namespace} cannot be listed',
        f'{history.target_version}: {error}')
        for namespace, error in failed.items()]


def finding(change: comparison.Change, history: deprecations.History,
            fresh: options.Options, *, where: abc.Iterable[str] = (),
            own_files: bool = False,
            serious: bool | None = None) -> results.Finding:
    """Return the finding of a change.

    :param fresh: the options that only the target has
    :param where: evidence: the operator's lines that set the option
    :param own_files: whether it concerns an operator's own files
    :param serious: whether it is an error; None to decide by the change
    """
    announced, how = deprecations.announcement(change, history)
    if serious is None:
        serious = (change.kind in comparison.BREAKING and change.documented
                   and not announced)
    lines = [*where, *_values(change, history), _owner(change)]
    if change.kind in comparison.BREAKING:
        lines.append(how)
    if (change.kind == comparison.DEPRECATED and change.target
            and change.target.reason):
        lines.append(f'Reason: {change.target.reason}')
    lines += deprecations.notes_lines(change, history)
    near = _near(change, fresh)
    if near:
        lines.append(f'Similar new options: {near}')
    make = check_context.error if serious else check_context.warning
    return make(
        rule(change, announced), subject(change), title(change, announced),
        '\n'.join(lines), own_files=own_files,
        remedy=remedy(change, history))


def rule(change: comparison.Change, announced: bool) -> str:
    """Return the slug of the rule of a change's finding."""
    if change.kind == comparison.REMOVED:
        return ('config.option-removed' if announced
                else 'config.option-removed-unannounced')
    return _RULES[change.kind]


def subject(change: comparison.Change) -> str:
    """Return the subject of a finding: [section] option, as in a file."""
    group, name = change.key
    if change.also:
        group = f'{group.partition("_")[0]}*'
    return options.named((group, name))


def _owner(change: comparison.Change) -> str:
    option = change.option
    if change.kind == comparison.OLD_NAME_GONE and option.heats:
        return (f'Owner: Heat, which read the old name for {option} '
                f'(oslo.config.opts: {", ".join(option.namespaces)})')
    return option.whose


def title(change: comparison.Change, announced: bool) -> str:
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


def remedy(change: comparison.Change, history: deprecations.History) -> str:
    """Return the remedy for an operator who has set the option."""
    kind = change.kind
    entry = option_history.replacement(change.key)
    gone = kind in (comparison.REMOVED, comparison.UNLISTED)
    if gone and entry and entry.use:
        return (f'remove it: {history.target_version} ignores it; use '
                f'{entry.use}')
    if gone and entry and entry.remove:
        kind = comparison.REMOVED
    if kind == comparison.REMOVED and change.instead:
        kind = comparison.OLD_NAME_GONE
    return _REMEDIES[kind].format(
        target=history.target_version,
        instead=change.instead and options.named(change.instead))


def _values(change: comparison.Change,
            history: deprecations.History) -> list[str]:
    """Return the lines that describe the option in each release."""
    lines = []
    for version, option in ((history.base_version, change.base),
                            (history.target_version, change.target)):
        lines.append(f'{version}: ' + (described(option) if option
                                       else 'no such option'))
    if change.detail:
        lines.append(f'Changed: {change.detail}')
    if change.also:
        lines.append(f'Sections: {change.key[0]}, {", ".join(change.also)}')
    return lines


def described(option: options.Option) -> str:
    """Return an option in one line: its type and its default."""
    shown = (option.default if option.sample_default is None
             else option.sample_default)
    default = ('(not shown)' if option.secret and shown else
               'not set' if shown is None else repr(shown))
    return (f'{option}: {types.described(option.type)}, default {default}'
            f'{", may be set several times" if option.multi else ""}'
            f'{", must be set" if option.required else ""}')


def _near(change: comparison.Change, fresh: options.Options) -> str:
    """Return the new options that may replace a removed one, or ''."""
    if change.kind != comparison.REMOVED:
        return ''
    group, name = change.key
    near = difflib.get_close_matches(
        name, [key[1] for key in sorted(fresh) if key[0] == group], n=2,
        cutoff=0.6)
    names = [options.named((group, close)) for close in near]
    names += [str(option) for key, option in sorted(fresh.items())
              if key[1] == name and key[0] != group
              and option.owner == change.option.owner]
    return ', '.join(names[:3])
