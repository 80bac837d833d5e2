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

"""Heat's systemd units, and where Heat is installed."""

import ddt
import testtools

from heat_upgrade import errors
from heat_upgrade.grenade import run_record
from heat_upgrade.grenade import systemd as units
from heat_upgrade.tests.unit.support import grenade_fakes


class UnitsCase(testtools.TestCase):

    def systemd(self, systemctl, **variables):
        self.grenade = self.useFixture(grenade_fakes.Grenade(**variables))
        return units.Systemd(self.grenade.settings, '/nowhere', run=systemctl)


@ddt.ddt
class TestSystemd(UnitsCase):

    def test_units_are_those_that_are_there(self):
        found = self.systemd(grenade_fakes.Systemctl(
            h_eng='active', h_api='failed')).units()
        self.assertEqual([('h-eng', 'active'), ('h-api', 'failed')],
                         [(unit.name, unit.state) for unit in found])

    @ddt.data(('active', True, False), ('inactive', False, True),
              ('failed', False, True), ('deactivating', False, False),
              ('activating', False, False))
    @ddt.unpack
    def test_activating_unit_is_not_up_or_down(self, state, is_up, is_down):
        unit = self.systemd(grenade_fakes.Systemctl(h_eng=state)).unit(
            'h-eng')
        self.assertEqual((is_up, is_down), (unit.is_up, unit.is_down))

    def test_unit_has_its_program_and_start(self):
        systemctl = grenade_fakes.Systemctl(h_eng='active')
        systemctl.more['h-eng'] = {
            'MainPID': 12, 'ActiveEnterTimestampMonotonic': 2500000,
            'ExecStart': '{ path=/opt/venv/bin/heat-engine ; argv[]=x }'}
        unit = self.systemd(systemctl).unit('h-eng')
        self.assertEqual((12, 2.5, '/opt/venv/bin/heat-engine'),
                         (unit.pid, unit.since, unit.program))

    def test_missing_properties_are_unknown(self):
        unit = self.systemd(grenade_fakes.Systemctl(h_eng='active')).unit(
            'h-eng')
        self.assertEqual((0, None, ''), (unit.pid, unit.since, unit.program))

    def test_the_apis_stop_before_the_engine_and_stay_down_at_a_boot(self):
        systemctl = grenade_fakes.Systemctl(h_eng='active', h_api='active')
        self.systemd(systemctl).stop(['h-eng', 'h-api'])
        self.assertEqual([('stop', 'h-api'), ('disable', 'h-api'),
                          ('stop', 'h-eng'), ('disable', 'h-eng')],
                         systemctl.ran)

    @ddt.data(('start', 'h-eng'), ('stop', ['h-eng']), ('unit', 'h-eng'))
    @ddt.unpack
    def test_error_of_systemd_is_never_heats_failure(self, name, of):
        def run(name, argv, **options):
            raise errors.LabError('Failed to connect to bus', log='log')
        error = self.assertRaises(
            run_record.Broken, getattr(self.systemd(run), name), of)
        self.assertEqual(('Failed to connect to bus', 'log'),
                         (str(error), error.log))

    @ddt.data('start', 'stop')
    def test_systemd_is_not_waited_for(self, verb):
        words = []

        def run(name, argv, **options):
            words.append(argv[2:4])
            return 0, ''
        systemd = self.systemd(run)
        getattr(systemd, verb)('h-eng' if verb == 'start' else ['h-eng'])
        self.assertEqual([verb, '--no-block'], words[0])


class TestFind(UnitsCase):

    def setUp(self):
        super().setUp()
        self.systemd(grenade_fakes.Systemctl(), PATH='/nowhere')

    def program(self, place):
        path = self.grenade.root / place / 'heat-manage'
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        path.chmod(0o755)
        return path

    def unit(self, path):
        return units.Unit('h-eng', 'active', 1, str(path), None)

    def test_program_is_next_to_the_engine(self):
        path = self.program('venv/bin')
        self.program('new/heat/bin')
        found = units.find('heat-manage', [
            self.unit(path.with_name('heat-engine'))], self.grenade.settings)
        self.assertEqual(path, found)

    def test_without_an_engine_the_global_environment_is_used(self):
        path = self.program('venv/bin')
        self.grenade.environ.update(
            GLOBAL_VENV='True', DEVSTACK_VENV=str(path.parents[1]))
        self.assertEqual(path, units.find('heat-manage', [],
                                          self.grenade.settings))

    def test_program_of_a_checkout_is_ignored(self):
        path = self.program('new/heat/bin')
        self.patch(units, '_PLACES', ())
        error = self.assertRaises(
            errors.LabError, units.find, 'heat-manage',
            [self.unit(path.with_name('heat-engine'))], self.grenade.settings)
        self.assertIn(str(path.parent), str(error))

    def test_searched_directories_are_named(self):
        self.patch(units, '_PLACES', ('/no/such/place',))
        error = self.assertRaises(errors.LabError, units.find, 'heat-nothing',
                                  [], self.grenade.settings)
        self.assertIn('/no/such/place', str(error))
