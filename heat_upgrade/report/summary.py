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

"""The summary of a run, for a terminal or a log."""

from collections import abc
import typing

from heat_upgrade.report import headline
from heat_upgrade.report import traffic
from heat_upgrade.report import triage
from heat_upgrade.results import findings
from heat_upgrade.results import grouping
from heat_upgrade.results import verdict

# Maximum of lines of evidence, which begins with the failure itself.
EVIDENCE_LINES = 12

# A hazard or a warning needs fewer, because its cause is known.
FEW_LINES = 3

# Maximum of listed findings of a group.
SUBJECTS = 10

Report = dict[str, typing.Any]
Lines = abc.Iterator[str]


def text(report: Report) -> str:
    """Return the summary of a report.

    :param report: dict of :func:`heat_upgrade.report.model.make`
    """
    return '\n'.join([
        *_head(report), '', *_steps(report), '', *_phases(report),
        *_in_flight(report), *_traffic(report), *_measures(report),
        *_against(report), *_findings(report), *_proved(report), '',
        *_where(report)]) + '\n'


def counted(errors: dict[str, int]) -> str:
    """Return the errors of a probe as text.

    :param errors: {class: number}
    """
    return ', '.join(f'{error} {number}' for error, number in errors.items())


def page(finding: findings.Finding) -> str:
    """Return the documentation page of a finding, or ''."""
    return finding.docs and f'doc/source/{finding.docs}.rst'


def kind(finding: findings.Finding) -> str:
    """Return severity, origin and class of a finding in words."""
    words = f'{finding.severity}; {finding.origin}'
    if finding.failure_class:
        words += (f', class {int(finding.failure_class)}: '
                  f'{finding.failure_class.description}')
    return words


def _head(report: Report) -> list[str]:
    return [
        f'Heat {headline.version(report["base"])} -> '
        f'{headline.version(report["target"])}, '
        f'{report["strategy"]} upgrade, tier {report["tier"]}, seed '
        f'{report["seed"]}',
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
    for name, numbers in report['phases'].items():
        yield (f'  {name:15}  {numbers["passed"]} passed, '
               f'{numbers["failed"]} failed, {numbers["skipped"]} skipped'
               + (f', {numbers["known"]} known' if numbers['known'] else ''))


def _in_flight(report: Report) -> Lines:
    outcomes = report['in_flight']
    if outcomes:
        legal = sum(outcome['legal'] for outcome in outcomes)
        known = sum(not outcome['legal'] and not outcome['counts']
                    for outcome in outcomes)
        yield (f'  in flight        {legal} of {len(outcomes)} finished in '
               'an allowed state'
               + (f', {known} lost as known' if known else ''))


def _traffic(report: Report) -> Lines:
    if not report['load']:
        return
    broken = traffic.broken(report['load'])
    known = sum(not traffic.counts(rule) for rule in broken.values())
    yield (f'  traffic          {report["load"]["operations"]} operations, '
           f'{headline.number(len(broken), "rule")} broken'
           + (f' ({known} not counted)' if known else '')
           + ('' if report['load']['ended']
              else '; its final state was not recorded'))


def longest_gap(probe: Report) -> str:
    """Return the longest gap between the good answers to a probe."""
    gap = probe['longest_gap_s']
    if gap is not None:
        return f'{gap} s'
    outages = probe.get('outages', ())
    if outages and outages[-1]['end'] < probe['asked'][1]:
        # A slow probe, such as the canary, may have just one good answer.
        outage = outages[-1]
        return (f'{probe["asked"][1] - outage["start"]:.2f} s (from the '
                'first question)')
    return 'never answered again'


def _measures(report: Report) -> Lines:
    for name, probe in report['availability'].items():
        shown = longest_gap(probe)
        if 'errors' not in probe:
            yield (f'  downtime         {shown} ({name}, authenticated stack '
                   'list)')
            continue
        failed = f'{probe["failed"]} of {probe["sent"]} failed'
        if probe['errors']:
            failed += f' ({counted(probe["errors"])})'
        yield f'  {name:15}  {failed}, longest gap {shown}'
    yield (f'  whole run        {report["duration_s"]} s, '
           f'{report["peak_memory_bytes"] / 2**30:.2f} GiB at the peak')


def _against(report: Report) -> Lines:
    against = report['against']
    if against:
        yield (f'  findings         new {against["new"]}, '
               f'gone {against["gone"]}, same {against["same"]} (against '
               f'{headline.version(against["target"])})')


def _proved(report: Report) -> Lines:
    if report['verdict'] == verdict.LAB_ERROR:
        yield ''
        yield 'proved before the lab failed:'
        for line in headline.proved(report):
            yield f'   - {line}'


def _findings(report: Report) -> Lines:
    """Yield the findings, section by section, the worst first."""
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
    for heading, listed in (
            ('to know before the upgrade, from the static checks',
             triage.to_know(found)), ('notes', triage.notes(found))):
        if listed:
            yield ''
            yield f'{heading} ({len(listed)}):'
            yield from _list(listed)


def _section(heading: str, found: list[findings.Finding]) -> Lines:
    if found:
        yield ''
        yield f'{heading} ({len(found)}):'
    for group in grouping.groups(found):
        yield ''
        yield from _group('*', group, FEW_LINES)


def _group(mark: str, group: grouping.Group, most: int) -> Lines:
    """Yield the lines of a group of findings.

    :param most: number of first lines of the evidence; its last line follows,
        because a failed command prints the reason at its end
    """
    first = group.findings[0]
    yield f'{mark:2} [{kind(first)}] in {first.step}:'
    yield f'   {group.title}'
    if len(group.findings) > 1:
        for finding in group.findings[:SUBJECTS]:
            yield f'   - {finding.title}'
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
    for word, detail in (
            ('reason', why_not if why_not not in lines[:most] else ''),
            ('impact', first.impact), ('remedy', first.remedy),
            ('docs', page(first)), ('log', first.log),
            ('again', first.reproduce if first.test else '')):
        if detail:
            yield f'   {word}: {detail}'


def _list(found: list[findings.Finding]) -> Lines:
    for group in grouping.groups(found):
        step = group.findings[0].step
        yield f'   - {group.title}' + (
            '' if step in group.title else f' (in {step})')


def _where(report: Report) -> list[str]:
    return [f'report:  {report["run_dir"]}/report.html',
            f'logs:    {report["run_dir"]}/logs',
            f'again:   {report["reproduce"]}']
