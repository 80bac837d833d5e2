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

"""The geometry of the picture of availability: probes over steps in time."""

from collections import abc
import typing

# Dimensions of the picture, in its own units.
WIDTH = 1000
LABELS = 110
MARGIN = 60
ROW = 26

# The names of the steps are below, rotated: their distance, the height and
# width of a letter, and the length of the line above them.
APART = 14
LETTER = 5
ASIDE = 3.3
STEM = 24

# More names do not fit: only the longest steps have one.
NAMED = (WIDTH - LABELS - MARGIN) // APART

# The minimum width of a visible bar.
THIN = 1.5

Data = dict[str, typing.Any]
Span = abc.Callable[[float, float], dict[str, float]]


def timeline(report: Data) -> Data | None:
    """Return the geometry of the picture: a row for each probe.

    :param report: dict of :func:`heat_upgrade.report.model.make`
    :returns: None if no probe has saved samples; else dict of width, height,
        row, labels, bottom (of the rows), rows [{name, y, x, width, gaps
        [{x, width, title}], outages [{x, width, title}], longest {x, width,
        text} or None}], steps [{name, x, width, at, outcome, title}] (at:
        position of its name, None without room for it) and ticks [{x,
        seconds}]
    """
    probes = {name: probe for name, probe in report['availability'].items()
              if 'asked' in probe and probe['sent']}
    if not probes:
        return None
    first = min(probe['asked'][0] for probe in probes.values())
    last = max(probe['asked'][1] for probe in probes.values())
    scale = (WIDTH - LABELS - MARGIN) / max(last - first, 0.1)

    def span(start: float, end: float) -> dict[str, float]:
        start, end = max(start, first), min(end, last)
        return {'x': round(LABELS + (start - first) * scale, 1),
                'width': round(max((end - start) * scale, THIN), 1)}
    bottom = (len(probes) + 1) * ROW
    steps = _steps(report['steps'], first, last, span)
    names = max((len(step['name']) for step in steps), default=0) * LETTER
    return {
        'width': WIDTH, 'height': bottom + STEM + names, 'row': ROW,
        'labels': LABELS, 'bottom': bottom,
        'rows': [{'name': name, 'y': number * ROW, **span(*probe['asked']),
                  **_row(probe, span)}
                 for number, (name, probe) in enumerate(probes.items(), 1)],
        'steps': steps,
        'ticks': _ticks(first, last, span),
    }


def _row(probe: Data, span: Span) -> Data:
    longest = probe['gap'] and {
        **span(*probe['gap']), 'text': f'{probe["longest_gap_s"]} s'}
    return {
        'gaps': [{**span(start, end), 'title':
                  f'no good answer from {start} to {end} s'}
                 for start, end in probe['gaps']],
        'outages': [{**span(outage['start'], outage['end']), 'title': (
            f'{outage["failed"]} failed, asked from {outage["start"]} s, '
            f'the last one ended at {outage["end"]} s: ' + ', '.join(
                f'{error} {number}'
                for error, number in outage['errors'].items()))}
            for outage in probe['outages']],
        'longest': longest,
    }


def _steps(steps: list[Data], first: float, last: float,
           span: Span) -> list[Data]:
    """Return the steps during the probes, in the order of time."""
    seen = sorted(
        (step for step in steps if step['start'] is not None
         and step['start'] < last
         and (step['end'] is None or step['end'] > first)),
        key=lambda step: step['start'])
    result = []
    for step in seen:
        end = last if step['end'] is None else step['end']
        result.append({
            'name': step['name'], **span(step['start'], end), 'at': None,
            'outcome': step['outcome'].replace(' ', '-'),
            'title': f'{step["name"]}: {step["title"]}'})
    _place(result)
    return result


def _place(steps: list[Data]) -> None:
    """Set the positions of step names: apart, and within the picture."""
    longest = sorted(steps, key=lambda step: -step['width'])[:NAMED]
    named = [step for step in steps if step in longest]
    at = 0.0
    for step in named:
        at = step['at'] = round(max(step['x'] + 4, at + APART), 1)
    after: float = WIDTH + APART
    for step in reversed(named):
        room = min(after - APART, WIDTH - ASIDE * len(step['name']))
        after = step['at'] = round(min(step['at'], room), 1)


def _ticks(first: float, last: float, span: Span) -> list[Data]:
    every = next(size for size in (1, 5, 10, 30, 60, 300, 3600)
                 if (last - first) / size <= 15 or size == 3600)
    start = -(-first // every) * every
    count = int((last - start) // every) + 1
    return [{'x': span(second, second)['x'], 'seconds': int(second)}
            for second in (start + number * every for number in range(count))]
