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

"""Actions that fill the database, and measure each release on it."""

from collections import abc
import contextlib
import time
import typing

import pymysql

from heat_upgrade.lab import node as nodes
from heat_upgrade.lab import resource_usage
from heat_upgrade.plan import planner
from heat_upgrade.rehearsal import lock_contention
from heat_upgrade.run.actions import common
from heat_upgrade.volume import filling
from heat_upgrade.volume import growth
from heat_upgrade.volume import measurement

if typing.TYPE_CHECKING:
    from heat_upgrade.lab import cloud as clouds
    from heat_upgrade.run import runner

# Tables that Heat writes all the time, with a column of their primary key:
# those whose blocked writes users notice.
WRITTEN = {
    table: {'id': True, 'updated_at': False}
    for table in ('event', 'raw_template', 'resource', 'stack')}

Measured = dict[str, typing.Any]


def fill(run: 'runner.Run', step: planner.Step) -> Measured:
    """Clone stacks in the database of the base."""
    run.volume = filling.fill(
        common.existing(run.cloud, 'cloud'), stacks=step.volume,
        events=step.events, seed=run.plan.seed)
    return {'stacks': run.volume.stacks, 'rows': dict(run.volume.rows),
            'clone_s': round(run.volume.seconds, 2)}


def measure(run: 'runner.Run', step: planner.Step) -> Measured:
    """Measure the release of a side; compare the target with the base."""
    volume = common.existing(run.volume, 'volume')
    measured = measurement.of_release(
        common.existing(run.cloud, 'cloud'), run.environments[step.side],
        side=step.side, api=volume.api, stack=volume.shown)
    if step.side == planner.BASE:
        run.base_measured = measured
    else:
        for finding in growth.compare(
                common.existing(run.base_measured, 'measurements'), measured,
                step=step.name):
            run.finding(finding)
    return measured


def migrate(run: 'runner.Run', step: planner.Step,
            db_sync: abc.Callable[[], object]) -> Measured:
    """Migrate a full database, and judge the speed of the migration.

    In a cold upgrade the counters of the database belong to the migration
    alone. In a rolling upgrade Heat works too, and writes are sampled.
    """
    cloud = common.existing(run.cloud, 'cloud')
    volume = common.existing(run.volume, 'volume')
    cold = run.plan.strategy == planner.COLD
    sampled = None if cold else _sampling(cloud)
    others = resource_usage.OtherWork(run.workspace.marker)
    before, started = (measurement.read_counters(cloud.mariadb),
                       time.monotonic())
    with sampled or contextlib.nullcontext():
        if sampled:
            sampled.start()
        db_sync()
    seconds = time.monotonic() - started
    work = measurement.read_counters(cloud.mariadb).since(before)
    waits = {wait.table: round(max(
        (taken for _, taken in wait.slow), default=0.0), 3)
        for wait in (sampled.waits if sampled else ())
        if wait.kind == lock_contention.WRITE}
    for finding in (
            *growth.of_migration(
                seconds, sum(volume.rows.values()), work if cold else None,
                others=others.share(), step=step.name),
            *growth.of_blocked_writes(waits, step=step.name)):
        run.finding(finding)
    return {'migration_s': round(seconds, 2),
            **({'statements': work.statements, 'rows_read': work.rows}
               if cold else {'blocked_s': waits})}


def _sampling(cloud: 'clouds.Cloud') -> lock_contention.Sampling:
    def connect() -> pymysql.Connection:
        connection = cloud.mariadb.connection(nodes.DATABASE)
        connection.autocommit(False)
        return connection
    return lock_contention.Sampling(connect, WRITTEN)
