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

"""The report of a rehearsal, for people and machines.

It has stack IDs, table names, numbers, and the statements of Heat's own
migrations without their literals, but no other content of the dump.
"""

from collections import abc
import datetime
import json
import pathlib
import shlex
import typing

import jinja2

from heat_upgrade import errors
from heat_upgrade import filesystem
from heat_upgrade.install import releases
from heat_upgrade.rehearsal import order as orders
from heat_upgrade.results import findings
from heat_upgrade.results import verdict

TEMPLATES = pathlib.Path(__file__).parent
PAGE = 'report.html.j2'

Report = dict[str, typing.Any]

_MEANING = {
    verdict.PASS: 'the rehearsal found no obstacle to the upgrade',
    verdict.FAIL: 'this database can NOT be upgraded safely',
}
EVIDENCE_LINES = 12
FILES = ('report.json', 'report.html', 'summary.txt')


def make(order: orders.Order, outcome: orders.Outcome, *,
         words: abc.Iterable[str]) -> Report:
    """Return the report of a rehearsal, with the content of report.json.

    :param words: the command that repeats the rehearsal
    """
    reproduce = shlex.join(words)
    found = [{**finding.as_dict(), 'reproduce': reproduce}
             for finding in outcome.findings]
    return {
        'verdict': verdict.verdict(outcome.findings, {
            'rehearsal': len(outcome.steps)}, finished=True),
        'strategy': 'rehearsal',
        'base': order.base.describe(), 'target': order.target.describe(),
        'finished': True,
        'ended': datetime.datetime.now(datetime.UTC).isoformat(
            timespec='seconds'),
        'duration_s': outcome.steps[-1]['end'] if outcome.steps else 0,
        'steps': outcome.steps, 'phases': {}, 'availability': {},
        'findings': found, 'reproduce': reproduce, **outcome.facts}


def write(report: Report, directory: pathlib.Path) -> None:
    """Write report.json, report.html and summary.txt, with mode 0600."""
    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True,
        trim_blocks=True, lstrip_blocks=True,
        undefined=jinja2.StrictUndefined)
    page = templates.get_template(PAGE).render(
        report=report, classes=findings.CLASSES, version=_version)
    for name, content in zip(FILES, (
            json.dumps(report, indent=2) + '\n', page, summary(report))):
        filesystem.write_atomically(pathlib.Path(directory, name), content)


def make_directory(work_dir: pathlib.Path, keep: pathlib.Path | None,
                   base: releases.Release, target: releases.Release
                   ) -> pathlib.Path:
    """Make and return the directory for the report.

    :param keep: the directory that the user named, or None
    :raises: :class:`errors.UsageError` if it cannot be made
    """
    if keep is None:
        return filesystem.new_directory(
            work_dir, f'rehearsal-{base.version or base.kind}-'
                      f'{target.version or target.kind}')
    try:
        keep.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as exc:
        raise errors.UsageError(
            f'cannot write a report to {keep}: {exc.strerror}') from exc
    return keep.resolve()


def summary(report: Report) -> str:
    """Return the summary of a rehearsal, for a person at a terminal."""
    return '\n'.join([
        f'Heat {_version(report["base"])} -> {_version(report["target"])}, '
        'rehearsed on a dump',
        f'verdict: {report["verdict"].upper()} '
        f'({_MEANING[report["verdict"]]})', '',
        *_steps(report), '', *_numbers(report), *_findings(report), '',
        f'again:   {report["reproduce"]}']) + '\n'


def _version(release: abc.Mapping[str, str]) -> str:
    return release.get('version') or release['name']


def _steps(report: Report) -> abc.Iterator[str]:
    for step in report['steps']:
        seconds = step['end'] - step['start']
        yield (f'  {step["name"]:13}  {seconds:8.1f} s  '
               f'{step["outcome"]:6}  {step["title"]}')


def _numbers(report: Report) -> abc.Iterator[str]:
    load = report['load']
    yield (f'  rows         {load["rows"]} in {load["seconds"]} s, '
           f'{load["rows_per_second"]} a second')
    for kind, count in report['dump']['skipped'].items():
        yield f'  not loaded   {kind}: {count}'
    for revision in report['revisions']:
        seconds = ('failed' if revision['seconds'] is None
                   else f'{revision["seconds"]:.2f} s')
        yield (f'  migration    {revision["id"]}  {seconds}  '
               f'{revision["title"]}')
    longest = max(report.get('waits', ()), default=None,
                  key=lambda wait: wait['longest_s'])
    if longest and longest['longest_s']:
        yield (f'  waits        at most {longest["longest_s"]:.2f} s, '
               f'{longest["kind"]} of {longest["table"]}')
    if 'tables' in report:
        same = sum(table['same'] for table in report['tables'])
        yield (f'  tables       {same} of {len(report["tables"])} have the '
               'same rows as before')
    if 'stacks' in report:
        stacks = report['stacks']
        bad = len({failure['stack'] for failure in stacks['failures']})
        yield (f'  stacks       {stacks["stacks"] - bad} of '
               f'{stacks["stacks"]} load'
               + (f'; {stacks["encrypted"]} are encrypted'
                  if stacks['encrypted'] else '')
               + (f'; a sample of {stacks["all"]}'
                  if stacks['stacks'] < stacks['all'] else ''))
    yield from _preflight(report)
    memory = report['memory']
    yield (f'  memory       ours {memory["ours"] / 2**20:.0f} MiB, the '
           f'server\'s {memory["server"] / 2**20:.0f} MiB')


def _preflight(report: Report) -> abc.Iterator[str]:
    """Yield the lines of the things to settle before the upgrade."""
    broken = len({failure['stack'] for failure
                  in report.get('stacks', {}).get('failures', ())
                  if failure['part'] == 'snapshots'})
    items = [*report.get('preflight', ())]
    if 'stacks' in report:
        items.append({
            'title': 'stacks with snapshots that do not load',
            'command': 'openstack stack snapshot delete STACK SNAPSHOT',
            'count': broken})
    for item in items:
        count = '?' if item['count'] is None else item['count']
        yield f'  before       {count:>6}  {item["title"]}'
        if item['count'] != 0:
            yield f'                       {item["command"]}'


def _findings(report: Report) -> abc.Iterator[str]:
    if not report['findings']:
        yield '  no findings'
    for number, finding in enumerate(report['findings'], 1):
        yield ''
        yield (f'{number}. [{finding["severity"]}; class {finding["class"]}: '
               f'{findings.CLASSES[finding["class"]]}] in '
               f'{finding["step"]}:')
        yield f'   {finding["title"]}'
        lines = finding['evidence'].splitlines()
        for line in lines[:EVIDENCE_LINES]:
            yield f'   | {line}'
        if len(lines) > EVIDENCE_LINES:
            yield '   | ...'
        yield f'   Impact: {finding["impact"]}'
        yield f'   Remedy: {finding["remedy"]}'
