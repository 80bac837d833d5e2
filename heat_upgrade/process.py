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

"""Child processes: own group, own log, always ended.

Every process has the name of its run in its environment (RUN_MARKER). So has
every process that it starts, even in another session: the reaper
(heat_upgrade.reaper) finds them all if the tool itself dies.
"""

import collections
from collections import abc
import contextlib
import os
import pathlib
import signal
import subprocess
import time
import typing

from heat_upgrade import errors
from heat_upgrade import waiting

RUN_MARKER = 'HEAT_UPGRADE_RUN'

# Heat's engine gives up by itself after graceful_shutdown_timeout, 60 s; a
# kill in the same moment would hide that. Systemd waits for 90 s.
STOP_TIMEOUT = 75

# Seconds until the death of one process is noticed while another runs.
WATCH_INTERVAL = 0.25

# Seconds between two looks at a process that was asked to stop.
STOP_INTERVAL = 0.02

# Seconds for a killed process to disappear. Processes that sudo runs as root
# cannot be killed, and are not waited for.
KILL_TIMEOUT = 10

# Variables of the caller that must not reach a service: they would point it
# at another cloud, another Python or another configuration.
_UNWANTED = ('OS_', 'PYTHON', 'VIRTUAL_ENV', 'TOX_', 'RABBITMQ_', 'MYSQL_',
             'TEMPEST_', 'UWSGI_')

# A word of a command line.
Word: typing.TypeAlias = str | os.PathLike[str] | int

_Result = typing.TypeVar('_Result')

# Markers of runs that have ended: no process may be started for them.
_ended: set[str] = set()


def end(marker: str) -> None:
    """Refuse to start processes of a run from now on.

    Otherwise the threads that a Ctrl-C left behind would start processes
    that never end.
    """
    _ended.add(marker)


def _refuse_if_ended(env: abc.Mapping[str, str]) -> None:
    if env.get(RUN_MARKER) in _ended:
        raise errors.LabError('the run has ended')


def without_proxy(env: abc.MutableMapping[str, str]) -> None:
    """Exempt requests to this machine from a proxy, in place."""
    for name in ('no_proxy', 'NO_PROXY'):
        env[name] = ','.join(filter(None, (
            env.get(name), '127.0.0.1', 'localhost')))


def environment(marker: str, extra: abc.Mapping[str, str] | None = None
                ) -> dict[str, str]:
    """Return the environment of a child: the caller's, cleaned and marked."""
    env = {name: value for name, value in os.environ.items()
           if not name.startswith(_UNWANTED)}
    without_proxy(env)
    env['LC_ALL'] = 'C.UTF-8'
    env[RUN_MARKER] = marker
    # heat-engine shows its role by setproctitle, which would overwrite its
    # environment in /proc, and with that the marker.
    env['SPT_NOENV'] = '1'
    env.update(extra or {})
    return env


def tail(path: str | os.PathLike[str], lines: int = 15) -> str:
    """Return the last lines of a file, '' if there is no such file."""
    try:
        with open(path, errors='replace') as log:
            return ''.join(collections.deque(log, lines)).rstrip()
    except FileNotFoundError:
        return ''


