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

"""The profiles of a cloud: named variants of its configuration.

The profiles are data, in ``profiles.yaml``: options of heat.conf, policy
rules, and expectations that must hold before and after the upgrade. Several
profiles are combined if no two of them set one option or rule to different
values.
"""

from collections import abc
import dataclasses
import functools
import itertools
import pathlib
import typing

import yaml

from heat_upgrade import errors

FILE = pathlib.Path(__file__).with_name('profiles.yaml')

# The union of the profiles that are marked so.
STANDARD = 'standard'
STOCK_MESSAGING = 'stock-messaging'
SEPARATOR = ','

# Sections of a configuration file: {section: {option: value}}. The value None
# removes an option that the lab sets by itself.
Sections = dict[str, dict[str, str | None]]

# The user of an expectation: the administrator, or a member of its project.
ADMIN, MEMBER = 'admin', 'member'


@dataclasses.dataclass(frozen=True)
class Expectation:
    """A condition that must hold on the base and on the target.

    One of ``get``, ``query`` and ``queue`` is set.

    :ivar text: one sentence: the condition
    :ivar get: path of a request to heat-api, below the project
    :ivar user: ADMIN or MEMBER
    :ivar status: the HTTP status of its answer
    :ivar query: SQL that must return a number other than 0
    :ivar queue: name of a queue that must have got messages
    :ivar side: 'base' or 'target', '' for both
    """

    text: str
    get: str = ''
    user: str = ADMIN
    status: int = 200
    query: str = ''
    queue: str = ''
    side: str = ''


@dataclasses.dataclass(frozen=True)
class Profile:
    """A variant of the configuration, or several combined.

    :ivar name: slug; of several profiles, their slugs with commas
    :ivar summary: one sentence
    :ivar standard: whether the standard profile includes it
    :ivar failures: numbers of the real failures that it revealed
    :ivar options: options of heat.conf
    :ivar at_upgrade: options that change when a service gets the target
    :ivar policy: {rule: check string} of policy.yaml
    :ivar expectations: conditions before and after the upgrade
    """

    name: str
    summary: str = ''
    standard: bool = False
    failures: tuple[int, ...] = ()
    options: Sections = dataclasses.field(default_factory=dict)
    at_upgrade: Sections = dataclasses.field(default_factory=dict)
    policy: dict[str, str] = dataclasses.field(default_factory=dict)
    expectations: tuple[Expectation, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the combined profiles."""
        return tuple(self.name.split(SEPARATOR))

    @property
    def stock_messaging(self) -> bool:
        """Whether Heat has its own messaging options."""
        return STOCK_MESSAGING in self.names


@functools.cache
def every() -> tuple[Profile, ...]:
    """Return all profiles but the standard one, in the order of the file."""
    return tuple(_profile(entry) for entry in yaml.safe_load(
        FILE.read_text()))


def names() -> tuple[str, ...]:
    """Return the names of all profiles, the standard one first."""
    return (STANDARD, *(profile.name for profile in every()))


@functools.cache
def parse(text: str) -> Profile:
    """Return the combination of the named profiles.

    :param text: names, with commas between them
    :raises: :class:`errors.UsageError` for an unknown name, or for profiles
        that contradict each other
    """
    wanted = [name.strip() for name in text.split(SEPARATOR)]
    unknown = [name for name in wanted if name not in names()]
    if unknown:
        raise errors.UsageError(
            f'there is no profile {unknown[0]!r}; there are: '
            + ', '.join(names()))
    chosen = [profile for profile in every() if profile.name in wanted
              or (STANDARD in wanted and profile.standard)]
    for one, other in itertools.combinations(chosen, 2):
        conflict = _conflict(one, other)
        if conflict:
            raise errors.UsageError(
                f'profiles {one.name} and {other.name} cannot be combined: '
                f'both set {conflict}')
    return Profile(
        SEPARATOR.join(name for name in names() if name in wanted),
        options=_merged(profile.options for profile in chosen),
        at_upgrade=_merged(profile.at_upgrade for profile in chosen),
        policy={rule: check for profile in chosen
                for rule, check in profile.policy.items()},
        expectations=tuple(expectation for profile in chosen
                           for expectation in profile.expectations))


def merged(*all_sections: Sections) -> Sections:
    """Return sections in which a later option takes precedence."""
    return _merged(all_sections)


def _merged(all_sections: abc.Iterable[Sections]) -> Sections:
    result: Sections = {}
    for sections in all_sections:
        for section, options in sections.items():
            result.setdefault(section, {}).update(options)
    return result


def filled(sections: Sections, values: abc.Mapping[str, str]) -> Sections:
    """Return sections with their placeholders replaced.

    :param values: {placeholder: value}
    """
    return {section: {
        option: value and value.format_map(values)
        for option, value in options.items()}
        for section, options in sections.items()}


def as_ini(sections: Sections) -> str:
    """Return the text of a configuration file."""
    return ''.join(
        f'[{section}]\n' + ''.join(
            f'{option} = {value}\n' for option, value in options.items()
            if value is not None)
        for section, options in sections.items()
        if any(value is not None for value in options.values()))


def _settings(profile: Profile) -> dict[str, typing.Any]:
    """Return {name of a setting: value}, for the search for conflicts."""
    settings: dict[str, typing.Any] = {
        f'[{section}] {option}': (
            value, profile.at_upgrade.get(section, {}).get(option, value))
        for section, options in profile.options.items()
        for option, value in options.items()}
    settings |= {f'the policy {rule}': check
                 for rule, check in profile.policy.items()}
    return settings


def _conflict(one: Profile, other: Profile) -> str:
    """Return the first setting that two profiles set differently, or ''."""
    ours, theirs = _settings(one), _settings(other)
    return next((name for name in ours
                 if name in theirs and ours[name] != theirs[name]), '')


def _profile(entry: dict[str, typing.Any]) -> Profile:
    fields: dict[str, typing.Any] = {
        **entry, 'failures': tuple(entry.get('failures', ())),
        'expectations': tuple(Expectation(**expectation) for expectation
                              in entry.get('expectations', ()))}
    return Profile(**fields)
