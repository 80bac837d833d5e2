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

"""The findings and the report of a fuzzing, for people and machines."""

from collections import abc
import dataclasses
import datetime
import json
import pathlib
import shlex
import typing

from heat_upgrade import filesystem
from heat_upgrade.fuzz import causes
from heat_upgrade.fuzz import features
from heat_upgrade.fuzz import model
from heat_upgrade.fuzz import quick
from heat_upgrade.fuzz import stack_files
from heat_upgrade.install import releases
from heat_upgrade.results import findings
from heat_upgrade.results import verdict

STEP = 'fuzz'
LINES, WIDTH = 60, 300  # Of a template, and of a value, in the evidence.

_TITLES = {
    model.Kind.REFUSED: 'the target refuses a template that the base accepts',
    model.Kind.READ_DIFFERENTLY:
        'the target reads a template differently',
    model.Kind.NOT_LOADED: 'the target cannot load a stored stack',
    model.Kind.LOADED_DIFFERENTLY:
        'the target reads a stored stack differently',
    model.Kind.UPDATED:
        'the target updates a resource although nothing changed',
}

Report = dict[str, typing.Any]


@dataclasses.dataclass(frozen=True)
class Order:
    """The inputs of a fuzzing.

    :ivar words: the command
    :ivar source: description of the source of the stacks
    """

    base: releases.Release
    target: releases.Release
    words: tuple[str, ...]
    source: str


def directory_of(cause: causes.Cause, number: int) -> str:
    """Return the name of the directory for a cause's stack."""
    return f'{number:02}-{cause.difference.kind.removeprefix("fuzz.")}'


def finding(cause: causes.Cause, order: Order,
            directory: pathlib.Path) -> findings.Finding:
    """Return the finding of a cause.

    :param directory: the directory with its stack
    """
    difference = cause.difference
    subject = difference.aspect
    if cause.features:
        subject += f': {", ".join(sorted(cause.features))}'
    return findings.make(
        difference.kind, subject,
        f'[{difference.aspect}] {_TITLES[difference.kind]}',
        '\n'.join(_evidence(cause, order)), step=STEP,
        reproduce=shlex.join(repeat(order, directory)))


def repeat(order: Order, directory: pathlib.Path) -> list[str]:
    """Return the command that repeats one failure."""
    return ['heat-upgrade', 'fuzz', '--quick', '--from', order.base.name,
            '--to', order.target.name, '--templates', str(directory)]


def _evidence(cause: causes.Cause, order: Order) -> abc.Iterator[str]:
    difference = cause.difference
    if difference.base is not None or not isinstance(
            difference.target, dict):
        yield f'{order.base.version}: {_short(difference.base)}'
    yield f'{order.target.version}: {_short(difference.target)}'
    yield (f'{cause.stacks} stack(s) show such a difference, the first is '
           f'{cause.case.name}; template version '
           f'{features.version(cause.stack) or "-"}')
    for other in cause.others[:4]:
        yield (f'also [{other.aspect}]: {_short(other.base)} / '
               f'{_short(other.target)}')
    yield 'Template:'
    lines = _readable(cause.stack.template).splitlines()
    yield from (f'    {line[:WIDTH]}' for line in lines[:LINES])
    for label, value in (('environment', cause.stack.environment),
                         ('parameters', cause.stack.parameters),
                         *cause.stack.files.items()):
        if value not in ('{}', {}):
            yield f'{label}: {_short(value)}'


def _readable(template: str) -> str:
    """Return a template that is JSON on several lines."""
    try:
        return json.dumps(json.loads(template), indent=1, ensure_ascii=False)
    except ValueError:
        return template


def _short(value: typing.Any) -> str:
    if isinstance(value, dict) and value.keys() == {'error', 'text'}:
        return f'{value["error"]}: {value["text"]}'
    text = value if isinstance(value, str) else json.dumps(
        value, ensure_ascii=False, default=str)
    return text if len(text) <= WIDTH else f'{text[:WIDTH]}…'


def make(order: Order, tally: quick.Tally,
         found: list[findings.Finding], *, cpu_seconds: float) -> Report:
    """Return the report, with the content of report.json.

    :param cpu_seconds: of the tool and of both processes
    """
    return {
        'verdict': verdict.verdict(
            found, {STEP: tally.stacks - tally.refused}, finished=True),
        'strategy': STEP, 'mode': 'quick', 'source': order.source,
        'base': order.base.describe(), 'target': order.target.describe(),
        'ended': datetime.datetime.now(datetime.UTC).isoformat(
            timespec='seconds'),
        'duration_s': round(tally.seconds, 1),
        'cpu_s': round(cpu_seconds, 1),
        'stacks': tally.stacks, 'refused_by_base': tally.refused,
        'failing': {f'{kind} [{aspect}]': count for (kind, aspect), count
                    in tally.counts.most_common()},
        'findings': [one.as_dict() for one in found],
        'reproduce': shlex.join(order.words)}


def write(report: Report, directory: pathlib.Path) -> None:
    """Write report.json and summary.txt into a directory."""
    for name, text in (('report.json', json.dumps(report, indent=2) + '\n'),
                       ('summary.txt', summary(report))):
        filesystem.write_atomically(directory / name, text)


def write_stacks(found: list[causes.Cause], directory: pathlib.Path
                 ) -> list[pathlib.Path]:
    """Write the stack of each cause; return their directories."""
    written = []
    for number, cause in enumerate(found, 1):
        path = directory / 'stacks' / directory_of(cause, number)
        stack_files.write(cause.stack, path)
        written.append(path)
    return written


def summary(report: Report) -> str:
    """Return the summary for a person at a terminal."""
    accepted = report['stacks'] - report['refused_by_base']
    lines = [
        f'Heat {_version(report["base"])} -> {_version(report["target"])}, '
        f'fuzzed without services ({report["source"]})',
        f'verdict: {verdict.SHOWN[report["verdict"]]}', '',
        f'  stacks       {report["stacks"]}; the base accepts {accepted}',
        f'  speed        {_rate(report["stacks"], report["duration_s"])} '
        f'stacks a second; {_rate(report["stacks"], report["cpu_s"])} in a '
        'second of CPU']
    lines += [f'  differences  {count} stack(s): {signature}'
              for signature, count in report['failing'].items()]
    for number, one in enumerate(report['findings'], 1):
        known = f' (known: {one["known"]})' if one['known'] else ''
        lines += ['', f'{number}. [{one["severity"]}] {one["title"]}{known}',
                  f'   subject: {one["subject"]}',
                  *(f'   | {line}' for line in one['evidence'].splitlines()),
                  f'   Impact: {one["impact"]}',
                  f'   Remedy: {one["remedy"]}',
                  f'   again:  {one["reproduce"]}']
    if not report['findings']:
        lines += ['', '  no findings']
    return '\n'.join([*lines, '', f'again:   {report["reproduce"]}']) + '\n'


def _rate(count: int, seconds: float) -> str:
    return f'{count / seconds:.0f}' if seconds else '-'


def _version(release: abc.Mapping[str, str]) -> str:
    return release.get('version') or release['name']
