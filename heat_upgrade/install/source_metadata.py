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

"""Reading source trees and packages of Heat, without changing them."""

from collections import abc
import dataclasses
import email.parser
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import tarfile
import typing
import zipfile

from packaging import version as pkg_version

from heat_upgrade import errors

# Seconds. git takes well under a second for Heat; the limit is for network
# file systems that stop answering.
GIT_TIMEOUT = 60

_BRANCH = re.compile(r'^defaultbranch\s*=\s*(?:stable|unmaintained)/(\S+)',
                     re.MULTILINE)
_NAME = re.compile(r'^name\s*=\s*["\']?([A-Za-z0-9._-]+)', re.MULTILINE)
_VERSION = re.compile(r'^Version:\s*(\S+)', re.MULTILINE)


@typing.overload
def git(directory: str | os.PathLike[str], *args: str,
        check: typing.Literal[True] = True) -> str:
    ...


@typing.overload
def git(directory: str | os.PathLike[str], *args: str, check: bool
        ) -> str | None:
    ...


def git(directory: str | os.PathLike[str], *args: str, check: bool = True
        ) -> str | None:
    """Return the output of a git command.

    The caller's GIT_* variables are dropped (a hook sets them for another
    repository), and the index of a checkout is not refreshed. A checkout
    that belongs to another user is accepted, because the caller named it.

    :returns: text, or None if git failed and ``check`` is false
    :raises: errors.LabError
    """
    env = {name: value for name, value in os.environ.items()
           if not name.startswith('GIT_')}
    env.update(LC_ALL='C', GIT_OPTIONAL_LOCKS='0')
    argv = ['git', '-c', 'safe.directory=*', '-c', 'core.fsmonitor=false',
            '-C', str(directory), *args]
    try:
        done = subprocess.run(argv, env=env, capture_output=True,
                              timeout=GIT_TIMEOUT, stdin=subprocess.DEVNULL)
    except FileNotFoundError:
        raise errors.LabError(
            'git is not installed; it is needed to read a checkout') from None
    except subprocess.TimeoutExpired:
        raise errors.LabError(
            f'git {args[0]} in {directory} did not end within '
            f'{GIT_TIMEOUT} s') from None
    if done.returncode == 0:
        return os.fsdecode(done.stdout)
    if check:
        raise errors.LabError(
            f'git {args[0]} in {directory} failed: '
            f'{os.fsdecode(done.stderr).strip()}')
    return None


@dataclasses.dataclass(frozen=True)
class Checkout:
    """The metadata of a git checkout.

    :ivar top: its top directory
    :ivar name: name of its distribution, '' without one
    :ivar commit: hash of its HEAD, None before the first commit
    :ivar dirty: True with uncommitted changes or untracked files
    :ivar tag: nearest release tag
    :ivar distance: number of commits since the tag
    :ivar branch_series: series of its stable branch, None for master
    :ivar packaged_version: version in its PKG-INFO
    """

    top: pathlib.Path
    name: str
    commit: str | None
    dirty: bool
    tag: str | None = None
    distance: int = 0
    branch_series: str | None = None
    packaged_version: str | None = None

    def files(self) -> list[str]:
        """Return the relative paths of all files that git does not ignore."""
        listed = git(self.top, 'ls-files', '-z', '-co', '--exclude-standard')
        return sorted({name for name in listed.split('\0') if name
                       and (os.path.islink(self.top / name)
                            or os.path.isfile(self.top / name))})

    def digest(self) -> str:
        """Return a hash of the names, modes and content of its files."""
        return tree_digest(self.top, self.files())

    def copy(self, target: str | os.PathLike[str]) -> str:
        """Copy its files into a new directory; return the copy's digest."""
        names = self.files()
        for name in names:
            to = pathlib.Path(target, name)
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(self.top / name, to, follow_symlinks=False)
        return tree_digest(target, names)


def tree_digest(top: str | os.PathLike[str], names: abc.Iterable[str]
                ) -> str:
    """Return a hash of the named files below a directory."""
    whole = hashlib.sha256()
    for name in names:
        path = os.path.join(top, name)
        if os.path.islink(path):
            kind, content = 'link', os.fsencode(os.readlink(path))
        else:
            kind = 'exec' if os.stat(path).st_mode & 0o100 else 'file'
            content = pathlib.Path(path).read_bytes()
        part = hashlib.sha256(content).hexdigest()
        whole.update(os.fsencode(f'{name}\0{kind}\0{part}\n'))
    return whole.hexdigest()


