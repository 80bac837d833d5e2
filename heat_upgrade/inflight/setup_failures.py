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
import itertools

from heat_upgrade import errors
from heat_upgrade.inflight import cases
from heat_upgrade.inflight import stall_detector
from heat_upgrade.results import findings


@dataclasses.dataclass(frozen=True)
class NotStarted:
    """An operation that could not be prepared or parked.

    :ivar case: :class:`heat_upgrade.inflight.cases.Case`
    :ivar story: what was missing, as seen last
    :ivar evidence: what Heat's tables, queues and logs say of its stack
    """

    case: cases.Case
    story: str
    evidence: str = ''


class Pending:
    """Operations that are to be prepared, or parked: what is missing of each.

    :param cloud: :class:`heat_upgrade.lab.cloud.Cloud`
    :param look: function of flights that yields each with what is missing
        ('' if nothing is) and whether it may yet come
    :param flights: list of
        :class:`heat_upgrade.inflight.operation.InFlightOperation`
    :ivar lost: {flight: what was missing, as seen last} of those for which
        nobody waits any more
    """

    def __init__(self, cloud, look, flights):
        self.lost = {}
        self._missing = dict.fromkeys(flights, 'not looked at')
        self._look = look
        self._quiet = stall_detector.Quiet(cloud)
        self._looks = itertools.count(1)

    def nothing_is_missing(self):
        """Look again; tell whether there is nothing more to wait for."""
        for flight, story, may_come in list(self._look(list(self._missing))):
            if story and may_come:
                self._missing[flight] = story
                continue
            del self._missing[flight]
            if story:
                self.lost[flight] = story
        if (
            self._missing
            and next(self._looks) % stall_detector.LOOK_INTERVAL == 0
        ):
            self._leave_what_is_stuck()
        return not self._missing

    def _leave_what_is_stuck(self):
        for flight, _, stuck in list(self._quiet.look(list(self._missing))):
            if stuck:
                self.lost[flight] = (f'{self._missing.pop(flight)}; nobody '
                                     'is at work on it')

    def give_up(self):
        """Wait for none of them any more."""
        self.lost.update(self._missing)


def require_none(grounded):
    """Raise :class:`errors.LabError` if there is any."""
    if grounded:
        raise errors.LabError('\n'.join((
            '; '.join(f'{one.case.id}: {one.story}' for one in grounded),
            *(one.evidence for one in grounded))))


def found(grounded, *, step):
    """Return a :class:`heat_upgrade.results.findings.Finding` for each.

    :param step: name of the plan's step
    """
    return [findings.make(
        'inflight.not-started', one.case.id,
        f'{one.case.id} could not be started',
        f'{one.story}\n{one.evidence}', step=step) for one in grounded]
