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

"""heat-upgrade gate."""

import ddt
import fixtures

from heat_upgrade.grenade import environment
from heat_upgrade.grenade import hooks
from heat_upgrade.tests.unit.support import cli_case
from heat_upgrade.tests.unit.support import grenade_fakes


@ddt.ddt
class TestGate(cli_case.CliCase):

    def setUp(self):
        super().setUp()
        settings = self.useFixture(grenade_fakes.Grenade()).settings
        self.patch(environment, 'read', lambda: settings)
        self.calls = []

    def stand_in(self, name, result=0):
        def do(*arguments, **options):
            self.calls.append((name, arguments[1:]))
            return result
        self.patch(hooks, name, do)

    @ddt.data(
        (('create',), 'create', ()),
        (('verify', 'pre-upgrade'), 'verify', ('pre-upgrade',)),
        (('verify', 'post-upgrade'), 'verify', ('post-upgrade',)),
        (('verify-noapi', 'pre-upgrade'), 'verify_noapi', ()),
        (('shutdown',), 'shutdown', ()),
        (('prepare-upgrade',), 'prepare_upgrade', ()),
        (('migrate',), 'migrate', ()), (('started',), 'started', ()),
        (('destroy',), 'destroy', ()))
    @ddt.unpack
    def test_each_command_does_one_call(self, words, name, arguments):
        self.stand_in(name)
        self.assertEqual(0, self.call('gate', *words), self.err)
        self.assertEqual([(name, arguments)], self.calls)

    @ddt.data(1, 3)
    def test_exit_status_is_that_of_the_call(self, status):
        self.stand_in('migrate', status)
        self.assertEqual(status, self.call('gate', 'migrate'))

    def test_upgrading_project_is_printed_alone(self):
        self.assertEqual(0, self.call('gate', 'upgrader'))
        self.assertEqual('heat-upgrade-tests\n', self.out)

    def test_units_are_words_of_one_line(self):
        self.stand_in('units', ['h-eng', 'h-api'])
        self.call('gate', 'units')
        self.assertEqual('h-eng h-api\n', self.out)

    def test_a_side_that_grenade_does_not_have_is_refused(self):
        self.assertIn('post-upgrade', self.refused('gate', 'verify', 'now'))


class TestOutside(cli_case.CliCase):

    def test_error_outside_grenade_names_the_scripts(self):
        for name in ('SAVE_DIR', 'BASE_RELEASE_DIR', 'TARGET_RELEASE_DIR'):
            self.useFixture(fixtures.EnvironmentVariable(name))
        self.assertIn('devstack/upgrade', self.refused('gate', 'shutdown'))
