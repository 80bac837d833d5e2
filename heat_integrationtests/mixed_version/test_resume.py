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

"""A node resumes a stack that another node is suspending."""

import time

from heatclient import exc
from tempest.lib import decorators

from heat_integrationtests import facts
from heat_integrationtests import markers
from heat_integrationtests.mixed_version import base
from heat_integrationtests.mixed_version import in_progress
from heat_integrationtests import stacks


# Two levels of nested stacks, so that suspending takes some seconds.
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


class Resumed(in_progress.InProgress):

    def resume(self, first: base.Node, second: base.Node) -> None:
        """Resume a stack while it is being suspended.

        Up to 2025.2 the lock of the stack makes Heat refuse the request.
        Later releases accept it and mostly fail
        (doc/source/findings/resume-while-suspending.rst). Then the whole
        stack is suspended, or suspending it again must repair it.
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
            # A nested stack may be between two of its resources.
            time.sleep(in_progress.AFTERMATH)
        status = second.stacks.get(stack).stack_status
        if status.endswith('_FAILED'):
            second.stacks.act(stack, 'suspend')
            status = 'SUSPEND_COMPLETE'
        self.assert_all_are(second, stack, status)
        if status != 'RESUME_COMPLETE':
            second.stacks.act(stack, 'resume')
            self.assert_all_are(second, stack, 'RESUME_COMPLETE')
        self.delete(first, second, stack)

    def assert_all_are(self, node: base.Node, stack: stacks.Stack,
                       status: str) -> None:
        """Assert that a stack and all its resources have a status."""
        resources = facts.resources(node.heat, stack.ref)
        self.assertEqual(
            {'': status, **dict.fromkeys(resources, status)},
            {'': node.stacks.get(stack).stack_status, **{
                path: resource['resource_status']
                for path, resource in resources.items()}}, stack.name)


class ResumedBaseToTargetTest(Resumed):

    @decorators.idempotent_id('f797e08d-3fe1-4c82-b774-2df539571538')
    @markers.mixed_version
    def test_resuming_what_is_suspended_is_safe_on_nodes_named_later(
            self) -> None:
        self.forth(self.resume)


class ResumedTargetToBaseTest(Resumed):

    @decorators.idempotent_id('008c687d-45f6-4703-9619-c4fa1391b093')
    @markers.mixed_version
    def test_resuming_what_is_suspended_is_safe_on_nodes_named_earlier(
            self) -> None:
        self.back(self.resume)
