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

"""The private resources of a run: directories, ports, secrets, a reaper."""

import os
import pathlib
import secrets
import shutil
import socket
import tempfile
import typing

from heat_upgrade import errors
from heat_upgrade import filesystem
from heat_upgrade.install import cache
from heat_upgrade import process
from heat_upgrade import reaper


# Bytes of disk: a run takes 200 MB of data and 20 MB of logs.
SPACE = 2**30


class ServiceHome(typing.Protocol):
    """The part of a workspace that a database server needs."""

    def environment(self, **extra: str) -> dict[str, str]:
        ...

    def log(self, name: str) -> pathlib.Path:
        ...

    def directory(self, name: str) -> pathlib.Path:
        ...

    def port(self) -> int:
        ...


class Workspace:
    """The files and ports of a run; a context manager that cleans up.

    The run directory keeps the files for people. Databases, sockets and
    configuration with passwords are in a temporary directory of mode 0700,
    which ends with the run.

    :param run_dir: the run directory, created if necessary
    """

    def __init__(self, run_dir: str | os.PathLike[str]) -> None:
        self.run_dir = pathlib.Path(run_dir).resolve()
        for path in (self.run_dir.parent, pathlib.Path(tempfile.gettempdir())):
            _check_space(path)
        self.logs = self.run_dir / 'logs'
        self.logs.mkdir(parents=True, exist_ok=True)
        self.marker = secrets.token_hex(8)
        self.data = pathlib.Path(tempfile.mkdtemp(prefix='heat-upgrade-'))
        self._ports: list[socket.socket] = []
        self._reaper = reaper.Reaper(
            f'{process.RUN_MARKER}={self.marker}', [self.data],
            [shared_memory(self.marker)])

    def __enter__(self) -> typing.Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def environment(self, **extra: str) -> dict[str, str]:
        """Return the environment of a child process of this run."""
        return process.environment(self.marker, {
            'HOME': str(self.data), 'TMPDIR': str(self.data),
            'XDG_CACHE_HOME': str(cache.entry_points()), **extra})

    def host(self, name: str) -> str:
        """Return a host name that no other run on this machine uses.

        Files of this name in shared memory are removed with the run.

        :param name: unique in this run
        """
        return f'{self.marker}-{name}'

    def log(self, name: str) -> pathlib.Path:
        """Return the path of the log of a process."""
        return self.logs / f'{name}.log'

    def directory(self, name: str) -> pathlib.Path:
        """Make and return a directory for a service's data."""
        path = self.data / name
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        return path

    def secret_file(self, name: str, text: str) -> pathlib.Path:
        """Write a file of mode 0600, and return its path."""
        path = self.data / name
        filesystem.write_atomically(path, text)
        return path

    def port(self) -> int:
        """Return a free TCP port on loopback that stays reserved.

        A socket that is bound but does not listen holds the port for the
        whole run. The kernel gives the port to no other process. A service
        that sets SO_REUSEADDR, as all services of the lab do, can listen on
        it, also after a restart.
        """
        held = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(('127.0.0.1', 0))
        self._ports.append(held)
        number: int = held.getsockname()[1]
        return number

    def close(self, *, keep: bool = False) -> None:
        """End every process of this run and remove the data.

        :param keep: leave both for a person to use
        """
        for held in self._ports:
            held.close()
        self._ports = []
        process.end(self.marker)
        done = self._reaper.release(keep=keep)
        if not keep:
            if not done:
                reaper.sweep(f'{process.RUN_MARKER}={self.marker}')
            reaper.remove([self.data], [shared_memory(self.marker)])


def shared_memory(marker: str) -> str:
    """Return the glob pattern of a run's files in /dev/shm.

    oslo.messaging's QManager keeps its counters there, outside of all
    directories that a service can be given.
    """
    return f'/dev/shm/{marker}-*'


def _check_space(path: pathlib.Path) -> None:
    """Refuse a file system that could fill up during a run.

    On a full disk a database hangs, which would look like a bug in Heat.
    """
    while not path.exists():
        path = path.parent
    free = shutil.disk_usage(path).free
    if free < SPACE:
        raise errors.UsageError(
            f'{path} has {free / 2**30:.1f} GiB of free space; a run needs '
            f'{SPACE / 2**30:.0f} GiB. Set --work-dir or TMPDIR to another '
            'directory')


def password() -> str:
    """Return a new password."""
    return secrets.token_hex(16)
