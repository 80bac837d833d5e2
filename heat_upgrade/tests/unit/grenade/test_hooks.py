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

"""The work of each call of a script, and its order."""

import json

import ddt
import testtools

from heat_upgrade import errors
from heat_upgrade.grenade import checks
from heat_upgrade.grenade import configuration
from heat_upgrade.grenade import hooks
from heat_upgrade.grenade import keystone
from heat_upgrade.grenade import migration
from heat_upgrade.grenade import phases
from heat_upgrade.grenade import run_record
from heat_upgrade.grenade import shutdown_check
from heat_upgrade.grenade import startup_check
from heat_upgrade.grenade import steps
from heat_upgrade.grenade import tempest
from heat_upgrade.report import html
from heat_upgrade.tests.unit.support import grenade_fakes

OURS = 'heat-upgrade-tests'
FIRST, LAST = f'heat {OURS}', f'{OURS} heat'
WHOLE = ('create', 'verify pre-upgrade', 'shutdown', 'verify_noapi',
         'prepare', 'migrate', 'started', 'verify post-upgrade', 'destroy')


class CallsCase(testtools.TestCase):

    def begin(self, **variables):
        self.grenade = self.useFixture(grenade_fakes.Grenade(**variables))
        self.done, self.said, self.broken = [], [], set()
        # Writing the page takes most of the time.
        self.patch(html, 'write', lambda *args: None)
        self.systemctl = grenade_fakes.Systemctl(h_eng='active')
        self.patch(hooks.heat_units.Systemd, '__init__',
                   lambda systemd, *arguments: None)
        self.patch(hooks.heat_units.Systemd, 'stop',
                   lambda systemd, names: self.note(f'stop {names}'))
        self.patch(hooks.heat_units.Systemd, 'units', lambda systemd: [])
        self.patch(hooks.clouds, 'Cloud',
                   lambda environ: grenade_fakes.Cloud())
        self.patch(shutdown_check, 'remember', self.of('remember', ['h-eng']))
        self.patch(shutdown_check, 'remembered', lambda record: ['h-eng'])
        self.patch(shutdown_check, 'prove', self.of('down'))
        self.patch(startup_check, 'prove', self.of('up'))
        self.patch(tempest, 'write', self.of('tempest.conf'))
        self.patch(checks, 'run', self.of('checks'))
        self.patch(migration, 'upgrade_check', self.of('upgrade check'))
        self.patch(migration, 'db_sync', self.of('db_sync'))
        self.patch(configuration, 'move_to_vhost', self.of('vhost', 'v'))
        self.patch(keystone, 'answers', lambda cloud: True)
        self.patch(phases, 'run', self.phase)
        self.patch(phases, 'endpoints', lambda settings, cloud: {})
        self.patch(phases, 'destroy', self.of('destroy'))

    def of(self, name, result=None):
        def do(*arguments, **options):
            self.note(name)
            return result
        return do

    def note(self, what):
        self.done.append(what)
        if what in self.broken:
            raise run_record.StepFailed()

    def phase(self, record, settings, step, *, phase=None, **options):
        self.note(phase or step.phase)

    def call(self, *names):
        """Do some of WHOLE; returns their statuses."""
        settings = self.grenade.settings
        known = {
            'create': lambda: hooks.create(settings, say=self.say),
            'shutdown': lambda: hooks.shutdown(settings, say=self.say),
            'verify_noapi': lambda: hooks.verify_noapi(settings, say=self.say),
            'prepare': lambda: hooks.prepare_upgrade(settings, say=self.say),
            'migrate': lambda: hooks.migrate(settings, say=self.say),
            'started': lambda: hooks.started(settings, say=self.say),
            'destroy': lambda: hooks.destroy(settings, say=self.say)}
        for side in (hooks.PRE, hooks.POST):
            known[f'verify {side}'] = lambda side=side: hooks.verify(
                settings, side, say=self.say)
        return [known[name]() for name in names]

    def say(self, line):
        self.said.append(line)

    def report(self):
        return json.loads(
            (self.grenade.settings.run_dir / 'report.json').read_text())


