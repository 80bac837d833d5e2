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

"""Compares the options of two releases: pure, from data to data."""

from collections import abc
import dataclasses
import re

from heat_upgrade.checks.config import options
from heat_upgrade.checks.config import types

REMOVED = 'removed'
RENAMED = 'renamed'
OLD_NAME_GONE = 'old name gone'
UNLISTED = 'unlisted'
RETYPED = 'retyped'
NARROWED = 'narrowed'
DEFAULT = 'default'
REQUIRED = 'required'
DEPRECATED = 'deprecated'
LIMIT = 'limit'

# Changes that need an announcement: by grenade's Theory of Upgrade, the new
# code runs with the old configuration.
BREAKING = (REMOVED, OLD_NAME_GONE, RETYPED, NARROWED, REQUIRED)

# Names of limits, which existing data may exceed: 2024.1 added
# max_software_configs_per_tenant (Story 2011006).
_LIMIT = re.compile(r'^max_|_limit|limit_|quota')

# At least this many sections with the same change are one finding.
FAMILY = 3


@dataclasses.dataclass(frozen=True)
class Change:
    """One change of one option.

    :ivar kind: one of the names above
    :ivar key: the name in an operator's file
    :ivar base: the option in the base, or None
    :ivar target: the option in the target, or None
    :ivar detail: the change in words
    :ivar documented: for NARROWED and RETYPED: whether the target refuses
        values that the base promised to accept
    :ivar also: further groups with the same change of the same option
    :ivar instead: the name that an operator writes instead, or None
    """

    kind: str
    key: options.Key
    base: options.Option | None
    target: options.Option | None
    detail: str = ''
    documented: bool = True
    also: tuple[str, ...] = ()
    instead: options.Key | None = None

    @property
    def option(self) -> options.Option:
        """The option in the base, or else in the target."""
        option = self.base or self.target
        assert option is not None
        return option


def changes(base: options.Options, target: options.Options) -> list[Change]:
    """Return the changes that affect a configuration file of the base.

    Additions are not changes: new options, wider types. New limits are.

    :returns: the changes, in the order of their keys
    """
    known_as = {old_name: option for option in target.values()
                for old_name in option.old_names}
    known_before = {old_name: option.key for option in base.values()
                    for old_name in option.old_names if option.key in target}
    result: list[Change] = []
    for key, option in base.items():
        if option.listed:
            result += _of_option(key, option, target.get(key), known_as,
                                 known_before.get(key))
            result += _old_names(option, base, target, known_as)
    result += _newly_required(base, target)
    result += _new_limits(base, target, known_as)
    return sorted(result, key=lambda change: change.key)


def _of_option(key: options.Key, old: options.Option,
               new: options.Option | None, known_as: options.Options,
               known_before: options.Key | None) -> list[Change]:
    if new is None and key in known_as:
        new = known_as[key]
        return [Change(RENAMED, key, old, new, f'read as {new}',
                       instead=new.key),
                *_of_values(key, old, new)]
    if new is None:
        # It may have been an option and an old name of another option.
        return [Change(REMOVED, key, old, None, instead=known_before)]
    if not new.listed:
        return [Change(UNLISTED, key, old, new)]
    result = _of_values(key, old, new)
    if new.deprecated and not old.deprecated:
        result.append(Change(DEPRECATED, key, old, new))
    return result


def _of_values(key: options.Key, old: options.Option,
               new: options.Option) -> list[Change]:
    result = []
    difference = types.difference(old.type, new.type)
    if difference:
        result.append(Change(RETYPED if difference.retyped else NARROWED, key,
                             old, new, difference.text,
                             difference.documented))
    if old.multi and not new.multi:
        result.append(Change(RETYPED, key, old, new,
                             'may be set several times -> only the last value '
                             'counts'))
    if _other_default(old, new):
        result.append(Change(DEFAULT, key, old, new,
                             default_change(old, new)))
    return result


