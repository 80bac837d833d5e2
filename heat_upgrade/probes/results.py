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

"""The results of a run's probes, read from its run directory."""

from collections import abc
import pathlib
import typing

from heat_upgrade.probes import aggregates
from heat_upgrade.probes import samples
from heat_upgrade.results import journal

# {probe: dict}
Availability = dict[str, dict[str, typing.Any]]

# {step: (start, end)}; an unfinished step has the end None.
Times = dict[str, tuple[float, float | None]]


def make(run_dir: str | pathlib.Path,
         events: abc.Sequence[journal.Event]) -> Availability:
    """Return the availability of a run, from its run directory.

    :param events: the events of its journal
    :returns: {probe: dict of sent, failed, longest_gap_s}; for a probe with
        saved samples also the result of aggregates.whole(), its question and
        interval, and steps {step: dict}
    """
    probes: Availability = {
        event['data']['probe']: {
            name: value for name, value in event['data'].items()
            if name != 'probe'}
        for event in events if event['kind'] == journal.PROBE}
    origin = events[0]['monotonic'] if events else 0
    steps = [(name, start + origin, None if end is None else end + origin)
             for name, (start, end) in times(events).items()]
    for name, (about, own) in samples.read(run_dir).items():
        probes[name] = {
            **aggregates.whole(own, origin=origin,
                               interval=about.interval),
            'question': about.question, 'interval': about.interval,
            'steps': aggregates.by_step(own, steps, origin=origin)}
    return probes


def times(events: abc.Sequence[journal.Event]) -> Times:
    """Return the start and end of each step of a run.

    :returns: seconds since the first event, without skipped steps
    """
    origin = events[0]['monotonic'] if events else 0
    steps: Times = {}
    for event in events:
        if event['kind'] == journal.STEP_START:
            steps[event['step']] = (event['monotonic'] - origin, None)
        elif event['kind'] == journal.STEP_END and event['step'] in steps:
            steps[event['step']] = (steps[event['step']][0],
                                    event['monotonic'] - origin)
    return steps


def spans(events: abc.Sequence[journal.Event]
          ) -> list[tuple[str, float, float]]:
    """Return (step, start, end) of each step, in monotonic seconds.

    An unfinished step ends with the events.
    """
    origin = events[0]['monotonic'] if events else 0
    return [(name, start + origin,
             events[-1]['monotonic'] if end is None else end + origin)
            for name, (start, end) in times(events).items()]


def of_run(run_dir: str | pathlib.Path) -> tuple[Availability, Times]:
    """Return the availability and times of a run that may still continue.

    :returns: the arguments of budgets.judge()
    """
    events = journal.read(run_dir)
    return make(run_dir, events), times(events)
