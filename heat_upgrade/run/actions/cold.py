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

"""Actions of every strategy, and of the cold one."""

import pathlib
import time
import typing

from heat_upgrade import errors
from heat_upgrade.install import environments
from heat_upgrade.lab import client_config
from heat_upgrade.lab import cloud as clouds
from heat_upgrade.lab import log_errors
from heat_upgrade.lab.physical import selection
from heat_upgrade.lab.services import heat
from heat_upgrade.plan import planner
from heat_upgrade.probes import downtime
from heat_upgrade.probes import probe_set
from heat_upgrade.results import findings
from heat_upgrade.run.actions import common
from heat_upgrade.run.actions import monitoring
from heat_upgrade.run.actions import volume

if typing.TYPE_CHECKING:
    from heat_upgrade.run import runner

PROBE_TIMEOUT = 2

# The environment of the services beside Keystone and Heat, if there are any.
SERVICES = 'services'
Measured = dict[str, typing.Any]


def environments_(run: 'runner.Run', step: planner.Step) -> Measured:
    """Install the releases."""
    base, target = run.base, run.target
    names = ('keystone', planner.BASE, planner.TARGET, SERVICES)
    run.environments = dict(zip(names, environments.ensure_all([
        environments.keystone(base),
        environments.heat(base, constraints=run.base_constraints),
        environments.heat(target, constraints=run.constraints),
        *selection.specs(run.plan.services, base),
    ], log_dir=run.workspace.logs, marker=run.workspace.marker)))
    return {name: environment.version
            for name, environment in run.environments.items()}


def base_up(run: 'runner.Run', step: planner.Step) -> Measured:
    """Start a cloud with the base release."""
    run.cloud = clouds.Cloud(
        run.workspace, keystone_environment=run.environments['keystone'],
        heat_environment=run.environments[planner.BASE],
        size=run.plan.nodes, profile=run.plan.profile,
        further=selection.prepared(run.plan.services,
                                   run.environments.get(SERVICES)))
    run.cloud.up()
    client_config.write(run.cloud.access, run.workspace.run_dir,
                        state_dir=run.workspace.run_dir / 'manifest')
    return {}


def stop_base(run: 'runner.Run', step: planner.Step) -> Measured:
    """Stop Heat gracefully while the downtime probe runs.

    A step with a node kills the engine of that node.
    """
    cloud = common.existing(run.cloud, 'cloud')
    run.probe = downtime.Probe(
        lambda: cloud.request('stacks?limit=1',
                              timeout=PROBE_TIMEOUT).status_code == 200)
    run.probe.start()
    if not run.probe.wait_for_good(probe_set.FIRST_ANSWER_TIMEOUT):
        raise errors.LabError('the base release no longer lists stacks',
                              log=_api_log(cloud))
    killed = ([cloud.nodes[step.node].process(heat.ENGINE)]
              if step.disruption == planner.KILL else [])
    stopped = cloud.stop_heat(after_signal=run.release, kill=killed)
    for name, result in stopped.items():
        if result['killed']:
            run.finding(findings.make(
                'service.killed-at-stop', name,
                f'{name} did not stop gracefully and was killed',
                f'{result["seconds"]} s after SIGTERM', step=step.name))
    return {'stopped': stopped}


def save_database(run: 'runner.Run', step: planner.Step) -> Measured:
    """Dump Heat's database, as Heat's upgrades guide requires."""
    path = run.workspace.run_dir / 'heat-before.sql'
    common.existing(run.cloud, 'cloud').save_database(path)
    return {'bytes': path.stat().st_size}


def upgrade_check(run: 'runner.Run', step: planner.Step) -> Measured:
    """Run the target's own check of the database and the configuration."""
    status, output = common.existing(run.cloud, 'cloud').manage(
        run.environments[planner.TARGET], 'heat-status', 'upgrade', 'check',
        side=planner.TARGET, check=False)
    if not heat.may_upgrade(status, output):
        raise errors.LabError(
            f'heat-status upgrade check ended with status {status}:\n'
            f'{output}')
    return {'status': status}


def db_sync(run: 'runner.Run', step: planner.Step) -> Measured:
    """Migrate the database with the target's code."""
    def migrate() -> None:
        common.existing(run.cloud, 'cloud').manage(
            run.environments[planner.TARGET], 'heat-manage', 'db_sync',
            side=planner.TARGET)
    if run.volume:
        return volume.migrate(run, step, migrate)
    migrate()
    return {}


def start_target(run: 'runner.Run', step: planner.Step) -> Measured:
    """Start the target on the base's configuration."""
    cloud = common.existing(run.cloud, 'cloud')
    probe = common.existing(run.probe, 'downtime probe')
    cloud.deploy(run.environments[planner.TARGET], side=planner.TARGET)
    try:
        cloud.start_heat()
        answered = probe.wait_for_good(probe_set.FIRST_ANSWER_TIMEOUT)
    finally:
        run.availability(downtime.NAME, probe.stop())
    run.restarted = time.monotonic()
    if not answered:
        raise errors.LabError('the target release does not list stacks',
                              log=_api_log(cloud))
    for process in cloud.heat_processes:
        shown = log_errors.of_start(process.log.read_text(errors='replace'))
        if shown:
            run.finding(findings.make(
                'service.traceback-at-start', process.name,
                f'{process.name} logs a traceback when it starts', shown,
                step=step.name, log=str(process.log)))
    return {}


def _api_log(cloud: clouds.Cloud) -> pathlib.Path:
    return cloud.nodes['node-1'].process(heat.API).log


def down(run: 'runner.Run', step: planner.Step) -> Measured:
    """Stop the cloud, unless the caller keeps it."""
    if run.probe and run.probe.running():
        # A step between the stop and the start has failed.
        run.availability(downtime.NAME, run.probe.stop())
    monitoring.abandon(run)
    if run.cloud and not run.keep:
        run.cloud.down()
    return {}
