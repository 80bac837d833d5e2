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

"""The release notes of a release, if its sources are available.

Reno keeps each note in a YAML file in releasenotes/notes and never moves it.
A tree therefore has the notes of all earlier releases. Wheels have none:
``release_notes.json`` has those of the releases with lock files, made by
``python -m tools.record_release_notes``.
"""

from collections import abc
import dataclasses
import functools
import json
import pathlib
import re
import tarfile
import typing

from packaging import version as pkg_version
import yaml

from heat_upgrade.checks import check_context
from heat_upgrade.checks.config import options
from heat_upgrade import errors
from heat_upgrade.install import cache
from heat_upgrade.install import source_metadata

RECORDED = pathlib.Path(__file__).with_name('release_notes.json')

_PLACE = 'releasenotes/notes/'
_SAMPLE = 'etc/heat/heat-config-generator.conf'

# The sections of a note that operators read before an upgrade. The second has
# the announcements.
UPGRADE, DEPRECATIONS = 'upgrade', 'deprecations'


@dataclasses.dataclass(frozen=True)
class Note:
    """One paragraph of a note.

    :ivar path: of its file, in the tree
    :ivar section: of the note: upgrade, deprecations, features...
    """

    path: str
    section: str
    text: str


@dataclasses.dataclass(frozen=True)
class Sources:
    """The available sources of a release.

    :ivar origin: their location, in words; '' if there are none
    :ivar sample: text of heat-config-generator.conf, or None
    :ivar checkout: directory of a checkout, whose tags are releases
    :ivar first: {note: the recorded release that had it first}
    """

    origin: str = ''
    notes: tuple[Note, ...] = ()
    sample: str | None = None
    checkout: pathlib.Path | None = None
    first: abc.Mapping[Note, str] = dataclasses.field(default_factory=dict)


def of(subject: check_context.InstalledRelease) -> Sources:
    """Return the available sources of a release.

    They are a checkout or an sdist, given by the user or found in the cache,
    or the recorded notes. Nothing is downloaded.
    """
    release = subject.release
    if release.source is None:
        sdist = (cache.directory() / 'sdists'
                 / f'openstack_heat-{subject.name}.tar.gz')
        return of_sdist(sdist) if sdist.is_file() else recorded(subject.name)
    if release.kind == 'checkout':
        return _of_checkout(release.source)
    if release.source.name.endswith('.tar.gz'):
        return of_sdist(release.source)
    return recorded(subject.name)


def recorded(version: str) -> Sources:
    """Return the recorded notes of a release; empty if it is too old."""
    releases, first = _recorded()
    own = _version(version)
    if own is None or own < pkg_version.Version(releases[0]):
        return Sources()
    notes = {note: since for note, since in first.items()
             if since is None or pkg_version.Version(since) <= own}
    return Sources(f'the releases up to {releases[-1]}', tuple(notes),
                   first={note: since for note, since in notes.items()
                          if since})


@functools.cache
def _recorded() -> tuple[list[str], dict[Note, str | None]]:
    content = json.loads(RECORDED.read_text())
    return content['releases'], {
        Note(path, section, text): first
        for path, section, text, first in content['notes']}


def naming(sources: Sources, key: options.Key,
           section: str | None = None) -> list[Note]:
    """Return the notes that name an option.

    A note names it by its name and, unless that is [DEFAULT], its section. Or
    it names the whole section: "the options in [clients_monasca]".

    :param section: only this section of the notes
    """
    return [note for note in sources.notes
            if section in (None, note.section) and _names(note.text, *key)]


def mentioning(sources: Sources, words: str,
               section: str | None = None) -> list[Note]:
    """Return the notes that contain these words.

    A note about heat-api-cfn does not mention heat-api.
    """
    pattern = re.compile(rf'(?<![\w-]){re.escape(words)}(?![\w-])')
    return [note for note in sources.notes
            if section in (None, note.section) and pattern.search(note.text)]


