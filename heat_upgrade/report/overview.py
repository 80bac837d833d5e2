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

"""The first screen of a report: verdict, tiles, and hazards with remedies."""

from collections import abc
import dataclasses
import pathlib
import typing
from urllib import parse

from heat_upgrade.probes import definitions
from heat_upgrade.probes import downtime
from heat_upgrade.report import headline
from heat_upgrade.report import matching
from heat_upgrade.report import summary
from heat_upgrade.report import traffic
from heat_upgrade.report import triage
from heat_upgrade.results import findings
from heat_upgrade.results import grouping
from heat_upgrade.results import verdict

# The kinds of a tile: it counts, it is known, it is neither, it has no result.
BAD, KNOWN, GOOD, PLAIN = 'bad', 'known', 'good', 'plain'

# The question of the reader is: can I upgrade?
ANSWERS = {
    verdict.PASS: 'Yes.',
    verdict.PASS_WITH_HAZARDS: 'Yes, with the remedies below.',
    verdict.FAIL: 'No.',
    verdict.LAB_ERROR: 'Not known: the run did not test it.',
}
ADVICE = {
    verdict.PASS: 'Upgrade as planned. Check your own files first:',
    verdict.PASS_WITH_HAZARDS:
        'Apply the remedies before the upgrade. Check your own files as well:',
    verdict.FAIL: 'Do not upgrade until the failures below are repaired. '
                  'To see them again:',
    verdict.LAB_ERROR: 'Repair the cause below, then repeat the run:',
}
# Verdicts after which the next command is the check of the operator's files.
CHECK_NEXT = verdict.PASSED

# The probes of each service that users notice, the name for people first.
SERVICES = {
    'heat-api': (downtime.NAME, definitions.API_VERSIONS,
                 definitions.STACK_LIST, definitions.STACK_SHOW),
    'heat-api-cfn': (definitions.CFN_VERSIONS, definitions.SIGNAL),
    'data plane': (definitions.KEYSTONE_USER,),
}

Report = dict[str, typing.Any]


@dataclasses.dataclass(frozen=True)
class Tile:
    """A figure of the first screen.

    :ivar kind: BAD, KNOWN, GOOD or PLAIN
    :ivar details: further lines below the value
    """

    name: str
    value: str
    kind: str = GOOD
    details: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Hazard:
    """A row of the table of hazards: one group of findings.

    :ivar anchor: ID of the group's details on the page
    :ivar severity: 'failure', 'lab', 'hazard' or 'warning'
    :ivar impact: the consequence that a user or operator notices
    :ivar affected: the people who meet it
    :ivar remedy: the action, and whether it was tried
    :ivar page: page of the documentation, '' without one
    :ivar log: path of the log; relative to the page if it is in the run
        directory, '' without one
    :ivar link: whether the log can be opened from the page
    """

    anchor: str
    severity: str
    title: str
    impact: str
    affected: str
    remedy: str
    page: str
    log: str
    link: bool

    @property
    def href(self) -> str:
        """The URL of the log, relative to the page."""
        return parse.quote(self.log)


def next_command(report: Report) -> str:
    """Return the command that a reader should execute next."""
    if report['verdict'] in CHECK_NEXT:
        return (f'heat-upgrade check config --from '
                f'{headline.version(report["base"])} --to '
                f'{headline.version(report["target"])} '
                '--config-file /etc/heat/heat.conf')
    command: str = report['reproduce']
    return command


def hazards(groups: abc.Iterable[grouping.Group], run_dir: str, *,
            prefix: str) -> list[Hazard]:
    """Return a row for each group of findings, in their order.

    :param run_dir: of the report
    :param prefix: first part of the anchors
    """
    return [_hazard(group, f'{prefix}-{number}', run_dir)
            for number, group in enumerate(groups, 1)]


def _hazard(group: grouping.Group, anchor: str, run_dir: str) -> Hazard:
    first = group.first
    log = next((one.log for one in group.findings if one.log), '')
    inside = bool(log) and pathlib.PurePath(log).is_relative_to(run_dir)
    return Hazard(
        anchor=anchor, severity=_severity(first), title=group.title,
        impact=first.impact, affected=_affected(first), remedy=first.remedy,
        page=summary.page(first), link=inside,
        log=str(pathlib.PurePath(log).relative_to(run_dir)) if inside else log)


