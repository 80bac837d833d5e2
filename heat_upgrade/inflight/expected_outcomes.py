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

"""The reference table: the allowed outcomes of an operation."""

import dataclasses

from heat_upgrade.inflight import cases

# A stopped engine finishes its operations; the other engines of its release,
# or the next to start, take over its queue.
GRACEFUL = 'graceful'
# An engine is killed with SIGKILL: its operations cannot finish.
KILL = 'kill'
# The last engine of a release with its own virtual host is stopped.
LAST_ENGINE = 'last-engine'
DISRUPTIONS = (GRACEFUL, KILL, LAST_ENGINE)

# Seconds from the start of all engines and the release of all holds. Heat's
# limit of an RPC call (rpc_response_timeout) is 60 s; a failure is noticed a
# few seconds later, and this machine may be busy.
BOUND = 90

# A stack with a cancelled update is in a rollback from then on.
_ACTION = {kind: kind.upper() for kind in cases.KINDS} | {
    cases.CANCEL: 'ROLLBACK'}

# The action of a resource, if it differs from that of its stack.
_OF_A_RESOURCE = {cases.RESTORE: 'UPDATE', cases.CANCEL: 'UPDATE'}


@dataclasses.dataclass(frozen=True)
class Rule:
    """The allowed outcomes of operations after one disruption.

    :ivar disruption: one of DISRUPTIONS
    :ivar statuses: allowed words after the action in a stack's status
    :ivar reason: a sentence
    """

    disruption: str
    statuses: tuple[str, ...]
    reason: str


TABLE = (
    Rule(GRACEFUL, ('COMPLETE',),
         'a stopped engine finishes its operations, and the other engines or '
         'the next one process the messages in the queue'),
    Rule(KILL, ('COMPLETE', 'FAILED'),
         'operations held by a killed engine cannot finish, but Heat must '
         'mark them FAILED: a user can repair a failed stack, and can only '
         'wait for one in progress'),
    Rule(LAST_ENGINE, ('COMPLETE',),
         'the same stop as any other; the warning about stuck stacks in '
         'Heat\'s guide makes it a known failure, not an allowed outcome'),
)


def action(case: cases.Case) -> str:
    """Return the action of a stack during and after a case's operation."""
    return _ACTION[case.kind]


def resource_action(case: cases.Case) -> str:
    """Return the action of a resource that the operation has completed."""
    return _OF_A_RESOURCE.get(case.kind, action(case))


def legal(case: cases.Case, disruption: str) -> frozenset[str]:
    """Return the allowed final statuses of a case's stack.

    A stack that is gone counts as DELETE_COMPLETE.

    :param disruption: one of DISRUPTIONS
    :returns: words such as 'CREATE_COMPLETE'
    """
    rule = next(rule for rule in TABLE if rule.disruption == disruption)
    return frozenset(f'{action(case)}_{status}' for status in rule.statuses)
