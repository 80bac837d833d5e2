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

"""Ends what a run started when the tool itself is gone.

Runs as a process of its own, with nothing but the standard library, and reads
its standard input: the other end is held by the tool, so that the end of file
tells that the tool has ended, in whatever way. It then ends every process that
carries the run's marker in its environment and removes the run's temporary
directories and its files in shared memory, unless the tool said ``keep``
before it ended.
"""

import glob
import os
import shutil
import signal
import subprocess
import sys
import time

# Seconds between SIGTERM and SIGKILL. The tool is gone and nobody looks at
# what the services still had in hand: enough to let RabbitMQ and MariaDB
# close, not enough for an engine to drain.
GRACE = 3
INTERVAL = 0.05

# Seconds that the guardian has for its work: twice the grace, and the disk.
RELEASE_TIMEOUT = 30

# On its command line, between directories and patterns of files.
PATTERNS = '--'


def marked(marker):
    """Return the ids of all live processes that carry a marker, not ours.

    :param marker: 'NAME=value' as it stands in a process's environment
    """
    found = []
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
            found.append(int(entry))
    return found


def sweep(marker, *, grace=GRACE):
    """End every process with the marker; returns how many there were."""
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


def _signal_all(pids, signum):
    for pid in pids:
        try:
            os.kill(pid, signum)
        except (ProcessLookupError, PermissionError):
            pass


def remove(directories, patterns=()):
    """Remove directories, and the files whose paths match patterns.

    :param directories: paths
    :param patterns: for :mod:`glob`
    """
    for directory in directories:
        shutil.rmtree(directory, ignore_errors=True)
    for pattern in patterns:
        for path in glob.glob(pattern):
            try:
                os.unlink(path)
            except OSError:
                # Another's, or gone.
                pass


class Guardian:
    """The tool's end of it: holds the pipe.

    :param marker: 'NAME=value', see :func:`marked`
    :param directories: what to remove at the end
    :param patterns: of files to remove at the end
    """

    def __init__(self, marker, directories=(), patterns=()):
        # Neither the marker nor the group of the tool: a Ctrl-C must not
        # reach it, and its own sweep must not find it.
        self._popen = subprocess.Popen(
            [sys.executable, '-S', '-E', __file__, marker,
             *map(str, directories), PATTERNS, *patterns],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True, cwd='/')

    def release(self, *, keep=False):
        """Let it do its work, or with keep nothing, and wait for its end.

        :returns: whether it did; not if it was killed itself
        """
        try:
            self._popen.communicate(b'keep' if keep else b'',
                                    timeout=RELEASE_TIMEOUT)
        except (OSError, subprocess.TimeoutExpired):
            self._popen.kill()
        return self._popen.wait() == 0


def main(argv):
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