def _severity(finding: findings.Finding) -> str:
    if finding.severity == findings.WARNING:
        return 'warning'
    if finding.counts:
        return 'failure'
    return 'hazard' if verdict.is_hazard(finding) else 'lab'


def _affected(finding: findings.Finding) -> str:
    if finding.own_files:
        return 'this cloud: its own files'
    return finding.failure_class.affected if finding.failure_class else ''


def tiles(report: Report) -> list[Tile]:
    """Return the figures of the first screen, without those of no meaning."""
    makers: tuple[abc.Callable[[Report], Tile | None], ...] = (
        _downtime, _operations, _files, _duration, _tests, _against)
    return [tile for tile in (maker(report) for maker in makers) if tile]


def _downtime(report: Report) -> Tile | None:
    """Return the longest gap of each service, None without a probe."""
    worst = {
        service: max(probes, key=_gap) for service, probes in (
            (service, [report['availability'][name] for name in names
                       if name in report['availability']])
            for service, names in SERVICES.items()) if probes}
    if not worst:
        return None
    (first, probe), *others = worst.items()
    over = [finding for finding in triage.of_report(report)
            if finding.rule in matching.BUDGETS
            and finding.severity == findings.ERROR]
    return Tile(
        f'longest gap of {first}', summary.longest_gap(probe),
        PLAIN if probe['longest_gap_s'] is None and not over
        else _kind(over),
        tuple(f'{service}: {summary.longest_gap(probe)}'
              for service, probe in others))


def _gap(probe: Report) -> float:
    """Return the longest gap of a probe for comparisons, in seconds."""
    gap: float | None = probe['longest_gap_s']
    return float('inf') if gap is None else gap


def _kind(found: abc.Collection[findings.Finding]) -> str:
    if any(finding.counts for finding in found):
        return BAD
    return KNOWN if found else GOOD


def _operations(report: Report) -> Tile | None:
    """Return the lost operations, None in a run without operations."""
    outcomes, load = report['in_flight'], report['load']
    if not outcomes and not load:
        return None
    lost = [outcome for outcome in outcomes if not outcome['legal']]
    broken = traffic.broken(load) if load else {}
    counts = (any(outcome['counts'] for outcome in lost)
              or any(map(traffic.counts, broken.values())))
    of_load = (f'{headline.number(load["operations"], "operation")} of '
               f'traffic: {headline.number(len(broken), "rule")} broken'
               if load else '')
    of_flight = f'{len(lost)} of {len(outcomes)}' if outcomes else ''
    return Tile(
        'in-flight operations lost' if outcomes else 'traffic',
        of_flight or of_load,
        BAD if counts else KNOWN if lost or broken else GOOD,
        (of_load,) if outcomes and load else ())


def _files(report: Report) -> Tile:
    own = [finding for finding in triage.of_report(report)
           if finding.own_files]
    if not own:
        return Tile('your files', 'not checked', PLAIN,
                    ('use heat-upgrade check',))
    wrong = [finding for finding in own if finding.severity == findings.ERROR]
    return Tile('your files', headline.number(len(own), 'finding'),
                _kind(wrong) if wrong else KNOWN)


def _duration(report: Report) -> Tile:
    return Tile('duration', f'{report["duration_s"]:.0f} s', PLAIN, (
        f'{report["peak_memory_bytes"] / 2**30:.2f} GiB at the peak',))


def _tests(report: Report) -> Tile:
    passed, failed, known = (
        sum(numbers[word] for numbers in report['phases'].values())
        for word in ('passed', 'failed', 'known'))
    return Tile('tests passed', f'{passed} of {passed + failed + known}',
                BAD if failed else KNOWN if known else GOOD if passed
                else PLAIN,
                tuple(f'{count} {word}' for count, word in (
                    (failed, 'failed'), (known, 'known')) if count))


def _against(report: Report) -> Tile | None:
    against = report['against']
    if not against:
        return None
    return Tile(
        f'against {headline.version(against["target"])}',
        f'new {against["new"]}', KNOWN if against['new'] else GOOD,
        (f'gone {against["gone"]}, same {against["same"]}',))
