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

"""The events of a run on one axis of time, as rows and items of a chart."""

from collections import abc
import dataclasses
import pathlib
import typing

from heat_upgrade.plan import model as plans
from heat_upgrade.plan import planner
from heat_upgrade.results import journal
from heat_upgrade.traffic import history

# The kinds of items; a step has its outcome, with a hyphen for a space.
OK, FAILED, HAZARD, GAP = 'ok', 'failed', 'hazard', 'gap'
FAULT, NODE, PHASE = 'fault', 'node', 'phase'

# The rows, which a reader can hide, from top to bottom: {category: title}.
CATEGORIES = {
    'steps': 'Steps', 'phases': 'Phases', 'nodes': 'Nodes',
    'faults': 'Faults', 'load': 'Traffic', 'probes': 'Probes',
    'in-flight': 'In-flight operations',
}

# A page with 509 items loaded in 0.4 to 2.9 s; one with 10,245 did not load in
# 30 s. If a run has more than MOST, near items of these rows are joined: at
# most PARTS of a kind in a row.
MOST, PARTS = 1500, 100
REPETITIVE = ('load', 'probes')

Data = dict[str, typing.Any]
Items = abc.Iterator['Item']


@dataclasses.dataclass(frozen=True)
class Item:
    """A bar of the chart; times in seconds since the start of the run.

    :ivar row: title of its row
    :ivar category: a key of CATEGORIES
    :ivar kind: decides its colour
    :ivar lane: number of its lane in the row, from 0
    """

    category: str
    row: str
    start: float
    end: float
    kind: str
    text: str
    title: str
    lane: int = 0


@dataclasses.dataclass(frozen=True)
class Timeline:
    """The chart of a run.

    :ivar started: ISO 8601, in UTC
    :ivar seconds: duration
    """

    started: str
    seconds: float
    items: tuple[Item, ...]

    @property
    def first_error(self) -> int | None:
        """The number of the first error, None without an error.

        The probes fail in each cold upgrade. Their failures are the first
        error only if no step and no operation failed.
        """
        wrong = [number for number, item in enumerate(self.items)
                 if item.kind in (FAILED, HAZARD)]
        return min(wrong, default=None, key=lambda number: (
            self.items[number].category == 'probes',
            self.items[number].kind != FAILED, self.items[number].start))

    def as_dict(self) -> Data:
        """Return the chart as data for JSON."""
        return {
            'started': self.started, 'seconds': self.seconds,
            'firstError': self.first_error,
            'categories': list(CATEGORIES.items()),
            'items': [dataclasses.asdict(item) for item in self.items]}


@dataclasses.dataclass(frozen=True)
class Records:
    """The records of a run that the chart needs, other than its report.

    :ivar steps: the steps of the plan
    :ivar events: of the journal
    :ivar calls: of the traffic
    """

    steps: abc.Sequence[plans.Step] = ()
    events: abc.Sequence[Data] = ()
    calls: abc.Sequence[history.Call] = ()

    @property
    def origin(self) -> float:
        """The monotonic time of the start of the run."""
        return float(self.events[0]['monotonic']) if self.events else 0.0


NO_RECORDS = Records()


def read(run_dir: pathlib.Path) -> Records:
    """Return the records of a run directory.

    :raises: FileNotFoundError, ValueError or
        :class:`heat_upgrade.errors.UsageError` for another directory
    """
    plan = planner.from_json((run_dir / planner.FILE).read_text())
    calls = (history.read(run_dir)
             if (run_dir / history.FILE).exists() else ())
    return Records(plan.steps, journal.read(run_dir), calls)


def timeline(report: Data, records: Records) -> Timeline | None:
    """Return the chart of a run, None if no step was started.

    :param report: dict of :func:`heat_upgrade.report.model.make`
    """
    found = [item for maker in (_steps, _phases, _nodes, _flights, _load,
                                _faults, _probes)
             for item in maker(report, records)]
    if len(found) > MOST:
        found = _joined(found, report['duration_s'] / PARTS)
    items = _packed(found)
    if not items or not report['started']:
        return None
    return Timeline(report['started'], report['duration_s'], tuple(items))


def _joined(items: abc.Iterable[Item], near: float) -> list[Item]:
    """Return items, those of a repetitive row joined if they are near.

    :param near: maximum seconds between items of one kind
    """
    joined: list[Item] = []
    last: dict[tuple[str, str], int] = {}
    for item in sorted(items, key=lambda item: item.start):
        place = last.get((item.row, item.kind))
        if (item.category in REPETITIVE and place is not None
                and item.start - joined[place].end <= near):
            before = joined[place]
            joined[place] = dataclasses.replace(
                before, end=max(before.end, item.end), text='',
                title=f'{item.row}: several events of the kind '
                      f'{item.kind} from {before.start:.1f} s')
        else:
            last[item.row, item.kind] = len(joined)
            joined.append(item)
    return joined


