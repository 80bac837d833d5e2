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

"""The choices of a plan, in words."""

import ddt
import testtools
from testtools import matchers

from heat_upgrade.plan import planner
from heat_upgrade.report import variation
from heat_upgrade.tests.unit.report import test_files
from heat_upgrade.tests.unit.support import goldens
from heat_upgrade.tests.unit.support import stories


def report_of(strategy, **options):
    plan = planner.make(strategy, base='a', target='b', **options)
    return {'strategy': plan.strategy, 'vhost': plan.vhost,
            'scenarios': plan.scenarios, 'choices': plan.choices,
            'profile': plan.profile}


@ddt.ddt
class TestChoices(testtools.TestCase):

    def test_drawn_choices_are_in_words(self):
        pairs = dict(
            variation.pairs(report_of(**goldens.PLANS['rolling-drawn']))
        )
        self.assertThat(pairs, matchers.ContainsDict({
            name: matchers.Equals(text) for name, text in {
                'nodes': 'node-2, node-3, node-1, in this order',
                'virtual hosts': 'one for each release',
                'engines killed': 'node-1',
                'faults': 'writes to the database are delayed after node-3',
                'rollback': 'after node-2, and upgraded again',
                'in-flight operations': '42',
            }.items()}))

    def test_guide_s_procedure_has_no_drawn_choices(self):
        self.assertEqual(
            ['nodes', 'virtual hosts', 'in-flight operations'],
            [word for word, _ in variation.pairs(report_of('rolling'))])

    @ddt.unpack
    @ddt.data(({'vhost': 'shared'}, 'virtual hosts', 'one for both releases'),
              ({'scenarios': 'tags'}, 'scenarios', 'tags'),
              ({'profile': 'stock-messaging'}, 'profile',
               'stock-messaging'),
              ({'rollback': 'node-1'}, 'rollback',
               'after node-1, and upgraded again'))
    def test_requested_choice_is_in_words(self, options, word, text):
        self.assertEqual(text, dict(variation.pairs(report_of(
            'rolling', **options)))[word])

    @ddt.unpack
    @ddt.data(('cold', 'smoke tests'),
              ('rolling', 'smoke and mixed-version tests'))
    def test_quick_run_names_the_tests_left_out(self, strategy, text):
        self.assertEqual(text, dict(variation.pairs(report_of(
            strategy, quick=True)))['left out'])

    def test_cold_upgrade_of_one_node_has_no_nodes_and_hosts(self):
        self.assertEqual(
            ['in-flight operations'],
            [word for word, _ in variation.pairs(report_of('cold'))])

    def test_plan_without_choices_is_accepted(self):
        self.assertEqual([], variation.pairs({
            'strategy': 'cold', 'vhost': 'per-release', 'scenarios': '',
            'choices': {}}))

    def test_choices_of_many_seeds_are_in_words(self):
        for strategy in planner.STRATEGIES:
            for seed in range(20):
                for word, text in variation.pairs(report_of(
                        strategy, seed=seed)):
                    self.assertThat((word, text), matchers.AllMatch(
                        matchers.IsInstance(str)))


class TestModel(test_files.ReportCase):

    def test_a_report_has_the_choices_of_its_plan(self):
        report = self.report()
        self.assertEqual(
            (stories.PLAN.nodes, stories.PLAN.vhost, stories.PLAN.choices),
            (report['nodes'], report['vhost'], report['choices']))