def _old_names(option: options.Option, base: options.Options,
               target: options.Options,
               known_as: options.Options) -> list[Change]:
    """Return the old names of an option that the target no longer reads."""
    in_target = target.get(option.key)
    return [Change(OLD_NAME_GONE, old_name, option, in_target,
                   instead=known_as.get(option.key, option).key)
            for old_name in sorted(option.old_names)
            if old_name not in base and old_name not in target
            and old_name not in known_as
            and not (in_target is None and option.key not in known_as)]


def _newly_required(base: options.Options,
                    target: options.Options) -> list[Change]:
    """Return the options that must be set now.

    Options in a new section are required only for a new feature. Those of
    keystoneauth depend on auth_type and auth_section: the check runs the
    target's own code instead (:mod:`heat_upgrade.checks.config.startup`).
    """
    groups = {group for group, _ in base}
    return [Change(REQUIRED, key, base.get(key), option)
            for key, option in target.items()
            if option.required and option.default is None and option.listed
            and key[0] in groups and option.owner != options.KEYSTONEAUTH
            and not (key in base and base[key].required)]


def _new_limits(base: options.Options, target: options.Options,
                known_as: options.Options) -> list[Change]:
    """Return the options that set a limit where none could be set before."""
    groups = {group for group, _ in base}
    renamed = {option.key for old_name, option in known_as.items()
               if old_name in base}
    return [Change(LIMIT, key, None, option)
            for key, option in target.items()
            if key not in base and key not in renamed and key[0] in groups
            and option.own and _LIMIT.search(key[1])
            and _is_positive(option.default)]


def _is_positive(value: object) -> bool:
    return (isinstance(value, (int, float)) and not isinstance(value, bool)
            and value > 0)


def _other_default(old: options.Option, new: options.Option) -> bool:
    """Return True if an option that is not set has another value now.

    A sample value replaces a default that depends on the machine. It decides,
    unless the defaults themselves are the same.
    """
    if _same(old.default, new.default):
        return False
    if old.sample_default is None and new.sample_default is None:
        return True
    return not _same(old.sample_default, new.sample_default)


def _same(old: object, new: object) -> bool:
    # Both '' and None mean "not set".
    return old == new or (old in (None, '') and new in (None, ''))


def default_change(before: options.Option, after: options.Option) -> str:
    """Return the change of a default; of a list, the changed items."""
    old, new = before.default, after.default
    if isinstance(old, list) and isinstance(new, list):
        removed = [item for item in old if item not in new]
        added = [item for item in new if item not in old]
        if removed or added:
            return '; '.join(
                ([f'removed: {_shown(removed)}'] if removed else [])
                + ([f'added: {_shown(added)}'] if added else []))
    return f'{_shown(old)} -> {_shown(new)}'


def _shown(value: object) -> str:
    if isinstance(value, list):
        return ', '.join(map(str, value)) or 'an empty list'
    return 'not set' if value is None else repr(value)


def folded(unfolded: abc.Iterable[Change]) -> list[Change]:
    """Return the changes, with each family of sections as one change.

    Heat has a section for each client ([clients_nova]) with the same options.
    Removals stay separate: each is a line for an operator to change.
    """
    families: dict[tuple[object, ...], list[Change]] = {}
    for change in unfolded:
        families.setdefault(_family(change), []).append(change)
    result: list[Change] = []
    for alike in families.values():
        if len(alike) < FAMILY or alike[0].kind in (REMOVED, RENAMED,
                                                    OLD_NAME_GONE):
            result += alike
        else:
            result.append(dataclasses.replace(
                alike[0], also=tuple(change.key[0] for change in alike[1:])))
    return sorted(result, key=lambda change: change.key)


def _family(change: Change) -> tuple[object, ...]:
    group, name = change.key
    stem, mark, _ = group.partition('_')
    return (change.kind, stem if mark else group, name, change.detail,
            change.documented)
