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


import ddt
import testtools
from testtools import matchers

from heat_upgrade.plan import model
from heat_upgrade.probes import aggregates
from heat_upgrade.probes import budgets
from heat_upgrade.probes import definitions
from heat_upgrade.probes import samples


def plan(strategy='rolling', **changes):
    """Return a plan of three steps, 10 s each, the second as it is asked."""
    steps = (model.Step('before', 'suite', ''),
             model.Step('step', **{'action': 'drain', 'title': '', **changes}),
             model.Step('after', 'suite', ''))
    return model.Plan(
        strategy=strategy, base='26.0.2', target='27.0.1', seed=0,
        scenarios='', stages=tuple(((step,),) for step in steps))


TIMES = {'before': (0, 10), 'step': (10, 20), 'after': (20, 30)}
KILL = {'action': 'stop_engine', 'disruption': 'kill'}
GRACEFUL = {'action': 'stop_engine', 'disruption': 'graceful'}
FAULT = {'action': 'fault', 'fault': 'cut-broker'}
DOWN = {'action': 'db_sync'}
PARK = {'action': 'park', 'side': 'base', 'blame': 'lab'}


def available(*, bad=(), silent=None, error='503'):
    """Return what is said of a probe that is asked each second for 30 s.

    :param bad: seconds at which it is answered badly
    :param silent: (from, to) without any answer
    """
    found = [samples.Sample(second, second + 0.5, second not in bad,
                            error if second in bad else '', 'node-2', 'no')
             for second in range(30)
             if not silent or not silent[0] < second < silent[1]]
    return aggregates.whole(found, origin=0)


