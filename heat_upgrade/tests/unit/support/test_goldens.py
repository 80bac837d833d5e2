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


import ddt
import testtools

from heat_upgrade.tests.unit.support import goldens


@ddt.ddt
class TestGoldens(testtools.TestCase):
    """See the module goldens for how to make the files anew."""

    maxDiff = None

    @ddt.data(*goldens.TEXTS)
    def test_text_is_as_agreed(self, name):
        self.assertEqual((goldens.DIRECTORY / name).read_text(),
                         goldens.TEXTS[name]())

    def test_no_file_is_left_of_a_removed_text(self):
        self.assertEqual(sorted(goldens.TEXTS), sorted(
            path.name for path in goldens.DIRECTORY.iterdir()))
