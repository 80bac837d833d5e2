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

"""Compares the report of a run with what its fault must lead to."""

import dataclasses

from heat_upgrade.results import verdict as verdicts
from heat_upgrade.tests.planted import faults

# How a run with a fault ended, compared with the expectation.
CAUGHT, MISSED, ELSEWHERE = 'caught', 'missed', 'elsewhere'
LAB_ERROR, NO_REPORT = 'lab-error', 'no-report'
# How one with a harmless change did.
SILENT, FALSE_ALARM = 'silent', 'false-alarm'
GOOD = (CAUGHT, SILENT)

_HEAT, _ERROR = 'heat', 'error'


@dataclasses.dataclass(frozen=True)
class Result:
    """The outcome of the run with one fault.

    :ivar name: of the fault
    :ivar outcome: one of the constants above
    :ivar verdict: of the report, '' without one
    :ivar caught_by: the findings that are right, as report.json has them
    :ivar counted: all findings that count
    :ivar seconds: that the run took
    :ivar run_dir: where it is kept, '' if there is none
    """

    name: str
    outcome: str
    verdict: str
    caught_by: tuple[dict, ...]
    counted: tuple[dict, ...]
    seconds: float
    run_dir: str = ''

    @property
    def good(self) -> bool:
        return self.outcome in GOOD

    def line(self) -> str:
        """Return it in one line, for people."""
        told = f'{self.outcome:<11} {self.name} ({self.seconds:.0f} s)'
        shown = self.caught_by or self.counted
        if not shown:
            return f'{told}: verdict {self.verdict or "none"}'
        first = shown[0]
        more = f' (+{len(shown) - 1})' if len(shown) > 1 else ''
        return (f'{told}: {first["step"]}, class {first["class"]}: '
                f'{first["title"]}{more}')


def counts(finding: dict) -> bool:
    """Return True if a finding of report.json makes an upgrade unsafe."""
    return (finding['origin'], finding['severity']) == (_HEAT, _ERROR)


def judge(fault: faults.Fault, report: dict | None, *, seconds: float,
          run_dir: str = '') -> Result:
    """Return the result of a fault's run.

    :param report: the content of report.json; None if the run wrote none
    :param seconds: that the run took
    """
    if report is None:
        return Result(fault.name, NO_REPORT, '', (), (), seconds, run_dir)
    counted = tuple(filter(counts, report['findings']))
    right = tuple(one for one in counted if one['step'] in fault.steps
                  and one['class'] in fault.classes)
    outcome = (_harmless if fault.harmless else _outcome)(
        report['verdict'], right)
    return Result(fault.name, outcome, report['verdict'], right, counted,
                  seconds, run_dir)


def _harmless(verdict: str, right: tuple[dict, ...]) -> str:
    return FALSE_ALARM if verdict in (
        verdicts.FAIL, verdicts.LAB_ERROR) else SILENT


def _outcome(verdict: str, right: tuple[dict, ...]) -> str:
    if verdict == verdicts.LAB_ERROR:
        return LAB_ERROR
    if verdict != verdicts.FAIL:
        return MISSED
    return CAUGHT if right else ELSEWHERE
