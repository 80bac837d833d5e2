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

import types

import fixtures
import testtools

from heat_upgrade.lab.physical import model
from heat_upgrade.lab.physical import preparation
from heat_upgrade.tests.unit.lab.physical import test_runtime
from heat_upgrade.tests.unit.support import fakes

SERVICE = model.Service(
    name='store', distribution='store',
    configuration=lambda site: {'store.conf': {
        'DEFAULT': {'transport_url': site.transport_url}}},
    programs=(), endpoints=(), database='store',
    fill=(('store-manage', '{etc}/store.conf', 'one'),
          ('store-manage', '{etc}/store.conf', 'two')),
    fill_sql=('INSERT 1',))


class TestPreparation(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.calls = []
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.process.run',
            lambda name, argv, **rest: self.calls.append(
                [str(word) for word in argv])))
        self.environment = fakes.environment(
            self.useFixture(fixtures.TempDir()).path, key='services-1')

    def preparation(self, *services):
        return preparation.Preparation(self.environment, services)

    def test_databases_are_filled_by_commands_and_then_statements(self):
        workspace = self.useFixture(fakes.Workspace()).workspace
        mariadb = test_runtime.MariaDB()
        mariadb.execute = lambda statement: self.calls.append(statement)
        self.preparation(SERVICE).fill(workspace, mariadb)
        conf = str(workspace.data / 'prepare-services/etc/store/store.conf')
        program = str(self.environment.bin('store-manage'))
        self.assertEqual([[program, conf, 'one'], [program, conf, 'two'],
                          'INSERT 1'], self.calls)

    def test_key_depends_on_the_services_and_their_environment(self):
        keys = [self.preparation().key, self.preparation(SERVICE).key]
        self.environment = types.SimpleNamespace(key='services-2')
        keys.append(self.preparation(SERVICE).key)
        self.assertEqual(3, len({str(key) for key in keys}))
