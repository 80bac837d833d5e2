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

"""The rolling strategy: node by node, with mixed versions in between.

Source: Heat's doc/source/operating_guides/upgrades_guide.rst, "Rolling
Upgrades"; its steps are ours, one for one.
"""

from heat_upgrade.plan import model
from heat_upgrade.plan import steps
from heat_upgrade.plan import variation

TARGET_VHOST = 'heat-target'


class _Roll:
    """The state of the nodes while a plan is being written.

    :ivar stages: the stages written so far
    :ivar engines: {node: side of its engine}
    :ivar apis: {node: side of its APIs}
    """

    def __init__(self, choices: variation.Choices, *, vhost: str,
                 smoke: bool) -> None:
        self.choices = choices
        self.vhost = vhost
        self.smoke = smoke
        self.stages: list[model.Stage] = []
        # Whether the recorded stacks of the scenarios still exist.
        self.recorded = True
        self.engines = dict.fromkeys(choices.order, model.BASE)
        self.apis = dict.fromkeys(choices.order, model.BASE)
        self._states = 0

    def do(self, *stage: model.Step | None) -> None:
        """Write steps, one after the other."""
        self.stages += [model.alone(step) for step in stage if step]

    def change(self, node: str, side: str, *, cases: tuple[str, ...] = (),
               suffix: str = '') -> str:
        """Write the change of a node to the other side.

        An API in the rotation needs an engine to talk to: on its own virtual
        host, if each release has one. So the first engine of a release comes
        before its APIs, and the last engine of the other goes after them.

        :returns: the disruption of its engine
        """
        other_sides = {self.engines[other] for other in self.engines
                       if other != node}
        first = side not in other_sides
        last = self.engines[node] not in other_sides
        shared = self.vhost == model.SHARED
        api_first = last or (node in self.choices.api_first and not first)
        disruption = self._disruption(node, last, suffix)
        self.do(steps.park(cases, suffix or f'-{node}'),
                steps.drain(node, suffix))
        if api_first:
            self.do(steps.change_api(node, side, suffix),
                    steps.ready(node, suffix))
        if last:
            self.do(steps.queues(node, self.engines[node], suffix))
        self.do(steps.stop_engine(node, disruption, self.engines[node],
                                  suffix))
        if last and not shared:
            self.do(steps.left_in_queues(node, self.engines[node], suffix))
        self.do(steps.start_engine(node, side, suffix))
        if not api_first:
            self.do(steps.change_api(node, side, suffix),
                    steps.ready(node, suffix))
        self.engines[node] = self.apis[node] = side
        return disruption

    def _disruption(self, node: str, last: bool, suffix: str) -> str:
        if node in self.choices.kills and not suffix:
            return model.KILL
        if last and self.vhost == model.PER_RELEASE:
            return model.LAST_ENGINE
        return model.GRACEFUL

    def mixed(self, settle: model.Step | None = None) -> None:
        """Write the assertions about a state of mixed versions.

        The smoke tests go through one node of each release, because two
        nodes of one release are alike.

        :param settle: a step to run side by side with the assertions, or
            None
        """
        self._states += 1
        suffix = '' if self._states == 1 else f'-{self._states}'
        sides: dict[str, str] = {}
        for node, side in self.apis.items():
            sides.setdefault(side, node)
        lanes = [self._verify(suffix), settle]
        if self.smoke:
            lanes += [steps.smoke_mixed(node, suffix)
                      for node in sorted(sides.values())]
            lanes.append(steps.mixed_version(suffix))
        self.side_by_side(*lanes)

    def side_by_side(self, *parallel: model.Step | None) -> None:
        """Write a stage of those steps that are not None."""
        stage = model.lanes(*parallel)
        if stage:
            self.stages.append(stage)

    def _verify(self, suffix: str) -> model.Step | None:
        return steps.verify_mixed(suffix) if self.recorded else None

    def end_of_scenarios(self) -> None:
        """Write the tests that delete the recorded stacks."""
        self.do(steps.post_upgrade())
        self.recorded = False

    def back_and_forth(self, node: str) -> None:
        """Write a rollback of one node, and its upgrade again.

        The records of the scenarios hold on the base's code too, with the
        target's schema below it. Without records, only smoke tests can prove
        that it works; they run even if the smoke tests are left out.
        """
        self.change(node, model.BASE, suffix='-back')
        self.side_by_side(self._verify('-back')
                          or steps.smoke_mixed(node, '-back'))
        self.change(node, model.TARGET, suffix='-again')


def stages(choices: variation.Choices, *, vhost: str, smoke: bool,
           partial: bool = False, expectations: bool = False
           ) -> model.Stages:
    """Return the stages of a rolling upgrade.

    :param vhost: one of model.VHOSTS
    :param smoke: whether to run the smoke and the mixed-version tests
    :param expectations: whether the profile has expectations
    :param partial: end the tests half way, with mixed versions, as grenade's
        multinode job does; the other nodes follow later
    """
    order = choices.order
    roll = _Roll(choices, vhost=vhost, smoke=smoke)
    every = [choices.cases.get(node, ()) for node in order]
    roll.do(steps.environments(), steps.base_up(nodes=len(order)))
    # The smoke tests of the base run with mixed versions, through a node
    # that still has the base, side by side with those of the target.
    roll.stages.append(tuple(lane for lane in (
        (steps.pre_upgrade(), steps.verify_base(),
         *_lane(steps.check_profile(model.BASE) if expectations else None)),
        _lane(steps.prepare(every[0], f'-{order[0]}', upgrading=False)),
        _lane(steps.make_orphans() if choices.orphans else None),
        _lane(steps.age_rows() if choices.aged_rows else None),
    ) if lane))
    on_base, on_target = steps.full(choices.volume, choices.volume_events)
    roll.stages += on_base
    roll.do(steps.leave_orphans() if choices.orphans else None,
            steps.watch(), steps.save_database(), steps.upgrade_check(),
            steps.db_sync(),
            steps.add_vhost(TARGET_VHOST) if vhost == model.PER_RELEASE
            else None)
    half = (len(order) + 1) // 2
    for number, node in enumerate(order):
        last = number == len(order) - 1
        disruption = roll.change(node, model.TARGET, cases=every[number])
        settled = steps.settle(every[number], disruption, f'-{node}')
        if node in choices.faults:
            roll.do(steps.fault(choices.faults[node], f'-{node}'))
        if not last:
            roll.mixed(settled)
        elif choices.rollback == node or partial:
            roll.do(settled)
        if choices.rollback == node:
            roll.back_and_forth(node)
        if partial and number == half - 1:
            roll.end_of_scenarios()
        if not last:
            roll.do(steps.prepare(every[number + 1], f'-{order[number + 1]}'))
    recovered = steps.recover_orphans() if choices.orphans else None
    kept = steps.check_profile(model.TARGET) if expectations else None
    aged = steps.use_aged_rows() if choices.aged_rows else None
    if not partial:
        waits = order[-1] != choices.rollback
        roll.stages.append(tuple(lane for lane in (
            (steps.verify_target(), steps.post_upgrade()),
            _lane(steps.smoke_target() if smoke else None),
            _lane(settled if waits else None),
            _lane(recovered),
            _lane(aged),
            _lane(kept),
        ) if lane))
    else:
        roll.side_by_side(steps.smoke_target() if smoke else None, recovered,
                          aged, kept)
    roll.do(steps.unwatch())
    roll.stages += on_target
    roll.do(steps.account(), steps.destroy(), steps.down())
    return tuple(roll.stages)


def _lane(step: model.Step | None) -> model.Lane:
    return (step,) if step else ()
