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

from heat_upgrade import findings
from heat_upgrade.report import groups
from heat_upgrade.report import load
from heat_upgrade import verdict

_MEANING = {
    verdict.PASS: 'this upgrade is safe, as far as it was tested',
    verdict.FAIL: 'this upgrade is NOT safe',
    verdict.LAB_ERROR: 'we could not tell: something other than the upgrade '
                       'broke',
}
EVIDENCE_LINES = 12


def text(report):
    """Return the summary of a report.

    :param report: dict of :func:`heat_upgrade.report.model.make`
    """
    return '\n'.join([
        *_head(report), '', *_steps(report), '', *_phases(report),
        *_in_flight(report), *_load(report), *_measures(report),
        *_findings(report), *_folded(report), '', *_where(report)]) + '\n'


def version(release):
    """Return a release of a report as one word."""
    return release.get('version') or release['name']


def counted(errors):
    """Return the errors of a probe as text.

    :param errors: {class: number}
    """
    return ', '.join(f'{error} {number}' for error, number in errors.items())


def number(count, word):
    """Return so many of something: '1 rule', '2 rules'."""
    return f'{count} {word}' + ('' if count == 1 else 's')


def _head(report):
    return [
        f'Heat {version(report["base"])} -> {version(report["target"])}, '
        f'{report["strategy"]} upgrade, seed {report["seed"]}',
        f'verdict: {report["verdict"].upper()} '
        f'({_MEANING[report["verdict"]]})',
    ] + ([] if report['finished'] else ['the run was cut off'])


def _steps(report):
    width = max(len(step['name']) for step in report['steps'])
    for step in report['steps']:
        seconds = step.get('seconds')
        shown = f'{seconds:6.1f} s' if step['start'] is not None and (
            seconds is not None) else ' ' * 8
        yield (f'  {step["name"]:{width}}  {shown}  {step["outcome"]:11}  '
               f'{step["title"]}')


def _phases(report):
    for name, one in report['phases'].items():
        yield (f'  {name:15}  {one["passed"]} passed, {one["failed"]} '
               f'failed, {one["skipped"]} skipped'
               + (f', {one["known"]} known' if one['known'] else ''))


def _in_flight(report):
    flown = report['in_flight']
    if flown:
        legal = sum(one['legal'] for one in flown)
        yield f'  in flight        {legal} of {len(flown)} ended as they may'


def _load(report):
    if not report['load']:
        return
    broken = load.broken(report['load'])
    known = sum(not load.counts(rule) for rule in broken.values())
    yield (f'  load             {report["load"]["operations"]} operations, '
           f'{number(len(broken), "rule")} broken'
           + (f' ({known} not counted)' if known else '')
           + ('' if report['load']['ended'] else '; it has no end'))


def _measures(report):
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


def _findings(report):
    shown = groups.counted(report)
    if not shown:
        yield '  no findings' + (' that count' if report['findings'] else '')
    for number, finding in enumerate(shown, 1):
        kind = finding['origin']
        if finding['class']:
            kind += (f', class {finding["class"]}: '
                     + findings.CLASSES[finding['class']])
        yield ''
        yield (f'{number}. [{finding["severity"]}; {kind}] in '
               f'{finding["step"]}:')
        yield f'   {finding["title"]}'
        lines = finding['evidence'].strip().splitlines()
        if len(lines) > EVIDENCE_LINES:
            # The end of a traceback, or of a log, says what happened.
            lines = ['...', *lines[-EVIDENCE_LINES:]]
        for line in lines:
            yield f'   | {line}'
        if finding['log']:
            yield f'   log: {finding["log"]}'
        if finding['test'] and finding['reproduce']:
            yield f'   again: {finding["reproduce"]}'


def _folded(report):
    for says, found in groups.folded(report).items():
        yield ''
        yield f'{says} ({len(found)}):'
        for finding in found:
            title, step = finding['title'], finding['step']
            yield f'   - {title}' + (
                '' if step in title else f' (in {step})')


def _where(report):
    return [f'report:  {report["run_dir"]}/report.html',
            f'logs:    {report["run_dir"]}/logs',
            f'again:   {report["reproduce"]}']
