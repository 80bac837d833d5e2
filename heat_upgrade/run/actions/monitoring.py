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

"""Actions of what goes on beside an upgrade: the load and the probes."""

import time

from heat_upgrade import concurrency
from heat_upgrade import errors
from heat_upgrade.inflight import evidence as stacks
from heat_upgrade.lab import heat_client
from heat_upgrade.probes import budgets
from heat_upgrade.probes import definitions
from heat_upgrade.probes import probe_set
from heat_upgrade.probes import results
from heat_upgrade.results import findings
from heat_upgrade.results import journal
from heat_upgrade.traffic import diagnostics
from heat_upgrade.traffic import generator
from heat_upgrade.traffic import history
from heat_upgrade.traffic import revalidate


def probe(run, step):
    """Start the probes; they go on until they are stopped."""
    run.probes = probe_set.Probes(run.cloud)
    run.probes.start()
    return {'probes': len(run.probes.probes)}


def unprobe(run, step):
    """Stop the probes, and judge what they have seen by the budgets."""
    probes, run.probes = run.probes, None
    _stop(run, step, probes)
    return _judge_probes(run)


def _stop(run, step, probes):
    """Stop probes; what they made and Heat does not delete is a finding."""
    try:
        if run.restarted is not None:
            _wait_for_recovery(run, step, probes)
        # Where a service has died nobody deletes anything.
        probes.stop(watch=run.check)
    except errors.WaitTimeout as exc:
        run.finding(findings.make(
            'probe.stacks-not-deleted', 'stacks',
            'the stacks of the probes cannot be deleted', str(exc),
            step=step.name))
    finally:
        # Also when a service has died while the canary was waited for.
        probes.ask_to_stop()


def _wait_for_recovery(run, step, probes):
    """Wait until the canary is well after the last restart of Heat."""
    last = probes.recovered(run.restarted, watch=run.check)
    if last:
        run.finding(findings.make(
            'probe.never-recovered', definitions.CANARY,
            'probe canary had no good answer after the last restart',
            f'{last}\nno stack could be created and deleted within '
            f'{probe_set.RECOVERY_TIMEOUT} s; Heat was started '
            f'{time.monotonic() - run.restarted:.0f} s before',
            step=step.name))


def _judge_probes(run):
    seen, times = results.of_run(run.workspace.run_dir)
    found = budgets.judge(
        seen, run.plan, times,
        recovered=() if run.restarted is None else (definitions.CANARY,))
    for finding in found:
        run.finding(finding)
    return {'over_budget': len(found)}


def watch(run, step):
    """Start the load and the probes; both go on until they are stopped."""
    probe(run, step)
    run.calls = history.History(run.workspace.run_dir)
    run.load = generator.Stream(
        heat_client.Api(run.cloud.identity, run.cloud.api_url),
        run.cloud.ledger.client, run.calls, run.cloud.release_of,
        seed=run.plan.seed)
    run.load.start()
    return {}


def unwatch(run, step):
    """Stop the load and the probes, and judge what they tell."""
    load, run.load = run.load, None
    probes, run.probes = run.probes, None
    operations, _ = concurrency.run_parallel(
        load.stop, lambda: _stop(run, step, probes))
    run_dir = run.workspace.run_dir
    violations = revalidate.rejudge(run_dir)
    for finding in diagnostics.findings(
            violations, history.read(run_dir), step=step.name,
            steps=results.spans(journal.read(run_dir)),
            look=lambda id_, name: stacks.collect(run.cloud, id_, name)):
        run.finding(finding)
    return {'operations': operations, 'violations': len(violations),
            **_judge_probes(run)}


def abandon(run):
    """Stop what still goes on when a run has broken; waits for nothing."""
    if run.load:
        run.load.ask_to_stop()
    if run.probes:
        run.probes.ask_to_stop()