def _packed(items: abc.Iterable[Item]) -> list[Item]:
    """Return items in the first lane of their row that is free."""
    packed = []
    ends: dict[str, list[float]] = {}
    for item in sorted(items, key=lambda item: (item.start, item.end)):
        if item.category == 'probes':
            # The gaps and failures of a probe are drawn upon its bar.
            packed.append(item)
            continue
        lanes = ends.setdefault(item.row, [])
        lane = next((number for number, end in enumerate(lanes)
                     if end <= item.start), len(lanes))
        lanes[lane:lane + 1] = [item.end]
        packed.append(dataclasses.replace(item, lane=lane))
    return packed


def _began(report: Data) -> abc.Iterator[tuple[Data, float, float]]:
    """Yield the steps that were started, with start and end."""
    for step in report['steps']:
        if step['start'] is not None:
            yield step, step['start'], (
                report['duration_s'] if step['end'] is None else step['end'])


def _steps(report: Data, records: Records) -> Items:
    for step, start, end in _began(report):
        yield Item('steps', CATEGORIES['steps'], start, end,
                   step['outcome'].replace(' ', '-'), step['name'],
                   f'{step["name"]}: {step["title"]}; {step["outcome"]}, '
                   f'{end - start:.1f} s')


def _phases(report: Data, records: Records) -> Items:
    for phase in report['phases']:
        times = [(start, end) for step, start, end in _began(report)
                 if step['phase'] == phase]
        if times:
            start = min(start for start, _ in times)
            end = max(end for _, end in times)
            yield Item('phases', CATEGORIES['phases'], start, end, PHASE,
                       phase, f'phase {phase}: {end - start:.1f} s')


def _nodes(report: Data, records: Records) -> Items:
    """Yield the steps that act on one node, with the release they use."""
    of_plan = {step.name: step for step in records.steps}
    for step, start, end in _began(report):
        planned = of_plan.get(step['name'])
        if planned and planned.node:
            release: Data = report[planned.side] if planned.side else {}
            version = release.get('version') or release.get('name') or ''
            text = ' '.join(filter(None, (
                planned.action, planned.service, version)))
            yield Item('nodes', planned.node, start, end, NODE, text,
                       f'{planned.node}: {step["title"]}'
                       + (f'; release {version}' if version else ''))


def _flights(report: Data, records: Records) -> Items:
    """Yield each in-flight operation from its release to its outcome."""
    outcomes: dict[object, Data] = {
        (one['step'], one['case'], one['disruption']): one
        for one in report['in_flight']}
    for event in records.events:
        if event['kind'] != journal.IN_FLIGHT:
            continue
        data: Data = event['data']
        judged = outcomes.get(
            (event['step'], data['case'], data['disruption']), data)
        end = event['monotonic'] - records.origin
        kind = OK if judged['legal'] else (
            FAILED if judged.get('counts') else HAZARD)
        yield Item('in-flight', CATEGORIES['in-flight'],
                   max(end - data['seconds'], 0), end, kind, data['case'],
                   f'{data["case"]}, {data["disruption"]}: '
                   f'{data["status"]} after {data["seconds"]} s')


def _load(report: Data, records: Records) -> Items:
    """Yield the calls of the traffic, joined by the second."""
    seconds: dict[int, list[bool]] = {}
    for call in records.calls:
        if call.operation not in (history.FAULT, history.WAIT):
            seconds.setdefault(int(call.start - records.origin), []).append(
                call.result in (history.ERROR, history.NO_ANSWER))
    for second, failed in sorted(seconds.items()):
        text = f'{len(failed)}, {sum(failed)} failed'
        yield Item('load', CATEGORIES['load'], second, second + 1,
                   GAP if any(failed) else OK, str(len(failed)),
                   f'calls in second {second}: {text}')


def _faults(report: Data, records: Records) -> Items:
    for call in records.calls:
        if call.operation == history.FAULT:
            at = call.start - records.origin
            yield Item('faults', CATEGORIES['faults'], at, at + 1, FAULT,
                       call.result, f'{call.result} {call.node} at {at:.1f} s')
    times = {step['name']: (start, end)
             for step, start, end in _began(report)}
    for step in records.steps:
        if step.fault and step.name in times:
            start, end = times[step.name]
            yield Item('faults', CATEGORIES['faults'], start, end, FAULT,
                       step.fault, f'{step.name}: {step.title}')


def _probes(report: Data, records: Records) -> Items:
    for name, probe in report['availability'].items():
        if 'asked' not in probe or not probe['sent']:
            continue
        first, last = probe['asked']
        yield Item('probes', name, first, last, OK, '',
                   f'{name}: {probe["failed"]} of {probe["sent"]} failed')
        for start, end in probe['gaps']:
            yield Item('probes', name, start, end, GAP, '',
                       f'{name}: no good answer for {end - start:.1f} s')
        for outage in probe['outages']:
            yield Item(
                'probes', name, outage['start'], outage['end'], FAILED, '',
                f'{name}: {outage["failed"]} failed, ' + ', '.join(
                    f'{error} {number}'
                    for error, number in outage['errors'].items()))
