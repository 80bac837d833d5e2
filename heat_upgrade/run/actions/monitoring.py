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

"""Actions that start, stop and judge the traffic and the probes."""

import time
import typing

from heat_upgrade import concurrency
from heat_upgrade import errors
from heat_upgrade.inflight import evidence as stacks
from heat_upgrade.lab import heat_client
from heat_upgrade.plan import planner
from heat_upgrade.probes import budgets
from heat_upgrade.probes import definitions
from heat_upgrade.probes import probe_set
from heat_upgrade.probes import results
from heat_upgrade.results import findings
from heat_upgrade.results import journal
from heat_upgrade.run.actions import common
from heat_upgrade.traffic import diagnostics
from heat_upgrade.traffic import generator
from heat_upgrade.traffic import history
from heat_upgrade.traffic import revalidate

if typing.TYPE_CHECKING:
    from heat_upgrade.run import runner

Measured = dict[str, typing.Any]


def probe(run: 'runner.Run', step: planner.Step) -> Measured:
    """Start the probes; they run until they are stopped."""
    run.probes = probe_set.Probes(common.existing(run.cloud, 'cloud'))
    run.probes.start()
    return {'probes': len(run.probes.probes)}


def unprobe(run: 'runner.Run', step: planner.Step) -> Measured:
    """Stop the probes, and compare their samples with the budgets."""
    probes, run.probes = common.existing(run.probes, 'probes'), None
    _stop(run, step, probes)
    return _judge_probes(run)


def _stop(run: 'runner.Run', step: planner.Step,
          probes: probe_set.Probes) -> None:
    """Stop the probes; a finding reports stacks that Heat does not delete."""
    try:
        if run.restarted is not None:
            _wait_for_recovery(run, step, probes, run.restarted)
        # The wait for deletions is useless after a service has died.
        probes.stop(watch=run.check)
    except errors.WaitTimeout as exc:
        run.finding(findings.make(
            'probe.stacks-not-deleted', 'stacks',
            'the stacks of the probes cannot be deleted', str(exc),
            step=step.name))
    finally:
        # Also if a service died during the wait for the canary.
        probes.ask_to_stop()


def _wait_for_recovery(run: 'runner.Run', step: planner.Step,
                       probes: probe_set.Probes, restarted: float) -> None:
    """Wait until the canary succeeds after the last restart of Heat."""
    last = probes.recovered(restarted, watch=run.check)
    if last:
        run.finding(findings.make(
            'probe.never-recovered', definitions.CANARY,
            'probe canary had no good answer after the last restart',
            f'{last}\nno stack could be created and deleted within '
            f'{probe_set.RECOVERY_TIMEOUT} s; Heat was started '
            f'{time.monotonic() - restarted:.0f} s before',
            step=step.name))


def _judge_probes(run: 'runner.Run') -> Measured:
    seen, times = results.of_run(run.workspace.run_dir)
    over_budget = budgets.judge(
        seen, run.plan, times,
        recovered=() if run.restarted is None else (definitions.CANARY,))
    for finding in over_budget:
        run.finding(finding)
    return {'over_budget': len(over_budget)}


def watch(run: 'runner.Run', step: planner.Step) -> Measured:
    """Start the traffic and the probes; both run until they are stopped."""
    probe(run, step)
    cloud = common.existing(run.cloud, 'cloud')
    run.calls = history.History(run.workspace.run_dir)
    run.load = generator.Stream(
        heat_client.Api(cloud.identity, cloud.api_url),
        cloud.ledger.client, run.calls, cloud.release_of,
        seed=run.plan.seed)
    run.load.start()
    return {}


def unwatch(run: 'runner.Run', step: planner.Step) -> Measured:
    """Stop the traffic and the probes, and judge their records."""
    cloud = common.existing(run.cloud, 'cloud')
    traffic, run.load = common.existing(run.load, 'traffic'), None
    probes, run.probes = common.existing(run.probes, 'probes'), None
    operations, _ = concurrency.run_parallel(
        traffic.stop, lambda: _stop(run, step, probes))
    run_dir = run.workspace.run_dir
    violations = revalidate.rejudge(run_dir)
    for finding in diagnostics.findings(
            violations, history.read(run_dir), step=step.name,
            steps=results.spans(journal.read(run_dir)),
            look=lambda id_, name: stacks.collect(cloud, id_, name)):
        run.finding(finding)
    return {'operations': operations, 'violations': len(violations),
            **_judge_probes(run)}


def abandon(run: 'runner.Run') -> None:
    """Ask traffic and probes to stop after a failure, without a wait."""
    if run.load:
        run.load.ask_to_stop()
    if run.probes:
        run.probes.ask_to_stop()
