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

"""What one node has in progress is stopped, or overtaken, by another.

Engines of one release tell each other to stop, and ask each other who is
alive (Heat's engine/worker.py and engine/check_resource.py). With a vhost
per release, as Heat's guide to rolling upgrades has it, those of two
releases cannot. What a user is promised is the same: the stack ends as it
was last asked to, perhaps when asked again, with nothing left over.
"""

import time

from heatclient import exc
from tempest import config
from tempest.lib import decorators

from heat_integrationtests import facts
from heat_integrationtests import markers
from heat_integrationtests.mixed_version import base
from heat_integrationtests import waiters

CONF = config.CONF

# Seconds that the first node's engine is kept in the midst of its work
# after the second was asked for something else. One that takes the other
# for dead, which it thinks after two seconds (engine_life_check_timeout),
# is done by then; one that does not waits for it.
HOLD = 6

# Seconds after which the first node's engine has certainly written what it
# thinks, once it is let go: it looks for a signal every second.
AFTERMATH = 3

# Parked for certain: in the stack and in a nested one, so that either kind
# of work is in hand.
CHILD = """
heat_template_version: 2018-08-31
parameters:
  text: {type: string}
  wait: {type: boolean}
  timeout: {type: number}
conditions:
  waiting: {get_param: wait}
resources:
  value:
    type: OS::Heat::Value
    properties: {type: string, value: {get_param: text}}
  handle: {type: OS::Heat::WaitConditionHandle}
  condition:
    type: OS::Heat::WaitCondition
    condition: waiting
    depends_on: value
    properties:
      handle: {get_resource: handle}
      timeout: {get_param: timeout}
outputs:
  text: {value: {get_attr: [value, value]}}
"""

TEMPLATE = CHILD.replace("""outputs:
  text: {value: {get_attr: [value, value]}}
""", """
  secret: {type: OS::Heat::RandomString}
  child:
    type: child.yaml
    properties:
      text: {get_param: text}
      wait: {get_param: wait}
      timeout: {get_param: timeout}
outputs:
  texts: {value: [{get_attr: [value, value]}, {get_attr: [child, text]}]}
  secret: {value: {get_attr: [secret, value]}}
""")


def request(text, *, wait=False):
    """Give a request for the stack, with conditions that wait or without.

    They wait longer than a test waits for anything.
    """
    timeout = CONF.heat_integrationtests.build_timeout + 60
    return {'template': TEMPLATE, 'files': {'child.yaml': CHILD},
            'parameters': {'text': text, 'wait': wait, 'timeout': timeout}}


