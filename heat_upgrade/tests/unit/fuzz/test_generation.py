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

"""The generator and the shrinking, without a release of Heat."""

import testtools

from heat_upgrade.fuzz import features
from heat_upgrade.fuzz import functions
from heat_upgrade.fuzz import generation

MANY = 400


class GeneratorTest(testtools.TestCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        made = generation.Generator(1)
        cls.stacks = [made.stack(number) for number in range(MANY)]

    def test_stack_of_a_number_is_always_the_same(self):
        again = generation.Generator(1)
        self.assertEqual(self.stacks[7], again.stack(7))
        self.assertEqual(self.stacks[3], again.stack(3))

    def test_other_seeds_make_other_stacks(self):
        other = generation.Generator(2)
        self.assertNotEqual(self.stacks[:20],
                            [other.stack(number) for number in range(20)])

    def test_no_stack_exceeds_the_buffer(self):
        self.assertNotIn(None, self.stacks)

    def test_all_templates_have_resources(self):
        for stack in self.stacks:
            self.assertIn('resources', features.parsed(stack.template))

    def test_environment_files_are_among_the_files(self):
        for stack in self.stacks:
            self.assertLessEqual(set(stack.environment_files),
                                 set(stack.files))

    def test_each_template_version_occurs(self):
        self.assertEqual(set(functions.VERSIONS),
                         {features.version(stack) for stack in self.stacks})

    def test_functions_of_newer_versions_do_not_occur_in_older_ones(self):
        for stack in self.stacks:
            version = functions.date(features.version(stack))
            if version < functions.PIKE and not stack.files:
                self.assertNotIn('make_url', features.of(stack))

    def test_each_function_occurs(self):
        made = generation.Generator(5)
        used = set()
        for number in range(1200):
            used |= features.of(made.stack(number))
        # Nothing but Heat's own zones has the former; the latter needs CFN.
        self.assertEqual(
            {'Fn::GetAZs', 'Fn::ResourceFacade'}, features.FUNCTIONS - used)


class ShrinkTest(testtools.TestCase):

    def failing(self, fails):
        made = generation.Generator(1)
        return next(made.buffer(number) for number in range(MANY)
                    if fails(made.stack(number)))

    def test_smallest_stack_with_a_function_has_little_else(self):
        def fails(stack):
            return 'str_split' in features.of(stack)
        buffer = self.failing(fails)
        stack = generation.shrink(buffer, fails, 60)
        self.assertTrue(fails(stack))
        self.assertLess(stack.size, 500)

    def test_stack_that_does_not_fail_again_is_not_shrunk(self):
        self.assertIsNone(generation.shrink(
            generation.Generator(1).buffer(0), lambda stack: False, 60))

    def test_time_limit_returns_the_smallest_stack_so_far(self):
        def fails(stack):
            return 'str_split' in features.of(stack)
        buffer = self.failing(fails)
        stack = generation.shrink(buffer, fails, -1)
        self.assertTrue(fails(stack))
