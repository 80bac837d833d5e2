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

"""How the options of two releases differ: pure, from data to data."""

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

# What must not change without an announcement: grenade's Theory of Upgrade
# has the new code run with the old configuration.
BREAKING = (REMOVED, OLD_NAME_GONE, RETYPED, NARROWED, REQUIRED)

# What an option is called that may be exceeded by what is there already:
# max_software_configs_per_tenant came with 2024.1 (Story 2011006).
_LIMIT = re.compile(r'^max_|_limit|limit_|quota')

# So many sections with one and the same change are one finding.
FAMILY = 3


@dataclasses.dataclass(frozen=True)
class Change:
    """One change of one option.

    :ivar kind: one of the names above
    :ivar key: (group, name) that an operator's file has
    :ivar base: :class:`options.Option`; None if the base has none
    :ivar target: :class:`options.Option`; None if the target has none
    :ivar detail: what of it changed
    :ivar documented: for NARROWED and RETYPED: whether values are refused
        that the base promised to take
    :ivar also: further groups with the same change of the same option
    :ivar instead: (group, name) that an operator writes instead, or None
    """

    kind: str
    key: tuple[str, str]
    base: options.Option | None
    target: options.Option | None
    detail: str = ''
    documented: bool = True
    also: tuple[str, ...] = ()
    instead: tuple[str, str] | None = None

    @property
    def option(self):
        """The option that says whose it is: the base's, if it has it."""
        return self.base or self.target


def changes(base, target):
    """Return what changed for who has a configuration file of the base.

    What only adds is no change: new options, wider types. A new limit is one.

    :param base: {(group, name): :class:`options.Option`}
    :param target: likewise
    :returns: list of :class:`Change`, in the order of their keys
    """
    known_as = {old: option for option in target.values()
                for old in option.old_names}
    known_before = {old: option.key for option in base.values()
                    for old in option.old_names if option.key in target}
    found = []
    for key, ours in base.items():
        if ours.listed:
            found += _of_option(key, ours, target.get(key), known_as,
                                known_before.get(key))
            found += _old_names(ours, base, target, known_as)
    found += _newly_required(base, target)
    found += _new_limits(base, target, known_as)
    return sorted(found, key=lambda change: change.key)


def _of_option(key, ours, theirs, known_as, known_before):
    if theirs is None and key in known_as:
        theirs = known_as[key]
        return [Change(RENAMED, key, ours, theirs, f'read as {theirs}',
                       instead=theirs.key),
                *_of_values(key, ours, theirs)]
    if theirs is None:
        # It was an option of its own and an old name of another at once.
        return [Change(REMOVED, key, ours, None, instead=known_before)]
    if not theirs.listed:
        return [Change(UNLISTED, key, ours, theirs)]
    found = _of_values(key, ours, theirs)
    if theirs.deprecated and not ours.deprecated:
        found.append(Change(DEPRECATED, key, ours, theirs))
    return found


def _of_values(key, ours, theirs):
    found = []
    difference = types.difference(ours.type, theirs.type)
    if difference:
        found.append(Change(RETYPED if difference.retyped else NARROWED, key,
                            ours, theirs, difference.text,
                            difference.documented))
    if ours.multi and not theirs.multi:
        found.append(Change(RETYPED, key, ours, theirs,
                            'set several times -> only the last one counts'))
    if _other_default(ours, theirs):
        found.append(Change(DEFAULT, key, ours, theirs,
                            default_change(ours, theirs)))
    return found


def _old_names(ours, base, target, known_as):
    """Return the old names of an option that the target reads no more."""
    theirs = target.get(ours.key)
    return [Change(OLD_NAME_GONE, old, ours, theirs,
                   instead=known_as.get(ours.key, ours).key)
            for old in sorted(ours.old_names)
            if old not in base and old not in target and old not in known_as
            and not (theirs is None and ours.key not in known_as)]


def _newly_required(base, target):
    """Return what must be set now.

    In a section that the base does not have it is only for who turns on
    what is new.
    """
    groups = {group for group, _ in base}
    return [Change(REQUIRED, key, base.get(key), theirs)
            for key, theirs in target.items()
            if theirs.required and theirs.default is None and theirs.listed
            and key[0] in groups
            and not (key in base and base[key].required)]


def _new_limits(base, target, known_as):
    """Return the options that limit what was not limited, or not openly."""
    groups = {group for group, _ in base}
    renamed = {option.key for old, option in known_as.items() if old in base}
    return [Change(LIMIT, key, None, theirs)
            for key, theirs in target.items()
            if key not in base and key not in renamed and key[0] in groups
            and theirs.own and _LIMIT.search(key[1])
            and type(theirs.default) in (int, float) and theirs.default > 0]


def _other_default(ours, theirs):
    """Tell whether an option that is not set means something else now.

    A sample value stands for a default that depends on the machine: it is
    what counts, unless the default itself is the same.
    """
    if _same(ours.default, theirs.default):
        return False
    if ours.sample_default is None and theirs.sample_default is None:
        return True
    return not _same(ours.sample_default, theirs.sample_default)


def _same(one, other):
    # Neither says anything: '' and None are what "not set" was and is.
    return one == other or (one in (None, '') and other in (None, ''))


def default_change(ours, theirs):
    """Return how a default changed; of lists, what came and went."""
    old, new = ours.default, theirs.default
    if isinstance(old, list) and isinstance(new, list):
        gone = [item for item in old if item not in new]
        come = [item for item in new if item not in old]
        if gone or come:
            return '; '.join(part for part in (
                gone and f'no longer in it: {_shown(gone)}',
                come and f'new in it: {_shown(come)}') if part)
    return f'{_shown(old)} -> {_shown(new)}'


def _shown(value):
    if isinstance(value, list):
        return ', '.join(map(str, value)) or 'an empty list'
    return 'not set' if value is None else repr(value)


def folded(found):
    """Return changes with those of whole families of sections as one.

    Heat has a section for each client ([clients_nova]) with the same options.
    Removals are not folded: each is a line that somebody has to change.
    """
    families = {}
    for change in found:
        families.setdefault(_family(change), []).append(change)
    result = []
    for alike in families.values():
        if len(alike) < FAMILY or alike[0].kind in (REMOVED, RENAMED,
                                                    OLD_NAME_GONE):
            result += alike
        else:
            result.append(dataclasses.replace(
                alike[0], also=tuple(change.key[0] for change in alike[1:])))
    return sorted(result, key=lambda change: change.key)


def _family(change):
    group, name = change.key
    stem, mark, _ = group.partition('_')
    return (change.kind, stem if mark else group, name, change.detail,
            change.documented)
