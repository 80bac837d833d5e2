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

"""Joins the reports of several runs of one upgrade, such as its shards.

The functions are pure, over reports as :func:`heat_upgrade.report.model.make`
returns them.
"""

import collections
from collections import abc
import dataclasses
import typing

from heat_upgrade import errors
from heat_upgrade.report import headline
from heat_upgrade.report import triage
from heat_upgrade.results import findings
from heat_upgrade.results import grouping
from heat_upgrade.results import verdict

# Version of the format of merged.json, which merged.schema.json describes.
VERSION = 1

# An unsafe upgrade stays unsafe, even if other runs prove nothing.
WORST_FIRST = (verdict.FAIL, verdict.LAB_ERROR, verdict.PASS_WITH_HAZARDS,
               verdict.PASS)

# The keys of a report that are the same in all runs of one upgrade.
_SAME = ('strategy', 'scenarios', 'nodes', 'vhost', 'profile', 'tier')

# Choices of a caller; its seed makes the others.
_CHOSEN = ('quick', 'checks', 'checks_only', 'volume', 'volume_events')

# The keys that identify a release: its name may be a path.
_RELEASE = ('version', 'commit', 'digest')

Report = dict[str, typing.Any]


def merge(reports: abc.Sequence[Report]) -> Report:
    """Return the joined report of several runs.

    :returns: dict as in merged.json, see merged.schema.json
    :raises: errors.UsageError for runs of different upgrades, or for the
        same run twice
    """
    _check(reports)
    first = reports[0]
    phases: dict[str, collections.Counter[str]] = {}
    for report in reports:
        for name, numbers in report['phases'].items():
            phases.setdefault(name, collections.Counter()).update(
                dict.fromkeys(numbers, 0) | numbers)
    flights = [flight for report in reports for flight in report['in_flight']]
    verdicts = collections.Counter(report['verdict'] for report in reports)
    return {
        'version': VERSION,
        'verdict': next(word for word in WORST_FIRST if verdicts[word]),
        'finished': all(report['finished'] for report in reports),
        'base': first['base'], 'target': first['target'],
        **{name: first[name] for name in _SAME},
        'duration_s': round(sum(report['duration_s']
                                for report in reports), 2),
        'runs': [{
            'name': name, 'failures': len(triage.failures(
                triage.of_report(report))),
            **{key: report[key] for key in (
                'seed', 'verdict', 'finished', 'duration_s', 'reproduce',
                'run_dir')}} for name, report in zip(names(reports), reports)],
        'verdicts': {word: verdicts[word] for word in WORST_FIRST},
        'phases': {name: dict(numbers) for name, numbers in phases.items()},
        'in_flight': {
            'operations': len(flights),
            'legal': sum(flight['legal'] for flight in flights),
            'counted': sum(flight['counts'] for flight in flights)},
        'findings': _findings(reports),
    }


def names(reports: abc.Sequence[Report]) -> list[str]:
    """Return a name for each run: its seed, if that tells the runs apart."""
    seeds = [f'seed-{report["seed"]}' for report in reports]
    if len(set(seeds)) == len(seeds):
        return seeds
    return [report['run_dir'].rpartition('/')[2] for report in reports]


def with_runs(merged: Report) -> list[findings.Finding]:
    """Return the findings of a joined report, with their runs in the text."""
    result = []
    for entry in merged['findings']:
        finding = findings.from_dict(entry['finding'])
        runs = [merged['runs'][number]['name'] for number in entry['runs']]
        result.append(dataclasses.replace(
            finding, title=f'{finding.title} ({len(runs)} of '
                           f'{headline.number(len(merged["runs"]), "run")})',
            evidence=f'in {", ".join(runs)}\n{finding.evidence}'))
    return result


def _findings(reports: abc.Sequence[Report]) -> list[Report]:
    """Return each finding once, with the numbers of its runs.

    The entry of an error that counts in some runs and not in others is that
    of the run in which it counts.
    """
    entries: dict[tuple[object, ...], tuple[findings.Finding, list[int]]] = {}
    for number, report in enumerate(reports):
        for finding in triage.of_report(report):
            key = (*finding.identity, finding.severity, finding.origin)
            _, runs = entries.setdefault(key, (finding, []))
            if number not in runs:
                runs.append(number)
    return [{'finding': finding.as_dict(), 'runs': runs}
            for finding, runs in sorted(
                entries.values(),
                key=lambda entry: (grouping.rank(entry[0]), -len(entry[1])))]


def _check(reports: abc.Sequence[Report]) -> None:
    if not reports:
        raise errors.UsageError('there are no reports to merge')
    first = reports[0]
    seen: dict[object, str] = {}
    for report in reports:
        for name, before, after in _facts(first, report):
            if before != after:
                raise errors.UsageError(
                    f'{first["run_dir"]} and {report["run_dir"]} are runs of '
                    f'different upgrades: {name} is {before!r} and {after!r}')
        key = (report['seed'], tuple(step['name']
                                     for step in report['steps']))
        if key in seen:
            raise errors.UsageError(
                f'{seen[key]} and {report["run_dir"]} are the same run, of '
                f'seed {report["seed"]}: name each share once')
        seen[key] = report['run_dir']


def _facts(first: Report, other: Report
           ) -> abc.Iterator[tuple[str, object, object]]:
    """Yield (name, value of the first, value of the other)."""
    for side in ('base', 'target'):
        yield side, _release(first[side]), _release(other[side])
    for name in _SAME:
        yield name, first[name], other[name]
    for name in _CHOSEN:
        yield name, first['choices'].get(name), other['choices'].get(name)


def _release(release: Report) -> str:
    known = [str(release[name]) for name in _RELEASE if release.get(name)]
    return ' '.join(known) or str(release['name'])
