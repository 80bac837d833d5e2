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

"""What the steps of a plan do to a cloud.

Each action is a function of (run, step): it changes the run's cloud, notes
findings in the run's journal, and returns what its step measured, as a dict.
It raises when the run cannot go on; the runner makes a finding of that, for
which the step's blame decides whose it is.
"""

from heat_upgrade.actions import account
from heat_upgrade.actions import checking
from heat_upgrade.actions import cold
from heat_upgrade.actions import common
from heat_upgrade.actions import inflight
from heat_upgrade.actions import rolling
from heat_upgrade.actions import tests
from heat_upgrade.actions import watching

StepFailed = common.StepFailed

BY_NAME = {
    'environments': cold.environments_,
    'check': checking.check,
    'base_up': cold.base_up,
    'suite': tests.suite,
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
    'prepare': inflight.prepare,
    'park': inflight.park,
    'settle': inflight.settle,
    'make_orphans': inflight.make_orphans,
    'leave_orphans': inflight.leave_orphans,
    'recover_orphans': inflight.recover_orphans,
    'probe': watching.probe,
    'unprobe': watching.unprobe,
    'watch': watching.watch,
    'unwatch': watching.unwatch,
    'account': account.account,
    'destroy': tests.destroy,
    'down': cold.down,
}
