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

_REQUIRED = {'id', 'rules', 'subjects', 'base', 'target', 'cause', 'ceiling',
             'measured', 'reason', 'bug', 'expires'}
_OPTIONAL = {'steps', 'vhost', 'profile', 'sometimes'}


@dataclasses.dataclass(frozen=True)
class Ceiling:
    """The maximum number of findings that an entry excuses in a run.

    :ivar at_most: maximum of findings in a measured run
    :ivar of: number of objects of that run that could have failed; 0 for a
        maximum that does not depend on it
    """

    at_most: int
    of: int = 0

    def allowed(self, population: int | None) -> int:
        """Return the maximum number of findings of a run.

        :param population: number of its objects that could have failed; None
            if it is unknown
        """
        if not self.of or population is None:
            return self.at_most
        return math.ceil(self.at_most * population / self.of)


@dataclasses.dataclass(frozen=True)
class Entry:
    """One known failure.

    :ivar id: short name
    :ivar rules: slugs of rules
    :ivar subjects: patterns of subjects; * stands for any part
    :ivar base: versions of the base, as a PEP 440 specifier
    :ivar target: released versions of the target, as a PEP 440 specifier
    :ivar cause: key of causes.BY_NAME
    :ivar ceiling: maximum number of findings that it excuses
    :ivar measured: the runs that gave the ceiling
    :ivar reason: one sentence: why it fails
    :ivar bug: URL or documentation page of the bug
    :ivar expires: date of its next review
    :ivar steps: patterns of steps; empty for any step
    :ivar vhost: the only plan.VHOSTS in which it happens, '' for any
    :ivar profile: the profile without which it does not happen, '' for any
    :ivar sometimes: whether its absence proves nothing, because it depends on
        a race or on a part that some plans do not have
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
        """Return True if it applies to an upgrade between two versions."""
        if self.vhost not in ('', vhost) or (
                self.profile and self.profile not in profile.split(',')):
            return False
        return all(
            actual is not None and specifiers.SpecifierSet(wanted).contains(
                version.Version(actual), prereleases=True)
            for actual, wanted in ((base, self.base), (target, self.target)))

    def matches(self, finding: findings.Finding) -> bool:
        """Return True if its rules, subjects and steps match a finding."""
        return (finding.rule in self.rules
                and _fits(finding.subject, self.subjects)
                and (not self.steps or _fits(finding.step, self.steps)))

    def as_dict(self) -> dict[str, typing.Any]:
        """Return the entry as it is in the journal."""
        return {**dataclasses.asdict(self),
                'expires': self.expires.isoformat()}


def _fits(text: str, patterns: tuple[str, ...]) -> bool:
    """Return True if a pattern matches a text; * stands for any part.

    Shell patterns would give the brackets of subjects another meaning.
    """
    return any(
        re.fullmatch('.*'.join(map(re.escape, pattern.split('*'))), text)
        for pattern in patterns)


def load(path: pathlib.Path | str = FILE) -> list[Entry]:
    """Return the entries of a file.

    :raises: :class:`errors.UsageError` that names the invalid entry
    """
    try:
        listed = yaml.safe_load(pathlib.Path(path).read_text()) or []
    except (OSError, ValueError, yaml.YAMLError) as exc:
        raise errors.UsageError(f'cannot read {path}: {exc}') from exc
    if not isinstance(listed, list):
        raise errors.UsageError(f'{path} must be a list of entries')
    entries = []
    for data in listed:
        try:
            entries.append(_entry(data))
        except (AttributeError, TypeError, ValueError) as exc:
            raise errors.UsageError(
                f'{path}: the entry {data!r} is invalid: {exc}') from exc
    return entries


def _entry(data: dict[str, typing.Any]) -> Entry:
    if set(data) - _OPTIONAL != _REQUIRED:
        raise ValueError(
            f'the required keys are {", ".join(sorted(_REQUIRED))}; optional '
            f'keys are {", ".join(sorted(_OPTIONAL))}')
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
        raise ValueError('expires must be a date, such as 2027-04-01')
    return entry


def _check_versions(wanted: str) -> None:
    """Raise ValueError for versions without an upper bound.

    Without an upper bound, an entry would excuse future releases.
    """
    try:
        versions = specifiers.SpecifierSet(wanted)
    except specifiers.InvalidSpecifier as exc:
        raise ValueError(str(exc)) from exc
    if not any(specifier.operator in ('<', '<=', '==')
               for specifier in versions):
        raise ValueError(f'{wanted!r} has no upper bound')


def from_dict(data: dict[str, typing.Any]) -> Entry:
    """Return the entry of data from YAML or :meth:`Entry.as_dict`."""
    data = dict(data)
    for name in ('rules', 'subjects', 'steps'):
        value = data.get(name, ())
        data[name] = (value,) if isinstance(value, str) else tuple(value)
    data['ceiling'] = Ceiling(**data['ceiling'])
    if isinstance(data['expires'], str):
        data['expires'] = datetime.date.fromisoformat(data['expires'])
    return Entry(**data)


def expired(entries: list[Entry], today: datetime.date) -> list[Entry]:
    """Return the entries that are due for review."""
    return [entry for entry in entries if entry.expires <= today]
