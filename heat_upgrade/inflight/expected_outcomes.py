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

"""The reference table: how an operation may end after a disruption."""

import dataclasses

from heat_upgrade.inflight import cases

# An engine is asked to stop, and ends what it has in hand; others of its
# release go on, or the next to start takes over its queue.
GRACEFUL = 'graceful'
# An engine is killed with SIGKILL: what it has in hand is never ended.
KILL = 'kill'
# The last engine of a release with a virtual host of its own is asked to stop.
LAST_ENGINE = 'last-engine'
DISRUPTIONS = (GRACEFUL, KILL, LAST_ENGINE)

# Seconds, counted from when all engines are up again and nothing is held any
# more: Heat's limit of an RPC call (rpc_response_timeout) is 60 s, what then
# fails is noticed in a few more, and this machine may be busy.
BOUND = 90

# A stack whose update is cancelled is in a rollback from then on.
_ACTION = {kind: kind.upper() for kind in cases.KINDS} | {
    cases.CANCEL: 'ROLLBACK'}

# The action of a resource, where it differs from that of its stack.
_OF_A_RESOURCE = {cases.RESTORE: 'UPDATE', cases.CANCEL: 'UPDATE'}


@dataclasses.dataclass(frozen=True)
class Rule:
    """How operations may end after one disruption.

    :ivar disruption: one of DISRUPTIONS
    :ivar statuses: what may come after the action in a stack's status
    :ivar reason: a sentence
    """

    disruption: str
    statuses: tuple
    reason: str


TABLE = (
    Rule(GRACEFUL, ('COMPLETE',),
         'an engine that is asked to stop ends what it has in hand, and what '
         'is still in the queue is done by the others or by the next'),
    Rule(KILL, ('COMPLETE', 'FAILED'),
         'what a dead engine had in hand cannot be ended, but it must be '
         'noticed: a user can repair what has failed, and can only wait for '
         'what is in progress'),
    Rule(LAST_ENGINE, ('COMPLETE',),
         'the same stop as any other; that Heat\'s guide warns of stacks '
         'which get stuck makes it a known failure, not a legal end'),
)


def action(case):
    """Return the action of a stack during and after a case's operation."""
    return _ACTION[case.kind]


def resource_action(case):
    """Return the action of a resource that the operation is done with."""
    return _OF_A_RESOURCE.get(case.kind, action(case))


def legal(case, disruption):
    """Return the final statuses that a case's stack may have.

    A stack that is gone counts as DELETE_COMPLETE.

    :param case: :class:`heat_upgrade.inflight.cases.Case`
    :param disruption: one of DISRUPTIONS
    :returns: frozenset of words such as 'CREATE_COMPLETE'
    """
    rule = next(rule for rule in TABLE if rule.disruption == disruption)
    return frozenset(f'{action(case)}_{status}' for status in rule.statuses)
