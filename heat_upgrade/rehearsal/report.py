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

"""What people and machines read of a rehearsal.

Ids of stacks, names of tables, statements of Heat's own migrations without
their literals, numbers: nothing else of a dump.
"""

import datetime
import json
import pathlib
import shlex

import jinja2

from heat_upgrade import errors
from heat_upgrade.lab import workspace
from heat_upgrade.results import findings
from heat_upgrade.results import verdict

TEMPLATES = pathlib.Path(__file__).parent
PAGE = 'report.html.j2'

_MEANING = {
    verdict.PASS: 'this database can be upgraded, as far as it was rehearsed',
    verdict.FAIL: 'this database can NOT be upgraded safely',
}
EVIDENCE_LINES = 12
FILES = ('report.json', 'report.html', 'summary.txt')


def make(order, outcome, *, words):
    """Return the report of a rehearsal, as report.json has it.

    :param order: :class:`heat_upgrade.rehearsal.runner.Order`
    :param outcome: :class:`heat_upgrade.rehearsal.runner.Outcome`
    :param words: the command that does it again
    """
    reproduce = shlex.join(words)
    found = [{**one.as_dict(), 'reproduce': reproduce}
             for one in outcome.findings]
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


def write(report, directory):
    """Write report.json, report.html and summary.txt, of mode 0600."""
    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True,
        trim_blocks=True, lstrip_blocks=True,
        undefined=jinja2.StrictUndefined)
    page = templates.get_template(PAGE).render(
        report=report, classes=findings.CLASSES, version=_version)
    for name, content in zip(FILES, (
            json.dumps(report, indent=2) + '\n', page, summary(report))):
        workspace.write_secret(pathlib.Path(directory, name), content)


def make_directory(work_dir, keep, base, target):
    """Make and return the directory that takes the report.

    :param keep: where the user wants it, or None
    :raises: :class:`errors.UsageError` if it cannot be made
    """
    if keep is None:
        now = datetime.datetime.now(datetime.UTC).strftime('%Y%m%d-%H%M%S')
        keep = pathlib.Path(work_dir, (
            f'{now}-rehearsal-{base.version or base.kind}-'
            f'{target.version or target.kind}'))
    try:
        pathlib.Path(keep).mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as exc:
        raise errors.UsageError(
            f'cannot write a report to {keep}: {exc.strerror}') from exc
    return pathlib.Path(keep).resolve()


def summary(report):
    """Return the end of a rehearsal, for a person at a terminal."""
    return '\n'.join([
        f'Heat {_version(report["base"])} -> {_version(report["target"])}, '
        'rehearsed on a dump',
        f'verdict: {report["verdict"].upper()} '
        f'({_MEANING[report["verdict"]]})', '',
        *_steps(report), '', *_numbers(report), *_findings(report), '',
        f'again:   {report["reproduce"]}']) + '\n'


def _version(release):
    return release.get('version') or release['name']


def _steps(report):
    for step in report['steps']:
        seconds = step['end'] - step['start']
        yield (f'  {step["name"]:13}  {seconds:8.1f} s  '
               f'{step["outcome"]:6}  {step["title"]}')


def _numbers(report):
    load = report['load']
    yield (f'  rows         {load["rows"]} in {load["seconds"]} s, '
           f'{load["rows_per_second"]} a second')
    for what, count in report['dump']['skipped'].items():
        yield f'  not loaded   {what}: {count}'
    for one in report['revisions']:
        seconds = ('failed' if one['seconds'] is None
                   else f'{one["seconds"]:.2f} s')
        yield f'  migration    {one["id"]}  {seconds}  {one["title"]}'
    longest = max(report.get('waits', ()), default=None,
                  key=lambda one: one['longest_s'])
    if longest and longest['longest_s']:
        yield (f'  waits        at most {longest["longest_s"]:.2f} s, '
               f'{longest["kind"]} of {longest["table"]}')
    if 'tables' in report:
        same = sum(one['same'] for one in report['tables'])
        yield (f'  tables       {same} of {len(report["tables"])} have the '
               'same rows as before')
    if 'stacks' in report:
        one = report['stacks']
        bad = len({failure['stack'] for failure in one['failures']})
        yield (f'  stacks       {one["stacks"] - bad} of {one["stacks"]} load'
               + (f'; {one["encrypted"]} are encrypted'
                  if one['encrypted'] else '')
               + (f'; a sample of {one["all"]}'
                  if one['stacks'] < one['all'] else ''))
    memory = report['memory']
    yield (f'  memory       ours {memory["ours"] / 2**20:.0f} MiB, the '
           f'server\'s {memory["server"] / 2**20:.0f} MiB')


def _findings(report):
    if not report['findings']:
        yield '  no findings'
    for number, one in enumerate(report['findings'], 1):
        yield ''
        yield (f'{number}. [{one["severity"]}; class {one["class"]}: '
               f'{findings.CLASSES[one["class"]]}] in {one["step"]}:')
        yield f'   {one["title"]}'
        lines = one['evidence'].splitlines()
        for line in lines[:EVIDENCE_LINES]:
            yield f'   | {line}'
        if len(lines) > EVIDENCE_LINES:
            yield '   | ...'
        yield f'   Impact: {one["impact"]}'
        yield f'   Remedy: {one["remedy"]}'
