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

"""Listing stacks tolerates a deletion at the same time."""

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

    def test_stacks_are_listed_with_the_given_filters(self):
        self.assertEqual([1, 2], stacks.listed(self.client([1, 2]),
                                               show_nested=True))
        self.assertEqual({'show_nested': True}, self.filters)

    def test_request_is_repeated_after_a_bad_request(self):
        self.assertEqual([3], stacks.listed(self.client(
            exc.HTTPBadRequest(), [3])))

    def test_repeated_bad_requests_are_raised(self):
        refused = [exc.HTTPBadRequest()] * stacks.ATTEMPTS
        self.assertRaises(exc.HTTPBadRequest, stacks.listed,
                          self.client(*refused, [3]))
