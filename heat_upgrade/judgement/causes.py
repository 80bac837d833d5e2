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

"""The causes of known failures, as predicates over a run's evidence.

A known failure excuses a finding only if its cause is proved again for that
finding. A predicate takes the finding, whose ``facts`` were recorded when it
was made, and the :class:`Evidence` of the whole run.
"""

from collections import abc
import functools
import pathlib
import typing

from heat_upgrade.inflight import lost_messages
from heat_upgrade.plan import model
from heat_upgrade.results import findings
from heat_upgrade.results import journal

# HTTP statuses of a call without a reply to its message: 500 at heat-api's own
# limit (rpc_response_timeout, MessagingTimeout), 504 at a proxy's.
_UNANSWERED = frozenset(('500', '504', 'timeout'))


class Evidence:
    """The records of a run, read by the predicates.

    :param run_dir: the run directory; its ``logs`` are read when needed
    :param events: the events of its journal
    """

    def __init__(self, run_dir: pathlib.Path,
                 events: list[dict[str, typing.Any]],
                 plan: model.Plan) -> None:
        self._run_dir = run_dir
        self._events = events
        self.plan = plan

    def operations(self, disruption: str) -> int:
        """Return the number of operations that were in flight.

        :param disruption: one of plan.DISRUPTIONS, which hit their engine
        """
        return sum(event['kind'] == journal.IN_FLIGHT
                   and event['data']['disruption'] == disruption
                   for event in self._events)

    @functools.cached_property
    def killed(self) -> frozenset[str]:
        """Names of the nodes whose engine the plan kills; '' for any node."""
        return frozenset(step.node for step in self.plan.steps
                         if step.disruption == model.KILL
                         and step.action in ('stop_engine', 'stop_base'))

    @functools.cached_property
    def received_after_close(self) -> int:
        """Number of messages that engines received after their close."""
        return sum(
            len(lost_messages.of(path.read_text(errors='replace')))
            for path in sorted((self._run_dir / 'logs').glob(
                '*heat-engine*.log')))


def _compared(finding: findings.Finding, evidence: Evidence) -> bool:
    """A static check is its own proof: it compared the released code."""
    return finding.step == 'checks' or finding.step.startswith('check-')


def _mixed_sync_points(finding: findings.Finding,
                       evidence: Evidence) -> bool:
    """Rows of its sync points have the keys of both releases."""
    return bool(finding.facts.get('two_shapes'))


def _killed_engine(finding: findings.Finding, evidence: Evidence) -> bool:
    """A killed engine held the operation, and a user could repair it."""
    facts = finding.facts
    held = set(facts.get('held_by') or ())
    return (facts.get('disruption') == model.KILL
            and (bool(held & evidence.killed) or '' in evidence.killed)
            and facts.get('repaired') in ('update', 'delete'))


def _orphaned_messages(finding: findings.Finding,
                       evidence: Evidence) -> bool:
    """Its messages lie in a virtual host where no engine listens."""
    facts = finding.facts
    return bool(facts.get('messages')
                or facts.get('disruption') == model.LAST_ENGINE
                and facts.get('lost')
                and facts.get('repaired') in ('update', 'delete'))


def _received_after_close(finding: findings.Finding,
                          evidence: Evidence) -> bool:
    """An engine's log shows messages received after it began to close.

    All errors of calls must be those of an unanswered message; a 502 of
    HAProxy and a 503 are not.
    """
    if not set(finding.facts.get('errors') or ()) <= _UNANSWERED:
        return False
    return evidence.received_after_close > 0


def _inner_stack_cut_off(finding: findings.Finding,
                         evidence: Evidence) -> bool:
    """An engine was killed after its grace period with a nested stack.

    Or the nested stack's resource failed because the API was stopped together
    with the engine.
    """
    facts = finding.facts
    return bool(facts.get('cut_off') or facts.get('api_was_down')) and (
        facts.get('repaired') in ('update', 'delete'))


def _worker_went_down(finding: findings.Finding,
                      evidence: Evidence) -> bool:
    """An event of its stacks calls an engine dead, and none was killed."""
    return (bool(finding.facts.get('worker_went_down'))
            and not evidence.killed)


def _snapshot_constraint(finding: findings.Finding,
                         evidence: Evidence) -> bool:
    """The log has the foreign key error of resource_snapshot for it."""
    return bool(finding.facts.get('resource_snapshot_constraint'))


def _snapshot_without_data(finding: findings.Finding,
                           evidence: Evidence) -> bool:
    """The snapshot that cannot be deleted has no data, by its row."""
    return bool(finding.facts.get('snapshots_without_data'))


def _resume_accepted(finding: findings.Finding,
                     evidence: Evidence) -> bool:
    """Events of its stack show a resume within a suspend."""
    return bool(finding.facts.get('resume_within_suspend'))


def _snapshots_of_deleted_stacks(finding: findings.Finding,
                                 evidence: Evidence) -> bool:
    """Each snapshot that is left belongs to a deleted stack."""
    facts = finding.facts
    return bool(facts.get('number')) and (
        facts.get('of_deleted_stacks') == facts['number'])


def _yaql_mixed_up(finding: findings.Finding, evidence: Evidence) -> bool:
    """An output has another stack's value, or an error of the YAQL lexer."""
    return finding.facts.get('cause') == 'yaql-mixed-up'


Predicate = abc.Callable[[findings.Finding, Evidence], bool]

BY_NAME: dict[str, Predicate] = {
    'compared': _compared,
    'mixed-sync-points': _mixed_sync_points,
    'killed-engine': _killed_engine,
    'orphaned-messages': _orphaned_messages,
    'received-after-close': _received_after_close,
    'inner-stack-cut-off': _inner_stack_cut_off,
    'worker-went-down': _worker_went_down,
    'snapshot-constraint': _snapshot_constraint,
    'snapshot-without-data': _snapshot_without_data,
    'resume-accepted': _resume_accepted,
    'snapshots-of-deleted-stacks': _snapshots_of_deleted_stacks,
    'yaql-mixed-up': _yaql_mixed_up,
}
