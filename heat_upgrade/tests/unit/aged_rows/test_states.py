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

"""States of stacks, and the ends of operations."""

import ddt
import testtools

from heat_upgrade.aged_rows import states


def state(action, status, template=1, deleted=False):
    return states.State(action, status, 'so', deleted, (template, 't'))


@ddt.ddt
class EndedTest(testtools.TestCase):

    @ddt.data(
        (state('UPDATE', 'COMPLETE', 2), True),
        (state('UPDATE', 'FAILED', 2), True),
        (state('UPDATE', 'FAILED'), True),
        (state('UPDATE', 'IN_PROGRESS', 2), False),
        # The state of the update before.
        (state('UPDATE', 'COMPLETE'), False),
        (state('CREATE', 'COMPLETE', 2), False))
    @ddt.unpack
    def test_an_update_ends_in_a_state_of_its_own(self, now, ended):
        self.assertEqual(ended, now.ended(
            'UPDATE', state('UPDATE', 'COMPLETE')))

    @ddt.data((state('DELETE', 'COMPLETE', deleted=True), True),
              (state('DELETE', 'FAILED'), True),
              (state('DELETE', 'IN_PROGRESS'), False))
    @ddt.unpack
    def test_a_delete_ends_with_the_stack(self, now, ended):
        self.assertEqual(ended, now.ended(
            'DELETE', state('CREATE', 'COMPLETE')))

    def test_null_columns_are_read_as_empty(self):
        found = states.of_project(lambda *_: [
            ('id', None, None, None, 0, 7, None)], 'project')
        self.assertEqual({'id': states.State('', '', '', False, (7, None))},
                         found)