def first_release(sources: Sources, note: Note) -> str | None:
    """Return the first release that has a note; None if it is unknown.

    The tags of a checkout tell it, or the recorded notes. Prereleases do not
    count.
    """
    if sources.checkout is None:
        return sources.first.get(note)
    return _first_release(sources.checkout, note.path)


@functools.cache
def _first_release(top: pathlib.Path, path: str) -> str | None:
    try:
        added = source_metadata.git(
            top, 'log', '--diff-filter=A', '--format=%H', '--', path
        ).split()
        if not added:
            return None
        tags = source_metadata.git(
            top,
            'tag',
            '--contains',
            added[-1],
            '--list',
            '[0-9]*.[0-9]*.[0-9]*',
        ).split()
    except errors.LabError:
        return None
    versions = [(version, tag) for tag in tags
                if (version := _version(tag)) and not version.is_prerelease]
    return min(versions)[1] if versions else None


def _version(text: str) -> pkg_version.Version | None:
    try:
        return pkg_version.Version(text)
    except pkg_version.InvalidVersion:
        return None


def _names(text: str, group: str, name: str) -> bool:
    words = name.replace('_', '[-_]')
    if group == 'DEFAULT':
        # Another section may have an option of the same name, and a common
        # word, such as host, may mean anything.
        sections = _sections(text)
        return (re.search(rf'(?<![\w-]){words}(?![\w-])', text) is not None
                and sections <= {'DEFAULT'}
                and ('DEFAULT' in sections or '_' in name))
    if group not in _sections(text):
        return False
    return (re.search(rf'(?<![\w-]){words}(?![\w-])', text) is not None
            or re.search(r'(the|all) options (in|of|from) (the )?`*\['
                         + re.escape(group) + r'\]', text,
                         re.IGNORECASE) is not None)


def _sections(text: str) -> set[str]:
    return set(re.findall(r'\[(\w+)[\].]', text))


def _of_checkout(top: pathlib.Path) -> Sources:
    files = {}
    for path in sorted((top / _PLACE).glob('*.yaml')):
        try:
            files[f'{_PLACE}{path.name}'] = path.read_bytes()
        except OSError:
            continue
    sample = top / _SAMPLE
    return Sources(f'the checkout {top}', _notes(files),
                   _text(sample.read_bytes()) if sample.is_file() else None,
                   top)


def of_sdist(path: pathlib.Path) -> Sources:
    """Return the sources in an sdist."""
    files = {}
    sample = None
    try:
        with tarfile.open(path, 'r:gz') as archive:
            for member in archive:
                name = member.name.partition('/')[2]
                source = (archive.extractfile(member) if member.isfile()
                          else None)
                if source is None:
                    continue
                if name == _SAMPLE:
                    sample = _text(source.read())
                elif name.startswith(_PLACE) and name.endswith('.yaml'):
                    files[name] = source.read()
    except (OSError, tarfile.TarError, EOFError) as exc:
        raise errors.LabError(f'the sdist {path} cannot be read: {exc}; '
                              f'remove it') from exc
    notes = _notes(files)
    known = _recorded()[1] if RECORDED.is_file() else {}
    return Sources(f'the sdist {path.name}', notes, sample,
                   first={note: since for note in notes
                          if (since := known.get(note))})


def _notes(files: abc.Mapping[str, bytes]) -> tuple[Note, ...]:
    notes = []
    for path, content in files.items():
        try:
            sections = yaml.load(content, Loader=_LOADER)
        except (yaml.YAMLError, UnicodeDecodeError):
            continue
        if not isinstance(sections, dict):
            continue
        for section, texts in sections.items():
            for text in texts if isinstance(texts, list) else [texts]:
                if isinstance(text, str):
                    notes.append(Note(path, str(section), text))
    return tuple(notes)


# The loader in C is ten times as fast, and Heat has 500 notes.
_LOADER: typing.Any = getattr(yaml, 'CSafeLoader', yaml.SafeLoader)


def _text(content: bytes) -> str:
    return content.decode(errors='replace')
