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

"""Each seeded bug fits the sources of the release that it is for."""

import pathlib
import shutil

import fixtures
import testtools

from heat_upgrade.tests.functional import heat_source
from heat_upgrade.tests.seeded_bugs import bugs


class SeededBugsTest(testtools.TestCase):

    def setUp(self) -> None:
        super().setUp()
        self.place = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.top = heat_source.unpack(self.place / 'sdist', bugs.TARGET)

    def seeded(self, bug: bugs.Bug) -> pathlib.Path:
        """Seed a bug into copies of the files that it changes."""
        copy = self.place / bug.name
        for change in bug.changes:
            if change.find:
                path = copy / change.file
                path.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(self.top / change.file, path)
        bug.seed(copy)
        return copy

    def test_every_bug_applies_and_its_code_compiles(self) -> None:
        for bug in bugs.every():
            copy = self.seeded(bug)
            for change in bug.changes:
                if change.file.endswith('.py'):
                    path = copy / change.file
                    compile(path.read_text(), f'{bug.name}: {change.file}',
                            'exec')

    def test_migrations_follow_the_newest_of_the_release(self) -> None:
        newest, _ = heat_source.newest_migration(self.top)
        self.assertEqual(bugs.HEAD, newest)
