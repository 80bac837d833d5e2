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

"""The verdict of a run: a pure function of its findings."""

from collections import abc
import typing

from heat_upgrade import errors
from heat_upgrade.results import findings

PASS, FAIL, LAB_ERROR = 'pass', 'fail', 'lab-error'

# The run met known defects of these releases, but no others. An operator
# must know them before the upgrade.
PASS_WITH_HAZARDS = 'pass-with-hazards'

EXIT_STATUS = {PASS: 0, PASS_WITH_HAZARDS: 0, FAIL: 1,
               LAB_ERROR: errors.LabError.exit_status}
INTERRUPTED_STATUS = 130

# Verdicts of a safe upgrade.
PASSED = (PASS, PASS_WITH_HAZARDS)

# The verdicts as they are displayed.
SHOWN = {PASS: 'PASS', PASS_WITH_HAZARDS: 'PASS WITH HAZARDS',
         FAIL: 'FAIL', LAB_ERROR: 'LAB-ERROR'}


def verdict(found: abc.Iterable[findings.Finding],
            phases: abc.Mapping[str, int], *, finished: bool) -> str:
    """Return the verdict.

    After a failure of the lab, Heat's behaviour proves nothing. After a
    failure of Heat, a failure of the lab does not make Heat safe. A scenario
    that is broken does not invalidate the findings of others.

    :param found: the findings in the order in which they were made
    :param phases: {phase of the plan: number of its tests that were executed}
    :param finished: whether all steps were executed; an interrupted run
        never passes
    :returns: a key of :data:`EXIT_STATUS`
    """
    wrong = [finding for finding in found
             if finding.severity == findings.ERROR]
    for finding in wrong:
        if finding.counts:
            return FAIL
        if finding.origin == findings.LAB:
            return LAB_ERROR
    if any(finding.origin == findings.SCENARIO for finding in wrong):
        return LAB_ERROR
    if not finished or not phases or not all(phases.values()):
        return LAB_ERROR
    return PASS_WITH_HAZARDS if any(map(is_hazard, wrong)) else PASS


def is_hazard(finding: findings.Finding) -> bool:
    """Return True for a known error of these releases.

    Warnings are not hazards: they break nothing.
    """
    return (finding.severity == findings.ERROR
            and finding.origin in (findings.KNOWN, findings.RESTART))


def exit_status(report: abc.Mapping[str, typing.Any], *,
                strict: bool = False) -> int:
    """Return the exit status of a run.

    :param report: dict with the key ``verdict``
    :param strict: whether hazards fail the run
    """
    if strict and report['verdict'] == PASS_WITH_HAZARDS:
        return EXIT_STATUS[FAIL]
    return EXIT_STATUS[report['verdict']]
