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

"""Arrives at the verdict of a run."""

from heat_upgrade import errors
from heat_upgrade import findings

PASS, FAIL, LAB_ERROR = 'pass', 'fail', 'lab-error'

EXIT_STATUS = {PASS: 0, FAIL: 1, LAB_ERROR: errors.LabError.exit_status}
INTERRUPTED_STATUS = 130


def verdict(found, phases, *, finished):
    """Return the verdict.

    When the lab breaks first, what Heat does afterwards proves nothing; when
    Heat fails first, a lab that breaks afterwards does not make it safe. A
    scenario that breaks by itself takes nothing from what others found.

    :param found: list of :class:`findings.Finding`, as they came
    :param phases: {phase of the plan: number of its tests that were executed}
    :param finished: whether every step had its turn; a run that was cut off
        is never a pass
    :returns: PASS, FAIL or LAB_ERROR
    """
    origins = [finding.origin for finding in found
               if finding.severity == findings.ERROR]
    for origin in origins:
        if origin == findings.HEAT:
            return FAIL
        if origin == findings.LAB:
            return LAB_ERROR
    if findings.SCENARIO in origins:
        return LAB_ERROR
    if not finished or not phases or not all(phases.values()):
        return LAB_ERROR
    return PASS
