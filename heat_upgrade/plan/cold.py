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

"""The cold strategy: stop everything, migrate, start everything."""

from heat_upgrade.plan import model
from heat_upgrade.plan import steps


def stages(*, nodes: int, smoke: bool, cases: tuple[str, ...],
           killed: str = '', orphans: bool = False,
           aged_rows: bool = False, expectations: bool = False,
           full: tuple[model.Stages, model.Stages] = ((), ())
           ) -> model.Stages:
    """Return the stages of a cold upgrade (Heat's upgrades guide).

    :param nodes: number of nodes
    :param smoke: whether to run the smoke tests
    :param cases: IDs of the cases of in-flight operations
    :param killed: name of the node whose engine is killed, '' for none
    :param orphans: whether to orphan stacks before the upgrade
    :param aged_rows: whether to have stacks with rows of old releases
    :param expectations: whether the profile has expectations
    :param full: stages of a full database, see :func:`steps.full`
    """
    disruption = model.KILL if killed else model.GRACEFUL

    def lane(*wanted: model.Step | None) -> model.Lane:
        return tuple(step for step in wanted if step is not None)

    def side_by_side(*lanes: model.Lane) -> model.Stage:
        return tuple(lane for lane in lanes if lane)

    return tuple(stage for stage in (
        model.alone(steps.environments()),
        model.alone(steps.base_up(nodes=nodes)),
        # Smoke tests touch no scenario's resources: they fill the time in
        # which the other lanes wait for Heat.
        side_by_side(
            lane(steps.pre_upgrade(), steps.verify_base(),
                 steps.check_profile(model.BASE) if expectations else None),
            lane(steps.smoke_base() if smoke else None),
            lane(steps.make_orphans() if orphans else None,
                 steps.prepare(cases, upgrading=False)),
            lane(steps.age_rows() if aged_rows else None)),
        *full[0],
        side_by_side(lane(steps.park(cases, upgrading=False)),
                     (steps.probe(),)),
        model.alone(steps.stop_base(killed)),
        # The during tests touch nothing that the migration touches. Side by
        # side, they do not lengthen the downtime.
        (
            (model.Step(
                'during-upgrade', 'suite', 'test resources while Heat is down',
                command='tox -e during-upgrade', blame=model.HEAT,
                failure_class=3, seconds=5, phase='during-upgrade',
                kinds=('during',)),),
            lane(steps.leave_orphans() if orphans else None,
                 steps.save_database(), steps.upgrade_check(),
                 steps.db_sync()),
        ),
        model.alone(model.Step(
            'start-target', 'start_target', 'start the target release',
            command='systemctl start heat-engine heat-api heat-api-cfn',
            side=model.TARGET, blame=model.HEAT, failure_class=4,
            seconds=6)),
        side_by_side(
            lane(steps.verify_target(), steps.post_upgrade()),
            lane(steps.check_profile(model.TARGET) if expectations
                 else None),
            lane(steps.smoke_target() if smoke else None),
            lane(steps.settle(cases, disruption)),
            lane(steps.recover_orphans() if orphans else None),
            lane(steps.use_aged_rows() if aged_rows else None),
            (steps.unprobe(),)),
        *full[1],
        model.alone(steps.account()),
        model.alone(steps.destroy()),
        model.alone(steps.down()),
    ) if stage)
