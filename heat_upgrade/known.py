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

"""Known failures: findings that are shown and do not count.

An entry of known-failures.yaml says which finding it is about, in which
upgrades, why, where that is recorded, and until when it may be tolerated.
"""

import dataclasses
import datetime
import pathlib
import re

from packaging import specifiers
from packaging import version
import yaml

from heat_upgrade import errors
from heat_upgrade import findings

FILE = pathlib.Path(__file__).with_name('known-failures.yaml')

_KEYS = {'id', 'match', 'base', 'target', 'reason', 'bug', 'expires'}
_MAY = {'step', 'vhost', 'sometimes'}


@dataclasses.dataclass(frozen=True)
class Entry:
    """One known failure.

    :ivar id: short name
    :ivar match: regular expression; looked for in the finding's title
    :ivar base: versions of the base, as a PEP 440 specifier
    :ivar target: versions of the target, likewise
    :ivar reason: why it fails
    :ivar bug: where it is recorded
    :ivar expires: the first day on which it counts again
    :ivar step: regular expression; looked for in the name of the finding's
        step
    :ivar vhost: the only way of virtual hosts (of plan.VHOSTS) in which it
        happens, '' for any
    :ivar sometimes: whether nothing follows from its absence: it takes a
        race, or what not every plan has
    """

    id: str
    match: str
    base: str
    target: str
    reason: str
    bug: str
    expires: datetime.date
    step: str = ''
    vhost: str = ''
    sometimes: bool = False

    def applies(self, base, target, today, vhost=''):
        """Tell whether it is about an upgrade between two versions.

        :param vhost: of the plan
        """
        if self.vhost not in ('', vhost):
            return False
        return today < self.expires and all(
            found is not None and specifiers.SpecifierSet(wanted).contains(
                version.Version(found), prereleases=True)
            for found, wanted in ((base, self.base), (target, self.target)))


def load(path=FILE):
    """Return the entries of a file.

    :raises: :class:`errors.UsageError` that names the entry that is wrong
    """
    try:
        listed = yaml.safe_load(pathlib.Path(path).read_text()) or []
    except (OSError, ValueError, yaml.YAMLError) as exc:
        raise errors.UsageError(f'cannot read {path}: {exc}') from exc
    if not isinstance(listed, list):
        raise errors.UsageError(f'{path}: a list of entries is expected')
    entries = []
    for data in listed:
        try:
            if set(data) - _MAY != _KEYS:
                raise ValueError(
                    f'the keys must be {", ".join(sorted(_KEYS))}, and may '
                    f'be {", ".join(sorted(_MAY))}')
            entry = Entry(**data)
            re.compile(entry.match)
            re.compile(entry.step)
            specifiers.SpecifierSet(entry.base)
            specifiers.SpecifierSet(entry.target)
            if type(entry.expires) is not datetime.date:
                raise ValueError('expires must be a day, as 2027-04-01')
        except (TypeError, ValueError, re.error,
                specifiers.InvalidSpecifier) as exc:
            raise errors.UsageError(
                f'{path}: the entry {data!r} is wrong: {exc}') from exc
        entries.append(entry)
    return entries


def judge(finding, entries):
    """Return the finding, as a known one if an entry matches it.

    :param entries: those that apply to the upgrade
    :returns: (finding, the entry or None)
    """
    if finding.origin == findings.HEAT:
        for entry in entries:
            if (re.search(entry.match, finding.title)
                    and re.search(entry.step, finding.step)):
                return dataclasses.replace(
                    finding, origin=findings.KNOWN,
                    evidence=f'known: {entry.reason} ({entry.bug})\n'
                             f'{finding.evidence}'), entry
    return finding, None
