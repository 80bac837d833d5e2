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
"""The order of findings for people: the worst first, in five sections."""

from collections import abc
import typing

from heat_upgrade.results import findings
from heat_upgrade.results import verdict

Report = dict[str, typing.Any]

# The step of the static checks.
CHECKS = 'checks'

# Of origins that make no failure: why their findings do not count.
NOT_COUNTED = {
    findings.KNOWN: 'known defects of these releases',
    findings.RESTART: 'a plain restart of the base shows it too',
}


def of_report(report: Report) -> list[findings.Finding]:
    """Return the findings of a report as objects."""
    return [findings.from_dict(one) for one in report['findings']]


def failures(found: abc.Iterable[findings.Finding]
             ) -> list[findings.Finding]:
    """Return the errors that count, and those of the lab and of scenarios."""
    return [one for one in found if one.severity == findings.ERROR
            and one.origin not in NOT_COUNTED]


def hazards(found: abc.Iterable[findings.Finding]
            ) -> list[findings.Finding]:
    """Return the errors that these releases are known to have."""
    return [one for one in found if verdict.is_hazard(one)]


def warnings(found: abc.Iterable[findings.Finding]
             ) -> list[findings.Finding]:
    """Return the warnings of the run itself."""
    return [one for one in found if one.severity == findings.WARNING
            and one.origin not in NOT_COUNTED and not _is_to_know(one)]


def to_know(found: abc.Iterable[findings.Finding]
            ) -> list[findings.Finding]:
    """Return the warnings of the static checks: there may be dozens."""
    return [one for one in found if _is_to_know(one)]


def notes(found: abc.Iterable[findings.Finding]) -> list[findings.Finding]:
    """Return the warnings about known failures."""
    return [one for one in found if one.severity == findings.WARNING
            and one.origin in NOT_COUNTED]


def _is_to_know(finding: findings.Finding) -> bool:
    return (finding.origin == findings.HEAT and finding.step == CHECKS
            and finding.severity == findings.WARNING)


def why_not(finding: findings.Finding) -> str:
    """Return why a finding does not count, '' if it does.

    The last line of a known one's evidence is the reason of its entry.
    """
    if finding.origin == findings.KNOWN and finding.evidence:
        return finding.evidence.splitlines()[-1]
    return NOT_COUNTED.get(finding.origin, '')
