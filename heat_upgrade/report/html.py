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

"""Writes a report as one HTML page, with a picture of the run in time."""

import pathlib

import jinja2

from heat_upgrade import findings
from heat_upgrade.probes import statistics
from heat_upgrade.report import summary
from heat_upgrade.report import timeline

TEMPLATE = 'report.html.j2'

# Of the picture, in its own units.
WIDTH = 1000
LABELS = 150
ROW = 22


def write(report, path):
    """Write the page; it needs no other file and no network.

    :param report: dict of :func:`heat_upgrade.report.model.make`
    """
    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(pathlib.Path(__file__).parent),
        autoescape=True, trim_blocks=True, lstrip_blocks=True,
        undefined=jinja2.StrictUndefined)
    templates.filters['counted'] = summary.counted
    page = templates.get_template(TEMPLATE).render(
        report=report, classes=findings.CLASSES, version=summary.version,
        picture=picture(report), timeline=timeline.timeline(report),
        long_gap=statistics.LONG)
    pathlib.Path(path).write_text(page, encoding='utf-8')


def picture(report):
    """Return the geometry of the picture: a row for each step.

    :returns: dict of width, height, labels, bars [{name, x, y, width,
        outcome, seconds}] and ticks [{x, seconds}]
    """
    duration = max(report['duration_s'], 0.1)
    scale = (WIDTH - LABELS - 60) / duration
    bars = []
    for number, step in enumerate(report['steps']):
        bar = {'name': step['name'], 'y': (number + 1) * ROW,
               'outcome': step['outcome'].replace(' ', '-'), 'x': LABELS,
               'width': 0, 'seconds': None}
        if step['start'] is not None:
            end = step['end'] if step['end'] is not None else duration
            bar.update(x=round(LABELS + step['start'] * scale, 1),
                       width=round(max((end - step['start']) * scale, 1), 1),
                       seconds=round(end - step['start'], 1))
        bars.append(bar)
    every = next(size for size in (1, 5, 10, 30, 60, 300, 3600)
                 if duration / size <= 15 or size == 3600)
    ticks = [{'x': round(LABELS + second * scale, 1), 'seconds': second}
             for second in range(0, int(duration) + 1, every)]
    return {'width': WIDTH, 'height': (len(bars) + 2) * ROW, 'row': ROW,
            'labels': LABELS, 'bars': bars, 'ticks': ticks}
