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

"""Heat's own check and its migration, with the installed programs."""

import ddt
import fixtures
import testtools

from heat_upgrade import errors
from heat_upgrade.grenade import migration
from heat_upgrade.grenade import run_record
from heat_upgrade.grenade import systemd
from heat_upgrade.tests.unit.support import grenade_fakes


@ddt.ddt
class TestMigration(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.grenade = self.useFixture(grenade_fakes.Grenade())
        self.record = self.grenade.record()
        self.addCleanup(self.record.close)
        self.ran, self.said, self.status = [], [], 0
        bin_dir = self.grenade.root / 'bin'
        bin_dir.mkdir()
        for name in ('heat-status', 'heat-manage'):
            (bin_dir / name).touch(0o755)
        self.units = [systemd.Unit('h-eng', 'inactive', 0,
                                   str(bin_dir / 'heat-engine'), None)]

    output = 'its output'

    def run_it(self, name, argv, **options):
        self.ran.append([str(word) for word in argv])
        self.options = options
        return self.status, self.output

    def call(self, function):
        return function(self.record, self.grenade.settings, self.units,
                        say=self.said.append, run=self.run_it)

    @ddt.data(0, 1)
    def test_a_warning_of_heats_own_check_passes(self, status):
        self.status = status
        self.output = '| Upgrade Check Results |'
        self.call(migration.upgrade_check)
        self.assertEqual([self.output], self.said)

    def test_a_crash_is_no_warning(self):
        # Python ends with 1, too.
        self.status = 1
        self.output = 'Traceback (most recent call last):\nImportError: x'
        error = self.assertRaises(errors.LabError, self.call,
                                  migration.upgrade_check)
        self.assertIn('ImportError: x', str(error))

    @ddt.data(2, 255, -9)
    def test_failure_of_heats_own_check_does_not_pass(self, status):
        self.status = status
        error = self.assertRaises(errors.LabError, self.call,
                                  migration.upgrade_check)
        self.assertIn(f'status {status}', str(error))
        self.assertIn('its output', str(error))

    def test_installed_program_reads_the_old_configuration(self):
        self.call(migration.upgrade_check)
        self.assertEqual(
            [str(self.grenade.root / 'bin/heat-status'), '--config-file',
             str(self.grenade.settings.heat_conf), 'upgrade', 'check'],
            self.ran[0])

    def test_installed_program_migrates_the_database(self):
        self.call(migration.db_sync)
        self.assertEqual(
            [str(self.grenade.root / 'bin/heat-manage'), '--config-file',
             str(self.grenade.settings.heat_conf), 'db_sync'], self.ran[0])

    @ddt.data('upgrade_check', 'db_sync')
    def test_missing_program_is_not_heats_failure(self, name):
        self.patch(systemd, 'find', self.find)
        self.assertRaises(run_record.Broken, self.call,
                          getattr(migration, name))

    def find(self, program, found, settings):
        raise errors.LabError(f'{program} is not installed')

    def test_no_python_of_ours_reaches_them(self):
        self.useFixture(fixtures.EnvironmentVariable(
            'VIRTUAL_ENV', '/ours'))
        self.call(migration.db_sync)
        self.assertNotIn('VIRTUAL_ENV', self.options['env'])

    def test_each_program_has_a_deadline(self):
        self.call(migration.upgrade_check)
        self.assertEqual(migration.CHECK_TIMEOUT, self.options['timeout'])
        self.call(migration.db_sync)
        self.assertEqual(migration.MIGRATION_TIMEOUT,
                         self.options['timeout'])
