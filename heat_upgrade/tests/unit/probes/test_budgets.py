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
    """Return the results of a probe that asks each second for 30 s.

    :param bad: seconds at which it is answered badly
    :param silent: (from, to) without any answer
    """
    answers = [samples.Sample(second, second + 0.5, second not in bad,
                              error if second in bad else '', 'node-2', 'no')
               for second in range(30)
               if not silent or not silent[0] < second < silent[1]]
    return aggregates.whole(answers, origin=0)


@ddt.ddt
class TestJudge(testtools.TestCase):

    def judge(self, probe, *, strategy='rolling', step=None, times=TIMES,
              **seen):
        return budgets.judge({probe: available(**seen)},
                             plan(strategy, **step or {}), times)

    @ddt.data(*definitions.NAMES)
    def test_good_answers_alone_make_no_finding(self, probe):
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
    def test_step_determines_the_allowed_failures(
            self, probe, strategy, step, may):
        judged = self.judge(probe, strategy=strategy, step=step, bad=(15,))
        self.assertEqual([] if may else ['step'],
                         [one.step for one in judged])

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
            answers = [samples.Sample(time, time, True)
                       for time in (11, 11 + allowed + longer)]
            self.assertThat(
                budgets.judge({probe: aggregates.whole(answers, origin=0)},
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
            answers = [samples.Sample(time, time, True) for time in (9, end)]
            self.assertEqual(expected, [one.step for one in budgets.judge(
                {'stack-list': aggregates.whole(answers, origin=0)}, cold,
                times)])

    def test_a_finding_has_its_class_and_its_evidence(self):
        finding, = self.judge('stack-list', bad=(15, 16))
        self.assertEqual(('heat', 8, 'error', 'step'), (
            finding.origin, finding.failure_class, finding.severity,
            finding.step))
        for expected in ('503: 2', 'from 15.0 s', '503 by node-2: no'):
            self.assertIn(expected, finding.evidence)

    def test_a_step_has_one_finding_for_a_probe(self):
        finding, = self.judge('stack-list', bad=(12, 15), silent=(15, 28))
        self.assertThat(finding.evidence.splitlines(), matchers.HasLength(3))

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
        # a canary is in progress for its whole life
        ('canary', 'rolling', KILL, 3, 14, None),
        ('canary', 'rolling', KILL, 3, 9, 'before'),
        ('canary', 'rolling', KILL, 21, 25, 'after'),
        # a stopping engine loses the messages received just before
        ('stack-list', 'rolling', GRACEFUL, 8.5, 68.5, 'step'),
        ('stack-list', 'rolling', GRACEFUL, 7.5, 67.5, 'before'),
        ('canary', 'rolling', GRACEFUL, 3, 123, 'step'),
        ('canary', 'rolling', GRACEFUL, 3, 9, 'before'),
    )
    def test_question_in_progress_belongs_to_the_step_that_began(
            self, probe, strategy, step, start, end, expected):
        answers = [samples.Sample(1, 1.5, True),
                   samples.Sample(start, end, False, 'failed'),
                   samples.Sample(end, end + 1, True)]
        seen = {probe: {**aggregates.whole(answers, origin=0), 'gaps': []}}
        self.assertEqual(
            [expected] if expected else [],
            [one.step for one in budgets.judge(
                seen, plan(strategy, **step), TIMES)])

    def test_a_gap_has_the_widest_budget_of_its_steps(self):
        self.assertEqual([], self.judge('stack-list', step=KILL,
                                        silent=(8, 24)))

    def test_canary_that_hung_before_the_stop_belongs_to_another_step(self):
        times = {'before': (0, 30), 'step': (30, 35), 'after': (35, 200)}
        answers = [samples.Sample(5, 7, True),
                   samples.Sample(9, 129, False, 'timeout'),
                   samples.Sample(129, 131, True)]
        seen = {'canary': {**aggregates.whole(answers, origin=0), 'gaps': []}}
        self.assertEqual(['before'], [one.step for one in budgets.judge(
            seen, plan(**GRACEFUL), times)])

    def test_long_gap_belongs_to_the_step_that_stops_an_engine(self):
        answers = [samples.Sample(time, time, True) for time in (5, 100)]
        self.assertEqual(['step'], [one.step for one in budgets.judge(
            {'canary': aggregates.whole(answers, origin=0)}, plan(**GRACEFUL),
            {**TIMES, 'after': (20, None)})])

    def test_outage_before_a_violent_step_belongs_to_another_step(self):
        self.assertEqual(['before'], [one.step for one in self.judge(
            'stack-list', step=KILL, bad=(5,))])

    def test_outage_after_a_violent_step_belongs_to_another_step(self):
        self.assertEqual(['after'], [one.step for one in self.judge(
            'stack-list', step=KILL, bad=(25,))])

    def test_outage_between_two_steps_belongs_to_the_earlier(self):
        finding, = self.judge('stack-list', bad=(15,), times={
            **TIMES, 'step': (10, 12)})
        self.assertEqual('step', finding.step)

    def test_a_step_that_has_not_ended_is_judged(self):
        finding, = self.judge('stack-list', bad=(15,), times={
            'before': (0, 10), 'step': (10, None)})
        self.assertEqual('step', finding.step)

    def test_a_finding_has_the_errors_and_the_nodes(self):
        finding, = self.judge('stack-list', bad=(15, 16))
        self.assertEqual(
            ('probe.over-budget', 'stack-list',
             {'errors': {'503': 2}, 'nodes': ['node-2']}),
            (finding.rule, finding.subject, finding.facts))

    def test_awaited_canary_is_not_judged_again(self):
        seen = available(bad=range(30))
        for recovered, number in (((), 1), (('canary',), 0)):
            texts = [line for one in budgets.judge(
                {'canary': {**seen, 'outages': [
                    {**seen['outages'][0], 'end': 500.0}]}},
                plan('cold', **DOWN), TIMES, recovered=recovered)
                for line in one.evidence.splitlines()
                if line == 'never answered again']
            self.assertEqual(number, len(texts))

    def test_probe_without_recovery_is_a_finding(self):
        judged = self.judge('stack-list', strategy='cold', step=DOWN,
                            bad=range(15, 30))
        self.assertEqual([('step', 'never answered again')],
                         [(one.step, one.evidence) for one in judged])

    def test_a_canary_may_be_under_way_when_the_probes_end(self):
        self.assertEqual([], self.judge('canary', strategy='cold', step=DOWN,
                                        bad=range(15, 30)))

    def test_the_evidence_of_many_losses_is_cut(self):
        finding, = self.judge('stack-list', bad=range(0, 30, 2), times={
            'before': (0, 30)})
        lines = finding.evidence.splitlines()
        self.assertThat(lines, matchers.HasLength(budgets.EVIDENCE_LINES + 1))
        self.assertIn('more', lines[-1])

    def test_bug_in_a_question_is_a_finding_of_the_lab(self):
        finding, = self.judge('stack-list', bad=(15,), error='mistake')
        self.assertEqual(('lab', None),
                         (finding.origin, finding.failure_class))

    def test_unknown_probe_is_not_judged(self):
        self.assertEqual([], budgets.judge(
            {'heat-api': {'sent': 5, 'failed': 5, 'longest_gap_s': None}},
            plan(), TIMES))

    @ddt.data(*definitions.NAMES)
    def test_every_probe_has_a_budget_in_every_step(self, probe):
        for strategy in model.STRATEGIES:
            for step in ({}, KILL, GRACEFUL, FAULT, DOWN):
                self.assertIsNotNone(budgets.budget(
                    probe, plan(strategy, **step).steps[1], strategy))
