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

"""The outcomes of in-flight operations, and their findings."""

from collections import abc
import dataclasses
import typing

from heat_upgrade.inflight import cases
from heat_upgrade.inflight import expected_outcomes
from heat_upgrade.results import findings

# The repair of an outcome.
BY_UPDATE, BY_DELETE, NOT_AT_ALL = 'update', 'delete', 'nothing'


@dataclasses.dataclass(frozen=True)
class Outcome:
    """The outcome of one operation.

    :ivar disruption: one of expected_outcomes.DISRUPTIONS
    :ivar status: status of the stack, such as 'CREATE_COMPLETE';
        DELETE_COMPLETE if it is gone
    :ivar reason: its status_reason, in Heat's own words
    :ivar seconds: from the start of the tool's wait to its end
    :ivar legal: whether the reference table allows it
    :ivar stuck: whether it is in progress, and no engine works on it
    :ivar lost: whether messages wait in a queue without a consumer
    :ivar two_shapes: whether two releases have written into one sync point,
        each in its own format
    :ivar cut_off: names of its resources with a nested stack that an engine
        held until its grace period was over
    :ivar api_was_down: whether it failed because a resource with a nested
        stack did not reach the API
    :ivar evidence: text, '' for a legal outcome
    :ivar repaired: BY_UPDATE, BY_DELETE, NOT_AT_ALL; '' if not tried
    :ivar held_by: names of the nodes whose engines held it when it was
        parked; RabbitMQ chooses them
    """

    case: cases.Case
    disruption: str
    stack_id: str
    status: str
    reason: str
    seconds: float
    legal: bool
    stuck: bool = False
    lost: bool = False
    two_shapes: bool = False
    cut_off: tuple[str, ...] = ()
    api_was_down: bool = False
    evidence: str = ''
    repaired: str = ''
    held_by: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, typing.Any]:
        """Return it for the journal: short words and numbers only."""
        return {'case': self.case.id, 'disruption': self.disruption,
                'stack': self.stack_id, 'status': self.status,
                'seconds': round(self.seconds, 2), 'legal': self.legal,
                'stuck': self.stuck, 'lost': self.lost,
                'two_shapes': self.two_shapes,
                'cut_off': list(self.cut_off),
                'api_was_down': self.api_was_down,
                'repaired': self.repaired, 'held_by': list(self.held_by)}


def title(outcome: Outcome) -> str:
    """Return the failure of an outcome in one line."""
    verb = 'stuck' if outcome.stuck else 'ended'
    text = (f'{outcome.case.id}, {outcome.disruption}: {verb} in '
            f'{outcome.status}')
    if outcome.two_shapes:
        text += ', with sync points of mixed versions'
    if outcome.lost:
        text += ', with messages in a queue where no engine listens'
    if outcome.repaired == NOT_AT_ALL:
        return f'{text}; neither an update nor a delete repairs it'
    if outcome.repaired == BY_DELETE:
        return f'{text}; only a delete ends it'
    if outcome.repaired == BY_UPDATE:
        return f'{text}; an update repairs it'
    return text


def illegal(outcomes: abc.Iterable[Outcome], *, step: str
            ) -> list[findings.Finding]:
    """Return a finding for each illegal outcome.

    :param step: name of the plan's step in which they ended
    """
    return [_finding(outcome, step) for outcome in outcomes
            if not outcome.legal]


def _finding(outcome: Outcome, step: str) -> findings.Finding:
    # Messages in a queue that no engine of its release reads: class RPC.
    failure_class = (findings.FailureClass.RPC if outcome.lost
                     else findings.FailureClass.OLD_STACKS)
    return findings.make(
        'inflight.stuck' if outcome.stuck else 'inflight.wrong-end',
        outcome.case.id, title(outcome),
        f'{outcome.status}: {outcome.reason}\n{outcome.evidence}',
        step=step, failure_class=failure_class, facts=facts(outcome))


def facts(outcome: Outcome) -> dict[str, typing.Any]:
    """Return the facts that can prove the cause of an outcome."""
    # The engine that stopped, or was killed, is one of the base.
    of_the_base = bool(outcome.cut_off or outcome.api_was_down
                       or outcome.disruption == expected_outcomes.KILL)
    return {'base_shows': of_the_base,
            **{name: value for name, value in outcome.as_dict().items()
               if name not in ('case', 'stack', 'seconds')}}
