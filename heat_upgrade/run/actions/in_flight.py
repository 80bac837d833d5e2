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

"""Actions that start, hold, release and judge in-flight operations."""

from collections import abc
import typing

from heat_upgrade.inflight import batch
from heat_upgrade.inflight import cases
from heat_upgrade.inflight import evidence
from heat_upgrade.inflight import orphans
from heat_upgrade.inflight import setup_failures
from heat_upgrade.lab import heat_client
from heat_upgrade.plan import planner
from heat_upgrade.results import findings
from heat_upgrade.results import journal
from heat_upgrade.run.actions import common

if typing.TYPE_CHECKING:
    from heat_upgrade.run import runner

Measured = dict[str, typing.Any]


def prepare(run: 'runner.Run', step: planner.Step) -> Measured:
    """Create the stacks of the in-flight operations."""
    cloud = common.existing(run.cloud, 'cloud')
    run.in_flight = batch.Batch(
        cases.by_id(step.cases),
        heat_client.Api(cloud.identity, cloud.api_url),
        cloud.ledger.client, cloud)
    not_started = _report(run, step, run.in_flight.prepare())
    return {'stacks': len(step.cases) - not_started}


def park(run: 'runner.Run', step: planner.Step) -> Measured:
    """Start the operations, and wait until each is at its hold point."""
    in_flight = common.existing(run.in_flight, 'in-flight operations')
    _report(run, step, in_flight.park())
    return {'parked': len(in_flight.operations)}


def _report(run: 'runner.Run', step: planner.Step,
            not_started: abc.Sequence[setup_failures.NotStarted]) -> int:
    """Report operations that could not be started; return their number.

    :raises: :class:`errors.LabError` before the upgrade: then the failure is
        the lab's
    """
    if step.blame == planner.LAB:
        setup_failures.require_none(not_started)
    for finding in setup_failures.found(not_started, step=step.name):
        run.finding(finding)
    return len(not_started)


def settle(run: 'runner.Run', step: planner.Step) -> Measured:
    """Release the in-flight operations, and judge their outcome."""
    cloud = common.existing(run.cloud, 'cloud')
    in_flight = common.existing(run.in_flight, 'in-flight operations')
    run.in_flight = None
    outcomes = in_flight.repair(in_flight.settle(step.disruption))
    for outcome in outcomes:
        run.journal.event(journal.IN_FLIGHT, step.name,
                          **outcome.as_dict())
    for finding in in_flight.findings(outcomes, step=step.name):
        run.finding(finding)
    left = in_flight.remove()
    if left:
        # A stack's name is that of its case and a random word.
        names = sorted(text.partition(' ')[0].rpartition('-')[0] or text
                       for text in left)
        run.finding(findings.make(
            'inflight.not-removed', 'in-flight',
            'cannot be deleted: ' + ', '.join(names), '\n'.join(left),
            step=step.name, facts={
                'stacks': names, 'snapshots_without_data':
                evidence.snapshots_without_data(cloud)}))
    return {'legal': sum(outcome.legal for outcome in outcomes),
            'illegal': sum(not outcome.legal for outcome in outcomes)}


def make_orphans(run: 'runner.Run', step: planner.Step) -> Measured:
    """Create the stacks that a killed engine will orphan."""
    cloud = common.existing(run.cloud, 'cloud')
    run.orphans = orphans.Orphans(
        heat_client.Api(cloud.identity, cloud.api_url), cloud)
    run.orphans.make()
    return {'stacks': len(run.orphans.names)}


def leave_orphans(run: 'runner.Run', step: planner.Step) -> Measured:
    """Put the database into the state that a killed engine leaves behind."""
    common.existing(run.orphans, 'stacks to be orphaned').leave()
    return {}


def recover_orphans(run: 'runner.Run', step: planner.Step) -> Measured:
    """Request an operation on each orphaned stack; then delete them."""
    orphaned = common.existing(run.orphans, 'orphaned stacks')
    outcomes = orphaned.recover()
    for outcome in outcomes:
        run.journal.event(journal.ORPHAN, step.name, **outcome.as_dict())
        if outcome.story:
            run.finding(findings.make(
                'orphan.not-recovered', outcome.recovery.kind, outcome.title,
                f'{outcome.story}\n{outcome.evidence}', step=step.name))
    left = orphaned.remove()
    if left:
        run.finding(findings.make(
            'orphan.not-recovered', 'delete',
            f'{len(left)} orphaned stack{"s" if len(left) > 1 else ""} '
            'cannot be deleted', '\n'.join(left), step=step.name))
    return {'recovered': sum(not outcome.story for outcome in outcomes),
            'recovery_s': {outcome.recovery.kind: round(outcome.seconds, 1)
                           for outcome in outcomes}}