class InProgress(base.CrossTest):

    weight = 25

    def create_parked(self, node):
        """Ask for a stack, and return when its conditions wait."""
        stack = self.create_through(node, wait=None,
                                    **request('first', wait=True))
        return stack, self.parked(node, stack)

    def update_parked(self, node):
        """Create a stack, and update it to one whose conditions wait.

        :returns: the stack, and what its conditions wait for
        """
        stack = self.create_through(node, **request('first'))
        node.heat.stacks.update(stack.ref, **request('second', wait=True))
        return stack, self.parked(node, stack)

    def parked(self, node, stack):
        """Wait until the conditions wait.

        :returns: the stacks whose handles they wait for
        """
        found = node.stacks.wait_for_resources(
            stack, 'CREATE_IN_PROGRESS', 'condition', 'child/condition')
        return [stack.ref, found['child']['physical_resource_id']]

    def end_and_let_go(self, node, stack, status, handles):
        """Wait until a stack has ended; at some time, let go what waits.

        :param handles: what parked() gave
        """
        try:
            waiters.wait_for(
                f'stack {stack.name} to become {status}',
                lambda: waiters.stack_progress(stack.name, status)(
                    node.stacks.get(stack)), timeout=HOLD)
        except waiters.WaitTimeout:
            self.signal(node, handles)
            node.stacks.wait(stack, status)
        else:
            self.signal(node, handles)

    def signal(self, node, handles):
        """Signal to the handles that are still there."""
        for ref in handles:
            try:
                node.heat.resources.signal(ref, 'handle')
            except exc.HTTPNotFound:
                pass

    def update(self, node, stack, text, handles):
        """Update the stack to one that waits for nothing.

        When that fails, it is asked for again once nothing is in progress:
        also where there is one engine alone, a nested stack may be told to
        stop what it was just asked for
        (doc/source/findings/late-cancel.rst).
        """
        node.heat.stacks.update(stack.ref, **request(text))
        try:
            self.end_and_let_go(node, stack, 'UPDATE_COMPLETE', handles)
        except waiters.WentWrong:
            self.signal(node, handles)
            self.wait_for_quiet(node, stack)
            node.stacks.update(stack, **request(text))

    def wait_for_quiet(self, node, stack):
        """Wait until nothing of a stack is in progress."""
        node.stacks.wait_until('nothing to be in progress', lambda: not [
            found for found in facts.resources(node.heat,
                                               stack.ref).values()
            if found['resource_status'].endswith('_IN_PROGRESS')])

    def assert_ended(self, stack, status, **outputs):
        """Assert that a stack has ended and stays so, on all nodes.

        It is looked at when the first node's engine, had it gone on, has
        written what it thinks; that cannot be seen from here.

        :param status: of the stack; that of its resources is COMPLETE
        :param outputs: what it is to have among them
        """
        time.sleep(AFTERMATH)
        for node in self.nodes:
            shown = facts.capture(node.heat, stack.ref, content=False)
            self.assertEqual(
                status, shown['stack']['stack_status'],
                f'{node} shows {stack.name} so, which was {status}: '
                f'{shown["stack"]["stack_status_reason"]}')
            self.assertEqual(
                outputs, {key: shown['outputs'][key] for key in outputs})
            self.assertEqual([], [
                f'{path} {found["resource_status"]}: '
                f'{found["resource_status_reason"]}'
                for path, found in shown['resources'].items()
                if not found['resource_status'].endswith('_COMPLETE')])

    def delete(self, first, second, stack):
        """Delete a stack, and assert that it is gone for good."""
        second.stacks.delete(stack)
        self.assertTrue(first.stacks.is_gone(stack))


class Overtaken(InProgress):

    def overtake(self, first, second):
        """Update what is being created."""
        stack, handles = self.create_parked(first)
        self.update(second, stack, 'second', handles)
        self.assert_ended(stack, 'UPDATE_COMPLETE',
                          texts=['second', 'second'])
        self.delete(first, second, stack)


class OvertakenBaseToTargetTest(Overtaken):

    @decorators.idempotent_id('77563416-82b3-4a44-a0aa-b428a69652a2')
    @markers.cross
    def test_a_stack_in_creation_is_updated_through_nodes_named_later(self):
        self.forth(self.overtake)


class OvertakenTargetToBaseTest(Overtaken):

    @decorators.idempotent_id('0bfa83bf-9fa1-448f-b48f-441bb2492392')
    @markers.cross
    def test_a_stack_in_creation_is_updated_through_nodes_named_earlier(
            self):
        self.back(self.overtake)


class RolledBack(InProgress):

    def roll_back(self, first, second):
        """Cancel an update."""
        stack, handles = self.update_parked(first)
        secret = second.outputs(stack)['secret']
        second.heat.actions.cancel_update(stack.ref)
        self.end_and_let_go(second, stack, 'ROLLBACK_COMPLETE', handles)
        self.assert_ended(stack, 'ROLLBACK_COMPLETE',
                          texts=['first', 'first'], secret=secret)
        self.delete(first, second, stack)


class RolledBackBaseToTargetTest(RolledBack):

    @decorators.idempotent_id('2c98b41d-e3c3-4c7b-bc50-fc66a523503d')
    @markers.cross
    def test_an_update_is_cancelled_through_nodes_named_later(self):
        self.forth(self.roll_back)


class RolledBackTargetToBaseTest(RolledBack):

    @decorators.idempotent_id('b65926b9-30a6-4631-abc8-93ed9ebd3a14')
    @markers.cross
    def test_an_update_is_cancelled_through_nodes_named_earlier(self):
        self.back(self.roll_back)


