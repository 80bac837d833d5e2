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

"""Tests of the waits for stacks."""

import types

from heatclient import exc
import testtools

from heat_integrationtests import stacks
from heat_integrationtests import waiters

STACK = stacks.Stack('web', 'id-1')


class Heat:
    """A client whose stack has one status after the other, then is gone.

    :param statuses: of the answers; None is a 404
    :param lists: results of the lists of stacks
    """

    def __init__(self, *statuses, lists=()):
        self.statuses = list(statuses)
        self.lists = list(lists)
        self.requests = []
        self.stacks = self

    def get(self, reference, resolve_outputs):
        self.requests.append('outputs' if resolve_outputs else 'status')
        status = self.statuses.pop(0)
        if status is None:
            raise exc.HTTPNotFound()
        return types.SimpleNamespace(
            stack_status=status, stack_status_reason='', id='id-1')

    def list(self, **_):
        self.requests.append('list')
        return self.lists.pop(0)

    def delete(self, reference):
        self.requests.append('delete')


class WaitTest(testtools.TestCase):

    def stacks(self, heat):
        return stacks.Stacks(heat, timeout=5, interval=0)

    def test_outputs_are_resolved_by_the_first_and_the_last_look(self):
        heat = Heat('CREATE_IN_PROGRESS', 'CREATE_IN_PROGRESS',
                    'CREATE_COMPLETE', 'CREATE_COMPLETE')
        shown = self.stacks(heat).wait(STACK, 'CREATE_COMPLETE')
        self.assertEqual('CREATE_COMPLETE', shown.stack_status)
        self.assertEqual(['outputs', 'status', 'status', 'outputs'],
                         heat.requests)

    def test_a_stack_that_is_complete_at_once_is_shown_once(self):
        heat = Heat('CREATE_COMPLETE')
        self.stacks(heat).wait(STACK, 'CREATE_COMPLETE')
        self.assertEqual(['outputs'], heat.requests)

    def test_a_stack_that_fails_between_two_looks_ends_the_wait(self):
        heat = Heat('UPDATE_IN_PROGRESS', 'UPDATE_COMPLETE', 'UPDATE_FAILED')
        self.assertRaisesRegex(
            waiters.WentWrong, 'became UPDATE_FAILED',
            self.stacks(heat).wait, STACK, 'UPDATE_COMPLETE')

    def test_a_stack_that_is_gone_has_no_outputs(self):
        heat = Heat('DELETE_IN_PROGRESS', None)
        self.assertIs(True, self.stacks(heat).wait(STACK, 'DELETE_COMPLETE'))

    def test_stacks_are_listed_when_the_deleted_stack_is_gone(self):
        nested = types.SimpleNamespace(
            id='id-2', parent='id-1', stack_name='web-group',
            stack_status='DELETE_IN_PROGRESS', stack_status_reason='')
        heat = Heat('DELETE_IN_PROGRESS', 'DELETE_COMPLETE', None,
                    lists=[[nested], []])
        self.stacks(heat).delete(STACK)
        self.assertEqual(
            ['delete', 'status', 'status', 'list', 'status', 'list'],
            heat.requests)

    def test_a_failed_deletion_ends_the_wait(self):
        heat = Heat('DELETE_FAILED')
        self.assertRaisesRegex(waiters.WentWrong, 'became DELETE_FAILED',
                               self.stacks(heat).delete, STACK)
