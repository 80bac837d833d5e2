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

"""The checks see planted bugs, and no harmless change."""

import re

import ddt

from heat_upgrade.checks import registry
from heat_upgrade.tests.functional import check_case
from heat_upgrade.tests.functional import planting


# The pre-flight check compares nothing: it counts objects of a running cloud
# (test_check_preflight).
COMPARED = [name for name in registry.NAMES if name != 'preflight']


@ddt.ddt
class TestPlanted(check_case.CheckCase):

    def setUp(self):
        super().setUp()
        self.plain = self.subject('2026.2')

    def titles(self, check, changed):
        found = registry.run([check], self.plain, changed, self.context)
        return [finding.title for finding in found]

    def planted(self, check, kind):
        changes = planting.changes(check, kind)
        return changes, self.titles(check, planting.planted(
            self.plain, changes, self.place / kind))

    @ddt.data(*COMPARED)
    def test_seeded_bug_is_found(self, check):
        changes, titles = self.planted(check, planting.WRONG)
        self.assertGreaterEqual(len(changes), 5)
        missed = [change.name for change in changes if not any(
            re.search(change.finding, title) for title in titles)]
        self.assertEqual([], missed, titles)

    @ddt.data(*COMPARED)
    def test_harmless_change_is_not_reported(self, check):
        changes, titles = self.planted(check, planting.HARMLESS)
        self.assertGreaterEqual(len(changes), 3)
        self.assertEqual([], titles)

    @ddt.data(*COMPARED)
    def test_the_same_release_twice_differs_in_nothing(self, check):
        self.assertEqual([], self.titles(check, self.plain))
