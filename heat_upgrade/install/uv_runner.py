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

"""Running uv: its binary, its environment and its output."""

from collections import abc
import os
import pathlib
import re
import threading

import uv

from heat_upgrade import errors
from heat_upgrade import process
from heat_upgrade import waiting

# uv prints one line per package; the reason for a failure is at the end.
TAIL = 15

# Seconds. The slowest measured command, the first environment over a slow
# line, took 65 s; the limit is for mirrors that hang.
TIMEOUT = 900

_ANSI = re.compile(r'\x1b\[[0-9;]*[A-Za-z]')


class UvFailed(errors.LabError):
    """uv ended with an error; ``output`` is its whole output."""

    def __init__(self, message: str, *, log: str | os.PathLike[str],
                 output: str) -> None:
        super().__init__(message, log=log)
        self.output = output


class Uv:
    """The uv that is installed with the tool.

    It gets the caller's environment, including UV_* and proxies. pip's index
    settings apply if uv's own are not set. It never downloads a Python.

    :param marker: name of the run, see heat_upgrade.process
    """

    def __init__(self, *, marker: str = '') -> None:
        self._marker = marker
        # Not in the threads that use the binary: the search for it uses
        # sysconfig, which is not thread-safe.
        self._binary = binary()
        self._cancelled = threading.Event()

    def cancel(self) -> None:
        """End the running commands of all threads, and start no others."""
        self._cancelled.set()

    def check(self) -> None:
        """Raise errors.LabError after cancel()."""
        if self._cancelled.is_set():
            raise errors.LabError('cancelled, because another command failed')

    def __call__(self, argv: abc.Sequence[str], *,
                 log: str | os.PathLike[str],
                 env: abc.Mapping[str, str] | None = None) -> str:
        """Run ``uv <argv>`` to its end, and append its output to a log.

        :param env: variables in addition to the caller's
        :returns: its output
        :raises: UvFailed
        """
        words = [word for word in argv if not word.startswith('-')]
        return self.run(f'uv {" ".join(words[:2])}'
                        if words[0] == 'pip' else f'uv {words[0]}',
                        [self._binary, *argv], log=log, env=env)

    def run(self, name: str, argv: abc.Iterable[process.Word], *,
            log: str | os.PathLike[str],
            env: abc.Mapping[str, str] | None = None,
            cwd: str | os.PathLike[str] | None = None) -> str:
        """Run any command like uv: cancellable and with a deadline.

        :raises: UvFailed; errors.LabError after cancel()
        """
        self.check()
        log = pathlib.Path(log)
        log.parent.mkdir(parents=True, exist_ok=True)
        start = log.stat().st_size if log.exists() else 0
        child = process.Process(name, argv, log=log, cwd=cwd,
                                env=uv_environment(self._marker, env))

        def ended() -> bool:
            self.check()
            return not child.running()
        child.start()
        try:
            waiting.wait_until(
                ended, timeout=TIMEOUT, what=f'{name} to end', log=log)
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


def binary() -> str:
    """Return the path of the uv binary of the ``uv`` package."""
    try:
        return uv.find_uv_bin()
    except FileNotFoundError as exc:
        raise errors.LabError(
            f'the package uv is installed without its binary: {exc}; '
            f'reinstall requirements.txt') from exc


def offline_first(uv: Uv, argv: abc.Sequence[str], *,
                  log: str | os.PathLike[str],
                  env: abc.Mapping[str, str] | None = None) -> str:
    """Run uv without the network; if that fails, run it again with it.

    In any run but the first all packages are pinned and in uv's cache. That
    takes 0.3 s instead of the 4 s of queries to the index.
    """
    try:
        return uv([*argv, '--offline'], log=log, env=env)
    except UvFailed:
        return uv(argv, log=log, env=env)


def uv_environment(marker: str, extra: abc.Mapping[str, str] | None = None
                   ) -> dict[str, str]:
    """Return the environment of uv."""
    env = process.environment(marker, {'UV_PYTHON_DOWNLOADS': 'never',
                                       'UV_NO_PROGRESS': '1',
                                       **(extra or {})})
    for pip_name, uv_names in (
            ('PIP_INDEX_URL', ('UV_INDEX_URL', 'UV_DEFAULT_INDEX')),
            ('PIP_EXTRA_INDEX_URL', ('UV_EXTRA_INDEX_URL', 'UV_INDEX')),
            ('PIP_CERT', ('SSL_CERT_FILE',))):
        if os.environ.get(pip_name) and not any(name in env
                                                for name in uv_names):
            env[uv_names[0]] = os.environ[pip_name]
    return env
