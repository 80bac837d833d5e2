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

"""The facts of a runbook, read from the reports of earlier commands."""

import dataclasses
import json
import pathlib
import typing

from heat_upgrade import errors
from heat_upgrade.probes import downtime as downtimes
from heat_upgrade.report import model

RUN_REPORT = 'report.json'
REHEARSAL = 'rehearsal'
# End of the names of the steps that return a node to the base.
RETURNED = '-back'

# Findings of these rules need a change of the operator's files.
CONFIG = 'config.'
# Rules about the templates of stacks.
RESOURCES = 'resources.'


@dataclasses.dataclass(frozen=True)
class Hazard:
    """A finding that the operator prepares for.

    :ivar evidence: lines, with the diff of a file if the check had the files
    """

    rule: str
    title: str
    remedy: str
    evidence: str = ''


@dataclasses.dataclass(frozen=True)
class Evidence:
    """The measured facts of an upgrade.

    :ivar base: series or name of the present release
    :ivar base_version: version of Heat, such as 26.0.2
    :ivar strategy: of the run
    :ivar verdict: of the run
    :ivar nodes: number of nodes of the run
    :ivar seconds: {name of a step: measured seconds}
    :ivar downtime_s: longest gap of heat-api, None if it was not measured
    :ivar hazards: findings of the check if there is one, else of the run
    :ivar checked: whether the hazards come from a check report
    :ivar returned: whether the run returned a node to the base
    :ivar rehearsed: {step of the rehearsal: seconds}, empty without one
    :ivar rehearsal_verdict: '' without a rehearsal
    """

    base: str
    base_version: str
    target: str
    target_version: str
    strategy: str
    verdict: str
    nodes: int
    seconds: dict[str, float]
    downtime_s: float | None
    hazards: tuple[Hazard, ...]
    checked: bool = False
    returned: bool = False
    rehearsed: dict[str, float] = dataclasses.field(default_factory=dict)
    rehearsal_verdict: str = ''


def read(run_dir: pathlib.Path, *, check: pathlib.Path | None = None,
         rehearsal: pathlib.Path | None = None) -> Evidence:
    """Return the facts of a finished run.

    :param check: output of ``heat-upgrade check -f json``
    :param rehearsal: report.json of a rehearsal
    :raises: errors.UsageError for another directory or file, for an
        unfinished run, and for a rehearsal of other releases
    """
    path = run_dir / RUN_REPORT
    report = _json(path, 'the report of a run')
    if (not isinstance(report, dict) or 'nodes' not in report
            or 'steps' not in report):
        raise errors.UsageError(f'{path} is not the report of a run')
    if report.get('version') != model.VERSION:
        raise errors.UsageError(
            f'{path} has the format {report.get("version")}, not '
            f'{model.VERSION}; make it again with: heat-upgrade report '
            f'{run_dir}')
    if not report['finished']:
        raise errors.UsageError(
            f'the run in {run_dir} did not finish; run it again with: '
            f'{report["reproduce"]}')
    downtime = report['availability'].get(downtimes.NAME, {})
    evidence = Evidence(
        base=report['base']['name'], base_version=_version(report['base']),
        target=report['target']['name'],
        target_version=_version(report['target']),
        strategy=report['strategy'], verdict=report['verdict'],
        nodes=report['nodes'],
        seconds={step['name']: step['seconds'] for step in report['steps']
                 if step.get('seconds') is not None},
        downtime_s=downtime.get('longest_gap_s'),
        hazards=tuple(Hazard(finding['rule'], finding['title'],
                             finding['remedy'])
                      for finding in report['findings']),
        returned=any(
            step['name'].endswith(RETURNED) and step['outcome'] == model.OK
            for step in report['steps']))
    if check:
        evidence = dataclasses.replace(evidence, checked=True,
                                       hazards=_hazards(check))
    if rehearsal:
        evidence = _rehearsed(evidence, rehearsal)
    return evidence


def _version(release: dict[str, str]) -> str:
    """Return the version of a release.

    :raises: errors.UsageError for a checkout without a version
    """
    version = release.get('version')
    if not version:
        raise errors.UsageError(
            f'{release["name"]} has no version, which the commands of a '
            'runbook need; run the upgrade with a release')
    return version


def _json(path: pathlib.Path, what: str) -> typing.Any:
    """Return the content of a JSON file.

    :raises: errors.UsageError if it cannot be read
    """
    try:
        return json.loads(path.read_text(encoding='utf-8'))
    except OSError as exc:
        raise errors.UsageError(
            f'cannot read {what} from {path}: {exc.strerror}') from exc
    except ValueError as exc:
        raise errors.UsageError(f'{path} is not {what}: {exc}') from exc


def _hazards(path: pathlib.Path) -> tuple[Hazard, ...]:
    rows = _json(path, 'the output of "heat-upgrade check -f json"')
    try:
        return tuple(Hazard(row['Rule'], row['Finding'], row['Remedy'],
                            row['Evidence']) for row in rows)
    except (KeyError, TypeError) as exc:
        raise errors.UsageError(
            f'{path} is not the output of "heat-upgrade check -f json"'
        ) from exc


def _rehearsed(evidence: Evidence, path: pathlib.Path) -> Evidence:
    report = _json(path, 'the report of a rehearsal')
    if (not isinstance(report, dict)
            or report.get('strategy') != REHEARSAL):
        raise errors.UsageError(f'{path} is not the report of a rehearsal')
    versions = tuple(_version(report[side]) for side in ('base', 'target'))
    if versions != (evidence.base_version, evidence.target_version):
        raise errors.UsageError(
            f'{path} is a rehearsal of {versions[0]} -> {versions[1]}, the '
            f'run upgrades {evidence.base_version} -> '
            f'{evidence.target_version}')
    return dataclasses.replace(
        evidence, rehearsal_verdict=report['verdict'],
        rehearsed={step['name']: round(step['end'] - step['start'], 2)
                   for step in report['steps']})
