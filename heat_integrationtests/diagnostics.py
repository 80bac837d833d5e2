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

"""Details of a failed test: its last requests, and the events of its stacks.

The lab puts them into the evidence of the finding.
"""

from collections import abc

import testtools
from testtools import content

from heat_integrationtests import clients
from heat_integrationtests import stacks


def attach_requests(test: testtools.TestCase) -> None:
    """Forget earlier requests, and attach those of this test if it fails."""
    clients.forget_requests()
    test.addOnException(lambda _: test.addDetail(
        'requests', content.text_content(clients.requests_text())))


def attach_stack(test: testtools.TestCase, stack: stacks.Stack,
                 reader: abc.Callable[[], stacks.Stacks]) -> None:
    """Attach the events and resources of a stack if the test fails.

    :param reader: returns the Stacks that reads them
    """
    test.addOnException(lambda _: test.addDetail(
        f'stack-{stack.name}',
        content.text_content(reader().story(stack))))
