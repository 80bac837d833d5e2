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

"""The options of a release: whose they are, and which of them Heat reads."""

import dataclasses

from packaging import version as pkg_version

HEAT = 'openstack-heat'
KEYSTONEAUTH = 'keystoneauth1'

# What etc/heat/heat-config-generator.conf lists beside Heat's own namespaces,
# where no source is at hand; by the first major release that has it so.
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

# oslo.config shows by it how a source of options is set up.
EXAMPLES = ('sample_remote_file_source',)


@dataclasses.dataclass(frozen=True)
class Option:
    """One option of one release.

    :ivar group: its section
    :ivar dest: its name in a file
    :ivar owner: distribution that defines it
    :ivar owner_version: version of that distribution
    :ivar namespaces: entry points that list it
    :ivar listed: whether Heat's own sample configuration has it
    :ivar heats: whether Heat's own code lists it, alone or beside a library
    :ivar type: what ``inspectors/config_options`` says of its type
    :ivar multi: whether it may be set more than once
    :ivar default: its default
    :ivar sample_default: what a sample shows instead, or None
    :ivar required: whether it must be set
    :ivar secret: whether its value is a secret
    :ivar old_names: {(group, name)} that are read for it too
    :ivar deprecated: whether its removal is announced
    :ivar since: what its definition says of when, or None
    :ivar reason: what its definition says of why, or None
    """

    group: str
    dest: str
    owner: str = HEAT
    owner_version: str = ''
    namespaces: tuple[str, ...] = ()
    listed: bool = True
    heats: bool = True
    type: dict = dataclasses.field(
        default_factory=lambda: {'class': 'String'})
    multi: bool = False
    default: object = None
    sample_default: object = None
    required: bool = False
    secret: bool = False
    old_names: frozenset = frozenset()
    deprecated: bool = False
    since: str | None = None
    reason: str | None = None

    @property
    def key(self):
        return self.group, self.dest

    @property
    def own(self):
        """Whether it is Heat's and not a library's."""
        return self.owner == HEAT

    def __str__(self):
        return named(self.key)

    @property
    def title(self):
        """What a finding calls it; a library's says whose it is."""
        return str(self) if self.own else f'{self} of {self.owner}'

    @property
    def whose(self):
        """A line of evidence: whose it is, and what brings it."""
        return (f'Whose: {"Heat" if self.own else self.owner} '
                f'{self.owner_version} (oslo.config.opts: '
                f'{", ".join(self.namespaces)})')


def named(key):
    """Return how people write an option: [group] name."""
    return f'[{key[0]}] {key[1]}'


def listed_namespaces(version, source=None):
    """Return the namespaces of libraries in Heat's sample configuration.

    :param version: of Heat
    :param source: text of its heat-config-generator.conf, if at hand
    """
    if source is not None:
        return frozenset(
            value.strip() for name, _, value in (
                line.partition('=') for line in source.splitlines())
            if name.strip() == 'namespace') | {'oslo.db'}
    major = pkg_version.Version(version).major
    return LISTED[max(first for first in LISTED if first <= major)]


def of_reading(reading, source=None):
    """Return the options that a release has.

    :param reading: what ``inspectors/config_options`` has read
    :param source: as of :func:`listed_namespaces`
    :returns: {(group, name): :class:`Option`}
    """
    listed = listed_namespaces(reading['heat'], source)
    entries = {}
    for entry in reading['options']:
        if entry['group'] not in EXAMPLES:
            entries.setdefault((entry['group'], entry['dest']),
                               []).append(entry)
    return {key: _option(key, alike, listed)
            for key, alike in entries.items()}


def without(known, namespaces):
    """Return the options that not only these namespaces list."""
    return {key: option for key, option in known.items()
            if not set(option.namespaces) <= set(namespaces)}


def _option(key, entries, listed):
    """Return the option that several namespaces list."""
    namespaces = tuple(entry['namespace'] for entry in entries)
    in_listed = [entry for entry in entries
                 if _is_heats(entry) or entry['namespace'] in listed]
    # Heat lists options of libraries as if they were its own ([database]):
    # they are the library's all the same.
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
        old_names=frozenset((group, name.replace('-', '_'))
                            for entry in in_listed or entries
                            for group, name in entry['old_names']) - {key},
        deprecated=main['deprecated'], since=main['deprecated_since'],
        reason=main['deprecated_reason'])


def _is_heats(entry):
    return entry['package'] == HEAT
