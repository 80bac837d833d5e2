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

"""Whole upgrades: sound ones pass, and broken ones fail."""

from heat_upgrade.results import journal
from heat_upgrade.tests.functional import base
from heat_upgrade.tests.functional import heat_source


class UpgradeTest(base.ToolTestCase):

    def test_a_cold_upgrade_passes_and_leaves_nothing(self):
        status, report = self.run_upgrade(*base.ONE_SCENARIO)
        self.assertEqual([], report['findings'])
        self.assertEqual((0, 'pass'), (status, report['verdict']))
        for phase in report['phases'].values():
            self.assertGreater(phase['passed'], 0)
        self.assertEqual({'ok'}, {step['outcome']
                                  for step in report['steps']})
        for name in ('report.html', 'junit.xml', 'plan.json', 'tempest.conf',
                     'clouds.yaml', 'subunit', 'logs', 'manifest'):
            self.assertTrue((self.run_dir() / name).exists(), name)
        self.assert_nothing_is_left(self.marker())

    def test_the_cloud_is_kept_on_request_and_can_be_ended(self):
        status, report = self.run_upgrade('--keep', *base.ONE_SCENARIO)
        self.assertEqual(0, status, self.output())
        run_dir = self.run_dir()
        marker = self.marker()
        self.assertIn(f'heat-upgrade cloud down {run_dir}', self.output())
        ports = self.ports(marker)
        self.assertGreaterEqual(len(ports), 6)
        status, output = self.run_tool('cloud', 'down', str(run_dir))
        self.assertEqual(0, status, output)
        self.assert_nothing_is_left(marker, ports)

    def test_a_lost_manifest_fails(self):
        tool = self.start_run(*base.ONE_SCENARIO)
        self.wait_for_event(journal.STEP_END, 'verify-base', tool=tool)
        (self.run_dir() / 'manifest' / 'random_string.json').unlink()
        self.assertEqual(1, tool.wait(base.RUN_TIMEOUT), self.output())
        failed = [finding for finding in self.report()['findings']
                  if finding['step'] == 'verify-target']
        self.assertIn('manifest', failed[0]['evidence'])

    def test_an_engine_that_dies_after_the_upgrade_is_a_failure_of_heat(self):
        tool = self.start_run(*base.ONE_SCENARIO)
        self.wait_for_event(journal.STEP_START, 'verify-target', tool=tool)
        self.kill(self.marker(), 'heat-engine')
        self.assertEqual(1, tool.wait(base.RUN_TIMEOUT), self.output())
        report = self.report()
        self.assertEqual('heat-engine on node-1 ended by itself with status '
                         '-9',
                         report['findings'][0]['title'])
        self.assertEqual('verify-target', report['findings'][0]['step'])
        self.assert_nothing_is_left(self.marker())

    def test_a_database_that_dies_is_a_failure_of_the_lab(self):
        tool = self.start_run(*base.ONE_SCENARIO)
        self.wait_for_event(journal.STEP_START, 'verify-target', tool=tool)
        self.kill(self.marker(), 'mariadbd')
        self.assertEqual(3, tool.wait(base.RUN_TIMEOUT), self.output())
        report = self.report()
        self.assertEqual('lab-error', report['verdict'])
        self.assertIn('mariadb ended by itself',
                      report['findings'][0]['title'])


class BrokenTargetTest(base.ToolTestCase):

    def setUp(self):
        super().setUp()
        self.heat = heat_source.checkout(self.work_dir / 'heat')

    def when(self, finding):
        """Return the time at which a finding was journalled."""
        return next(
            event['monotonic'] for event in journal.read(self.run_dir())
            if event['kind'] == journal.FINDING
            and event['data']['finding']['title'] == finding['title'])

    def assert_fails(self, step, *, failure_class, evidence):
        """Upgrade to the checkout; assert the first finding.

        The report has the worst first, which may be a consequence.
        """
        status, report = self.run_upgrade(
            '--to', str(self.heat), *base.ONE_SCENARIO)
        self.assertEqual((1, 'fail'), (status, report['verdict']),
                         self.output())
        first = min(report['findings'], key=self.when)
        self.assertEqual((step, failure_class, 'heat'),
                         (first['step'], first['class'], first['origin']))
        self.assertIn(evidence, first['evidence'])
        self.assertIn(f'--to {self.heat}', first['reproduce'])
        self.assert_nothing_is_left(self.marker())

    def test_a_migration_that_fails_is_named(self):
        heat_source.add_migration(
            self.heat,
            "raise RuntimeError('this migration is broken on purpose')\n")
        heat_source.commit(self.heat, 'a migration that fails')
        self.assert_fails('db-sync', failure_class=1,
                          evidence='this migration is broken on purpose')

    def test_an_engine_that_does_not_start_is_named(self):
        # Not committed: uncommitted changes are part of a target.
        heat_source.replace(
            self.heat / 'heat' / 'cmd' / 'engine.py',
            'def launch_engine():\n',
            'def launch_engine():\n'
            '    raise RuntimeError("this engine is broken on purpose")\n')
        self.assert_fails('start-target', failure_class=4,
                          evidence='this engine is broken on purpose')

    def test_an_engine_that_cannot_load_stored_stacks_is_named(self):
        path = self.heat / 'heat' / 'engine' / 'stack.py'
        heat_source.replace(
            path, '    def _from_db(cls, context, stack,',
            '    def _from_db(cls, *args, **kwargs):\n'
            '        raise RuntimeError("cannot load on purpose")\n\n'
            '    @classmethod\n'
            '    def _unused(cls, context, stack,')
        heat_source.commit(self.heat, 'an engine that cannot load stacks')
        self.assert_fails('verify-target', failure_class=2,
                          evidence='cannot load on purpose')

    def test_a_target_that_does_not_install_is_a_failure_of_the_lab(self):
        with open(self.heat / 'requirements.txt', 'a') as requirements:
            requirements.write('heat-upgrade-no-such-package>=1\n')
        status, report = self.run_upgrade(
            '--to', str(self.heat), *base.ONE_SCENARIO)
        self.assertEqual((3, 'lab-error'), (status, report['verdict']))
        first = report['findings'][0]
        self.assertEqual(('environments', 'lab'),
                         (first['step'], first['origin']))
        self.assertIn('heat-upgrade-no-such-package',
                      first['title'] + first['evidence'])
