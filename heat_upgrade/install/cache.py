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

"""What is kept between runs: where it is, and who may touch it."""

import fcntl
import os
import pathlib
import shutil
import time

from heat_upgrade import waiting

# An environment is 230 MB, a prepared state 40 MB; who upgrades between the
# same releases once a month still finds them.
KEEP_DAYS = 30

# What is behind a lock is made within minutes, or its maker gives up.
TIMEOUT = 1800


def directory():
    """Return the directory of all that is kept."""
    base = os.environ.get('XDG_CACHE_HOME') or os.path.expanduser('~/.cache')
    return pathlib.Path(base, 'heat-upgrade')


def entry_points():
    """Return the directory in which stevedore keeps what it finds.

    To look through the entry points of all that is installed with Heat takes
    a third of a second of CPU, in each process that does it anew; what is
    found is kept by the times of what is installed.
    """
    return directory() / 'entry-points'


def prune(root: pathlib.Path, days: float = KEEP_DAYS) -> None:
    """Remove the directories that no run has used for some days.

    A directory is used when its time is set; one whose lock is held stays.

    :param root: directory of the directories
    :param days: how many
    """
    oldest = time.time() - days * 86400
    for place in root.glob('*/'):
        try:
            used = place.stat().st_mtime
        except FileNotFoundError:
            # Another run has removed it since it was listed.
            continue
        if used < oldest:
            lock = Lock(place)
            if lock.try_hold():
                shutil.rmtree(place, ignore_errors=True)
            lock.release()


class Lock:
    """A lock on one thing, held by many who use or one who makes it.

    It ends with this object, and with the process, however that ends.

    :param path: the thing; the lock is a file beside it
    :param check: called while we wait; may raise to end the wait
    """

    def __init__(self, path, *, check=lambda: None):
        path = pathlib.Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = open(path.with_name(f'{path.name}.lock'), 'a')
        self._what = path.name
        self._check = check

    def __enter__(self):
        self.hold()
        return self

    def __exit__(self, *exc):
        self.release()

    def share(self):
        """Wait until nobody holds it, and keep it from being held."""
        self._wait(lambda: self._try(fcntl.LOCK_SH))

    def share_or_hold(self, is_made):
        """Share the thing if it is made, hold it to make it if it is not.

        Two that find it missing at once both want to hold it; who comes
        second must look again, for the first will share it from then on, and
        as long as its run lasts.

        :param is_made: callable that looks whether the thing is there; called
            while this lock is shared
        :returns: whether it is held
        """
        def attempt():
            self._try(fcntl.LOCK_SH)
            if is_made():
                return 'shared'
            # If it fails it has let go of what it shared: flock(2).
            self._try(fcntl.LOCK_EX)
            if not is_made():
                return 'held'
            self._try(fcntl.LOCK_SH)
            return 'shared'
        return self._wait(attempt) == 'held'

    def hold(self):
        """Wait until nobody else has it."""
        self._wait(lambda: self._try(fcntl.LOCK_EX))

    def release(self):
        self._file.close()

    def try_hold(self):
        """Hold it if nobody has it; return whether it is held."""
        try:
            return self._try(fcntl.LOCK_EX)
        except BlockingIOError:
            return False

    def _try(self, how):
        self._check()
        fcntl.flock(self._file, how | fcntl.LOCK_NB)
        return True

    def _wait(self, attempt):
        return waiting.wait_until(
            attempt, timeout=TIMEOUT,
            what=f'another run that makes {self._what} '
                 f'({self._file.name})')
