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

"""Shows the progress of a rehearsal: bars on a terminal, lines in a log."""

from collections import abc
import contextlib
import time
import typing

from rich import console as consoles
from rich import progress

# Seconds between two lines of a log with the progress of a step.
INTERVAL = 30


class Listener(typing.Protocol):
    """Receives the progress of a rehearsal."""

    def step(self, name: str) -> None:
        """Begin a step."""

    def progress(self, done: int, size: int) -> None:
        """Show the done part of the step."""

    def note(self, text: str) -> None:
        """Show a line."""


def display(stream: typing.TextIO, steps: abc.Mapping[str, str]
            ) -> contextlib.AbstractContextManager[Listener]:
    """Return a context manager that gives a listener.

    :param stream: text stream to write to
    :param steps: {name: title}
    """
    return _bars(stream) if stream.isatty() else _lines(stream, steps)


class _Lines:
    def __init__(self, stream: typing.TextIO,
                 steps: abc.Mapping[str, str]) -> None:
        self._stream = stream
        self._steps = steps
        self._start = self._last = time.monotonic()

    def step(self, name: str) -> None:
        self._print(f'{name}: {self._steps[name]}')

    def progress(self, done: int, size: int) -> None:
        if size and time.monotonic() - self._last > INTERVAL:
            self._print(f'  {100 * done / size:.0f} % ({done} of {size})')

    def note(self, text: str) -> None:
        self._print(f'  {text}')

    def _print(self, text: str) -> None:
        self._last = time.monotonic()
        print(f'[{self._last - self._start:7.1f} s] {text}',
              file=self._stream, flush=True)


@contextlib.contextmanager
def _lines(stream: typing.TextIO, steps: abc.Mapping[str, str]
           ) -> abc.Iterator[Listener]:
    yield _Lines(stream, steps)


class _Bars:
    def __init__(self, bars: progress.Progress) -> None:
        self._bars = bars
        self._task: progress.TaskID | None = None

    def step(self, name: str) -> None:
        self.end()
        self._task = self._bars.add_task(name, total=None)

    def progress(self, done: int, size: int) -> None:
        if self._task is not None:
            self._bars.update(self._task, completed=done, total=size)

    def note(self, text: str) -> None:
        self._bars.console.print(f'  {text}', markup=False, highlight=False)

    def end(self) -> None:
        """Show the last step as done."""
        if self._task is not None:
            total = self._bars.tasks[-1].total or 1
            self._bars.update(self._task, completed=total, total=total)
            self._bars.stop_task(self._task)


@contextlib.contextmanager
def _bars(stream: typing.TextIO) -> abc.Iterator[Listener]:
    with progress.Progress(
            progress.TextColumn('{task.description}', markup=False),
            progress.BarColumn(), progress.TaskProgressColumn(),
            progress.TimeElapsedColumn(), progress.TimeRemainingColumn(),
            console=consoles.Console(file=stream)) as bars:
        show = _Bars(bars)
        yield show
        show.end()
