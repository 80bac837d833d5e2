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

"""The control run: a plain restart in place of an upgrade."""

import json
import pathlib
import stat

import ddt
import fixtures
import testtools
from testtools import matchers

from heat_upgrade.lab import profiles
from heat_upgrade.plan import control_run
from heat_upgrade.plan import planner
from heat_upgrade.report import model
from heat_upgrade.results import findings
from heat_upgrade.tests.unit.support import plan_simulation
from heat_upgrade.tests.unit.support import stories


def finding(subject, **changes):
    return stories.finding('settle-node-1', **{
        'rule': 'inflight.stuck', 'subject': subject,
        'title': f'{subject} is stuck', **changes})


@ddt.ddt
class TestPlan(testtools.TestCase):

    @ddt.data(*planner.STRATEGIES)
    def test_control_plan_goes_from_the_base_to_the_base(self, strategy):
        for seed in range(10):
            plan = planner.make(strategy, base='a', target='b', seed=seed,
                                nodes=3)
            made = control_run.plan_of(plan)
            self.assertEqual(
                ('a', 'a', 'shared', {**plan.choices, 'checks': False}),
                (made.base, made.target, made.vhost, made.choices))
            plan_simulation.Simulation(made).walk()

    @ddt.data(*profiles.names())
    def test_control_plan_has_the_profile_of_the_run(self, profile):
        plan = planner.make('cold', base='a', target='b', profile=profile)
        self.assertEqual(profile, control_run.plan_of(plan).profile)

    def test_control_plan_has_no_options(self):
        self.assertEqual([], planner.selectors(control_run.plan_of(
            planner.make('rolling', base='a', target='b'))))


@ddt.ddt
class TestMark(testtools.TestCase):

    def marked(self, one, *controls):
        marked, = control_run.mark([one], controls)
        return marked

    def test_finding_of_the_control_too_is_marked(self):
        one = self.marked(finding('create-chain'),
                          finding('create-chain', title='something else'))
        self.assertEqual(findings.RESTART, one.origin)
        self.assertIn(one.origin, findings.Origin)
        self.assertIn('a plain restart of the base shows it too',
                      one.evidence)
        self.assertThat(one.evidence, matchers.StartsWith('Traceback'))

    @ddt.data(
        finding('create-fan-in'),
        finding('create-chain', rule='inflight.wrong-end'),
        finding('create-chain', origin=findings.LAB),
        finding('create-chain', origin=findings.KNOWN))
    def test_different_finding_of_the_control_marks_nothing(self, other):
        one = finding('create-chain')
        self.assertEqual(one, self.marked(one, other))

    def test_run_without_a_control_has_no_mark(self):
        one = finding('create-chain')
        self.assertEqual(one, self.marked(one))

    def test_only_failures_of_heat_are_marked(self):
        one = finding('create-chain', origin=findings.LAB)
        self.assertEqual(one, self.marked(one, finding('create-chain')))


class TestRunDirectory(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.run_dir = pathlib.Path(
            self.useFixture(fixtures.TempDir()).path)
        self.plan = planner.make('cold', base='2026.1', target='2026.2')

    def test_run_directory_is_private_and_inside_the_run_s(self):
        place = control_run.make_run_dir(self.run_dir,
                                         control_run.plan_of(self.plan))
        self.assertEqual(self.run_dir / 'control', place)
        self.assertEqual(0o700, stat.S_IMODE(place.stat().st_mode))
        self.assertEqual('2026.1', json.loads(
            (place / planner.FILE).read_text())['target'])

    def test_run_passes_when_its_control_shows_the_same(self):
        stories.Story(self.run_dir, self.plan).tell(
            found=[stories.finding('settle', title='x is stuck')])
        self.assertEqual('fail', model.make(self.run_dir)['verdict'])
        made = control_run.plan_of(self.plan)
        stories.Story(control_run.make_run_dir(self.run_dir, made), made).tell(
            found=[stories.finding('settle', title='x is stuck')])
        report = model.make(self.run_dir)
        self.assertEqual(('pass-with-hazards', True), (
            report['verdict'], report['controlled']))
        self.assertEqual(['restart'], [
            one['origin'] for one in report['findings']])