@ddt.ddt
class TestJudge(testtools.TestCase):

    def judge(self, probe, *, strategy='rolling', step=None, times=TIMES,
              **seen):
        return budgets.judge({probe: available(**seen)},
                             plan(strategy, **step or {}), times)

    @ddt.data(*definitions.NAMES)
    def test_nothing_lost_is_no_finding(self, probe):
        self.assertEqual([], self.judge(probe))

    @ddt.unpack
    @ddt.data(
        # probe, strategy, step, whether one bad answer may be
        ('stack-list', 'rolling', {}, False),
        ('stack-show', 'rolling', GRACEFUL, False),
        ('api-versions', 'rolling', {}, False),
        ('cfn-versions', 'partial', {}, False),
        ('signal', 'rolling', GRACEFUL, False),
        ('canary', 'rolling', GRACEFUL, False),
        ('stack-list', 'rolling', KILL, True),
        ('stack-list', 'rolling', FAULT, True),
        ('canary', 'rolling', KILL, True),
        ('stack-list', 'cold', DOWN, True),
        ('signal', 'cold', DOWN, True),
        ('stack-list', 'cold', {}, False),
        # the base alone, before the upgrade
        ('stack-list', 'cold', PARK, True),
        ('keystone-user', 'cold', PARK, True),
        ('stack-list', 'rolling', PARK, False),
        ('keystone-user', 'cold', DOWN, False),
        ('keystone-user', 'rolling', KILL, False),
        ('keystone-user', 'rolling', FAULT, False),
    )
    def test_what_may_be_lost_is_a_matter_of_the_step(
            self, probe, strategy, step, may):
        found = self.judge(probe, strategy=strategy, step=step, bad=(15,))
        self.assertEqual([] if may else ['step'],
                         [one.step for one in found])

    @ddt.unpack
    @ddt.data(
        # probe, strategy, step, budget
        ('stack-list', 'rolling', {}, budgets.ROLLING_READ_GAP),
        ('signal', 'rolling', {}, budgets.ROLLING_SIGNAL_GAP),
        ('canary', 'rolling', {}, budgets.ROLLING_CANARY_GAP),
        ('stack-list', 'rolling', KILL, budgets.VIOLENT_GAP),
        ('canary', 'rolling', GRACEFUL, budgets.STOP_CANARY_GAP),
        ('stack-list', 'rolling', GRACEFUL, budgets.ROLLING_READ_GAP),
        ('canary', 'rolling', FAULT, budgets.VIOLENT_CANARY_GAP),
        ('stack-show', 'cold', DOWN, budgets.COLD_GAP),
        ('canary', 'cold', DOWN, budgets.COLD_CANARY_GAP),
        ('keystone-user', 'cold', DOWN, budgets.DATA_PLANE_GAP),
    )
    def test_a_gap_may_be_as_long_as_its_budget_and_no_longer(
            self, probe, strategy, step, allowed):
        for longer, expected in ((-0.1, 0), (0.1, 1)):
            found = [samples.Sample(time, time, True)
                     for time in (11, 11 + allowed + longer)]
            self.assertThat(
                budgets.judge({probe: aggregates.whole(found, origin=0)},
                              plan(strategy, **step), TIMES),
                matchers.HasLength(expected))

    def test_a_gap_from_before_the_stop_is_judged_by_the_stop(self):
        steps = (model.Step('park', title='', **PARK),
                 model.Step('stop', 'stop_base', '', side='base'))
        cold = model.Plan(
            strategy='cold', base='26.0.2', target='27.0.1', seed=0,
            scenarios='', stages=tuple(((step,),) for step in steps))
        times = {'park': (0, 10), 'stop': (10, 100)}
        for end, expected in ((9.5, []), (71, ['stop'])):
            found = [samples.Sample(time, time, True) for time in (9, end)]
            self.assertEqual(expected, [one.step for one in budgets.judge(
                {'stack-list': aggregates.whole(found, origin=0)}, cold,
                times)])

    def test_a_finding_has_its_class_and_its_evidence(self):
        found, = self.judge('stack-list', bad=(15, 16))
        self.assertEqual(('heat', 8, 'error', 'step'), (
            found.origin, found.failure_class, found.severity, found.step))
        for expected in ('503: 2', 'from 15.0 s', '503 by node-2: no'):
            self.assertIn(expected, found.evidence)

    def test_a_step_has_one_finding_for_a_probe(self):
        found, = self.judge('stack-list', bad=(12, 15), silent=(15, 28))
        self.assertThat(found.evidence.splitlines(), matchers.HasLength(3))

    def test_steps_have_their_own_findings(self):
        self.assertEqual(['before', 'after'], [
            one.step for one in self.judge('stack-list', bad=(5, 25))])

    @ddt.unpack
    @ddt.data(
        # probe, strategy, step, asked at, ended at, step of the finding
        ('stack-list', 'rolling', KILL, 9.5, 69.5, None),
        ('stack-list', 'cold', DOWN, 9.8, 10.2, None),
        # too long before, and it had ended when the step began
        ('stack-list', 'rolling', KILL, 7.5, 67.5, 'before'),
        ('stack-list', 'rolling', KILL, 9, 9.9, 'before'),
        # a canary is in hand for as long as it lives
        ('canary', 'rolling', KILL, 3, 14, None),
        ('canary', 'rolling', KILL, 3, 9, 'before'),
        ('canary', 'rolling', KILL, 21, 25, 'after'),
        # an engine that stops loses what it is given just before
        ('stack-list', 'rolling', GRACEFUL, 8.5, 68.5, 'step'),
        ('stack-list', 'rolling', GRACEFUL, 7.5, 67.5, 'before'),
        ('canary', 'rolling', GRACEFUL, 3, 123, 'step'),
        ('canary', 'rolling', GRACEFUL, 3, 9, 'before'),
    )
    def test_what_was_in_hand_when_a_step_began_is_its(
            self, probe, strategy, step, start, end, expected):
        found = [samples.Sample(1, 1.5, True),
                 samples.Sample(start, end, False, 'failed'),
                 samples.Sample(end, end + 1, True)]
        seen = {probe: {**aggregates.whole(found, origin=0), 'gaps': []}}
        self.assertEqual(
            [expected] if expected else [],
            [one.step for one in budgets.judge(
                seen, plan(strategy, **step), TIMES)])

    def test_a_gap_has_the_widest_budget_of_its_steps(self):
        self.assertEqual([], self.judge('stack-list', step=KILL,
                                        silent=(8, 24)))

    def test_a_canary_that_hung_before_an_engine_was_stopped_is_not_its(self):
        times = {'before': (0, 30), 'step': (30, 35), 'after': (35, 200)}
        found = [samples.Sample(5, 7, True),
                 samples.Sample(9, 129, False, 'timeout'),
                 samples.Sample(129, 131, True)]
        seen = {'canary': {**aggregates.whole(found, origin=0), 'gaps': []}}
        self.assertEqual(['before'], [one.step for one in budgets.judge(
            seen, plan(**GRACEFUL), times)])

    def test_a_long_gap_is_of_the_step_that_stops_an_engine(self):
        found = [samples.Sample(time, time, True) for time in (5, 100)]
        self.assertEqual(['step'], [one.step for one in budgets.judge(
            {'canary': aggregates.whole(found, origin=0)}, plan(**GRACEFUL),
            {**TIMES, 'after': (20, None)})])

    def test_what_came_before_it_is_not(self):
        self.assertEqual(['before'], [one.step for one in self.judge(
            'stack-list', step=KILL, bad=(5,))])

    def test_what_comes_after_it_is_not(self):
        self.assertEqual(['after'], [one.step for one in self.judge(
            'stack-list', step=KILL, bad=(25,))])

    def test_between_two_steps_it_is_of_the_one_before(self):
        found, = self.judge('stack-list', bad=(15,), times={
            **TIMES, 'step': (10, 12)})
        self.assertEqual('step', found.step)

    def test_a_step_that_has_not_ended_is_judged(self):
        found, = self.judge('stack-list', bad=(15,), times={
            'before': (0, 10), 'step': (10, None)})
        self.assertEqual('step', found.step)

    def test_a_finding_has_the_errors_and_the_nodes(self):
        found, = self.judge('stack-list', bad=(15, 16))
        self.assertEqual(
            ('probe.over-budget', 'stack-list',
             {'errors': {'503': 2}, 'nodes': ['node-2']}),
            (found.rule, found.subject, found.facts))

    def test_a_canary_that_was_waited_for_is_judged_by_that(self):
        seen = available(bad=range(0, 30))
        for recovered, number in (((), 1), (('canary',), 0)):
            texts = [line for one in budgets.judge(
                {'canary': {**seen, 'outages': [
                    {**seen['outages'][0], 'end': 500.0}]}},
                plan('cold', **DOWN), TIMES, recovered=recovered)
                for line in one.evidence.splitlines()
                if line == 'never answered again']
            self.assertEqual(number, len(texts))

    def test_who_is_never_answered_again_is_told(self):
        found = self.judge('stack-list', strategy='cold', step=DOWN,
                           bad=range(15, 30))
        self.assertEqual([('step', 'never answered again')],
                         [(one.step, one.evidence) for one in found])

    def test_a_canary_may_be_under_way_when_the_probes_end(self):
        self.assertEqual([], self.judge('canary', strategy='cold', step=DOWN,
                                        bad=range(15, 30)))

    def test_the_evidence_of_many_losses_is_cut(self):
        found, = self.judge('stack-list', bad=range(0, 30, 2), times={
            'before': (0, 30)})
        lines = found.evidence.splitlines()
        self.assertThat(lines, matchers.HasLength(budgets.EVIDENCE_LINES + 1))
        self.assertIn('more', lines[-1])

    def test_a_mistake_of_ours_is_not_heats(self):
        found, = self.judge('stack-list', bad=(15,), error='mistake')
        self.assertEqual(('lab', None), (found.origin, found.failure_class))

    def test_a_probe_that_it_does_not_know_is_not_judged(self):
        self.assertEqual([], budgets.judge(
            {'heat-api': {'sent': 5, 'failed': 5, 'longest_gap_s': None}},
            plan(), TIMES))

    @ddt.data(*definitions.NAMES)
    def test_every_probe_has_a_budget_in_every_step(self, probe):
        for strategy in model.STRATEGIES:
            for step in ({}, KILL, GRACEFUL, FAULT, DOWN):
                self.assertIsNotNone(budgets.budget(
                    probe, plan(strategy, **step).steps[1], strategy))
