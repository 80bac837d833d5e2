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

"""What a release's notes say of an option, where its sources are at hand.

Reno keeps one YAML file for each note in releasenotes/notes, and never moves
them: a tree has the notes of all releases before it. Wheels have none.
"""

import dataclasses
import functools
import re
import tarfile

from packaging import version as pkg_version
import yaml

from heat_upgrade import errors
from heat_upgrade.install import cache
from heat_upgrade.install import source_metadata

_PLACE = 'releasenotes/notes/'
_SAMPLE = 'etc/heat/heat-config-generator.conf'

# Sections of a note in which an operator looks before an upgrade; what is
# announced stands in the second.
UPGRADE, DEPRECATIONS = 'upgrade', 'deprecations'


@dataclasses.dataclass(frozen=True)
class Note:
    """One paragraph of a note.

    :ivar path: of its file, in the tree
    :ivar section: of the note: upgrade, deprecations, features...
    :ivar text: the paragraph
    """

    path: str
    section: str
    text: str


@dataclasses.dataclass(frozen=True)
class Sources:
    """What of a release's source tree is at hand.

    :ivar origin: where it is, for people; '' without any
    :ivar notes: all :class:`Note`
    :ivar sample: text of the file that lists what the sample configuration
        has, or None
    :ivar checkout: directory of a checkout whose tags tell of releases
    """

    origin: str = ''
    notes: tuple[Note, ...] = ()
    sample: str | None = None
    checkout: object = None


def of(subject):
    """Return what of a release's sources is at hand: :class:`Sources`.

    A checkout, or an sdist: the one that was named, or one that lies in the
    cache. Nothing is fetched.
    """
    release = subject.release
    if release.kind == 'checkout':
        return _of_checkout(release.source)
    if release.source is None:
        kept = (cache.directory() / 'sdists'
                / f'openstack_heat-{subject.name}.tar.gz')
        return _of_sdist(kept) if kept.is_file() else Sources()
    if release.source.name.endswith('.tar.gz'):
        return _of_sdist(release.source)
    return Sources()


def naming(sources_at_hand, key, section=None):
    """Return the notes that name an option.

    A note names it by its name and, unless that is [DEFAULT], its section;
    or it speaks of the whole section: "the options in [clients_monasca]".

    :param sources_at_hand: :class:`Sources`
    :param key: (group, name)
    :param section: only in this section of the notes
    """
    return [note for note in sources_at_hand.notes
            if section in (None, note.section) and _names(note.text, *key)]


def mentioning(sources_at_hand, words, section=None):
    """Return the notes that have some words, as they stand here.

    heat-api is not mentioned by what is said of heat-api-cfn.
    """
    pattern = re.compile(rf'(?<![\w-]){re.escape(words)}(?![\w-])')
    return [note for note in sources_at_hand.notes
            if section in (None, note.section) and pattern.search(note.text)]


def first_release(sources_at_hand, note):
    """Return the first release that has a note, None if nobody can tell.

    Only the tags of a checkout can; .0.0 of a major release counts.
    """
    if sources_at_hand.checkout is None:
        return None
    return _first_release(sources_at_hand.checkout, note.path)


@functools.cache
def _first_release(top, path):
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
    return min((tag for tag in tags if _version(tag)
                and not _version(tag).is_prerelease),
               key=_version, default=None)


def _version(text):
    try:
        return pkg_version.Version(text)
    except pkg_version.InvalidVersion:
        return None


def _names(text, group, name):
    words = name.replace('_', '[-_]')
    if group == 'DEFAULT':
        # Another section may have an option of the same name, and a plain
        # word, such as host, may be of anything.
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


def _sections(text):
    return set(re.findall(r'\[(\w+)[\].]', text))


def _of_checkout(top):
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


def _of_sdist(path):
    files, sample = {}, None
    try:
        with tarfile.open(path, 'r:gz') as archive:
            for member in archive:
                name = member.name.partition('/')[2]
                if not member.isfile():
                    continue
                if name == _SAMPLE:
                    sample = _text(archive.extractfile(member).read())
                elif name.startswith(_PLACE) and name.endswith('.yaml'):
                    files[name] = archive.extractfile(member).read()
    except (OSError, tarfile.TarError, EOFError) as exc:
        raise errors.LabError(f'the sdist {path} cannot be read: {exc}; '
                              f'remove it') from exc
    return Sources(f'the sdist {path.name}', _notes(files), sample)


def _notes(files):
    found = []
    for path, content in files.items():
        try:
            said = yaml.load(content, Loader=_LOADER)
        except (yaml.YAMLError, UnicodeDecodeError):
            continue
        if not isinstance(said, dict):
            continue
        for section, texts in said.items():
            for text in texts if isinstance(texts, list) else [texts]:
                if isinstance(text, str):
                    found.append(Note(path, str(section), text))
    return tuple(found)


# The one in C is ten times as fast: Heat has 500 notes.
_LOADER = getattr(yaml, 'CSafeLoader', yaml.SafeLoader)


def _text(content):
    return content.decode(errors='replace')
