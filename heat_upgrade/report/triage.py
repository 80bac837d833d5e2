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

"""Sorts findings for people: the worst first, in five sections."""

from collections import abc
import typing

from heat_upgrade.results import findings
from heat_upgrade.results import verdict

Report = dict[str, typing.Any]

# The step of the static checks.
CHECKS = 'checks'

# {origin of findings that do not count: the reason}
NOT_COUNTED = {
    findings.KNOWN: 'known defects of these releases',
    findings.RESTART: 'a plain restart of the base shows it too',
}


def of_report(report: Report) -> list[findings.Finding]:
    """Return the findings of a report as objects."""
    return [findings.from_dict(data) for data in report['findings']]


def failures(found: abc.Iterable[findings.Finding]
             ) -> list[findings.Finding]:
    """Return the errors that count, and those of the lab and of scenarios."""
    return [finding for finding in found
            if finding.severity == findings.ERROR
            and finding.origin not in NOT_COUNTED]


def hazards(found: abc.Iterable[findings.Finding]
            ) -> list[findings.Finding]:
    """Return the known errors of these releases."""
    return [finding for finding in found if verdict.is_hazard(finding)]


def warnings(found: abc.Iterable[findings.Finding]
             ) -> list[findings.Finding]:
    """Return the warnings of the run itself."""
    return [finding for finding in found
            if finding.severity == findings.WARNING
            and finding.origin not in NOT_COUNTED and not _is_to_know(finding)]


def to_know(found: abc.Iterable[findings.Finding]
            ) -> list[findings.Finding]:
    """Return the warnings of the static checks, which may be dozens."""
    return [finding for finding in found if _is_to_know(finding)]


def notes(found: abc.Iterable[findings.Finding]) -> list[findings.Finding]:
    """Return the warnings about known failures."""
    return [finding for finding in found
            if finding.severity == findings.WARNING
            and finding.origin in NOT_COUNTED]


def _is_to_know(finding: findings.Finding) -> bool:
    return (finding.origin == findings.HEAT and finding.step == CHECKS
            and finding.severity == findings.WARNING)


def why_not(finding: findings.Finding) -> str:
    """Return the reason why a finding does not count, '' if it counts.

    The last line of a known finding's evidence is the reason of its entry.
    """
    if finding.origin == findings.KNOWN and finding.evidence:
        return finding.evidence.splitlines()[-1]
    return NOT_COUNTED.get(finding.origin, '')
