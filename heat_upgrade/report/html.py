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
import typing

import jinja2

from heat_upgrade.plan import model
from heat_upgrade.probes import aggregates
from heat_upgrade.report import headline
from heat_upgrade.report import merging
from heat_upgrade.report import overview
from heat_upgrade.report import summary
from heat_upgrade.report import timeline
from heat_upgrade.report import traffic
from heat_upgrade.report import triage
from heat_upgrade.report import variation
from heat_upgrade.report import volume
from heat_upgrade.results import findings
from heat_upgrade.results import grouping
from heat_upgrade.results import verdict
from heat_upgrade.traffic import history

TEMPLATES = pathlib.Path(__file__).with_name('templates')
PAGE, MERGED_PAGE = 'page.html.j2', 'merged.html.j2'

# Dimensions of the picture, in its own units. The labels at the left take at
# least LABELS, and LETTER for each letter of the longest name. Rows are lower
# if there are more than MANY.
WIDTH = 1000
LABELS = 110
LETTER = 7
ROW, LOW_ROW = 22, 17
MANY = 20

# The disruptions of in-flight operations, in words.
DISRUPTIONS = {
    model.GRACEFUL: 'graceful stop',
    model.KILL: 'SIGKILL',
    model.LAST_ENGINE: 'stop of the last engine',
}
RESULTS = (history.OK, history.REFUSED, history.ERROR, history.NO_ANSWER)

Report = dict[str, typing.Any]


def write(report: Report, path: pathlib.Path | str) -> None:
    """Write the page; it needs no other file and no network.

    :param report: dict of :func:`heat_upgrade.report.model.make`
    """
    sections = _sections(triage.of_report(report))
    page = _templates().get_template(PAGE).render(
        report=report, chosen=variation.pairs(report),
        headline=headline.headline(report), proved=_proved(report),
        verdict=verdict.SHOWN[report['verdict']],
        answer=overview.ANSWERS[report['verdict']],
        advice=overview.ADVICE[report['verdict']],
        next_command=overview.next_command(report),
        tiles=overview.tiles(report), **_rows(sections, report['run_dir']),
        **sections, picture=picture(report), **_volume(report),
        timeline=timeline.timeline(report))
    pathlib.Path(path).write_text(page, encoding='utf-8')


def write_merged(merged: Report, path: pathlib.Path | str) -> None:
    """Write the page about several runs.

    :param merged: dict of :func:`heat_upgrade.report.merging.merge`
    """
    page = _templates().get_template(MERGED_PAGE).render(
        report=merged, shown=verdict.SHOWN,
        **_sections(merging.with_runs(merged)))
    pathlib.Path(path).write_text(page, encoding='utf-8')


def _templates() -> jinja2.Environment:
    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True, trim_blocks=True, lstrip_blocks=True,
        undefined=jinja2.StrictUndefined)
    templates.filters['counted'] = summary.counted
    templates.filters['longest_gap'] = summary.longest_gap
    templates.globals.update(
        version=headline.version, number=headline.number,
        counts=traffic.counts, clock=clock, kind=summary.kind,
        page=summary.page, size=size, why_not=triage.why_not,
        long_gap=aggregates.LONG, disruptions=DISRUPTIONS, results=RESULTS)
    return templates


def _volume(report: Report) -> dict[str, typing.Any]:
    """Return the table and the plot of the measurements, {} without any."""
    measured = report['volume']
    return {'volume_rows': volume.rows(measured),
            'volume_plot': volume.picture(measured)} if measured else {}


def _sections(found: list[findings.Finding]
              ) -> dict[str, list[grouping.Group]]:
    """Return the findings in the sections of the page, in groups."""
    return {name: grouping.groups(section(found)) for name, section in (
        ('failures', triage.failures), ('hazards', triage.hazards),
        ('warnings', triage.warnings), ('to_know', triage.to_know),
        ('notes', triage.notes))}


def _rows(sections: dict[str, list[grouping.Group]], run_dir: str
          ) -> dict[str, list[overview.Hazard]]:
    """Return the rows of the tables of the first screen."""
    def rows(*names: str) -> list[overview.Hazard]:
        return [row for name in names for row in overview.hazards(
            sections[name], run_dir, prefix=name)]
    return {'errors': rows('failures', 'hazards'),
            'cautions': rows('warnings', 'to_know', 'notes')}


def size(found: list[grouping.Group]) -> int:
    """Return the number of findings in groups."""
    return sum(len(group.findings) for group in found)


def _proved(report: Report) -> list[str]:
    """Return the successes before a failure of the lab, else []."""
    return (headline.proved(report)
            if report['verdict'] == verdict.LAB_ERROR else [])


def clock(time: str | None) -> str:
    """Return a time of the journal (ISO 8601, UTC) for display."""
    return time[:19].replace('T', ' ') + ' UTC' if time else 'never'


def picture(report: Report) -> dict[str, typing.Any]:
    """Return the geometry of the picture: a row for each step.

    :returns: dict of width, height, row, labels, bars [{name, title, x, y,
        width, outcome, seconds}] and ticks [{x, seconds}]
    """
    duration = max(report['duration_s'], 0.1)
    labels = max([LABELS, *(LETTER * len(step['name']) + 12
                            for step in report['steps'])])
    scale = (WIDTH - labels - 60) / duration
    row = LOW_ROW if len(report['steps']) > MANY else ROW
    bars = []
    for number, step in enumerate(report['steps']):
        bar = {'name': step['name'], 'title': step['title'],
               'y': (number + 1) * row,
               'outcome': step['outcome'].replace(' ', '-'), 'x': labels,
               'width': 0, 'seconds': None}
        if step['start'] is not None:
            end = step['end'] if step['end'] is not None else duration
            bar.update(x=round(labels + step['start'] * scale, 1),
                       width=round(max((end - step['start']) * scale, 1), 1),
                       seconds=round(end - step['start'], 1))
        bars.append(bar)
    every = next(size for size in (1, 5, 10, 30, 60, 300, 3600)
                 if duration / size <= 15 or size == 3600)
    ticks = [{'x': round(labels + second * scale, 1), 'seconds': second}
             for second in range(0, int(duration) + 1, every)]
    return {'width': WIDTH, 'height': (len(bars) + 2) * row, 'row': row,
            'labels': labels, 'bars': bars, 'ticks': ticks}
