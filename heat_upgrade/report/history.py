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
"""The earlier runs below a work directory."""

from collections import abc
import dataclasses
import datetime
import json
import pathlib

from heat_upgrade import errors
from heat_upgrade.plan import planner
from heat_upgrade.probes import downtime
from heat_upgrade.report import headline
from heat_upgrade.results import findings

REPORT, PAGE = 'report.json', 'report.html'

# A run ends within an hour. A directory that is older and has no report is
# that of a run that was killed.
ABANDONED = datetime.timedelta(days=1)

NO_REPORT = 'no report'


@dataclasses.dataclass(frozen=True)
class Run:
    """An earlier run.

    :ivar directory: its run directory
    :ivar started: ISO 8601, in UTC; '' without a report
    :ivar verdict: of the report, or NO_REPORT
    :ivar seconds: duration
    :ivar failures: number of findings that count
    :ivar downtime_s: seconds without an answer of heat-api in a cold
        upgrade, None if it was not measured
    :ivar identities: of the findings, see findings.Finding.identity
    """

    directory: pathlib.Path
    started: str = ''
    base: str = ''
    target: str = ''
    strategy: str = ''
    seed: int | None = None
    verdict: str = NO_REPORT
    seconds: float = 0
    failures: int = 0
    downtime_s: float | None = None
    identities: frozenset[tuple[str, ...]] = frozenset()

    @property
    def page(self) -> pathlib.Path:
        return self.directory / PAGE


def runs(work_dir: pathlib.Path) -> list[Run]:
    """Return the runs below a directory, the latest first.

    A directory without a plan is no run directory and left out.
    """
    found = sorted((path.parent for path
                    in work_dir.glob(f'*/{planner.FILE}')),
                   key=lambda path: path.name, reverse=True)
    return [_run(directory) for directory in found]


def latest(work_dir: pathlib.Path) -> Run:
    """Return the latest run with a report.

    :raises: errors.UsageError if no run has a report
    """
    for run in runs(work_dir):
        if run.verdict != NO_REPORT:
            return run
    raise errors.UsageError(f'{work_dir} has no run with a report; start one '
                            'with: heat-upgrade run')


def new_findings(earlier: abc.Sequence[Run]) -> dict[pathlib.Path, int]:
    """Return the number of new findings of each run, by its directory.

    A finding is new if the run before it, of the same upgrade and strategy,
    does not have it. The first run of an upgrade has no number.

    :param earlier: the runs, the latest first
    """
    numbers = {}
    last: dict[tuple[str, str, str], Run] = {}
    for run in reversed(earlier):
        if run.verdict == NO_REPORT:
            continue
        upgrade = run.base, run.target, run.strategy
        if upgrade in last:
            numbers[run.directory] = len(
                run.identities - last[upgrade].identities)
        last[upgrade] = run
    return numbers


def to_prune(earlier: abc.Iterable[Run], *, keep: int,
             now: datetime.datetime,
             is_up: abc.Callable[[Run], bool]) -> list[Run]:
    """Return the runs to delete, all but the latest ones.

    A run that may still be going on and a cloud that is up are kept.

    :param earlier: the runs, the latest first
    :param keep: number of runs with a report to keep
    :param now: with a time zone
    :param is_up: whether the cloud of a run was kept and is still up
    """
    prunable = []
    kept = 0
    for run in earlier:
        if is_up(run):
            continue
        if run.verdict != NO_REPORT:
            kept += 1
            if kept > keep:
                prunable.append(run)
        elif now - _changed(run.directory) > ABANDONED:
            prunable.append(run)
    return prunable


def _changed(directory: pathlib.Path) -> datetime.datetime:
    """Return the time of the last change of a file in a directory."""
    return datetime.datetime.fromtimestamp(
        max(path.stat().st_mtime for path in directory.iterdir()),
        tz=datetime.UTC)


def _run(directory: pathlib.Path) -> Run:
    path = directory / REPORT
    if not path.exists():
        return Run(directory)
    try:
        report = json.loads(path.read_text(encoding='utf-8'))
        found = [findings.from_dict(finding)
                 for finding in report['findings']]
        return Run(
            directory, report['started'] or '',
            headline.version(report['base']),
            headline.version(report['target']),
            report['strategy'], report['seed'], report['verdict'],
            report['duration_s'],
            sum(finding.counts for finding in found),
            report.get('availability', {}).get(downtime.NAME, {}).get(
                'longest_gap_s'),
            frozenset(finding.identity for finding in found))
    except (KeyError, TypeError, ValueError) as exc:
        raise errors.UsageError(
            f'{path} is damaged: {exc!r}; make it again with: heat-upgrade '
            f'report {directory}') from exc
