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

"""The end of a run, for a person at a terminal or reading a log."""

from collections import abc
import typing

from heat_upgrade.report import headline
from heat_upgrade.report import traffic
from heat_upgrade.report import triage
from heat_upgrade.results import findings
from heat_upgrade.results import grouping
from heat_upgrade.results import verdict

# Of the evidence of a finding; its beginning is the failure itself.
EVIDENCE_LINES = 12

# A hazard or a warning needs fewer: its cause is known.
FEW_LINES = 3

# Subjects of a group that are listed.
SUBJECTS = 10

Report = dict[str, typing.Any]
Lines = abc.Iterator[str]


def text(report: Report) -> str:
    """Return the summary of a report.

    :param report: dict of :func:`heat_upgrade.report.model.make`
    """
    return '\n'.join([
        *_head(report), '', *_steps(report), '', *_phases(report),
        *_in_flight(report), *_load(report), *_measures(report),
        *_against(report), *_findings(report), *_proved(report), '',
        *_where(report)]) + '\n'


def counted(errors: dict[str, int]) -> str:
    """Return the errors of a probe as text.

    :param errors: {class: number}
    """
    return ', '.join(f'{error} {number}' for error, number in errors.items())


def page(finding: findings.Finding) -> str:
    """Return the page of the documentation about a finding, ''."""
    return finding.docs and f'doc/source/{finding.docs}.rst'


def kind(finding: findings.Finding) -> str:
    """Return severity, origin and class of a finding in words."""
    found = f'{finding.severity}; {finding.origin}'
    if finding.failure_class:
        found += (f', class {int(finding.failure_class)}: '
                  f'{finding.failure_class.says}')
    return found


def _head(report: Report) -> list[str]:
    return [
        f'Heat {headline.version(report["base"])} -> '
        f'{headline.version(report["target"])}, '
        f'{report["strategy"]} upgrade, seed {report["seed"]}',
        f'verdict: {verdict.SHOWN[report["verdict"]]} '
        f'({headline.headline(report)})',
    ] + ([] if report['finished'] else ['the run was cut off'])


def _steps(report: Report) -> Lines:
    width = max(len(step['name']) for step in report['steps'])
    for step in report['steps']:
        seconds = step.get('seconds')
        shown = f'{seconds:6.1f} s' if step['start'] is not None and (
            seconds is not None) else ' ' * 8
        yield (f'  {step["name"]:{width}}  {shown}  {step["outcome"]:11}  '
               f'{step["title"]}')


def _phases(report: Report) -> Lines:
    for name, one in report['phases'].items():
        yield (f'  {name:15}  {one["passed"]} passed, {one["failed"]} '
               f'failed, {one["skipped"]} skipped'
               + (f', {one["known"]} known' if one['known'] else ''))


def _in_flight(report: Report) -> Lines:
    flown = report['in_flight']
    if flown:
        legal = sum(one['legal'] for one in flown)
        known = sum(not one['legal'] and not one['counts'] for one in flown)
        yield (f'  in flight        {legal} of {len(flown)} ended as they '
               'may' + (f', {known} lost as known' if known else ''))


def _load(report: Report) -> Lines:
    if not report['load']:
        return
    broken = traffic.broken(report['load'])
    known = sum(not traffic.counts(rule) for rule in broken.values())
    yield (f'  load             {report["load"]["operations"]} operations, '
           f'{headline.number(len(broken), "rule")} broken'
           + (f' ({known} not counted)' if known else '')
           + ('' if report['load']['ended'] else '; it has no end'))


def _measures(report: Report) -> Lines:
    for name, one in report['availability'].items():
        gap = one['longest_gap_s']
        shown = f'{gap} s' if gap is not None else 'never answered again'
        if 'errors' not in one:
            yield (f'  downtime         {shown} ({name}, authenticated stack '
                   'list)')
            continue
        lost = f'{one["failed"]} of {one["sent"]} failed'
        if one['errors']:
            lost += f' ({counted(one["errors"])})'
        yield f'  {name:15}  {lost}, longest gap {shown}'
    yield (f'  whole run        {report["duration_s"]} s, '
           f'{report["peak_memory_bytes"] / 2**30:.2f} GiB at the peak')


def _against(report: Report) -> Lines:
    one = report['against']
    if one:
        yield (f'  findings         new {one["new"]}, gone {one["gone"]}, '
               f'same {one["same"]} (against '
               f'{headline.version(one["target"])})')


def _proved(report: Report) -> Lines:
    if report['verdict'] == verdict.LAB_ERROR:
        yield ''
        yield 'proved before it broke:'
        for line in headline.proved(report):
            yield f'   - {line}'


def _findings(report: Report) -> Lines:
    """Tell the findings, section by section, the worst first."""
    found = triage.of_report(report)
    failures = triage.failures(found)
    if not failures:
        yield '  no findings' + (' that count' if found else '')
    for number, group in enumerate(grouping.groups(failures), 1):
        yield ''
        yield from _group(f'{number}.', group, EVIDENCE_LINES)
    yield from _section(
        'hazards: known defects of these releases, to be avoided',
        triage.hazards(found))
    yield from _section('warnings', triage.warnings(found))
    for says, ones in (
            ('to know before the upgrade, from the static checks',
             triage.to_know(found)), ('notes', triage.notes(found))):
        if ones:
            yield ''
            yield f'{says} ({len(ones)}):'
            yield from _list(ones)


def _section(says: str, found: list[findings.Finding]) -> Lines:
    if found:
        yield ''
        yield f'{says} ({len(found)}):'
    for group in grouping.groups(found):
        yield ''
        yield from _group('*', group, FEW_LINES)


def _group(mark: str, group: grouping.Group, most: int) -> Lines:
    """Tell a group of findings.

    :param most: so many first lines of the evidence, and its last one: a
        command that failed says why at its end
    """
    first = group.findings[0]
    yield f'{mark:2} [{kind(first)}] in {first.step}:'
    yield f'   {group.title}'
    if len(group.findings) > 1:
        for one in group.findings[:SUBJECTS]:
            yield f'   - {one.title}'
        if len(group.findings) > SUBJECTS:
            yield f'   - and {len(group.findings) - SUBJECTS} more'
    lines = first.evidence.strip().splitlines()
    for line in lines[:most]:
        yield f'   | {line}'
    if len(lines) > most + 1:
        yield f'   | ... {len(lines) - most - 1} more lines'
    for line in lines[most:][-1:]:
        yield f'   | {line}'
    why_not = triage.why_not(first)
    for word, told in (
            ('reason', why_not if why_not not in lines[:most] else ''),
            ('impact', first.impact), ('remedy', first.remedy),
            ('docs', page(first)), ('log', first.log),
            ('again', first.reproduce if first.test else '')):
        if told:
            yield f'   {word}: {told}'


def _list(found: list[findings.Finding]) -> Lines:
    for group in grouping.groups(found):
        step = group.findings[0].step
        yield f'   - {group.title}' + (
            '' if step in group.title else f' (in {step})')


def _where(report: Report) -> list[str]:
    return [f'report:  {report["run_dir"]}/report.html',
            f'logs:    {report["run_dir"]}/logs',
            f'again:   {report["reproduce"]}']
