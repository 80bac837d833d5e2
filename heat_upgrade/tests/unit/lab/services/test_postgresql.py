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

"""Unit tests of heat_upgrade.lab.services.postgresql."""

import pathlib

import fixtures
import testtools

from heat_upgrade.lab.services import postgresql


class FindTest(testtools.TestCase):

    def test_newest_version_is_found_by_number(self):
        root = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        for version in ('9.6', '16', '15'):
            program = root / 'lib' / version / 'bin' / 'initdb'
            program.parent.mkdir(parents=True)
            program.touch(0o755)
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.lab.services.postgresql._DIRECTORIES',
            (f'{root}/lib/*/bin',)))
        self.assertEqual(str(root / 'lib' / '16' / 'bin' / 'initdb'),
                         postgresql.find('initdb'))
