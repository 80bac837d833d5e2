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

"""Work that never got in flight: what kept it, shown or raised."""

import dataclasses

from heat_upgrade import errors
from heat_upgrade import findings
from heat_upgrade.inflight import cases

# What lost it, where two releases serve side by side: messages between them.
_CLASS = 5


@dataclasses.dataclass(frozen=True)
class Grounded:
    """An operation that could not be prepared or parked.

    :ivar case: :class:`heat_upgrade.inflight.cases.Case`
    :ivar story: what was missing, as seen last
    :ivar evidence: what Heat's tables, queues and logs say of its stack
    """

    case: cases.Case
    story: str
    evidence: str = ''


def require_none(grounded):
    """Raise :class:`errors.LabError` if there is any."""
    if grounded:
        raise errors.LabError('\n'.join((
            '; '.join(f'{one.case.id}: {one.story}' for one in grounded),
            *(one.evidence for one in grounded))))


def found(grounded, *, step):
    """Return a :class:`heat_upgrade.findings.Finding` for each.

    :param step: name of the plan's step
    """
    return [findings.Finding(
        origin=findings.HEAT, failure_class=_CLASS, severity=findings.ERROR,
        title=f'{one.case.id} could not be begun',
        evidence=f'{one.story}\n{one.evidence}', step=step)
        for one in grounded]
