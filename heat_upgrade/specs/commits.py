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
"""Reads commits with git: their messages, and the files that they change."""

from collections import abc
import dataclasses
import os
import re
import subprocess

from heat_upgrade import errors

# Seconds for one command of git; a large clone on a slow disk needs ten.
TIMEOUT = 120


@dataclasses.dataclass(frozen=True)
class File:
    """A file that a commit changes.

    :ivar path: its path after the commit, or before if the commit removes it
    :ivar before: its text before the commit; None for a new file
    :ivar after: its text after the commit; None for a removed file
    """

    path: str
    before: str | None
    after: str | None


@dataclasses.dataclass(frozen=True)
class Commit:
    """A commit that is no merge.

    :ivar name: the first twelve digits of its hash
    :ivar message: the whole message, its subject included
    """

    name: str
    message: str
    files: tuple[File, ...]


def read(revision: str, repository: str | os.PathLike[str],
         wanted: str) -> list[Commit]:
    """Return the commits of a revision or a range, the oldest first.

    :param revision: a revision (``HEAD``), of which only that commit is read,
        or a range (``origin/master..HEAD``), whose merges are left out
    :param wanted: regular expression of the paths to read
    :raises: UsageError if git cannot read it, or the range is empty
    """
    several = '..' in revision
    listing = _git(repository, 'rev-list', '--reverse', '--no-merges',
                   *([] if several else ['--no-walk']), '--end-of-options',
                   revision, '--')
    if not listing:
        raise errors.UsageError(
            f'{revision} contains no commit that can be checked: give a '
            'revision that is no merge, such as HEAD, or a range, such as '
            'origin/master..HEAD')
    return [Commit(name[:12],
                   _git(repository, 'show', '-s', '--format=%B', name),
                   tuple(_files(repository, name, re.compile(wanted))))
            for name in listing.split()]


def _files(repository: str | os.PathLike[str], commit: str,
           wanted: re.Pattern[str]) -> abc.Iterator[File]:
    # Without the detection of renames: a renamed file is a removed one and a
    # new one, and its declarations are compared with those of all files.
    listing = _git(repository, 'diff-tree', '-r', '--root', '--no-renames',
                   '--no-commit-id', '--name-status', '-z', commit)
    words = listing.split('\0')
    for status, path in zip(words[::2], words[1::2]):
        if wanted.search(path):
            yield File(
                path,
                None if status == 'A' else _show(repository,
                                                 f'{commit}^:{path}'),
                None if status == 'D' else _show(repository,
                                                 f'{commit}:{path}'))


def _show(repository: str | os.PathLike[str], blob: str) -> str:
    return _git(repository, 'cat-file', 'blob', blob)


def _git(repository: str | os.PathLike[str], *words: str) -> str:
    try:
        done = subprocess.run(
            ['git', '-C', os.fspath(repository), *words], timeout=TIMEOUT,
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
            encoding='utf-8', errors='replace')
    except (OSError, subprocess.TimeoutExpired) as exc:
        raise errors.UsageError(f'git cannot run: {exc}') from None
    if done.returncode:
        raise errors.UsageError(
            f'git {" ".join(words)} failed in {repository}: '
            f'{done.stderr.strip()}')
    return done.stdout
