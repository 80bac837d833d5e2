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

"""Known failures: defects of released Heat that are reported, not counted.

An entry of known-failures.yaml names a rule and its subjects, the upgrades in
which they occur, a cause that must be proved again for each finding
(:mod:`heat_upgrade.judgement.causes`), and a ceiling.
:mod:`heat_upgrade.judgement.judge` applies them.
"""

import dataclasses
import datetime
import math
import pathlib
import re
import typing

from packaging import specifiers
from packaging import version
import yaml

from heat_upgrade import errors
from heat_upgrade.judgement import causes
from heat_upgrade.results import findings
from heat_upgrade.results.rules import registry

FILE = pathlib.Path(__file__).with_name('known-failures.yaml')

_KEYS = {'id', 'rules', 'subjects', 'base', 'target', 'cause', 'ceiling',
         'measured', 'reason', 'bug', 'expires'}
_MAY = {'steps', 'vhost', 'profile', 'sometimes'}


@dataclasses.dataclass(frozen=True)
class Ceiling:
    """How many findings an entry excuses in a run.

    :ivar at_most: so many findings, as measured ...
    :ivar of: ... of so many things that could have failed; 0 if their number
        does not matter
    """

    at_most: int
    of: int = 0

    def allowed(self, population: int | None) -> int:
        """Return how many findings a run may have.

        :param population: how many things could have failed in it; None if
            that is not known
        """
        if not self.of or population is None:
            return self.at_most
        return math.ceil(self.at_most * population / self.of)


@dataclasses.dataclass(frozen=True)
class Entry:
    """One known failure.

    :ivar id: short name
    :ivar rules: slugs of rules
    :ivar subjects: patterns, one of which a finding's subject matches; *
        stands for any part of it
    :ivar base: versions of the base, as a PEP 440 specifier
    :ivar target: versions of the target, likewise; released ones only
    :ivar cause: key of causes.BY_NAME
    :ivar ceiling: how many findings it excuses
    :ivar measured: the runs that the ceiling is from
    :ivar reason: one sentence: why it fails
    :ivar bug: where it is recorded
    :ivar expires: day from which it is to be reviewed
    :ivar steps: patterns of steps, likewise; none for any step
    :ivar vhost: the only plan.VHOSTS in which it happens, '' for any
    :ivar profile: the only profile in which it happens, '' for any
    :ivar sometimes: whether nothing follows from its absence: it takes a
        race, or what not every plan has
    """

    id: str
    rules: tuple[str, ...]
    subjects: tuple[str, ...]
    base: str
    target: str
    cause: str
    ceiling: Ceiling
    measured: str
    reason: str
    bug: str
    expires: datetime.date
    steps: tuple[str, ...] = ()
    vhost: str = ''
    profile: str = ''
    sometimes: bool = False

    def applies(self, base: str | None, target: str | None, *,
                vhost: str = '', profile: str = '') -> bool:
        """Return True if it is about an upgrade between two versions.

        :param vhost: of the plan
        :param profile: of the plan
        """
        if self.vhost not in ('', vhost) or self.profile not in ('', profile):
            return False
        return all(
            found is not None and specifiers.SpecifierSet(wanted).contains(
                version.Version(found), prereleases=True)
            for found, wanted in ((base, self.base), (target, self.target)))

    def matches(self, finding: findings.Finding) -> bool:
        """Return True if a finding is of its rules, subjects and steps."""
        return (finding.rule in self.rules
                and _fits(finding.subject, self.subjects)
                and (not self.steps or _fits(finding.step, self.steps)))

    def as_dict(self) -> dict[str, typing.Any]:
        """Return it as the journal has it."""
        return {**dataclasses.asdict(self),
                'expires': self.expires.isoformat()}


def _fits(text: str, patterns: tuple[str, ...]) -> bool:
    """Return True if one of the patterns is a text; * stands for any part.

    Subjects have brackets, which a pattern of the shell would not take as
    they are.
    """
    return any(re.fullmatch('.*'.join(map(re.escape, one.split('*'))), text)
               for one in patterns)


def load(path: pathlib.Path | str = FILE) -> list[Entry]:
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
            entries.append(_entry(data))
        except (AttributeError, TypeError, ValueError) as exc:
            raise errors.UsageError(
                f'{path}: the entry {data!r} is wrong: {exc}') from exc
    return entries


def _entry(data: dict[str, typing.Any]) -> Entry:
    if set(data) - _MAY != _KEYS:
        raise ValueError(
            f'the keys must be {", ".join(sorted(_KEYS))}, and may be '
            f'{", ".join(sorted(_MAY))}')
    entry = from_dict(data)
    for slug in entry.rules:
        if slug not in registry.BY_SLUG:
            raise ValueError(f'there is no rule {slug}')
    if entry.cause not in causes.BY_NAME:
        raise ValueError(
            f'there is no cause {entry.cause!r}; there are: '
            + ', '.join(sorted(causes.BY_NAME)))
    if not entry.subjects or entry.ceiling.at_most < 1:
        raise ValueError('subjects and a ceiling of at least 1 are needed')
    for wanted in (entry.base, entry.target):
        _check_versions(wanted)
    if type(entry.expires) is not datetime.date:
        raise ValueError('expires must be a day, as 2027-04-01')
    return entry


def _check_versions(wanted: str) -> None:
    """Raise ValueError for versions without an upper bound.

    Without one, an entry would excuse releases that nobody has seen.
    """
    try:
        found = specifiers.SpecifierSet(wanted)
    except specifiers.InvalidSpecifier as exc:
        raise ValueError(str(exc)) from exc
    if not any(one.operator in ('<', '<=', '==') for one in found):
        raise ValueError(f'{wanted!r} has no upper bound')


def from_dict(data: dict[str, typing.Any]) -> Entry:
    """Return the entry of what YAML or :meth:`Entry.as_dict` has."""
    data = dict(data)
    for name in ('rules', 'subjects', 'steps'):
        value = data.get(name, ())
        data[name] = (value,) if isinstance(value, str) else tuple(value)
    data['ceiling'] = Ceiling(**data['ceiling'])
    if isinstance(data['expires'], str):
        data['expires'] = datetime.date.fromisoformat(data['expires'])
    return Entry(**data)


def expired(entries: list[Entry], today: datetime.date) -> list[Entry]:
    """Return the entries that are to be reviewed."""
    return [entry for entry in entries if entry.expires <= today]
