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

"""The cache that runs share: its directory, its locks, its pruning."""

from collections import abc
import contextlib
import fcntl
import hashlib
import json
import math
import os
import pathlib
import shutil
import tempfile
import time
import typing

from heat_upgrade import waiting

# An environment is 230 MB, a database template 40 MB; monthly upgrades
# between the same releases still find both.
KEEP_DAYS = 30

# Seconds. A cached thing is made within minutes, or its maker gives up.
TIMEOUT = 1800

_Result = typing.TypeVar('_Result')


def directory() -> pathlib.Path:
    """Return the directory of the whole cache."""
    base = os.environ.get('XDG_CACHE_HOME') or os.path.expanduser('~/.cache')
    return pathlib.Path(base, 'heat-upgrade')


def entry_points() -> pathlib.Path:
    """Return the directory of stevedore's cache.

    A scan of the entry points of all packages that are installed with Heat
    takes a third of a second of CPU in each process. stevedore keys its
    cache by the modification times of the packages.
    """
    return directory() / 'entry-points'


def last_use(path: pathlib.Path) -> float:
    """Return the time of the last use of a path: its modification time.

    :returns: seconds since the epoch; infinity if another run has removed it
    """
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return math.inf


def prune(root: pathlib.Path, *,
          last_used: abc.Callable[[pathlib.Path], float] = last_use,
          is_used: abc.Callable[[pathlib.Path], bool] = lambda path: False
          ) -> None:
    """Remove the directories that no run has used for KEEP_DAYS.

    A directory whose lock is held stays.

    :param last_used: returns the time of the last use of a directory
    :param is_used: returns True for a directory that must stay
    """
    for path in root.glob('*/'):
        if last_used(path) < _oldest():
            lock = Lock(path)
            if lock.try_hold() and not is_used(path):
                shutil.rmtree(path, ignore_errors=True)
            lock.release()


def prune_files(root: pathlib.Path) -> None:
    """Remove the files that no run has used for KEEP_DAYS."""
    for path in root.rglob('*'):
        if path.is_file() and last_use(path) < _oldest():
            path.unlink(missing_ok=True)


def _oldest() -> float:
    return time.time() - KEEP_DAYS * 86400


def key(*content: object) -> str:
    """Return the name of a cached thing that depends on some JSON data."""
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]


@contextlib.contextmanager
def fresh_directory(path: pathlib.Path) -> abc.Iterator[pathlib.Path]:
    """Yield an empty directory that becomes a path, whole or not at all.

    A directory that the path already names is replaced.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = pathlib.Path(tempfile.mkdtemp(dir=path.parent))
    try:
        yield fresh
        shutil.rmtree(path, ignore_errors=True)
        fresh.rename(path)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise


def ensure(path: pathlib.Path, make: abc.Callable[[pathlib.Path], object]
           ) -> pathlib.Path:
    """Return a cached directory, made if it is missing; prune its siblings.

    :param make: called with an empty directory to fill
    """
    with Lock(path):
        if not path.is_dir():
            with fresh_directory(path) as fresh:
                make(fresh)
        os.utime(path)
    prune(path.parent)
    return path


class Lock:
    """A lock on a cached path: shared by its users or held by its maker.

    It ends with this object, and with the process. flock(2) excludes the
    threads of a process too; the locks of fcntl(2), and so those of fasteners
    and oslo.concurrency, do not.

    :param path: the cached path; the lock file stands next to it
    :param check: called during a wait; an error that it raises ends the wait
    """

    def __init__(self, path: str | os.PathLike[str], *,
                 check: abc.Callable[[], object] = lambda: None) -> None:
        path = pathlib.Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = open(path.with_name(f'{path.name}.lock'), 'a')
        self._name = path.name
        self._check = check

    def __enter__(self) -> typing.Self:
        self.hold()
        return self

    def __exit__(self, *exc: object) -> None:
        self.release()

    def share(self) -> None:
        """Wait until the lock is not held, then share it."""
        self._wait(lambda: self._try(fcntl.LOCK_SH))

    def share_or_hold(self, is_made: abc.Callable[[], bool]) -> bool:
        """Share the lock if the path is complete, otherwise hold the lock.

        Two runs that find the path incomplete at the same time both try to
        hold the lock. The second must check again, because the first then
        shares the lock for as long as its run lasts.

        :param is_made: returns True if the path is complete; called while the
            lock is shared or held
        :returns: True if the lock is held
        """
        def attempt() -> str:
            self._try(fcntl.LOCK_SH)
            if is_made():
                return 'shared'
            # A failure also releases the shared lock: flock(2).
            self._try(fcntl.LOCK_EX)
            if not is_made():
                return 'held'
            self._try(fcntl.LOCK_SH)
            return 'shared'
        return self._wait(attempt) == 'held'

    def hold(self) -> None:
        """Wait until no other process has the lock, then hold it."""
        self._wait(lambda: self._try(fcntl.LOCK_EX))

    def release(self) -> None:
        self._file.close()

    def try_hold(self) -> bool:
        """Hold the lock if it is free; return True if it is held."""
        try:
            return self._try(fcntl.LOCK_EX)
        except BlockingIOError:
            return False

    def _try(self, operation: int) -> bool:
        self._check()
        fcntl.flock(self._file, operation | fcntl.LOCK_NB)
        return True

    def _wait(self, attempt: abc.Callable[[], _Result | None]) -> _Result:
        return waiting.wait_until(
            attempt, timeout=TIMEOUT,
            what=f'another run that makes {self._name} '
                 f'({self._file.name})')
