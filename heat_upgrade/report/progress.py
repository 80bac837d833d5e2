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

"""Displays a plan, and the progress of its run."""

from collections import abc
import contextlib
import time
import typing

from rich import console as consoles
from rich import live
from rich import markup
from rich import table

from heat_upgrade.plan import model
from heat_upgrade.results import findings
from heat_upgrade.results import journal

# The journal's outcomes; known failures are only recognized at the end.
_MARKS = {'ok': '[green]ok', 'failed': '[red]failed',
          'skipped': '[dim]skipped', None: ''}
_COLOURS = {'finding': 'red', 'warning': 'yellow'}


def tree(plan: model.Plan) -> str:
    """Return a plan as text, a line for each step."""
    lines = [f'{plan.strategy} upgrade {plan.base} -> {plan.target}, '
             f'seed {plan.seed}, about {plan.seconds:.0f} s']
    last = len(plan.stages)
    for number, stage in enumerate(plan.stages, 1):
        edge, bar = ('└─ ', '   ') if number == last else ('├─ ', '│  ')
        if len(stage) == 1:
            for step in stage[0]:
                lines.append(f'{edge}{_line(step)}')
            continue
        lines.append(f'{edge}side by side')
        for lane_number, lane in enumerate(stage, 1):
            last_lane = lane_number == len(stage)
            for step_number, step in enumerate(lane):
                if step_number:
                    inner = '   ' if last_lane else '│  '
                else:
                    inner = '└─ ' if last_lane else '├─ '
                lines.append(f'{bar}{inner}{_line(step)}')
    return '\n'.join(lines) + '\n'


def _line(step: model.Step) -> str:
    command = f'  $ {step.command}' if step.command else ''
    return f'{step.name}: {step.title} (about {step.seconds:g} s){command}'


def display(plan: model.Plan, stream: typing.TextIO
            ) -> contextlib.AbstractContextManager[journal.Listener]:
    """Return a context manager that provides a listener for the journal.

    A terminal shows the list of steps, kept up to date; another stream gets a
    line for each step and finding.
    """
    return _terminal(plan, stream) if stream.isatty() else _lines(stream)


@contextlib.contextmanager
def _lines(stream: typing.TextIO) -> abc.Iterator[journal.Listener]:
    start = time.monotonic()

    def show(event: journal.Event) -> None:
        data = event['data']
        if event['kind'] == journal.STEP_START:
            text = f'{event["step"]}: {data["title"]}'
        elif event['kind'] == journal.STEP_END:
            text = f'{event["step"]}: {_outcome(data)}'
        elif event['kind'] == journal.FINDING:
            text = (f'{event["step"]}: {_word(data["finding"])}: '
                    f'{data["finding"]["title"]}')
        else:
            return
        print(f'[{time.monotonic() - start:6.1f} s] {text}', file=stream,
              flush=True)
    yield show


def _word(finding: dict[str, typing.Any]) -> str:
    """Return the word for a finding that is not judged yet."""
    return ('warning' if finding.get('severity') == findings.WARNING
            else 'finding')


def _outcome(data: dict[str, typing.Any]) -> str:
    text = f'{data["outcome"]}, {data["seconds"]} s'
    if 'passed' in data:
        text += (f' ({data["passed"]} passed, {data["failed"]} failed, '
                 f'{data["skipped"]} skipped)')
    return text


class _List:
    """The list of steps; rendered four times a second."""

    def __init__(self, plan: model.Plan) -> None:
        self._plan = plan
        self._starts: dict[str, float] = {}
        self._ends: dict[str, dict[str, typing.Any]] = {}
        self._findings: list[dict[str, typing.Any]] = []

    def show(self, event: journal.Event) -> None:
        if event['kind'] == journal.STEP_START:
            self._starts[event['step']] = time.monotonic()
        elif event['kind'] == journal.STEP_END:
            self._ends[event['step']] = event['data']
        elif event['kind'] == journal.FINDING:
            self._findings.append(event['data']['finding'])

    def __rich__(self) -> table.Table:
        shown = table.Table(box=None, show_header=False, pad_edge=False)
        shown.add_column(width=9)
        shown.add_column(justify='right', width=8)
        shown.add_column()
        for step in self._plan.steps:
            end, start = self._ends.get(step.name), self._starts.get(step.name)
            seconds: float | None = None
            mark = detail = ''
            if end:
                mark, seconds = _MARKS[end['outcome']], end['seconds']
            elif start:
                mark, seconds = '[cyan]...', time.monotonic() - start
            if end and 'passed' in end:
                detail = f' [dim]({_outcome(end)})'
            shown.add_row(
                mark, '' if seconds is None else f'{seconds:.1f} s',
                f'{step.name}: {step.title}{detail}')
        for finding in self._findings:
            word = _word(finding)
            shown.add_row(f'[{_COLOURS[word]}]{word}', '',
                          markup.escape(finding['title']))
        return shown


@contextlib.contextmanager
def _terminal(plan: model.Plan,
              stream: typing.TextIO) -> abc.Iterator[journal.Listener]:
    steps = _List(plan)
    with live.Live(steps, console=consoles.Console(file=stream),
                   refresh_per_second=4):
        yield steps.show
