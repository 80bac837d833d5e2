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

"""The actions of a plan's steps, by name.

Each action is a function of (run, step): it changes the run's cloud, journals
findings, and returns the measurements of its step. It raises if the run
cannot continue. The runner makes a finding of the exception; the step's blame
decides whose failure it is.
"""

from collections import abc
import typing

from heat_upgrade.plan import planner
from heat_upgrade.run.actions import aged_rows
from heat_upgrade.run.actions import audit
from heat_upgrade.run.actions import cold
from heat_upgrade.run.actions import common
from heat_upgrade.run.actions import in_flight
from heat_upgrade.run.actions import monitoring
from heat_upgrade.run.actions import phases
from heat_upgrade.run.actions import profile
from heat_upgrade.run.actions import rolling
from heat_upgrade.run.actions import static_checks
from heat_upgrade.run.actions import volume

if typing.TYPE_CHECKING:
    from heat_upgrade.run import runner

StepFailed = common.StepFailed
StoppedEarly = common.StoppedEarly

BY_NAME: ('dict[str, abc.Callable[[runner.Run, planner.Step], '
          'dict[str, typing.Any]]]') = {
    'environments': cold.environments_,
    'check': static_checks.check,
    'base_up': cold.base_up,
    'suite': phases.suite,
    'stop_base': cold.stop_base,
    'save_database': cold.save_database,
    'upgrade_check': cold.upgrade_check,
    'db_sync': cold.db_sync,
    'start_target': cold.start_target,
    'add_vhost': rolling.add_vhost,
    'drain': rolling.drain,
    'ready': rolling.ready,
    'stop_engine': rolling.stop_engine,
    'start_service': rolling.start_service,
    'change_api': rolling.change_api,
    'queues': rolling.queues,
    'left_in_queues': rolling.left_in_queues,
    'fault': rolling.fault,
    'prepare': in_flight.prepare,
    'park': in_flight.park,
    'settle': in_flight.settle,
    'make_orphans': in_flight.make_orphans,
    'leave_orphans': in_flight.leave_orphans,
    'recover_orphans': in_flight.recover_orphans,
    'age_rows': aged_rows.age_rows,
    'use_aged_rows': aged_rows.use_aged_rows,
    'check_profile': profile.check_profile,
    'probe': monitoring.probe,
    'unprobe': monitoring.unprobe,
    'watch': monitoring.watch,
    'unwatch': monitoring.unwatch,
    'fill': volume.fill,
    'measure': volume.measure,
    'account': audit.account,
    'destroy': phases.destroy,
    'down': cold.down,
}
