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

"""The actions about stacks with aged rows."""

import types

import fixtures
import testtools

from heat_upgrade.aged_rows import failures as problems
from heat_upgrade.aged_rows import stacks
from heat_upgrade.plan import steps
from heat_upgrade.run.actions import registry


class Aged:
    """Stacks that record the calls, with a failure of each kind."""

    failures = [problems.Failure(problem, 'null-columns', 'broken')
                for problem in problems.Problem]

    def __init__(self, cloud, kinds):
        self.calls = []
        self.kinds = list(kinds)

    def __len__(self):
        return len(self.kinds)

    def __getattr__(self, name):
        def call(*arguments, **options):
            self.calls.append(name)
            return {'null-columns': 'refused'}
        return call


class AgedRowsTest(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.found = []
        self.run_ = types.SimpleNamespace(
            cloud='cloud', aged=None, finding=self.found.append,
            environments={'target': 'environment'})
        self.useFixture(fixtures.MockPatchObject(stacks, 'AgedStacks', Aged))

    def do(self, step):
        return registry.BY_NAME[step.action](self.run_, step)

    def test_rows_are_written_before_the_base_is_asked(self):
        measured = self.do(steps.age_rows())
        self.assertEqual(['make', 'age', 'ask_base'], self.run_.aged.calls)
        self.assertEqual({'null-columns': 'refused'},
                         measured['refused_by_base'])

    def test_every_failure_is_a_finding_with_the_rows_of_its_stack(self):
        self.do(steps.age_rows())
        self.do(steps.use_aged_rows())
        self.assertEqual(
            [(str(problem), 'null-columns') for problem in problems.Problem],
            [(finding.rule, finding.subject) for finding in self.found])
        for finding in self.found:
            self.assertIn('broken', finding.evidence)
            self.assertIn('null-json: ', finding.evidence)

    def test_stacks_are_read_before_they_are_changed(self):
        self.do(steps.age_rows())
        self.do(steps.use_aged_rows())
        self.assertEqual(
            ['read', 'convert', 'update', 'update', 'delete', 'purge'],
            self.run_.aged.calls[3:])
