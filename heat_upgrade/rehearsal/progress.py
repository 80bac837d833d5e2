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

"""Shows how far a rehearsal has come: bars on a terminal, lines in a log."""

import contextlib
import time

from rich import console as consoles
from rich import progress

# Seconds between two lines of a log that say how far a step is.
INTERVAL = 30


def display(stream, steps):
    """Return a context manager that gives what a rehearsal tells it to.

    :param stream: text stream to write to
    :param steps: {name: title}
    :returns: gives an object with ``step(name)``, ``progress(done, size)``
        and ``note(text)``
    """
    return _bars(stream) if stream.isatty() else _lines(stream, steps)


class _Lines:
    def __init__(self, stream, steps):
        self._stream = stream
        self._steps = steps
        self._start = self._said = time.monotonic()

    def step(self, name):
        self._say(f'{name}: {self._steps[name]}')

    def progress(self, done, size):
        if size and time.monotonic() - self._said > INTERVAL:
            self._say(f'  {100 * done / size:.0f} % ({done} of {size})')

    def note(self, text):
        self._say(f'  {text}')

    def _say(self, text):
        self._said = time.monotonic()
        print(f'[{self._said - self._start:7.1f} s] {text}',
              file=self._stream, flush=True)


@contextlib.contextmanager
def _lines(stream, steps):
    yield _Lines(stream, steps)


class _Bars:
    def __init__(self, bars):
        self._bars = bars
        self._task = None

    def step(self, name):
        self.end()
        self._task = self._bars.add_task(name, total=None)

    def progress(self, done, size):
        self._bars.update(self._task, completed=done, total=size)

    def note(self, text):
        self._bars.console.print(f'  {text}', markup=False, highlight=False)

    def end(self):
        """Show the last step as done."""
        if self._task is not None:
            total = self._bars.tasks[-1].total or 1
            self._bars.update(self._task, completed=total, total=total)
            self._bars.stop_task(self._task)


@contextlib.contextmanager
def _bars(stream):
    with progress.Progress(
            progress.TextColumn('{task.description}', markup=False),
            progress.BarColumn(), progress.TaskProgressColumn(),
            progress.TimeElapsedColumn(), progress.TimeRemainingColumn(),
            console=consoles.Console(file=stream)) as bars:
        show = _Bars(bars)
        yield show
        show.end()
