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

"""A workspace and fake environments, for the tests of services."""

import pathlib

import fixtures
import testtools

from heat_upgrade.lab.services import heat
from heat_upgrade.tests.unit.support import fakes

DATABASE = 'mysql+pymysql://heat:dbpass@127.0.0.1:1/heat'


class ServicesCase(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.workspace = self.useFixture(fakes.Workspace()).workspace
        self.home = pathlib.Path(self.useFixture(fixtures.TempDir()).path)

    def environment(self, name, *modules):
        return fakes.environment(self.home / name, *modules)

    def configure(self, environment, **options):
        return heat.configure(
            self.workspace, environment, transport_url='rabbit://heat:mqpass@'
            '127.0.0.1:2/heat', database_url=DATABASE,
            keystone_url='http://127.0.0.1:3', region='RegionOne',
            service_password='servicepass', domain_password='domainpass',
            encryption_key='k' * 32, **options)