class Stopped(InProgress):

    def stop(self, first, second):
        """Cancel an update with no rollback, and go on with another."""
        stack, handles = self.update_parked(first)
        secret = second.outputs(stack)['secret']
        second.heat.actions.cancel_without_rollback(stack.ref)
        second.stacks.wait(stack, 'UPDATE_FAILED')
        self.update(second, stack, 'third', handles)
        self.assert_ended(stack, 'UPDATE_COMPLETE',
                          texts=['third', 'third'], secret=secret)
        self.delete(first, second, stack)


class StoppedBaseToTargetTest(Stopped):

    @decorators.idempotent_id('c40026e5-4149-46d7-ab2b-c777600b3681')
    @markers.cross
    def test_an_update_is_stopped_through_nodes_named_later(self):
        self.forth(self.stop)


class StoppedTargetToBaseTest(Stopped):

    @decorators.idempotent_id('486e6207-f7d6-4830-9913-39140f591552')
    @markers.cross
    def test_an_update_is_stopped_through_nodes_named_earlier(self):
        self.back(self.stop)


class Deleted(InProgress):

    def delete_parked(self, first, second):
        """Delete what waits, in its creation, for a signal nobody sends."""
        stack, _ = self.create_parked(first)
        self.delete(first, second, stack)


class DeletedBaseToTargetTest(Deleted):

    @decorators.idempotent_id('511c2149-3cda-4673-9ed2-4cf36b13df58')
    @markers.cross
    def test_a_stack_in_creation_is_deleted_through_nodes_named_later(self):
        self.forth(self.delete_parked)


class DeletedTargetToBaseTest(Deleted):

    @decorators.idempotent_id('2db26d81-4680-4a42-a058-2a8d036c9395')
    @markers.cross
    def test_a_stack_in_creation_is_deleted_through_nodes_named_earlier(
            self):
        self.back(self.delete_parked)


# A stack in a stack in a stack: suspending it takes some seconds.
DEEP = """
heat_template_version: 2018-08-31
resources:
  secret: {type: OS::Heat::RandomString}
  child: {type: deeper.yaml}
"""

DEEPER = DEEP.replace('deeper', 'deepest')

DEEPEST = """
heat_template_version: 2018-08-31
resources:
  secret: {type: OS::Heat::RandomString}
"""


class Resumed(InProgress):

    def resume(self, first, second):
        """Resume what is being suspended.

        Up to 2025.2 Heat refuses it, by the lock of the stack; since then
        it tries, and mostly fails
        (doc/source/findings/resume-while-suspending.rst). Then the stack is
        suspended, all of it, or to be mended by suspending it.
        """
        stack = self.create_through(
            first, DEEP,
            files={'deeper.yaml': DEEPER, 'deepest.yaml': DEEPEST})
        first.heat.actions.suspend(stack.ref)
        try:
            second.heat.actions.resume(stack.ref)
        except exc.HTTPConflict:
            pass
        for _ in range(2):
            self.wait_for_quiet(second, stack)
            # A nested stack may come between two of its resources.
            time.sleep(AFTERMATH)
        status = second.stacks.get(stack).stack_status
        if status.endswith('_FAILED'):
            second.stacks.act(stack, 'suspend')
            status = 'SUSPEND_COMPLETE'
        self.assert_all_are(second, stack, status)
        if status != 'RESUME_COMPLETE':
            second.stacks.act(stack, 'resume')
            self.assert_all_are(second, stack, 'RESUME_COMPLETE')
        self.delete(first, second, stack)

    def assert_all_are(self, node, stack, status):
        """Assert that a stack and all in it have a status."""
        found = facts.resources(node.heat, stack.ref)
        self.assertEqual(
            {'': status, **dict.fromkeys(found, status)},
            {'': node.stacks.get(stack).stack_status, **{
                path: one['resource_status']
                for path, one in found.items()}}, stack.name)


class ResumedBaseToTargetTest(Resumed):

    @decorators.idempotent_id('f797e08d-3fe1-4c82-b774-2df539571538')
    @markers.cross
    def test_resuming_what_is_suspended_is_safe_on_nodes_named_later(self):
        self.forth(self.resume)


class ResumedTargetToBaseTest(Resumed):

    @decorators.idempotent_id('008c687d-45f6-4703-9619-c4fa1391b093')
    @markers.cross
    def test_resuming_what_is_suspended_is_safe_on_nodes_named_earlier(
            self):
        self.back(self.resume)
