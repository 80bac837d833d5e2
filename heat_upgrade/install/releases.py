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

"""The things that can be installed: a series, release, checkout or file.

Only the lock files in ``constraints/`` define the known series, and the
releases of Heat and Keystone in each.
"""

import dataclasses
import functools
import os
import pathlib
import re
import sys
import typing

from packaging import utils
from packaging import version as pkg_version

from heat_upgrade import errors
from heat_upgrade.install import source_metadata

HEAT = 'openstack-heat'
KEYSTONE = 'keystone'

_SERIES = re.compile(r'\d{4}\.\d')
_PIN = re.compile(r'([A-Za-z0-9][A-Za-z0-9._-]*)={2,3}([^\s;#]+)')


@dataclasses.dataclass(frozen=True)
class Release:
    """A release, checkout or file of Heat that can be installed.

    :ivar name: as the user gave it
    :ivar kind: 'series', 'release', 'checkout' or 'file'
    :ivar series: the series whose lock file constrains it
    :ivar version: version of openstack-heat; None for a checkout without
        one, which counts as newer than all releases
    :ivar source: path of the checkout or file
    :ivar digest: hash of the content of the source
    :ivar commit: HEAD of a checkout
    :ivar dirty: True for a checkout with uncommitted changes
    """

    name: str
    kind: str
    series: str
    version: str | None
    source: pathlib.Path | None = None
    digest: str | None = None
    commit: str | None = None
    dirty: bool = False

    def __str__(self) -> str:
        if self.kind == 'series':
            return f'{self.series} (openstack-heat {self.version})'
        if self.kind == 'release':
            return f'{self.version} ({self.series})'
        text = f'{self.kind} {self.source} ({self.version or self.series}'
        if self.commit:
            text += f', commit {self.commit[:9]}'
        if self.dirty:
            text += ', with uncommitted changes'
        return text + ')'

    def describe(self) -> dict[str, typing.Any]:
        """Return the release as plain data, for reports."""
        fields = dataclasses.asdict(self)
        fields['source'] = self.source and str(self.source)
        if self.kind != 'checkout':
            del fields['dirty']
        return {name: value for name, value in fields.items()
                if value is not None}


def lock_dir() -> pathlib.Path:
    """Return the directory of the lock files.

    It is ``constraints/`` of the source tree; an installed tool has it in
    ``share/`` (see setup.cfg).
    """
    tree = pathlib.Path(__file__).resolve().parents[2] / 'constraints'
    if tree.is_dir():
        return tree
    return pathlib.Path(sys.prefix, 'share/heat-upgrade-tests/constraints')


def lock_file(series: str) -> pathlib.Path:
    """Return the path of a series' lock file, which need not exist."""
    return lock_dir() / f'{series}.txt'


def services_lock_file(series: str) -> pathlib.Path:
    """Return the path of the lock file of a series' other services."""
    return lock_dir() / f'services-{series}.txt'


def pins(text: str) -> dict[str, str]:
    """Return the pins of a constraints file: {normalized name: version}."""
    versions: dict[str, str] = {}
    for line in text.splitlines():
        match = _PIN.match(line)
        if match:
            versions[utils.canonicalize_name(match[1])] = match[2]
    return versions


@functools.lru_cache
def lock(series: str) -> dict[str, str]:
    """Return the pins of a known series' lock file; see pins()."""
    return pins(lock_file(series).read_text())


def is_series(text: str) -> bool:
    """Return True if a text is the name of a series, such as 2026.1."""
    return _SERIES.fullmatch(text) is not None


def known_series() -> list[str]:
    """Return the series that have a lock file, oldest first."""
    return sorted(path.stem for path in lock_dir().glob('*.txt')
                  if _SERIES.fullmatch(path.stem))


def newest_two() -> tuple[Release, Release]:
    """Return the two newest series, the default of a run.

    :raises: errors.UsageError with fewer than two lock files
    """
    series = known_series()
    if len(series) < 2:
        raise errors.UsageError(
            f'there are fewer than two lock files in {lock_dir()}; make them '
            'in the source tree with: python -m tools.lock_constraints')
    return parse(series[-2]), parse(series[-1])


def before(target: Release) -> Release:
    """Return the default base release of an upgrade.

    It is the newest known series with an older major version of Heat: for a
    change on a stable branch, and for a change on master, the release before.
    A target of unknown version and series counts as newer than all.

    :raises: errors.UsageError if no known series is older
    """
    older = known_series()
    if target.version is not None:
        major = pkg_version.Version(target.version).major
        older = [series for series in older
                 if pkg_version.Version(lock(series)[HEAT]).major < major]
    elif target.series != older[-1]:
        older = [series for series in older if series < target.series]
    if not older:
        raise errors.UsageError(
            f'no series with a lock file is older than {target}: name the '
            f'base; {_accepted()}')
    return parse(older[-1])


def is_released(release: Release) -> bool:
    """Return True if a release is published and not a pre-release."""
    return (release.kind in ('series', 'release')
            and release.version is not None
            and not pkg_version.Version(release.version).is_prerelease)


def reference(target: Release) -> Release:
    """Return the published release to which a target is compared.

    :returns: the release in the lock file of the target's series; the target
        itself if it is published
    """
    return target if is_released(target) else parse(target.series)


