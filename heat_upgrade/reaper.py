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

"""Ends the processes of a run after the tool itself has ended.

The reaper is a process of its own that uses the standard library alone. It
reads its standard input, a pipe whose other end the tool holds open. When the
tool ends, even by SIGKILL, the reaper reads the end of file. It then ends
every process with the run's marker in its environment, and removes the run's
temporary directories and its files in shared memory. It does nothing if the
tool wrote ``keep`` before it ended.
"""

from collections import abc
import glob
import os
import shutil
import signal
import subprocess
import sys
import time

# Seconds between SIGTERM and SIGKILL. The tool is gone, and the result of
# in-flight operations is of no use: enough for RabbitMQ and MariaDB to close,
# not enough for an engine to drain.
GRACE = 3
INTERVAL = 0.05

# Seconds that the reaper has for its work: twice the grace, and the disk.
RELEASE_TIMEOUT = 30

# On its command line, between directories and patterns of files.
PATTERNS = '--'


def marked(marker: str) -> list[int]:
    """Return the ids of all live processes with a marker, except this one.

    :param marker: 'NAME=value', as in the environment of a process
    """
    pids = []
    wanted = marker.encode()
    for entry in os.listdir('/proc'):
        if not entry.isdigit() or int(entry) == os.getpid():
            continue
        try:
            with open(f'/proc/{entry}/environ', 'rb') as env:
                if wanted not in env.read().split(b'\0'):
                    continue
            with open(f'/proc/{entry}/stat', 'rb') as stat:
                state = stat.read().rpartition(b')')[2].split()[0]
        except OSError:
            continue
        if state not in (b'Z', b'X'):
            pids.append(int(entry))
    return pids


def sweep(marker: str, *, grace: float = GRACE) -> int:
    """End every process with the marker, and return their initial number.

    :param grace: seconds between SIGTERM and SIGKILL
    """
    first = marked(marker)
    _signal_all(first, signal.SIGTERM)
    deadline = time.monotonic() + grace
    left = first
    while left and time.monotonic() < deadline:
        time.sleep(INTERVAL)
        left = marked(marker)
    deadline = time.monotonic() + grace
    while left and time.monotonic() < deadline:
        _signal_all(left, signal.SIGKILL)
        time.sleep(INTERVAL)
        left = marked(marker)
    return len(first)


def _signal_all(pids: abc.Iterable[int], signum: int) -> None:
    for pid in pids:
        try:
            os.kill(pid, signum)
        except (ProcessLookupError, PermissionError):
            pass


def remove(directories: abc.Iterable[str | os.PathLike[str]],
           patterns: abc.Iterable[str] = ()) -> None:
    """Remove directories, and the files whose paths match glob patterns."""
    for directory in directories:
        shutil.rmtree(directory, ignore_errors=True)
    for pattern in patterns:
        for path in glob.glob(pattern):
            try:
                os.unlink(path)
            except OSError:
                # Another user's file, or already removed.
                pass


class Reaper:
    """The tool's end of the pipe to a reaper.

    :param marker: 'NAME=value', see marked()
    :param directories: removed at the end
    :param patterns: glob patterns of files that are removed at the end
    """

    def __init__(self, marker: str,
                 directories: abc.Iterable[str | os.PathLike[str]] = (),
                 patterns: abc.Iterable[str] = ()) -> None:
        # Neither the marker nor the group of the tool: a Ctrl-C must not
        # reach the reaper, and its own sweep must not end it.
        self._popen = subprocess.Popen(
            [sys.executable, '-S', '-E', __file__, marker,
             *map(str, directories), PATTERNS, *patterns],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True, cwd='/')

    def release(self, *, keep: bool = False) -> bool:
        """Let the reaper work, and wait for its end.

        :param keep: end it without ending processes or removing files
        :returns: False if the reaper failed or was killed
        """
        try:
            self._popen.communicate(b'keep' if keep else b'',
                                    timeout=RELEASE_TIMEOUT)
        except (OSError, subprocess.TimeoutExpired):
            self._popen.kill()
        return self._popen.wait() == 0


def main(argv: list[str]) -> None:
    marker, *rest = argv
    cut = rest.index(PATTERNS)
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, signal.SIG_IGN)
    if sys.stdin.buffer.read() == b'keep':
        return
    sweep(marker)
    remove(rest[:cut], rest[cut + 1:])


if __name__ == '__main__':
    main(sys.argv[1:])
