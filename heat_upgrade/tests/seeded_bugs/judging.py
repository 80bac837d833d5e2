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

"""Compares the report of a run with the expectation of its seeded bug."""

import dataclasses
import typing

from heat_upgrade.results import verdict as verdicts
from heat_upgrade.tests.seeded_bugs import bugs

# Outcomes of a run with a seeded bug, compared with the expectation.
CAUGHT, MISSED, ELSEWHERE = 'caught', 'missed', 'elsewhere'
LAB_ERROR, NO_REPORT = 'lab-error', 'no-report'
# Outcomes of a run with a harmless change.
SILENT, FALSE_ALARM = 'silent', 'false-alarm'
GOOD = (CAUGHT, SILENT)

_HEAT, _ERROR = 'heat', 'error'

# A finding of report.json.
_Finding = dict[str, typing.Any]


@dataclasses.dataclass(frozen=True)
class Result:
    """The outcome of the run with a seeded bug.

    :ivar name: name of the bug
    :ivar outcome: one of the constants above
    :ivar verdict: verdict of the report, '' without a report
    :ivar caught_by: the right findings
    :ivar counted: all findings that count
    :ivar seconds: duration of the run
    :ivar run_dir: the run directory, '' without one
    """

    name: str
    outcome: str
    verdict: str
    caught_by: tuple[_Finding, ...]
    counted: tuple[_Finding, ...]
    seconds: float
    run_dir: str = ''

    @property
    def good(self) -> bool:
        return self.outcome in GOOD

    def line(self) -> str:
        """Return the result in one line, for people."""
        start = f'{self.outcome:<11} {self.name} ({self.seconds:.0f} s)'
        shown = self.caught_by or self.counted
        if not shown:
            return f'{start}: verdict {self.verdict or "none"}'
        first = shown[0]
        rest = f' (+{len(shown) - 1})' if len(shown) > 1 else ''
        return (f'{start}: {first["step"]}, class {first["class"]}: '
                f'{first["title"]}{rest}')


def counts(finding: _Finding) -> bool:
    """Return True if a finding of report.json makes an upgrade unsafe."""
    return (finding['origin'], finding['severity']) == (_HEAT, _ERROR)


def judge(bug: bugs.Bug, report: dict[str, typing.Any] | None, *,
          seconds: float, run_dir: str = '') -> Result:
    """Return the result of the run with a seeded bug.

    :param report: the content of report.json; None if the run wrote none
    :param seconds: duration of the run
    """
    if report is None:
        return Result(bug.name, NO_REPORT, '', (), (), seconds, run_dir)
    counted = tuple(filter(counts, report['findings']))
    right = tuple(finding for finding in counted
                  if finding['step'] in bug.steps
                  and finding['class'] in bug.classes)
    outcome = (_harmless if bug.harmless else _outcome)(
        report['verdict'], right)
    return Result(bug.name, outcome, report['verdict'], right, counted,
                  seconds, run_dir)


def _harmless(verdict: str, right: tuple[_Finding, ...]) -> str:
    return FALSE_ALARM if verdict in (
        verdicts.FAIL, verdicts.LAB_ERROR) else SILENT


def _outcome(verdict: str, right: tuple[_Finding, ...]) -> str:
    if verdict == verdicts.LAB_ERROR:
        return LAB_ERROR
    if verdict != verdicts.FAIL:
        return MISSED
    return CAUGHT if right else ELSEWHERE
