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

"""The check of the API asks real clouds, and keeps nothing of a secret."""

import dataclasses
import time
import uuid

import fixtures

from heat_upgrade.checks.api import check
from heat_upgrade.checks.api import recorded_calls
from heat_upgrade.install import cache
from heat_upgrade.lab import workspace
from heat_upgrade import process
from heat_upgrade import reaper
from heat_upgrade.tests.functional import check_case
from heat_upgrade.tests.functional import planting

# A hidden parameter of the recorded calls.
HIDDEN = 'secret-of-the-calls'

# On two idle cores 0.1 s.
WARM_SECONDS = 2


class CheckApiTest(check_case.CheckCase):

    def setUp(self):
        super().setUp()
        self.plain = self.subject('2026.2')
        self.passwords, self.workspaces = [], []

    def noting(self, module, name, noted):
        """Note the results of a function, and change nothing."""
        function = getattr(module, name)

        def noting(*args, **kwargs):
            made = function(*args, **kwargs)
            noted.append(made)
            return made
        self.useFixture(fixtures.MonkeyPatch(
            f'{module.__name__}.{name}', noting))

    def test_a_changed_answer_is_found_and_no_secret_is_kept(self):
        change, = [change for change in planting.changes(
            'api', planting.WRONG) if 'has no zone' in change.name]
        # With another digest each time it is never in the cache.
        changed = dataclasses.replace(
            planting.planted(self.plain, [change], self.place / 'heat'),
            overlay_digest=uuid.uuid4().hex)
        self.noting(workspace, 'password', self.passwords)
        self.noting(workspace, 'Workspace', self.workspaces)
        kept = set(self._kept())
        found = check.check(self.plain, changed, self.context)
        self.assertEqual(1, len(found), found)
        self.assertRegex(found[0].title, change.finding)

        started = time.monotonic()
        self.assertEqual(found, check.check(self.plain, changed, self.context))
        self.assertLess(time.monotonic() - started, WARM_SECONDS)

        fresh = set(self._kept()) - kept
        self.addCleanup(lambda: [path.unlink() for path in fresh])
        self.assertGreaterEqual(len(self.passwords), len(recorded_calls.ROLES))
        shown = [path.read_text(errors='replace')
                 for path in [*fresh, *self._kept(),
                              *self.place.glob('run/**/*.log')]]
        shown += [one.evidence for one in found]
        for secret in [HIDDEN, *self.passwords]:
            self.assertEqual([], [text for text in shown if secret in text])
        self.assert_nothing_is_left()

    def _kept(self):
        return list((cache.directory() / 'readings').glob('api-calls-*'))

    def assert_nothing_is_left(self):
        self.assertGreaterEqual(len(self.workspaces), 1)
        for one in self.workspaces:
            self.assertEqual([], reaper.marked(
                f'{process.RUN_MARKER}={one.marker}'))
            self.assertFalse(one.data.exists())