class Process:
    """One daemon: a command, its environment and its log.

    :param name: short name, for messages
    :param log: path of the file for standard output and error
    :param env: the whole environment, see environment()
    """

    def __init__(self, name: str, argv: abc.Iterable[Word], *,
                 log: str | os.PathLike[str], env: abc.Mapping[str, str],
                 cwd: str | os.PathLike[str] | None = None) -> None:
        self.name = name
        self.argv = [str(word) for word in argv]
        self.log = pathlib.Path(log)
        self.env = env
        self.cwd = cwd
        self._popen: subprocess.Popen[bytes] | None = None
        self._stopping = False
        self._signalled = False

    def start(self) -> None:
        """Start the command in a process group of its own."""
        _refuse_if_ended(self.env)
        self._stopping = False
        self._signalled = False
        with open(self.log, 'ab') as out:
            self._popen = subprocess.Popen(
                self.argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                env=self.env, cwd=self.cwd, start_new_session=True)

    @property
    def pid(self) -> int | None:
        return None if self._popen is None else self._popen.pid

    def running(self) -> bool:
        return self._popen is not None and self._popen.poll() is None

    def died(self) -> int | None:
        """Return the exit status if the process ended without a request."""
        if self._popen is None or self._stopping:
            return None
        return self._popen.poll()

    def check(self) -> None:
        """Raise errors.ProcessDied if the process ended without a request."""
        status = self.died()
        if status is not None:
            raise errors.ProcessDied(
                f'{self.name} ended by itself with status {status}:\n'
                f'{tail(self.log)}', log=self.log)

    def last_words(self, lines: int) -> str:
        """Return the last lines of the log."""
        return tail(self.log, lines)

    def wait_ready(self, probe: abc.Callable[[], _Result | None], *,
                   timeout: float, what: str) -> _Result:
        """Wait until the probe is true; a death ends the wait at once."""
        def alive_and_ready() -> _Result | None:
            self.check()
            return probe()
        return waiting.wait_until(alive_and_ready, timeout=timeout,
                                  what=f'{self.name}: {what}', log=self.log)

    def ask_to_stop(self) -> None:
        """Send the stop signal, only once, and return immediately.

        The parent of heat-engine under eventlet (2025.1 and older) dies of
        the second SIGTERM, and its workers with it: their work is lost.
        """
        self._stopping = True
        if (self._popen is not None and not self._signalled
                and not _has_ended(self._popen)):
            self._signalled = True
            os.kill(self._popen.pid, signal.SIGTERM)

    def stop(self, timeout: float = STOP_TIMEOUT) -> tuple[float, bool]:
        """End the process and its group.

        :param timeout: seconds between the stop signal and SIGKILL
        :returns: (seconds until its end, True if it had to be killed)
        """
        if self._popen is None:
            return 0.0, False
        started = time.monotonic()
        self.ask_to_stop()
        deadline = started + timeout
        while not _has_ended(self._popen) and time.monotonic() < deadline:
            time.sleep(STOP_INTERVAL)
        killed = not _has_ended(self._popen)
        self.kill()
        return time.monotonic() - started, killed

    def kill(self) -> None:
        """Kill the process and the rest of its group.

        If its death was noticed before, its id may belong to another
        process: then the reaper ends the rest of the group.
        """
        self._stopping = True
        if self._popen is None or self._popen.returncode is not None:
            return
        _kill(self._popen)


def _has_ended(popen: subprocess.Popen[bytes]) -> bool:
    """Return True if a process has ended, and do not collect its status.

    Until the status is collected, the kernel reuses neither the id of the
    process nor that of its group.
    """
    if popen.returncode is not None:
        return True
    try:
        return os.waitid(os.P_PID, popen.pid, os.WEXITED
                         | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:
        return popen.poll() is not None


def run(name: str, argv: abc.Iterable[Word], *,
        log: str | os.PathLike[str], env: abc.Mapping[str, str],
        cwd: str | os.PathLike[str] | None = None, timeout: float,
        check: bool = True,
        watch: abc.Callable[[], object] | None = None) -> tuple[int, str]:
    """Run a command to its end, and append its output to a log.

    :param name: short name, for messages
    :param log: path; commands that run at the same time need one each,
        because the output is read from it
    :param timeout: seconds after which its process group is killed
    :param check: raise if the exit status is not 0
    :param watch: called every WATCH_INTERVAL seconds; an error that it raises
        ends the command
    :returns: (exit status, output of this command)
    :raises: errors.LabError with the last lines of the output
    """
    _refuse_if_ended(env)
    with open(log, 'a+b') as out:
        start = out.seek(0, os.SEEK_END)
        popen = subprocess.Popen(
            [str(word) for word in argv], stdin=subprocess.DEVNULL,
            stdout=out, stderr=out, env=env, cwd=cwd, start_new_session=True)
        try:
            status = _wait(popen, timeout, watch)
        except BaseException as exc:
            gone = _kill(popen)
            if isinstance(exc, subprocess.TimeoutExpired):
                raise errors.WaitTimeout(
                    f'{name} did not end within {timeout:g} s'
                    + ('' if gone else f', and process {popen.pid} could '
                       'not be killed')
                    + f':\n{tail(log)}', log=log) from None
            raise
        out.seek(start)
        output = out.read().decode(errors='replace')
    if check and status:
        raise errors.LabError(
            f'{name} ended with status {status}:\n'
            + '\n'.join(output.splitlines()[-15:]), log=log)
    return status, output


def _kill(popen: subprocess.Popen[bytes]) -> bool:
    """Kill the group of a process; return True if the process is gone."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(popen.pid, signal.SIGKILL)
    try:
        popen.wait(KILL_TIMEOUT)
    except subprocess.TimeoutExpired:
        return False
    return True


def _wait(popen: subprocess.Popen[bytes], timeout: float,
          watch: abc.Callable[[], object] | None) -> int:
    """Wait for the end of a process, and return its exit status."""
    if watch is None:
        return popen.wait(timeout)
    deadline = time.monotonic() + timeout
    while True:
        try:
            return popen.wait(WATCH_INTERVAL)
        except subprocess.TimeoutExpired:
            if time.monotonic() >= deadline:
                raise
            watch()
