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

"""The fuzzer sees each planted bug, and nothing in harmless changes."""

import json
import re

import ddt
import fixtures

from heat_upgrade.fuzz import causes
from heat_upgrade.fuzz import generation
from heat_upgrade.fuzz import quick
from heat_upgrade.fuzz import worker
from heat_upgrade.tests.functional import check_case
from heat_upgrade.tests.functional import planting

SEED = 11
# Stacks until each planted bug has shown: the rarest needs a few hundred.
STACKS = 500


# {stack: answer of the plain release}, which is the base of each test.
_answers = {}


def silent(*args):
    pass


class Remembering:
    """A worker that is asked for no stack twice."""

    def __init__(self, asked):
        self.asked = asked

    def answers(self, stacks):
        keys = [json.dumps(stack) for stack in stacks]
        missing = [key for key in keys if key not in _answers]
        _answers.update(zip(missing, self.asked.answers(
            [json.loads(key) for key in missing])))
        return [_answers[key] for key in keys]


@ddt.ddt
class TestFuzz(check_case.CheckCase):

    def setUp(self):
        super().setUp()
        self.plain = self.subject('2026.2')
        self.generator = generation.Generator(SEED)
        # Some causes suffice for the proof.
        for name, value in (('MOST', 3), ('SHRINK_SECONDS', 10),
                            ('REDUCE_SECONDS', 5)):
            self.useFixture(fixtures.MonkeyPatch(
                f'heat_upgrade.fuzz.causes.{name}', value))

    def fuzz(self, changes, number=0):
        """Return the causes that fuzzing a changed release finds."""
        changed = planting.planted(self.plain, changes,
                                   self.place / str(number))
        with worker.Worker(self.plain, self.workspace) as base, \
                worker.Worker(changed, self.workspace) as target:
            pair = quick.Pair(Remembering(base), target)
            tally = pair.compare(
                (quick.Case(f'stack {number}', self.generator.stack(number),
                            number) for number in range(STACKS)),
                deadline=None, progress=silent)
            self.assertGreater(tally.stacks - tally.refused, STACKS * 0.8)
            return causes.find(tally, pair, self.generator, silent)

    @ddt.data(*planting.changes('fuzz', planting.WRONG))
    def test_planted_bug_is_found(self, change):
        found = self.fuzz([change])
        subjects = [' '.join([one.kind, one.aspect, *sorted(cause.features)])
                    for cause in found
                    for one in (cause.difference, *cause.others)]
        self.assertTrue(any(re.search(change.finding, subject)
                            for subject in subjects), subjects)
        # A shrunk stack is small.
        self.assertLess(min(cause.stack.size for cause in found), 600)

    def test_harmless_changes_are_not_reported(self):
        changes = planting.changes('fuzz', planting.HARMLESS)
        self.assertGreaterEqual(len(changes), 2)
        self.assertEqual([], self.fuzz(changes))