def parse(text: str | os.PathLike[str]) -> Release:
    """Return the release that a text names.

    :param text: a series (2026.1), a release (26.0.2), or the path of a git
        checkout, an sdist or a wheel of Heat
    :raises: errors.UsageError that lists the accepted forms
    """
    text = str(text)
    if text in known_series():
        return Release(text, 'series', text, lock(text)[HEAT])
    path = pathlib.Path(os.path.expanduser(text))
    if path.is_dir():
        return _checkout(text, path)
    if path.is_file():
        return _file(text, path)
    if re.fullmatch(r'\d+\.\d+\.\d+(\.?[a-z0-9.]+)?', text):
        return _release(text)
    raise errors.UsageError(
        f'{text!r} names neither a known release nor an existing file or '
        f'directory; {_accepted()}')


def check_order(base: Release, target: Release) -> None:
    """Refuse a pair of releases that is not an upgrade.

    A checkout of unknown version counts as newer than all. Two checkouts, or
    two files, of the same version may differ: only equal content is refused.

    :raises: errors.UsageError
    """
    if base.digest and base.digest == target.digest:
        raise errors.UsageError(
            f'base and target have the same content: {base}, {target}')
    if target.version is None:
        return
    if base.version is None:
        order = 1
    else:
        base_version, target_version = (
            pkg_version.Version(base.version),
            pkg_version.Version(target.version))
        order = ((base_version > target_version)
                 - (base_version < target_version))
    if order == 0 and not (base.source or target.source):
        raise errors.UsageError(
            f'base and target are the same release: {base}, {target}')
    if order > 0:
        hint = ''
        if target.kind == 'checkout':
            hint = ('; the version of a checkout is taken from its nearest '
                    'tag: fetch the tags if it is newer')
        raise errors.UsageError(
            f'{target} is older than {base}; Heat cannot be downgraded, name '
            f'the older one as the base{hint}')


def _accepted() -> str:
    known = ', '.join(f'{series} ({lock(series)[HEAT]})'
                      for series in known_series())
    return (f'give a series ({known}), a release of one of these, or the '
            f'path of a git checkout, an sdist (.tar.gz) or a wheel (.whl) '
            f'of {HEAT}')


def _series_by_major() -> dict[int, str]:
    return {pkg_version.Version(lock(series)[HEAT]).major: series
            for series in known_series()}


def _series_of(name: str, version: str) -> str:
    """Return the series of a version; the newest for a newer version."""
    by_major = _series_by_major()
    major = pkg_version.Version(version).major
    if by_major and major > max(by_major):
        return by_major[max(by_major)]
    if major not in by_major:
        raise errors.UsageError(
            f'{name} has version {version}, which belongs to no known '
            f'series; {_accepted()}')
    return by_major[major]


def _release(text: str) -> Release:
    try:
        version = pkg_version.Version(text)
    except pkg_version.InvalidVersion:
        version = None
    series = version and _series_by_major().get(version.major)
    if not series:
        raise errors.UsageError(
            f'release {text!r} belongs to no known series; {_accepted()}')
    return Release(text, 'release', series, str(version))


def _file(text: str, path: pathlib.Path) -> Release:
    try:
        name, version = source_metadata.metadata(path)
    except ValueError as exc:
        raise errors.UsageError(
            f'{text} is not an sdist or wheel: {exc}; {_accepted()}') from exc
    if utils.canonicalize_name(name) != HEAT:
        raise errors.UsageError(
            f'{text} is {name}, not {HEAT}; {_accepted()}')
    return Release(text, 'file', _series_of(text, version), version,
                   path.resolve(), source_metadata.file_digest(path))


def _checkout(text: str, path: pathlib.Path) -> Release:
    checkout = source_metadata.read_checkout(path)
    if checkout is None or checkout.name != HEAT:
        kind = ('not a git checkout' if checkout is None
                else f'a checkout of {checkout.name or "something else"}')
        raise errors.UsageError(
            f'{text} is {kind}; a checkout of {HEAT} was expected; '
            f'{_accepted()}')
    series, version = _series_and_version(text, checkout)
    return Release(text, 'checkout', series, version, checkout.top,
                   checkout.digest(), checkout.commit, checkout.dirty)


def _series_and_version(text: str, checkout: source_metadata.Checkout
                        ) -> tuple[str, str | None]:
    """Return (series, version or None) of a checkout.

    OpenStack tags point releases on stable branches only. master has only
    X.0.0.0rc1, where the branch leaves it; from there on master becomes X+1.
    .gitreview names the stable branch of a tree. A branch without a lock
    file is newer or older than all, and gets the nearest series.
    """
    known = known_series()
    branch = checkout.branch_series
    if branch and known:
        branch = max((series for series in known if series <= branch),
                     default=known[0])
    if not checkout.tag:
        if branch or not known:
            return branch or '', checkout.packaged_version
        if checkout.packaged_version:
            return (_series_of(text, checkout.packaged_version),
                    checkout.packaged_version)
        return known[-1], None
    tag = pkg_version.Version(checkout.tag)
    if not checkout.distance and not checkout.dirty:
        version = str(tag)
    elif branch or tag.minor or tag.micro:
        micro = tag.micro if tag.is_prerelease else tag.micro + 1
        version = (f'{tag.major}.{tag.minor}.{micro}'
                   f'.dev{checkout.distance}')
    else:
        version = f'{tag.major + 1}.0.0.dev{checkout.distance}'
    return branch or _series_of(text, version), version