class TestAlone(CallsCase):

    def setUp(self):
        super().setUp()
        self.begin()

    def test_a_run_does_all_in_its_order(self):
        self.assertEqual([0] * len(WHOLE), self.call(*WHOLE))
        self.assertEqual(
            ['remember', 'tempest.conf', 'pre-upgrade', 'smoke', 'remember',
             "stop ['h-eng']", 'down', 'down', 'during-upgrade', 'checks',
             'upgrade check', 'db_sync', 'up', 'up', 'smoke',
             'post-upgrade', 'destroy'], self.done)

    def test_we_upgrade_heat(self):
        self.assertEqual(OURS, hooks.upgrader(self.grenade.settings))

    def test_destroy_ends_the_run(self):
        self.call(*WHOLE)
        self.assertTrue(self.report()['finished'])

    def test_a_database_is_not_migrated_against_heats_own_check(self):
        self.call(*WHOLE[:5])
        self.broken.add('upgrade check')
        self.assertNotEqual([0], self.call('migrate'))
        self.assertNotIn('db_sync', self.done)

    def test_static_checks_can_be_left_out(self):
        self.grenade.environ['HEAT_UPGRADE_STATIC_CHECKS'] = 'False'
        self.call(*WHOLE)
        self.assertNotIn('checks', self.done)

    def test_the_old_configuration_is_kept_before_anything_changes(self):
        self.call(*WHOLE[:5])
        self.assertTrue(
            (self.grenade.settings.run_dir
             / 'data/etc.heat/heat.conf').exists())

    def test_changed_configuration_is_reported(self):
        self.call(*WHOLE[:7])
        self.grenade.settings.heat_conf.write_text('[DEFAULT]\n')
        self.assertEqual([0], self.call('verify post-upgrade'))
        self.assertIn('[database] connection',
                      self.report()['findings'][0]['evidence'])

    def test_error_before_the_checks_is_in_the_report(self):
        self.call(*WHOLE[:4])
        self.grenade.settings.heat_conf.unlink()
        self.assertEqual([3], self.call('prepare'))
        found, = self.report()['findings']
        self.assertEqual((steps.KEEP, 'lab'),
                         (found['step'], found['origin']))

    def test_heat_is_not_up_unless_it_was_verified_down(self):
        self.call('create')
        self.assertEqual([3], self.call('started'))
        self.assertIn('verify_noapi', self.report()['findings'][0]['title'])

    def test_destroy_after_a_failure_removes_all_resources(self):
        self.broken.add('pre-upgrade')
        self.assertEqual([3], self.call('create'))
        self.assertEqual([0], self.call('destroy'))
        self.assertIn('destroy', self.done)

    def test_without_resources_the_first_call_is_the_shutdown(self):
        self.assertEqual([0] * 4, self.call(
            'shutdown', 'prepare', 'migrate', 'started'))

    def test_after_the_end_of_a_run_a_shutdown_begins_another(self):
        self.call(*WHOLE)
        self.call('shutdown')
        self.assertFalse(self.report()['finished'])

    def test_destroy_without_a_run_has_nothing_to_do(self):
        self.assertEqual([0], self.call('destroy'))
        self.assertEqual([], self.done)


@ddt.ddt
class TestHeatsOwnPlugin(CallsCase):

    @ddt.data(FIRST, LAST)
    def test_heats_plugin_upgrades_heat(self, projects):
        self.begin(UPGRADE_PROJECTS=projects)
        self.assertEqual('heat', hooks.upgrader(self.grenade.settings))
        self.call('create', 'shutdown')
        self.assertNotIn("stop ['h-eng']", self.done)

    @ddt.data((FIRST, 0), (LAST, 1))
    @ddt.unpack
    def test_heat_is_proved_down_when_its_plugin_has_had_its_turn(
            self, projects, proofs):
        self.begin(UPGRADE_PROJECTS=projects)
        self.call('create', 'shutdown')
        self.assertEqual(proofs, self.done.count('down'))
        self.call('verify_noapi')
        self.assertEqual(proofs + 1, self.done.count('down'))

    @ddt.data(FIRST, LAST)
    def test_shutdown_records_units_without_resources(
            self, projects):
        self.begin(UPGRADE_PROJECTS=projects)
        self.patch(shutdown_check, 'has_remembered', lambda record: False)
        self.call('shutdown')
        self.assertEqual(1, self.done.count('remember'))

    def test_recorded_units_are_kept_once_heat_is_down(self):
        self.begin(UPGRADE_PROJECTS=LAST)
        self.patch(shutdown_check, 'has_remembered', lambda record: True)
        self.call('create', 'shutdown')
        self.assertEqual(1, self.done.count('remember'))

    @ddt.data(FIRST, LAST)
    def test_change_by_heats_plugin_is_reported(self, projects):
        self.begin(UPGRADE_PROJECTS=projects)
        self.call(*WHOLE[:4])
        # Heat's upgrade.sh, before ours or after it.
        self.grenade.settings.heat_conf.write_text('[DEFAULT]\n')
        self.assertEqual([0, 0], self.call('prepare', 'verify post-upgrade'))
        self.assertIn('[database] connection',
                      self.report()['findings'][0]['evidence'])

    @ddt.data(FIRST, LAST)
    def test_heat_is_checked_and_proved_up_after_all_upgrades(
            self, projects):
        self.begin(UPGRADE_PROJECTS=projects)
        self.call('create', 'verify pre-upgrade', 'shutdown',
                  'verify_noapi', 'prepare')
        self.assertNotIn('up', self.done)
        self.assertEqual([0], self.call('verify post-upgrade'))
        self.assertEqual(['upgrade check', 'up', 'smoke', 'post-upgrade'],
                         self.done[-4:])


class TestMultinode(CallsCase):

    def setUp(self):
        super().setUp()
        self.begin(HOST_TOPOLOGY='multinode', HOST_TOPOLOGY_ROLE='primary',
                   HOST_TOPOLOGY_SUBNODES='10.0.0.2')

    def test_the_target_moves_before_anything_is_migrated(self):
        self.call('create', 'shutdown', 'migrate')
        self.assertEqual(['upgrade check', 'vhost', 'db_sync'],
                         self.done[-3:])

    def test_a_broker_that_refuses_is_not_blamed_on_heat(self):
        def refuse(record, settings):
            raise errors.LabError('rabbitmqctl ended with status 69')
        self.patch(configuration, 'move_to_vhost', refuse)
        self.call('create', 'shutdown')
        self.assertEqual([3], self.call('migrate'))
        self.assertNotIn('db_sync', self.done)

    def test_the_end_is_verified_in_the_mixed_state(self):
        self.call(*WHOLE)
        self.assertIn('mixed', self.done)
        self.assertNotIn('post-upgrade', self.done)
