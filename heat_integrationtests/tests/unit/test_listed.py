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

"""Lists of stacks: a deletion in their midst is no failure of a test."""

import types

from heatclient import exc
import testtools

from heat_integrationtests import stacks


class ListedTest(testtools.TestCase):

    def client(self, *answers):
        answers = list(answers)

        def listing(**filters):
            self.filters = filters
            answer = answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return iter(answer)
        return types.SimpleNamespace(
            stacks=types.SimpleNamespace(list=listing))

    def test_what_heat_lists_is_given_with_the_filters(self):
        self.assertEqual([1, 2], stacks.listed(self.client([1, 2]),
                                               show_nested=True))
        self.assertEqual({'show_nested': True}, self.filters)

    def test_it_is_asked_again_after_a_deletion_in_between(self):
        self.assertEqual([3], stacks.listed(self.client(
            exc.HTTPBadRequest(), [3])))

    def test_a_list_that_never_works_fails(self):
        refused = [exc.HTTPBadRequest()] * stacks.ATTEMPTS
        self.assertRaises(exc.HTTPBadRequest, stacks.listed,
                          self.client(*refused, [3]))
