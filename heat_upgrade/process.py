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

"""Child processes: own group, own log, ended for certain.

Every process carries the name of its run in its environment (RUN_MARKER), so
that whatever it starts itself, even in a session of its own, is found again.
See :mod:`heat_upgrade.reaper` for what happens when the tool itself dies.
"""

import collections
import contextlib
import os
import pathlib
import signal
import subprocess
import time

from heat_upgrade import errors
from heat_upgrade import waiting

RUN_MARKER = 'HEAT_UPGRADE_RUN'

# Heat's engine gives up by itself after graceful_shutdown_timeout, 60 s; who
# kills it in the same moment would hide that. Systemd waits for 90 s.
STOP_TIMEOUT = 75

# How soon a death of one process is noticed while another runs.
WATCH_INTERVAL = 0.25

# How often it is looked whether one that was asked to stop has ended.
STOP_INTERVAL = 0.02

# How long what was killed may take to be gone. What sudo has made root's
# cannot be killed by us, and is not waited for.
KILL_TIMEOUT = 10

# Variables of the caller that must not reach a service: they would point it
# at another cloud, another Python or another configuration.
_UNWANTED = ('OS_', 'PYTHON', 'VIRTUAL_ENV', 'TOX_', 'RABBITMQ_', 'MYSQL_',
             'TEMPEST_', 'UWSGI_')


# Markers of runs that have ended: nothing may be started for them any more.
_ended = set()


def end(marker):
    """Refuse to start processes of a run from now on.

    Threads that a Ctrl-C left behind would otherwise start what nobody ends.
    """
    _ended.add(marker)


def _refuse_if_ended(env):
    if env.get(RUN_MARKER) in _ended:
        raise errors.LabError('the run has ended')


def without_proxy(env):
    """Keep requests to this machine from a proxy, in place."""
    for name in ('no_proxy', 'NO_PROXY'):
        env[name] = ','.join(filter(None, (
            env.get(name), '127.0.0.1', 'localhost')))


def environment(marker, extra=None):
    """Return the environment of a child: the caller's, cleaned and marked."""
    env = {name: value for name, value in os.environ.items()
           if not name.startswith(_UNWANTED)}
    without_proxy(env)
    env['LC_ALL'] = 'C.UTF-8'
    env[RUN_MARKER] = marker
    # heat-engine shows its role by setproctitle, which would overwrite what
    # /proc tells of its environment, and with that the marker.
    env['SPT_NOENV'] = '1'
    env.update(extra or {})
    return env


def tail(path, lines=15):
    """Return the last lines of a file as one text, '' if there is none."""
    try:
        with open(path, errors='replace') as log:
            return ''.join(collections.deque(log, lines)).rstrip()
    except FileNotFoundError:
        return ''


class Process:
    """One daemon: a command, its environment and its log.

    :param name: short name, also of the log file
    :param argv: the command
    :param log: path of the file that takes standard output and error
    :param env: the whole environment, see :func:`environment`
    :param cwd: working directory
    :param stop_signal: what asks it to end
    """

    def __init__(self, name, argv, *, log, env, cwd=None,
                 stop_signal=signal.SIGTERM):
        self.name = name
        self.argv = [str(word) for word in argv]
        self.log = pathlib.Path(log)
        self.env = env
        self.cwd = cwd
        self.stop_signal = stop_signal
        self._popen = None
        self._stopping = False
        self._asked = False

    def start(self):
        """Start it in a process group of its own."""
        _refuse_if_ended(self.env)
        self._stopping = False
        self._asked = False
        with open(self.log, 'ab') as out:
            self._popen = subprocess.Popen(
                self.argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                env=self.env, cwd=self.cwd, start_new_session=True)

    @property
    def pid(self):
        return self._popen and self._popen.pid

    def running(self):
        return self._popen is not None and self._popen.poll() is None

    def died(self):
        """Return the exit status if it ended though nobody asked it to."""
        if self._popen is None or self._stopping:
            return None
        return self._popen.poll()

    def check(self):
        """Raise :class:`errors.ProcessDied` if it died by itself."""
        status = self.died()
        if status is not None:
            raise errors.ProcessDied(
                f'{self.name} ended by itself with status {status}:\n'
                f'{tail(self.log)}', log=self.log)

    def last_words(self, lines):
        """Return the last lines of its log."""
        return tail(self.log, lines)

    def wait_ready(self, probe, *, timeout, what):
        """Wait until the probe is true; a death ends the wait at once."""
        def alive_and_ready():
            self.check()
            return probe()
        return waiting.wait_until(alive_and_ready, timeout=timeout,
                                  what=f'{self.name}: {what}', log=self.log)

    def ask_to_stop(self):
        """Send the stop signal and return at once; send it only once.

        The parent of heat-engine under eventlet (2025.1 and older) dies of
        the second SIGTERM, and its workers with it: their work is lost.
        """
        self._stopping = True
        if (self._popen is not None and not self._asked
                and not self._has_ended()):
            self._asked = True
            os.kill(self._popen.pid, self.stop_signal)

    def stop(self, timeout=STOP_TIMEOUT):
        """End it and its group.

        :param timeout: seconds between the stop signal and SIGKILL
        :returns: (seconds that it took, True if it had to be killed)
        """
        if self._popen is None:
            return 0.0, False
        started = time.monotonic()
        self.ask_to_stop()
        deadline = started + timeout
        while not self._has_ended() and time.monotonic() < deadline:
            time.sleep(STOP_INTERVAL)
        killed = not self._has_ended()
        self.kill()
        return time.monotonic() - started, killed

    def _has_ended(self):
        """Tell whether it has ended, and leave its status where it is.

        For as long as nobody has taken the status, its id is its own, and
        so is that of its group.
        """
        if self._popen.returncode is not None:
            return True
        try:
            return os.waitid(os.P_PID, self._popen.pid, os.WEXITED
                             | os.WNOHANG | os.WNOWAIT) is not None
        except ChildProcessError:
            return self._popen.poll() is not None

    def kill(self):
        """End whatever is left of its group, without asking.

        After a death that was noticed before, its id may be somebody else's:
        then what is left is the guardian's.
        """
        self._stopping = True
        if self._popen is None or self._popen.returncode is not None:
            return
        _kill(self._popen)


def run(name, argv, *, log, env, cwd=None, timeout, check=True,
        watch=None):
    """Run a command to its end, its output appended to a log.

    :param name: short name, for messages
    :param timeout: seconds after which its process group is killed
    :param check: raise if it ends with another status than 0
    :param watch: called again and again meanwhile; what it raises ends the
        command
    :returns: (exit status, its own output as text)
    :raises: :class:`errors.LabError` with the last lines of the output
    """
    _refuse_if_ended(env)
    argv = [str(word) for word in argv]
    with open(log, 'a+b') as out:
        start = out.seek(0, os.SEEK_END)
        popen = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            env=env, cwd=cwd, start_new_session=True)
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


def _kill(popen):
    """Kill the group of a process; tells whether the process is gone."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(popen.pid, signal.SIGKILL)
    try:
        popen.wait(KILL_TIMEOUT)
    except subprocess.TimeoutExpired:
        return False
    return True


def _wait(popen, timeout, watch):
    """Wait for the end of a process; returns its status."""
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
