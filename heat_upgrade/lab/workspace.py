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

"""What one run has to itself: directories, ports, secrets, a guardian."""

import contextlib
import os
import pathlib
import secrets
import shutil
import socket
import tempfile

from heat_upgrade import errors
from heat_upgrade.install import cache
from heat_upgrade import process
from heat_upgrade import reaper


# A run takes 200 MB of data and 20 MB of logs.
SPACE = 2**30


class Workspace:
    """The place of one run; a context manager that leaves nothing behind.

    What people look at afterwards is in the run directory; what only the
    running services need (databases, sockets, configuration with passwords)
    is in a temporary directory of mode 0700, which ends with the run.

    :param run_dir: the run directory, made if need be
    """

    def __init__(self, run_dir):
        self.run_dir = pathlib.Path(run_dir).resolve()
        for place in (self.run_dir.parent, tempfile.gettempdir()):
            _check_space(place)
        self.logs = self.run_dir / 'logs'
        self.logs.mkdir(parents=True, exist_ok=True)
        self.marker = secrets.token_hex(8)
        self.data = pathlib.Path(tempfile.mkdtemp(prefix='heat-upgrade-'))
        self._ports = []
        self._guardian = reaper.Guardian(
            f'{process.RUN_MARKER}={self.marker}', [self.data],
            [shared_memory(self.marker)])

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def environment(self, **extra):
        """Return the environment of a child process of this run."""
        return process.environment(self.marker, {
            'HOME': str(self.data), 'TMPDIR': str(self.data),
            'XDG_CACHE_HOME': str(cache.entry_points()), **extra})

    def host(self, name):
        """Return a name of a machine that no other run on this one uses.

        Files of this name in the shared memory end with the run.

        :param name: unique in this run
        """
        return f'{self.marker}-{name}'

    def log(self, name):
        """Return the path of the log of a process."""
        return self.logs / f'{name}.log'

    def directory(self, name):
        """Make and return a directory for a service's data."""
        path = self.data / name
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        return path

    def secret_file(self, name, text):
        """Write a file that only we can read; returns its path."""
        path = self.data / name
        write_secret(path, text)
        return path

    def port(self):
        """Return a free TCP port on loopback that stays ours.

        The port is held by a socket that is bound but does not listen, for as
        long as the run lasts: nobody else is given it, while a service that
        sets SO_REUSEADDR (all of ours do) can listen on it, also again after
        a restart.
        """
        held = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(('127.0.0.1', 0))
        self._ports.append(held)
        return held.getsockname()[1]

    def close(self, *, keep=False):
        """End every process of this run and remove the data.

        :param keep: leave both, for a person to use
        """
        for held in self._ports:
            held.close()
        self._ports = []
        process.end(self.marker)
        done = self._guardian.release(keep=keep)
        if not keep:
            if not done:
                reaper.sweep(f'{process.RUN_MARKER}={self.marker}')
            reaper.remove([self.data], [shared_memory(self.marker)])


def shared_memory(marker):
    """Return the pattern of the files that a run leaves in /dev/shm.

    oslo.messaging's QManager keeps its counters there, outside of all
    directories that a service can be given.
    """
    return f'/dev/shm/{marker}-*'


def _check_space(place):
    """Refuse a place that would be full in the midst of a run.

    A full disk shows as a database that hangs, which is not Heat's fault.
    """
    place = pathlib.Path(place)
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    if free < SPACE:
        raise errors.UsageError(
            f'{place} has {free / 2**30:.1f} GiB of free space; a run needs '
            f'{SPACE / 2**30:.0f} GiB. Set --work-dir or TMPDIR to another '
            'place')


def write_secret(path, text):
    """Write a file with mode 0600, whole or not at all."""
    path = pathlib.Path(path)
    fd, name = tempfile.mkstemp(dir=path.parent, prefix=f'.{path.name}.')
    try:
        with os.fdopen(fd, 'w') as out:
            out.write(text)
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        raise


def password():
    """Return a new password."""
    return secrets.token_hex(16)
