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

"""Actions around the work that goes on while Heat is upgraded."""

from heat_upgrade import api
from heat_upgrade import beside
from heat_upgrade import findings
from heat_upgrade.inflight import cases
from heat_upgrade.inflight import flights
from heat_upgrade import journal as journals
from heat_upgrade.ledger import audit
from heat_upgrade.ledger import comparison
from heat_upgrade import leftovers
from heat_upgrade.load import history
from heat_upgrade.load import rejudge
from heat_upgrade.load import stream
from heat_upgrade.probes import watch as probes_

# What a difference between the ledger and Heat's database means.
_TITLES = {
    comparison.LEFT_BEHIND: 'things exist that Heat does not know',
    comparison.LOST: 'things do not exist that Heat calls complete',
    comparison.MADE_TWICE: 'things were made twice',
}


def _api(run):
    return api.Api(run.cloud.identity, run.cloud.api_url)


def prepare(run, step):
    """Make the stacks whose operations will be in flight."""
    run.flights = flights.Flights(
        cases.by_id(step.cases), _api(run), run.cloud.ledger.client,
        run.cloud)
    run.flights.prepare()
    return {'stacks': len(step.cases)}


def park(run, step):
    """Start the operations, each until it is parked for certain."""
    run.flights.park()
    return {'parked': len(step.cases)}


def settle(run, step):
    """Let what was in flight go on, and judge how it ends."""
    flying, run.flights = run.flights, None
    outcomes = flying.repair(flying.settle(step.disruption))
    for outcome in outcomes:
        run.journal.event(journals.IN_FLIGHT, step.name,
                          **outcome.as_dict())
    for finding in flying.findings(outcomes, step=step.name):
        run.finding(finding)
    left = flying.remove()
    if left:
        run.finding(findings.Finding(
            origin=findings.HEAT, failure_class=2, severity=findings.ERROR,
            title='what was in flight cannot be removed',
            evidence='\n'.join(left), step=step.name))
    return {'legal': sum(outcome.legal for outcome in outcomes),
            'illegal': sum(not outcome.legal for outcome in outcomes)}


def watch(run, step):
    """Start the load and the probes; both go on until they are stopped."""
    run.probes = probes_.Probes(run.cloud)
    run.probes.start()
    run.calls = history.History(run.workspace.run_dir)
    run.load = stream.Stream(
        _api(run), run.cloud.ledger.client, run.calls, run.cloud.release_of,
        seed=run.plan.seed)
    run.load.start()
    return {}


def unwatch(run, step):
    """Stop the load and the probes, and judge the load's history."""
    load, run.load = run.load, None
    probes, run.probes = run.probes, None
    operations, _ = beside.run(load.stop, probes.stop)
    violations = rejudge.rejudge(run.workspace.run_dir)
    for finding in rejudge.findings(violations, step=step.name):
        run.finding(finding)
    return {'operations': operations, 'violations': len(violations)}


def abandon(run):
    """Stop what still goes on when a run has broken; waits for nothing."""
    if run.load:
        run.load.ask_to_stop()
    if run.probes:
        run.probes.stop(remove=False)


def account(run, step):
    """Compare what exists with what Heat knows: the ledger, and Keystone."""
    differences = audit.audit(run.cloud.mariadb, run.cloud.ledger.client)
    found = [(_TITLES[kind], [one.text for one in differences
                              if one.kind == kind]) for kind in _TITLES]
    left = leftovers.of_keystone(run.cloud.identity, run.cloud.mariadb)
    found.append(('accounts of stacks exist in Keystone that Heat does not '
                  'know', left))
    for title, texts in found:
        if texts:
            run.finding(findings.Finding(
                origin=findings.HEAT, failure_class=step.failure_class,
                severity=findings.ERROR, title=f'{title} ({len(texts)})',
                evidence='\n'.join(texts), step=step.name))
    return {'ledger': len(differences), 'keystone': len(left)}
