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

"""Running uv: which binary, in which environment, and what it said."""

import os
import pathlib
import re
import threading

import uv

from heat_upgrade import errors
from heat_upgrade import process
from heat_upgrade import waiting

# uv prints one line per package; the reason of a failure is at the end.
TAIL = 15

# The slowest thing that was seen is the first environment over a slow line:
# 65 s (LAB-FACTS). This is for mirrors that hang.
TIMEOUT = 900

_ANSI = re.compile(r'\x1b\[[0-9;]*[A-Za-z]')


class UvFailed(errors.LabError):
    """uv ended with an error; ``output`` is all that it said."""

    def __init__(self, message, *, log, output):
        super().__init__(message, log=log)
        self.output = output


class Uv:
    """The uv that is installed beside the tool.

    It gets the caller's environment, UV_* and proxies included, and pip's
    settings of the index where uv's own are not given. It never fetches a
    Python of its own.

    :param marker: name of the run, see :mod:`heat_upgrade.process`
    """

    def __init__(self, *, marker=''):
        self._marker = marker
        # Not in the threads that use it: what looks for it (sysconfig) is
        # not safe there.
        self._binary = binary()
        self._cancelled = threading.Event()

    def cancel(self):
        """End what is running, in any thread, and start nothing more."""
        self._cancelled.set()

    def check(self):
        """Raise :class:`errors.LabError` after :meth:`cancel`."""
        if self._cancelled.is_set():
            raise errors.LabError('given up, because something else failed')

    def __call__(self, argv, *, log, env=None):
        """Run ``uv <argv>`` to its end, its output appended to a log.

        :param env: variables beside the caller's
        :returns: its output
        :raises: :class:`UvFailed`
        """
        words = [word for word in argv if not word.startswith('-')]
        return self.run(f'uv {" ".join(words[:2])}'
                        if words[0] == 'pip' else f'uv {words[0]}',
                        [self._binary, *argv], log=log, env=env)

    def run(self, name, argv, *, log, env=None, cwd=None):
        """Run any command as uv is run: cancellable, within the deadline.

        :raises: :class:`UvFailed`; :class:`errors.LabError` once cancelled
        """
        self.check()
        log = pathlib.Path(log)
        log.parent.mkdir(parents=True, exist_ok=True)
        start = log.stat().st_size if log.exists() else 0
        child = process.Process(name, argv, log=log, cwd=cwd,
                                env=uv_environment(self._marker, env))
        child.start()
        try:
            waiting.wait_until(
                lambda: self.check() or not child.running(),
                timeout=TIMEOUT, what=f'{name} to end', log=log)
            status = child.died()
        finally:
            child.kill()
        with open(log, 'rb') as text:
            text.seek(start)
            output = _ANSI.sub('', text.read().decode(errors='replace'))
        if status:
            last = '\n'.join(output.splitlines()[-TAIL:])
            raise UvFailed(f'{name} ended with status {status}:\n{last}\n'
                           f'see {log}', log=log, output=output)
        return output


def binary():
    """Return the path of the uv binary of the ``uv`` package."""
    try:
        return uv.find_uv_bin()
    except FileNotFoundError as exc:
        raise errors.LabError(
            f'the package uv is installed without its binary: {exc}; install '
            f'requirements.txt again') from exc


def offline_first(uv, argv, *, log, env=None):
    """Run uv without the network, and with it only if that is not enough.

    Everything pinned and in uv's cache, as in any run but the first: 0.3 s
    instead of 4 s of asking the index about what cannot have changed.
    """
    try:
        return uv([*argv, '--offline'], log=log, env=env)
    except UvFailed:
        return uv(argv, log=log, env=env)


def uv_environment(marker, extra=None):
    """Return the environment that uv is run with."""
    env = process.environment(marker, {'UV_PYTHON_DOWNLOADS': 'never',
                                       'UV_NO_PROGRESS': '1',
                                       **(extra or {})})
    for ours, theirs in (('PIP_INDEX_URL', ('UV_INDEX_URL',
                                            'UV_DEFAULT_INDEX')),
                         ('PIP_EXTRA_INDEX_URL', ('UV_EXTRA_INDEX_URL',
                                                  'UV_INDEX')),
                         ('PIP_CERT', ('SSL_CERT_FILE',))):
        if os.environ.get(ours) and not any(name in env for name in theirs):
            env[theirs[0]] = os.environ[ours]
    return env
