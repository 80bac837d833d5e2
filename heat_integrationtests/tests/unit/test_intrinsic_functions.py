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

"""The rule that identifies a yaql bug in the intrinsic functions."""

import ddt
import testtools

from heat_integrationtests.scenarios import test_intrinsic_functions


@ddt.ddt
class TestMixedUp(testtools.TestCase):
    """Only the values and errors of the recorded defect prove it."""

    def wrong(self, value):
        """Return the wrong outputs if one output of tens has this value."""
        return test_intrinsic_functions.wrong_outputs(
            [
                (
                    'tens',
                    {
                        **test_intrinsic_functions.looked_up(10),
                        'line_3': value,
                    },
                ),
                ('thousands', test_intrinsic_functions.looked_up(1000)),
            ]
        )

    def test_expected_values_are_not_wrong(self):
        self.assertEqual([], self.wrong(30))
        self.assertFalse(test_intrinsic_functions.is_mixed_up([]))

    @ddt.data(
        30000, 300000, 300,
        'Bad expression Parse error: unexpected end of statement',
        "'Lexer' object has no attribute 'lexmatch'",
        'Bad expression Lexical error: illegal character',
        'Unknown function "select"')
    def test_values_of_other_stacks_and_lexer_errors_are_a_proof(self, value):
        wrong = self.wrong(value)
        self.assertEqual([('tens', 'line_3', value)], wrong)
        self.assertTrue(test_intrinsic_functions.is_mixed_up(wrong))

    @ddt.data(None, 7, [1, 2, 3], 'The Referenced Attribute is incorrect',
              'something else broke')
    def test_other_values_and_errors_are_no_proof(self, value):
        self.assertFalse(
            test_intrinsic_functions.is_mixed_up(self.wrong(value))
        )
