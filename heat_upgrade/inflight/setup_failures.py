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

"""Operations that could not be prepared or parked: reported or raised."""

from collections import abc
import dataclasses
import itertools

from heat_upgrade import errors
from heat_upgrade.inflight import cases
from heat_upgrade.inflight import operation as operation_
from heat_upgrade.inflight import stall_detector
from heat_upgrade.lab import cloud as clouds
from heat_upgrade.results import findings

# An operation, the missing condition ('' if all hold), and whether it may
# still come true.
Progress = tuple[operation_.InFlightOperation, str, bool]
Look = abc.Callable[[list[operation_.InFlightOperation]],
                    abc.Iterable[Progress]]


@dataclasses.dataclass(frozen=True)
class NotStarted:
    """An operation that could not be prepared or parked.

    :ivar story: the last missing condition
    :ivar evidence: Heat's tables, queues and logs about its stack
    """

    case: cases.Case
    story: str
    evidence: str = ''


class Pending:
    """Operations that wait to be prepared or parked.

    :param look: yields the progress of each operation
    :ivar lost: {operation: its last missing condition} of the abandoned ones
    """

    def __init__(self, cloud: clouds.Cloud, look: Look,
                 operations: abc.Iterable[operation_.InFlightOperation]
                 ) -> None:
        self.lost: dict[operation_.InFlightOperation, str] = {}
        self._missing = dict.fromkeys(operations, 'not looked at')
        self._look = look
        self._detector = stall_detector.StallDetector(cloud)
        self._looks = itertools.count(1)

    def nothing_is_missing(self) -> bool:
        """Look again; return True if the wait is over for all."""
        for operation, story, may_come in list(
                self._look(list(self._missing))):
            if story and may_come:
                self._missing[operation] = story
                continue
            del self._missing[operation]
            if story:
                self.lost[operation] = story
        if (self._missing
                and next(self._looks) % stall_detector.LOOK_INTERVAL == 0):
            self._abandon_stuck()
        return not self._missing

    def _abandon_stuck(self) -> None:
        for operation, _, stuck in list(
                self._detector.look(list(self._missing))):
            if stuck:
                self.lost[operation] = (
                    f'{self._missing.pop(operation)}; no engine works on it')

    def give_up(self) -> None:
        """Abandon the remaining operations."""
        self.lost.update(self._missing)


def require_none(failures: abc.Sequence[NotStarted]) -> None:
    """Raise errors.LabError if an operation could not be started."""
    if failures:
        raise errors.LabError('\n'.join((
            '; '.join(f'{failure.case.id}: {failure.story}'
                      for failure in failures),
            *(failure.evidence for failure in failures))))


def found(failures: abc.Iterable[NotStarted], *,
          step: str) -> list[findings.Finding]:
    """Return a finding for each operation that could not be started.

    :param step: name of the plan's step
    """
    return [findings.make(
        'inflight.not-started', failure.case.id,
        f'{failure.case.id} could not be started',
        f'{failure.story}\n{failure.evidence}', step=step)
        for failure in failures]
