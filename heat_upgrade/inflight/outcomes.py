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

"""How the operations in flight have ended, and what is wrong with that."""

import dataclasses

from heat_upgrade.inflight import cases
from heat_upgrade.inflight import expected_outcomes
from heat_upgrade.results import findings

# How an outcome was repaired.
BY_UPDATE, BY_DELETE, NOT_AT_ALL = 'update', 'delete', 'nothing'


@dataclasses.dataclass(frozen=True)
class Outcome:
    """How one operation ended.

    :ivar case: :class:`heat_upgrade.inflight.cases.Case`
    :ivar disruption: one of
        :data:`heat_upgrade.inflight.expected_outcomes.DISRUPTIONS`
    :ivar stack_id: id of its stack
    :ivar status: of the stack, such as 'CREATE_COMPLETE'; DELETE_COMPLETE
        when it is gone
    :ivar reason: what Heat says about it
    :ivar seconds: from when the tool began to wait for it until that was
        seen
    :ivar legal: whether the reference table has it
    :ivar stuck: whether it is in progress, and nobody is at work on it
    :ivar lost: whether messages lie where no engine listens
    :ivar two_shapes: whether two releases have written into one sync point,
        each in its own way
    :ivar cut_off: names of its resources with a stack inside that an engine
        held until its grace was over
    :ivar api_was_down: whether it failed because a resource with a stack
        inside found no API
    :ivar evidence: text, '' for a legal one
    :ivar repaired: BY_UPDATE, BY_DELETE, NOT_AT_ALL; '' if not tried
    :ivar held_by: names of the nodes whose engines had it in hand when it was
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

    def as_dict(self):
        """Return it for the journal: short words and numbers only."""
        return {'case': self.case.id, 'disruption': self.disruption,
                'stack': self.stack_id, 'status': self.status,
                'seconds': round(self.seconds, 2), 'legal': self.legal,
                'stuck': self.stuck, 'lost': self.lost,
                'two_shapes': self.two_shapes,
                'cut_off': list(self.cut_off),
                'api_was_down': self.api_was_down,
                'repaired': self.repaired, 'held_by': list(self.held_by)}


def title(outcome):
    """Return in one line what is wrong with an outcome."""
    how = (f'stuck in {outcome.status}' if outcome.stuck
           else f'ended in {outcome.status}')
    told = f'{outcome.case.id}, {outcome.disruption}: {how}'
    if outcome.two_shapes:
        told += ', its sync points of two shapes'
    if outcome.lost:
        told += ', its messages where no engine listens'
    if outcome.repaired == NOT_AT_ALL:
        return f'{told}; neither an update nor a delete repairs it'
    if outcome.repaired == BY_DELETE:
        return f'{told}; only a delete ends it'
    if outcome.repaired == BY_UPDATE:
        return f'{told}; an update repairs it'
    return told


def found(outcomes, *, step, reproduce=''):
    """Return a :class:`findings.Finding` for each that did not end legally.

    :param outcomes: list of :class:`Outcome`
    :param step: name of the plan's step in which they ended
    :param reproduce: the command that shows it again
    """
    return [_found(one, step, reproduce) for one in outcomes
            if not one.legal]


def _found(one, step, reproduce):
    # Work in a queue that no engine of its release reads is a matter of RPC.
    failure_class = (findings.FailureClass.RPC if one.lost
                     else findings.FailureClass.OLD_STACKS)
    return findings.make(
        'inflight.stuck' if one.stuck else 'inflight.wrong-end', one.case.id,
        title(one), f'{one.status}: {one.reason}\n{one.evidence}',
        step=step, failure_class=failure_class, reproduce=reproduce,
        facts=facts(one))


def facts(outcome):
    """Return what the cause of an outcome can be proved by."""
    # An engine of the base is the one that stopped, or was killed.
    of_the_base = bool(outcome.cut_off or outcome.api_was_down
                       or outcome.disruption == expected_outcomes.KILL)
    return {'base_shows': of_the_base,
            **{name: value for name, value in outcome.as_dict().items()
               if name not in ('case', 'stack', 'seconds')}}
