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

"""A checkout of Heat that a test can break."""

import pathlib
import re
import shutil
import subprocess
import tarfile
import textwrap

import uv

from heat_upgrade.install import cache
from heat_upgrade.install import releases

DOWNLOAD_TIMEOUT = 300


def checkout(directory, version=None, *, prepare=None):
    """Make a git checkout of a Heat, the newest that has a lock file.

    It is made from the sdist of the package index, which is kept with our
    other caches.

    :param directory: where to; must not exist
    :param version: of another Heat
    :param prepare: changes the files, given its path, before they become the
        release
    :returns: its path
    """
    top = unpack(directory, version)
    # What only a release has would hide what we change.
    shutil.rmtree(top / 'openstack_heat.egg-info', ignore_errors=True)
    if prepare:
        prepare(top)
    _git(top, 'init', '--quiet')
    commit(top, 'the release', tag=version or newest())
    return top


def unpack(directory, version=None):
    """Unpack the sources of a Heat, the newest that has a lock file.

    :param directory: where to; must not exist
    :param version: of another Heat
    :returns: the path of their top
    """
    version = version or newest()
    directory = pathlib.Path(directory)
    directory.mkdir()
    with tarfile.open(_sdist(version)) as archive:
        archive.extractall(directory, filter='data')
    top, = directory.iterdir()
    return top


def newest():
    """Return the version of the newest Heat that has a lock file."""
    return releases.parse(releases.known_series()[-1]).version


def commit(top, message, *, tag=None):
    """Commit everything in a checkout."""
    _git(top, 'add', '--all', '--force')
    _git(top, '-c', 'user.name=test', '-c', 'user.email=test@localhost',
         'commit', '--quiet', '--message', message)
    if tag:
        _git(top, 'tag', tag)


def replace(path, old, new):
    """Replace a text that stands once in a file."""
    text = path.read_text()
    if text.count(old) != 1:
        raise AssertionError(f'{old!r} stands {text.count(old)} times in '
                             f'{path}')
    path.write_text(text.replace(old, new))


def newest_migration(top):
    """Return (revision, directory) of the newest of Heat's migrations."""
    directory = top / 'heat' / 'db' / 'migrations' / 'versions'
    revisions, parents = set(), set()
    for path in directory.glob('*.py'):
        for name, found in re.findall(
                r'^(revision|down_revision) *= *[\'"](\w+)[\'"]',
                path.read_text(), re.MULTILINE):
            (revisions if name == 'revision' else parents).add(found)
    newest, = revisions - parents
    return newest, directory


def add_migration(top: pathlib.Path, body: str, imports: str = '') -> None:
    """Add a migration after Heat's newest one; it is not committed.

    :param top: a checkout
    :param body: the lines of its function ``upgrade``, not indented
    :param imports: lines
    """
    newest, directory = newest_migration(top)
    (directory / 'planted0000001_planted.py').write_text(
        f"{imports}\nrevision = 'planted0000001'\n"
        f"down_revision = '{newest}'\n\n\ndef upgrade():\n"
        + textwrap.indent(body, '    '))


def _sdist(version):
    kept = cache.directory() / 'sdists'
    kept.mkdir(parents=True, exist_ok=True)
    with cache.Lock(kept / version):
        found = list(kept.glob(f'openstack_heat-{version}.tar.gz'))
        if not found:
            # uv has no command to fetch an sdist; pip has, and uv fetches it.
            subprocess.run(
                [uv.find_uv_bin(), 'tool', 'run', '--quiet', 'pip', 'download',
                 '--quiet', '--no-deps', '--no-binary', 'openstack-heat',
                 '--dest', str(kept), f'openstack-heat=={version}'],
                check=True, timeout=DOWNLOAD_TIMEOUT,
                stdin=subprocess.DEVNULL)
            found = list(kept.glob(f'openstack_heat-{version}.tar.gz'))
    return found[0]


def _git(top, *words):
    subprocess.run(['git', '-C', str(top), *words], check=True)
