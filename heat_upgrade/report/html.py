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

"""Writes a report as one HTML page, with a chart of the run in time."""

from collections import abc
import pathlib
import typing

import jinja2
import markupsafe

from heat_upgrade.plan import model
from heat_upgrade.probes import aggregates
from heat_upgrade.report import headline
from heat_upgrade.report import history as histories
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
VENDOR = pathlib.Path(__file__).with_name('vendor')
PAGE, MERGED_PAGE = 'page.html.j2', 'merged.html.j2'
HISTORY_PAGE = 'history.html.j2'

# The disruptions of in-flight operations, in words.
DISRUPTIONS = {
    model.GRACEFUL: 'graceful stop',
    model.KILL: 'SIGKILL',
    model.LAST_ENGINE: 'stop of the last engine',
}
RESULTS = (history.OK, history.REFUSED, history.ERROR, history.NO_ANSWER)

Report = dict[str, typing.Any]


def write(report: Report, path: pathlib.Path | str,
          records: timeline.Records = timeline.NO_RECORDS) -> None:
    """Write the page; it needs no other file and no network.

    :param report: dict of :func:`heat_upgrade.report.model.make`
    :param records: of the same run, for the chart
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
        **sections, **_volume(report), **_chart(report, records))
    pathlib.Path(path).write_text(page, encoding='utf-8')


def history_page(runs: abc.Sequence[histories.Run]) -> str:
    """Return the page with the history of runs.

    :param runs: the latest first; runs without a report are left out
    """
    finished = [run for run in runs if run.verdict != histories.NO_REPORT]
    text: str = _templates().get_template(HISTORY_PAGE).render(
        runs=finished, shown=verdict.SHOWN,
        new=histories.new_findings(finished),
        downtime=max((run.downtime_s or 0 for run in finished), default=0),
        duration=max((run.seconds for run in finished), default=0))
    return text


def _chart(report: Report, records: timeline.Records
           ) -> dict[str, typing.Any]:
    """Return the chart's data and its library, None if no step began."""
    chart = timeline.timeline(report, records)
    return {'chart': chart and chart.as_dict(), **{
        name: chart and markupsafe.Markup(path.read_text(encoding='utf-8'))
        for name, path in (
            ('library', VENDOR / 'vis-timeline.min.js'),
            ('script', TEMPLATES / 'timeline.js'))}}


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
