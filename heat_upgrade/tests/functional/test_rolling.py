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

"""A rolling upgrade: node by node, back and forth, with work in flight."""

from heat_upgrade.results import verdict
from heat_upgrade.tests.functional import base
from heat_upgrade.tests.functional import heat_source

ROLLING = ('--strategy', 'rolling', '--quick', *base.ONE_SCENARIO)

# Steps of one node, in order: those of the guide, and ours around them.
FIRST_NODE = ['drain-node-1', 'stop-engine-node-1', 'start-engine-node-1',
              'change-api-node-1', 'ready-node-1']
LAST_NODE = ['drain-node-2', 'change-api-node-2', 'ready-node-2',
             'queues-node-2', 'stop-engine-node-2', 'left-in-queues-node-2',
             'start-engine-node-2']
# Its engine is then the only one of the target: the rule of the last engine.
BACK = [f'{name.replace("node-2", "node-1")}-back' for name in LAST_NODE]


class RollingTest(base.ToolTestCase):

    def test_node_by_node_and_back_once_it_passes_and_leaves_nothing(self):
        status, report = self.run_upgrade(
            *ROLLING, '--in-flight', 'sample', '--rollback', 'node-1')
        self.assertEqual(0, status, self.output())
        # Known failures of these releases are hazards.
        self.assertIn(report['verdict'], verdict.PASSED)
        done = [step['name'] for step in report['steps']
                if step['outcome'] in ('ok', 'hazard')]
        self.assertEqual([step['name'] for step in report['steps']], done)
        for expected in (FIRST_NODE, BACK, LAST_NODE):
            self.assertEqual(
                expected, [name for name in done if name in expected])
        self.assertEqual(27, len(report['in_flight']))
        # What did not end as it may is told, here as a known failure.
        self.assertEqual(
            {f'{one["case"]}, {one["disruption"]}'
             for one in report['in_flight'] if not one['legal']},
            {f'{finding["subject"]}, {finding["facts"]["disruption"]}'
             for finding in report['findings']
             if finding['step'].startswith('settle-')})
        for probe in ('api-versions', 'cfn-versions', 'keystone-user'):
            seen = report['availability'][probe]
            self.assertEqual(0, seen['failed'], probe)
            self.assertGreater(seen['sent'], 100, probe)
        stopped = next(step for step in report['steps']
                       if step['name'] == 'unwatch')
        self.assertGreater(stopped['operations'], 5)
        status, output = self.run_tool('report', str(self.run_dir()),
                                       '--rejudge')
        self.assertEqual(1 if stopped['violations'] else 0, status, output)
        self.assert_nothing_is_left(self.marker())

    def test_an_engine_that_does_not_start_fails_on_its_node(self):
        heat = heat_source.checkout(self.work_dir / 'heat')
        heat_source.replace(
            heat / 'heat' / 'cmd' / 'engine.py',
            'def launch_engine():',
            'def launch_engine():\n    raise SystemExit("no engine")')
        heat_source.commit(heat, 'an engine that does not start')
        status, report = self.run_upgrade(
            *ROLLING, '--in-flight', 'none', '--to', str(heat))
        self.assertEqual((1, 'fail'), (status, report['verdict']))
        outcomes = {step['name']: step['outcome']
                    for step in report['steps']}
        self.assertEqual('failed', outcomes['start-engine-node-1'])
        self.assertEqual('skipped', outcomes['drain-node-2'])
        self.assert_nothing_is_left(self.marker())