def file_digest(path: str | os.PathLike[str]) -> str:
    """Return a hash of a file's name and content.

    The name counts because installers read the version from it.
    """
    content = hashlib.sha256(pathlib.Path(path).read_bytes())
    content.update(os.fsencode(os.path.basename(path)))
    return content.hexdigest()


def read_checkout(directory: str | os.PathLike[str]) -> Checkout | None:
    """Return the checkout of a directory, None outside of a checkout."""
    output = git(directory, 'rev-parse', '--show-toplevel', check=False)
    if output is None:
        return None
    top = pathlib.Path(output.rstrip('\n'))
    commit = git(top, 'rev-parse', '--verify', '-q', 'HEAD', check=False)
    tag, distance = _nearest_tag(top) if commit else (None, 0)
    branch = _BRANCH.search(_text(top / '.gitreview'))
    packaged = _VERSION.search(_text(top / 'PKG-INFO'))
    name = (_NAME.search(_text(top / 'setup.cfg'))
            or _NAME.search(_text(top / 'pyproject.toml')))
    return Checkout(
        top=top, name=name[1] if name else '',
        commit=commit and commit.strip(),
        dirty=bool(git(top, 'status', '--porcelain')),
        tag=tag, distance=distance,
        branch_series=branch[1] if branch else None,
        packaged_version=packaged[1] if packaged else None)


def make_repository(directory: str | os.PathLike[str]) -> None:
    """Turn a directory into a git repository that tracks all its files."""
    git(directory, 'init', '--quiet', '--template=')
    git(directory, 'add', '--all', '--force')


def metadata(path: str | os.PathLike[str]) -> tuple[str, str]:
    """Return (name, version) from the metadata of an sdist or a wheel.

    :raises: ValueError with the reason for any other file
    """
    path = pathlib.Path(path)
    try:
        if path.suffix == '.whl':
            text = _wheel_metadata(path)
        elif path.name.endswith('.tar.gz'):
            text = _sdist_metadata(path)
        else:
            raise ValueError('its name ends neither in .whl nor in .tar.gz')
    except (OSError, tarfile.TarError, zipfile.BadZipFile, EOFError) as exc:
        raise ValueError(f'it cannot be read ({exc})') from exc
    headers = email.parser.Parser().parsestr(text, headersonly=True)
    try:
        version = pkg_version.Version(headers['Version'] or '')
    except pkg_version.InvalidVersion as exc:
        raise ValueError(f'it has no usable version ({exc})') from exc
    return headers['Name'] or '', str(version)


def _wheel_metadata(path: pathlib.Path) -> str:
    with zipfile.ZipFile(path) as wheel:
        for name in wheel.namelist():
            if re.fullmatch(r'[^/]+\.dist-info/METADATA', name):
                return wheel.read(name).decode(errors='replace')
    raise ValueError('it holds no METADATA')


def _sdist_metadata(path: pathlib.Path) -> str:
    with tarfile.open(path, 'r:gz') as sdist:
        for member in sdist:
            if (re.fullmatch(r'[^/]+/PKG-INFO', member.name)
                    and member.isfile()):
                content = sdist.extractfile(member)
                assert content is not None, 'a regular file has content'
                return content.read().decode(errors='replace')
    raise ValueError('it holds no PKG-INFO')


def _nearest_tag(top: pathlib.Path) -> tuple[str | None, int]:
    """Return (version tag or None, commits since it)."""
    described = git(top, 'describe', '--tags', '--long', '--match',
                    '[0-9]*.[0-9]*.[0-9]*', check=False)
    if not described:
        return None, 0
    tag, distance, _hash = described.strip().rsplit('-', 2)
    try:
        return str(pkg_version.Version(tag)), int(distance)
    except pkg_version.InvalidVersion:
        return None, 0


def _text(path: pathlib.Path) -> str:
    try:
        return path.read_text(errors='replace')
    except OSError:
        return ''
