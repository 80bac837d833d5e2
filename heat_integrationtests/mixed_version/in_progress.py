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

"""The base class of tests that interrupt an operation on another node."""

import time
import typing

from heatclient import exc
from tempest import config

from heat_integrationtests import aliases
from heat_integrationtests import facts
from heat_integrationtests.mixed_version import base
from heat_integrationtests import stacks
from heat_integrationtests import waiters

CONF = config.CONF

# Seconds that the first node's engine is held in its operation after the
# request to the second node. An engine that considers the first one dead,
# after two seconds (engine_life_check_timeout), finishes within this time.
# Otherwise it waits for the first one.
HOLD = 6

# Seconds after which the first node's engine has certainly written its
# result, once it is released: it looks for a signal every second.
AFTERMATH = 3

# Wait conditions hold the operation in the stack and in a nested stack, so
# that both kinds of work are in progress.
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


def request(text: str, *, wait: bool = False) -> aliases.Json:
    """Return a request for the stack.

    :param wait: whether it has wait conditions. Their timeout is longer than
        any wait of a test
    """
    timeout = CONF.heat_integrationtests.build_timeout + 60
    return {'template': TEMPLATE, 'files': {'child.yaml': CHILD},
            'parameters': {'text': text, 'wait': wait, 'timeout': timeout}}


class InProgress(base.MixedVersionTest):

    weight = 25

    def create_parked(self, node: base.Node
                      ) -> tuple[stacks.Stack, list[str]]:
        """Start the creation of a stack, until its conditions wait.

        :returns: the stack, and the stacks of the handles; see parked()
        """
        stack = self.create_through(node, wait=None,
                                    **request('first', wait=True))
        return stack, self.parked(node, stack)

    def update_parked(self, node: base.Node
                      ) -> tuple[stacks.Stack, list[str]]:
        """Create a stack, and start an update, until its conditions wait.

        :returns: the stack, and the stacks of the handles; see parked()
        """
        stack = self.create_through(node, **request('first'))
        node.heat.stacks.update(stack.ref, **request('second', wait=True))
        return stack, self.parked(node, stack)

    def parked(self, node: base.Node, stack: stacks.Stack) -> list[str]:
        """Wait until the conditions wait.

        :returns: the stacks that contain the handles of the conditions
        """
        resources = node.stacks.wait_for_resources(
            stack, 'CREATE_IN_PROGRESS', 'condition', 'child/condition')
        return [stack.ref, resources['child']['physical_resource_id']]

    def wait_and_release(self, node: base.Node, stack: stacks.Stack,
                         status: str, handles: list[str]) -> None:
        """Wait for the final status of a stack, and release its conditions.

        The conditions are released when the stack has that status, or after
        HOLD seconds.
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

    def signal(self, node: base.Node, handles: list[str]) -> None:
        """Signal the handles that still exist."""
        for ref in handles:
            try:
                node.heat.resources.signal(ref, 'handle')
            except exc.HTTPNotFound:
                pass

    def update(self, node: base.Node, stack: stacks.Stack, text: str,
               handles: list[str]) -> None:
        """Update the stack to one without wait conditions.

        A failed update is repeated once nothing is in progress. Even with
        a single engine, a nested stack may receive a late request to stop
        the new operation (doc/source/findings/late-cancel.rst).
        """
        node.heat.stacks.update(stack.ref, **request(text))
        try:
            self.wait_and_release(node, stack, 'UPDATE_COMPLETE', handles)
        except waiters.WentWrong:
            self.signal(node, handles)
            self.wait_for_quiet(node, stack)
            node.stacks.update(stack, **request(text))

    def wait_for_quiet(self, node: base.Node, stack: stacks.Stack) -> None:
        """Wait until no resource of a stack is in progress."""
        node.stacks.wait_for('nothing to be in progress', lambda: not [
            resource for resource in facts.resources(node.heat,
                                                     stack.ref).values()
            if resource['resource_status'].endswith('_IN_PROGRESS')])

    def assert_ended(self, stack: stacks.Stack, status: str,
                     **outputs: typing.Any) -> None:
        """Assert that all nodes show the final state of a stack.

        The stack is examined AFTERMATH seconds later: the first node's
        engine may have continued, which cannot be observed through the API.

        :param status: of the stack; its resources must be COMPLETE
        :param outputs: outputs that the stack must have
        """
        time.sleep(AFTERMATH)
        for node in self.nodes:
            shown = facts.capture(node.heat, stack.ref, content=False)
            self.assertEqual(
                status, shown['stack']['stack_status'],
                f'{node} shows another status of {stack.name}, which was '
                f'{status}: {shown["stack"]["stack_status_reason"]}')
            self.assertEqual(
                outputs, {key: shown['outputs'][key] for key in outputs})
            self.assertEqual([], [
                f'{path} {resource["resource_status"]}: '
                f'{resource["resource_status_reason"]}'
                for path, resource in shown['resources'].items()
                if not resource['resource_status'].endswith('_COMPLETE')])

    def delete(self, first: base.Node, second: base.Node,
               stack: stacks.Stack) -> None:
        """Delete a stack through one node, and look through the other."""
        second.stacks.delete(stack)
        self.assertTrue(first.stacks.is_gone(stack))
