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

"""The options of a release: their owners, and which of them Heat reads."""

from collections import abc
import dataclasses
import typing

from packaging import version as pkg_version

HEAT = 'openstack-heat'
KEYSTONEAUTH = 'keystoneauth1'

# The namespaces of libraries in etc/heat/heat-config-generator.conf, for a
# release without sources; by the first major release with this list.
LISTED = {
    0: frozenset((
        'keystonemiddleware.auth_token', 'oslo.cache', 'oslo.db', 'oslo.log',
        'oslo.messaging', 'oslo.middleware', 'oslo.policy', 'oslo.reports',
        'oslo.service.periodic_task', 'oslo.service.service',
        'oslo.service.sslutils', 'oslo.versionedobjects', 'osprofiler')),
    25: frozenset((
        'cotyledon', 'keystonemiddleware.auth_token', 'oslo.cache', 'oslo.db',
        'oslo.log', 'oslo.messaging', 'oslo.middleware', 'oslo.policy',
        'oslo.reports', 'oslo.versionedobjects', 'osprofiler')),
}

# An example in oslo.config of how to set up a source of options.
EXAMPLES = ('sample_remote_file_source',)

# (group, name), as an operator's file has them.
Key = tuple[str, str]

# The type of an option, as ``inspectors/config_options`` describes it.
TypeData = dict[str, typing.Any]

# An option, as ``inspectors/config_options`` describes it.
_Entry = dict[str, typing.Any]


@dataclasses.dataclass(frozen=True)
class Option:
    """One option of one release.

    :ivar group: its section
    :ivar dest: its name in a file
    :ivar owner: distribution that defines it
    :ivar owner_version: version of that distribution
    :ivar namespaces: entry points that list it
    :ivar listed: whether Heat's own sample configuration has it
    :ivar heats: whether Heat's own code lists it, alone or with a library
    :ivar multi: whether it may be set more than once
    :ivar sample_default: the value that a sample shows instead, or None
    :ivar required: whether it must be set
    :ivar secret: whether its value is a secret
    :ivar old_names: names that are read for it too, in the order in which
        they are tried
    :ivar deprecated: whether it is deprecated for removal
    :ivar since: the release that deprecated it, or None
    :ivar reason: the reason of its deprecation, or None
    """

    group: str
    dest: str
    owner: str = HEAT
    owner_version: str = ''
    namespaces: tuple[str, ...] = ()
    listed: bool = True
    heats: bool = True
    type: TypeData = dataclasses.field(
        default_factory=lambda: {'class': 'String'})
    multi: bool = False
    default: object = None
    sample_default: object = None
    required: bool = False
    secret: bool = False
    old_names: abc.Collection[Key] = ()
    deprecated: bool = False
    since: str | None = None
    reason: str | None = None

    @property
    def key(self) -> Key:
        """Its group and name."""
        return self.group, self.dest

    @property
    def own(self) -> bool:
        """Whether Heat defines it, not a library."""
        return self.owner == HEAT

    def __str__(self) -> str:
        return named(self.key)

    @property
    def title(self) -> str:
        """Its name in a finding, with its owner if that is a library."""
        return str(self) if self.own else f'{self} of {self.owner}'

    @property
    def whose(self) -> str:
        """A line of evidence: its owner, and the namespaces that list it."""
        return (f'Owner: {"Heat" if self.own else self.owner} '
                f'{self.owner_version} (oslo.config.opts: '
                f'{", ".join(self.namespaces)})')


Options = dict[Key, Option]


def named(key: Key) -> str:
    """Return an option as people write it: [group] name."""
    return f'[{key[0]}] {key[1]}'


def listed_namespaces(version: str,
                      source: str | None = None) -> frozenset[str]:
    """Return the namespaces of libraries in Heat's sample configuration.

    :param version: of Heat
    :param source: text of its heat-config-generator.conf, if available
    """
    if source is not None:
        return frozenset(
            value.strip() for name, _, value in (
                line.partition('=') for line in source.splitlines())
            if name.strip() == 'namespace') | {'oslo.db'}
    major = pkg_version.Version(version).major
    return LISTED[max(first for first in LISTED if first <= major)]


def of_reading(reading: dict[str, typing.Any],
               source: str | None = None) -> Options:
    """Return the options of a release.

    :param reading: answer of ``inspectors/config_options``
    :param source: see :func:`listed_namespaces`
    """
    listed = listed_namespaces(reading['heat'], source)
    entries: dict[Key, list[_Entry]] = {}
    for entry in reading['options']:
        if entry['group'] not in EXAMPLES:
            entries.setdefault((entry['group'], entry['dest']),
                               []).append(entry)
    return {key: _option(key, alike, listed)
            for key, alike in entries.items()}


def without(known: Options, namespaces: abc.Iterable[str]) -> Options:
    """Return the options except those that only these namespaces list."""
    return {key: option for key, option in known.items()
            if not set(option.namespaces) <= set(namespaces)}


def _option(key: Key, entries: list[_Entry],
            listed: frozenset[str]) -> Option:
    """Return an option that several namespaces may list."""
    namespaces = tuple(entry['namespace'] for entry in entries)
    in_listed = [entry for entry in entries
                 if _is_heats(entry) or entry['namespace'] in listed]
    # Heat lists options of libraries, such as [database], as its own. They
    # still belong to the library.
    main = next((entry for entry in in_listed
                 if entry['definer'] not in (HEAT, KEYSTONEAUTH)),
                (in_listed or entries)[0])
    return Option(
        group=key[0], dest=key[1],
        owner=main['definer'], owner_version=main['version'],
        namespaces=namespaces, listed=bool(in_listed), type=main['type'],
        multi=main['multi'], default=main['default'],
        sample_default=main['sample_default'], required=main['required'],
        secret=any(entry['secret'] for entry in entries),
        heats=any(_is_heats(entry) for entry in entries),
        old_names=tuple(dict.fromkeys(
            old for entry in in_listed or entries
            for group, name in entry['old_names']
            if (old := (group, name.replace('-', '_'))) != key)),
        deprecated=main['deprecated'], since=main['deprecated_since'],
        reason=main['deprecated_reason'])


def _is_heats(entry: _Entry) -> bool:
    return bool(entry['package'] == HEAT)
