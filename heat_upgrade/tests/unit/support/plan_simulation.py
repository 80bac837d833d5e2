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

"""Simulates the steps of a plan, and checks the rules of an upgrade.

It derives the effect of a step on a cloud from its action alone, and shares
no code with the planner.
"""

from heat_upgrade.results import findings
from heat_upgrade.tests.unit.support import plan_choices

BASE, TARGET = 'base', 'target'
PHASES = {
    'cold': {'pre-upgrade', 'during-upgrade', 'post-upgrade'},
    'rolling': {'pre-upgrade', 'mixed', 'post-upgrade'},
    'partial': {'pre-upgrade', 'mixed', 'post-upgrade'},
}
# Steps of these actions run alone in their stage.
ALONE = {'drain', 'ready', 'stop_engine', 'start_service', 'change_api',
         'queues', 'left_in_queues', 'add_vhost', 'fault', 'watch',
         'unwatch', 'base_up', 'stop_base', 'start_target', 'account',
         'destroy', 'down', 'fill', 'measure'}


class Illegal(Exception):
    """A plan breaks a rule of an upgrade."""


class Simulation:
    """The state of a cloud during a plan."""

    def __init__(self, plan):
        self.plan = plan
        self.cold = plan.strategy == 'cold'
        self.per_release = plan.vhost == 'per-release' and not self.cold
        self.nodes = [f'node-{number}' for number in range(
            1, plan.nodes + 1)]
        self.rotation = set()
        self.apis = {}
        self.engines = {}
        self.vhosts = {BASE} if self.per_release else {BASE, TARGET}
        self.up = self.stopped = self.synced = False
        self.saved = self.checked = False
        self.watched = self.unwatched = self.ended = False
        self.recorded = None
        self.prepared = self.parked = None
        self.disruption = None
        self.looked = self.orphans = self.aged = None
        self.filled, self.measured = None, []
        self.went_back = []
        self.killed = set()
        self.verified_back = False
        self.names = set()

    def need(self, truth, text):
        if not truth:
            raise Illegal(f'{self.step.name}: {text}')

    def vhost(self, side):
        return side if self.per_release else 'heat'

    def listened_to(self):
        """Return the virtual hosts that an engine listens to."""
        return {self.vhost(own) for own in self.engines.values() if own}

    def walk(self):
        """Do every step; returns itself.

        :raises: :class:`Illegal`
        """
        for stage in self.plan.stages:
            if not stage or not all(stage):
                raise Illegal('an empty stage or lane')
            for lane in stage:
                for step in lane:
                    self.step = step
                    self.do(step, beside=len(stage) > 1)
        self.at_the_end()
        return self

    def do(self, step, *, beside):
        self.need(step.name not in self.names, 'exists twice')
        self.names.add(step.name)
        self.need(not (beside and step.action in ALONE), 'is not alone')
        self.need((step.blame == 'heat') == (
            step.failure_class in findings.CLASSES),
            'a failure class is needed to blame Heat, and only then')
        self.need(step.seconds > 0 and step.title, 'has no time or title')
        self.need(not self.ended, 'comes after the end')
        self.need(step.node in ('', *self.nodes), 'is of no node')
        getattr(self, f'do_{step.action}')(step)
        if self.up and not self.ended and not self.stopped:
            self.serves()

    def serves(self):
        self.need(self.rotation, 'no node serves')
        listened_to = self.listened_to()
        for node in self.rotation:
            self.need(self.vhost(self.apis[node]) in listened_to,
                      'a serving node has no engine that listens to it')

    def whole(self):
        """Return True if every node serves."""
        return (self.rotation == set(self.nodes)
                and all(self.engines.values()))

    def do_environments(self, step):
        self.need(not self.up, 'comes too late')

    def do_check(self, step):
        self.need(not self.up and step.phase == 'checks',
                  'needs no cloud, and comes before it')

    def do_base_up(self, step):
        self.up, self.rotation = True, set(self.nodes)
        self.apis = dict.fromkeys(self.nodes, BASE)
        self.engines = dict.fromkeys(self.nodes, BASE)

    def do_suite(self, step):
        self.need(step.phase in PHASES[self.plan.strategy], 'has no phase')
        if step.phase == 'during-upgrade':
            self.need(self.stopped and step.kinds == ('during',),
                      'Heat is not down')
            return
        self.need(self.up and self.whole(), 'needs all nodes')
        self.need((step.blame == 'lab') == (step.phase == 'pre-upgrade'),
                  'blames the wrong one')
        sides = set(self.apis.values())
        self.need(step.phase != 'pre-upgrade' or not self.synced,
                  'the upgrade has begun')
        self.need(step.phase == 'pre-upgrade' or TARGET in sides
                  or step.name.endswith('-back'), 'no target is there')
        kind, = step.kinds
        getattr(self, 'test_' + kind.replace('-', '_'))(step, sides)
        if self.went_back and self.apis[self.went_back[-1]] == BASE:
            self.verified_back = True

    def test_pre(self, step, sides):
        self.need(self.recorded is None, 'creates twice')
        self.recorded = True

    def test_verify(self, step, sides):
        self.need(self.recorded, 'nothing is recorded')

    def test_post(self, step, sides):
        self.need(self.recorded, 'nothing is recorded')
        self.need(sides == ({BASE, TARGET} if self.plan.strategy == 'partial'
                            else {TARGET}), 'comes at the wrong time')
        self.recorded = False

    def test_smoke(self, step, sides):
        self.need(step.phase != 'mixed' or step.node in self.rotation,
                  'no node is tested')

    def test_mixed_version(self, step, sides):
        self.need(sides == {BASE, TARGET}, 'there is one release')

    def do_stop_base(self, step):
        self.need(self.cold and self.whole() and not self.synced,
                  'comes at the wrong time')
        self.stopped, self.rotation = True, set()
        self.need(bool(step.node) == (step.disruption == 'kill'),
                  'kills no engine')
        self.killed |= {step.node} - {''}
        self.disruption = (step.disruption or 'graceful'
                           ) if self.parked else None

    def do_make_orphans(self, step):
        self.need(self.whole() and not self.synced and self.orphans is None,
                  'comes at the wrong time')
        self.orphans = 'made'

    def do_leave_orphans(self, step):
        self.need(self.orphans == 'made', 'there are no stacks')
        self.need(not self.saved and self.stopped == self.cold,
                  'comes at the wrong time')
        self.orphans = 'left'

    def do_recover_orphans(self, step):
        self.need(self.orphans == 'left', 'there are no orphans')
        self.need(set(self.engines.values()) == {TARGET} and self.whole(),
                  'an engine of the base lives')
        self.orphans = 'recovered'

    def do_age_rows(self, step):
        self.need(self.whole() and not self.synced and self.aged is None,
                  'the base must serve')
        self.aged = 'made'

    def do_use_aged_rows(self, step):
        self.need(self.aged == 'made', 'there are no stacks')
        self.need(self.synced and self.whole(), 'the target must serve')
        self.aged = 'used'

    def do_check_profile(self, step):
        self.need(self.whole(), 'all nodes must serve')
        self.need(self.apis[self.nodes[0]] == step.side or not self.cold,
                  'another release serves')

    def do_start_target(self, step):
        self.need(self.stopped and self.synced, 'comes too early')
        self.stopped, self.rotation = False, set(self.nodes)
        self.apis = dict.fromkeys(self.nodes, TARGET)
        self.engines = dict.fromkeys(self.nodes, TARGET)

    def do_watch(self, step):
        self.need(not self.watched and not self.synced, 'comes too late')
        self.watched = True

    def do_probe(self, step):
        self.need(self.cold and not self.watched and not self.stopped,
                  'comes at the wrong time')
        self.watched = True

    def do_unprobe(self, step):
        self.need(self.watched and not self.unwatched, 'no probes run')
        self.need(self.apis['node-1'] == TARGET, 'comes too early')
        self.unwatched = True

    def do_unwatch(self, step):
        self.need(self.watched and not self.unwatched, 'no probes run')
        self.need(self.whole(), 'comes too early')
        self.unwatched = True

    def do_save_database(self, step):
        self.need(not self.synced, 'comes too late')
        self.saved = True

    def do_upgrade_check(self, step):
        self.need(not self.synced, 'comes too late')
        self.checked = True

    def do_db_sync(self, step):
        self.need(self.saved and self.checked and not self.synced
                  and step.side == TARGET, 'comes at the wrong time')
        self.need(set(self.apis.values()) == {BASE}, 'comes too late')
        self.need(self.stopped == self.cold, 'Heat is up or down')
        self.need(self.watched, 'needs probes')
        self.synced = True

    def do_add_vhost(self, step):
        self.need(self.per_release and self.synced
                  and TARGET not in self.vhosts, 'is not wanted here')
        self.vhosts.add(TARGET)

    def do_drain(self, step):
        self.need(self.whole(), 'another node is away')
        self.rotation.remove(step.node)

    def do_ready(self, step):
        self.need(step.node not in self.rotation, 'is in the rotation')
        self.rotation.add(step.node)

    def may_start(self, step):
        self.need(step.side == BASE or (self.synced and self.watched),
                  'the target comes before its database')
        self.need(step.side in self.vhosts, 'it has no virtual host')

    def do_change_api(self, step):
        self.need(step.node not in self.rotation, 'node is in the rotation')
        self.need(self.apis[step.node] != step.side, 'nothing changes')
        self.may_start(step)
        self.apis[step.node] = step.side

    def do_queues(self, step):
        self.need(self.engines[step.node] == step.side,
                  'looks at other queues')
        self.looked = step.node

    def do_stop_engine(self, step):
        side = self.engines[step.node]
        self.need(side and side == step.side, 'no such engine')
        last = [node for node, own in self.engines.items()
                if own == side] == [step.node]
        if last:
            self.need(side not in self.apis.values(),
                      'an API is left behind without an engine')
            self.need(self.looked == step.node, 'queue is not empty')
        self.need(step.disruption != 'kill' or step.node not in self.killed,
                  'is killed twice')
        if step.disruption == 'kill':
            self.killed.add(step.node)
        met = ('kill' if step.disruption == 'kill' else
               'last-engine' if last and self.per_release else 'graceful')
        self.need(step.disruption == met, f'it is {met}')
        self.left = (step.node, side) if last and self.per_release else None
        self.looked = None
        self.engines[step.node] = None
        if self.parked:
            self.need(self.disruption is None, 'two disruptions')
            self.disruption = met

    def do_left_in_queues(self, step):
        self.need(self.left == (step.node, step.side),
                  'looks at other queues')
        self.left = None

    def do_start_service(self, step):
        self.need(step.service == 'engine' and not self.engines[step.node],
                  'an engine is there')
        self.need(not self.left, 'orphaned messages were not checked for')
        self.may_start(step)
        if step.side == BASE:
            self.went_back.append(step.node)
        self.engines[step.node] = step.side

    def do_fault(self, step):
        self.need(step.fault and self.whole(), 'two things at a time')

    def do_prepare(self, step):
        self.need(step.cases and self.prepared is None
                  and self.parked is None, 'other operations are in flight')
        self.prepared = step.cases

    def do_park(self, step):
        self.need(step.cases == self.prepared, 'these are not prepared')
        self.need(self.whole(), 'a node is away')
        self.need((step.blame == 'heat') == self.synced,
                  'blames the wrong one')
        self.disruption = None
        self.prepared, self.parked = None, step.cases

    def do_settle(self, step):
        self.need(step.cases == self.parked, 'these are not parked')
        self.need(self.whole(), 'a node is away')
        self.need(step.disruption == self.disruption is not None,
                  f'they met {self.disruption}')
        self.parked = self.disruption = None

    def do_fill(self, step):
        self.need(self.recorded and self.filled is None and not self.synced,
                  'comes at the wrong time')
        self.filled = (step.volume, step.events)

    def do_measure(self, step):
        self.need(self.filled and self.whole() and not self.parked,
                  'other work would be measured')
        self.need(self.watched == self.unwatched, 'the probes are running')
        self.need(set(self.apis.values()) == {step.side},
                  'measures another release')
        self.measured.append(step.side)

    def do_account(self, step):
        self.need(self.unwatched, 'the traffic is running')

    def do_destroy(self, step):
        self.need(self.recorded is False, 'scenarios have stacks')

    def do_down(self, step):
        self.need(step.always, 'must always be done')
        self.ended = True

    def at_the_end(self):
        self.need(self.ended, 'is the last, and the cloud is up')
        self.need(set(self.apis.values()) | set(self.engines.values())
                  == {TARGET} and self.whole(), 'not all is upgraded')
        self.need(self.prepared is None and self.parked is None,
                  'operations are in flight')
        self.need(self.aged == (
            'used' if self.plan.choices['aged_rows'] else None),
            f'aged rows are {self.aged}')
        self.need(self.orphans == (
            'recovered' if self.plan.choices['orphans'] else None),
            f'orphans are {self.orphans}')
        volume = self.plan.choices.get('volume')
        self.need((self.filled, self.measured) == (
            (None, []) if volume is None else (
                (volume, self.plan.choices.get('volume_events') or 0),
                [BASE, TARGET])), 'the volume is not measured')
        if self.cold:
            self.need(self.killed == set(self.plan.choices['kills']),
                      f'killed are {self.killed}')
        self.need({step.phase for step in self.plan.steps if step.phase}
                  - {'checks'} == PHASES[self.plan.strategy],
                  'a phase has no tests')
        if not self.cold:
            happened = plan_choices.happened(self.plan, self.went_back)
            self.need(plan_choices.drawn(self.plan) == happened,
                      f'the steps have {happened}')
