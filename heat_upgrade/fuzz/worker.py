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

"""A process that handles stacks with one release's own code."""

from collections import abc
import json
import pathlib
import socket
import time
import typing

from heat_upgrade.checks import check_context
from heat_upgrade.checks import introspection
from heat_upgrade import errors
from heat_upgrade.lab import workspace as workspaces
from heat_upgrade import process

PROGRAM = introspection.PROGRAMS / 'fuzz_stacks.py'
# Seconds for the imports of Heat, which take two on an idle machine.
START_TIMEOUT = 120
# Seconds for the answer to a batch, besides those of its stacks. The program
# gives up a stack after 5 seconds.
BATCH_TIMEOUT, STACK_TIMEOUT = 60, 6
# Seconds between two looks at a process that starts.
INTERVAL = 0.2

Answer = dict[str, typing.Any]


class _Gone(errors.LabError):
    """The process ended, or did not answer in time."""


class Worker:
    """Runs the program ``inspectors/fuzz_stacks.py`` in a release.

    A stack that ends the process, or hangs it, is refused by the release; the
    process is started again for the next stack. A context manager.
    """

    def __init__(self, subject: check_context.InstalledRelease,
                 workspace: workspaces.Workspace) -> None:
        self.subject = subject
        self._workspace = workspace
        self._process: process.Process | None = None
        self._connection: socket.socket | None = None
        self._lines: typing.IO[bytes] | None = None
        self._starts = 0

    def __enter__(self) -> typing.Self:
        self._start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    @property
    def log(self) -> pathlib.Path:
        """Log of the process."""
        return self._workspace.log(f'fuzz-{self.subject.name}-{id(self)}')

    def answers(self, stacks: abc.Sequence[dict[str, typing.Any]]
                ) -> list[Answer]:
        """Return the answers for some stacks, in their order."""
        if not stacks:
            return []
        try:
            return self._ask(stacks)
        except _Gone as exc:
            self.stop()
            self._start()
            if len(stacks) == 1:
                error = {'error': 'the process ended', 'text': str(exc)}
                return [{'created': {'refused': error},
                         'loaded': {'not loaded': error}}]
        return [self.answers([stack])[0] for stack in stacks]

    def _ask(self, stacks: abc.Sequence[dict[str, typing.Any]]
             ) -> list[Answer]:
        assert self._connection is not None and self._lines is not None
        self._connection.settimeout(
            BATCH_TIMEOUT + STACK_TIMEOUT * len(stacks))
        try:
            self._connection.sendall(json.dumps(stacks).encode() + b'\n')
            line = self._lines.readline()
        except OSError as exc:
            raise _Gone(f'{type(exc).__name__}', log=self.log) from exc
        if not line.endswith(b'\n'):
            raise _Gone('no answer', log=self.log)
        answers: list[Answer] = json.loads(line)
        return answers

    def _start(self) -> None:
        """Start the process, and wait for its connection."""
        self._starts += 1
        path = self._workspace.data / f'fuzz-{id(self)}-{self._starts}.sock'
        self._process = process.Process(
            f'the fuzz program in {self.subject.name}',
            [self.subject.environment.bin('python'), '-W', 'ignore',
             PROGRAM, path],
            log=self.log, cwd=self._workspace.data,
            # Heat visits independent resources in the order of their hashes.
            env=self._workspace.environment(
                PYTHONHASHSEED='0', **self.subject.variables()))
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
            listener.listen(1)
            listener.settimeout(INTERVAL)
            self._process.start()
            deadline = time.monotonic() + START_TIMEOUT
            while self._connection is None:
                self._process.check()
                if time.monotonic() > deadline:
                    raise errors.WaitTimeout(
                        f'{self._process.name} did not connect within '
                        f'{START_TIMEOUT} s', log=self.log)
                try:
                    self._connection, _ = listener.accept()
                except TimeoutError:
                    continue
        self._lines = self._connection.makefile('rb')

    def stop(self) -> None:
        """End the process."""
        for opened in (self._lines, self._connection):
            if opened is not None:
                opened.close()
        self._lines = self._connection = None
        if self._process is not None:
            self._process.kill()
