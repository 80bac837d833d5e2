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

"""Actions of the work in flight: begun, parked, let go, judged."""

from heat_upgrade.inflight import batch
from heat_upgrade.inflight import cases
from heat_upgrade.inflight import evidence
from heat_upgrade.inflight import orphans
from heat_upgrade.inflight import setup_failures
from heat_upgrade.lab import heat_client
from heat_upgrade.plan import planner
from heat_upgrade.results import findings
from heat_upgrade.results import journal


def prepare(run, step):
    """Make the stacks whose operations will be in flight."""
    run.flights = batch.Batch(
        cases.by_id(step.cases),
        heat_client.Api(run.cloud.identity, run.cloud.api_url),
        run.cloud.ledger.client, run.cloud)
    grounded = _judge(run, step, run.flights.prepare())
    return {'stacks': len(step.cases) - grounded}


def park(run, step):
    """Start the operations, each until it is parked for certain."""
    _judge(run, step, run.flights.park())
    return {'parked': len(run.flights.flights)}


def _judge(run, step, grounded):
    """Find fault with Heat for what could not be begun; returns how much.

    Before the upgrade has begun it is the lab's failure.
    """
    if step.blame == planner.LAB:
        setup_failures.require_none(grounded)
    for finding in setup_failures.found(grounded, step=step.name):
        run.finding(finding)
    return len(grounded)


def settle(run, step):
    """Let what was in flight go on, and judge how it ends."""
    flying, run.flights = run.flights, None
    outcomes = flying.repair(flying.settle(step.disruption))
    for outcome in outcomes:
        run.journal.event(journal.IN_FLIGHT, step.name,
                          **outcome.as_dict())
    for finding in flying.findings(outcomes, step=step.name):
        run.finding(finding)
    left = flying.remove()
    if left:
        # A stack's name is that of its case and a random word.
        names = sorted(text.partition(' ')[0].rpartition('-')[0] or text
                       for text in left)
        run.finding(findings.make(
            'inflight.not-removed', 'in-flight',
            'cannot be deleted: ' + ', '.join(names), '\n'.join(left),
            step=step.name, facts={
                'stacks': names, 'snapshots_without_data':
                evidence.snapshots_without_data(run.cloud)}))
    return {'legal': sum(outcome.legal for outcome in outcomes),
            'illegal': sum(not outcome.legal for outcome in outcomes)}


def make_orphans(run, step):
    """Create the stacks that a killed engine will have left behind."""
    run.orphans = orphans.Orphans(
        heat_client.Api(run.cloud.identity, run.cloud.api_url), run.cloud)
    run.orphans.make()
    return {'stacks': len(run.orphans.names)}


def leave_orphans(run, step):
    """Write what an engine leaves in the database when it is killed."""
    run.orphans.leave()
    return {}


def recover_orphans(run, step):
    """Ask Heat for an operation on each orphaned stack; then delete them."""
    outcomes = run.orphans.recover()
    for outcome in outcomes:
        run.journal.event(journal.ORPHAN, step.name, **outcome.as_dict())
        if outcome.story:
            run.finding(findings.make(
                'orphan.not-recovered', outcome.recovery.kind, outcome.title,
                f'{outcome.story}\n{outcome.evidence}', step=step.name))
    left = run.orphans.remove()
    if left:
        run.finding(findings.make(
            'orphan.not-recovered', 'delete', f'{len(left)} stacks that a '
            'dead engine has left cannot be deleted', '\n'.join(left),
            step=step.name))
    return {'recovered': sum(not outcome.story for outcome in outcomes),
            'recovery_s': {one.recovery.kind: round(one.seconds, 1)
                           for one in outcomes}}
