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

"""The cold strategy: all down, migrate, all up."""

from heat_upgrade.plan import model
from heat_upgrade.plan import steps


def stages(*, nodes, smoke, cases, killed='', orphans=False):
    """Everything down, migrate, everything up (Heat's upgrades guide).

    :param nodes: how many there are
    :param smoke: whether to run the smoke tests; who wants one scenario does
        not want to wait for them
    :param cases: ids of the cases of work in flight, a tuple
    :param killed: name of the node whose engine is killed, '' for none
    :param orphans: whether there are stacks that a dead engine has left
    """
    disruption = model.KILL if killed else model.GRACEFUL

    def one_by_one(*wanted):
        return tuple(step for step in wanted if step is not None)

    def side_by_side(*lanes):
        return tuple(lane for lane in lanes if lane)

    return tuple(stage for stage in (
        model.alone(steps.environments()),
        model.alone(steps.base_up(nodes=nodes)),
        # Smoke tests touch nothing that a scenario has made: they fill the
        # time in which the others wait for Heat.
        side_by_side(
            (steps.pre_upgrade(), steps.verify_base()),
            one_by_one(steps.smoke_base() if smoke else None),
            one_by_one(steps.make_orphans() if orphans else None,
                       steps.prepare(cases, upgrading=False))),
        side_by_side(one_by_one(steps.park(cases, upgrading=False)),
                     (steps.probe(),)),
        model.alone(steps.stop_base(killed)),
        # While Heat is down nothing but time is lost: what the during tests
        # touch is not what the migration touches.
        (
            (model.Step(
                'during-upgrade', 'suite', 'what outlives Heat is alive',
                command='tox -e during-upgrade', blame=model.HEAT,
                failure_class=3, seconds=5, phase='during-upgrade',
                kinds=('during',)),),
            one_by_one(steps.leave_orphans() if orphans else None,
                       steps.save_database(), steps.upgrade_check(),
                       steps.db_sync()),
        ),
        model.alone(model.Step(
            'start-target', 'start_target', 'start the target release',
            command='systemctl start heat-engine heat-api heat-api-cfn',
            side=model.TARGET, blame=model.HEAT, failure_class=4,
            seconds=6)),
        side_by_side(
            (steps.verify_target(), steps.post_upgrade()),
            one_by_one(steps.smoke_target() if smoke else None),
            one_by_one(steps.settle(cases, disruption)),
            one_by_one(steps.recover_orphans() if orphans else None),
            (steps.unprobe(),)),
        model.alone(steps.account()),
        model.alone(steps.destroy()),
        model.alone(steps.down()),
    ) if stage)
