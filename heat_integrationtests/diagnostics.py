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

Reader = abc.Callable[[], stacks.Stacks]


class Diagnostics:
    """The details that a test gets when it fails.

    :param test: earlier requests of its thread are forgotten
    """

    def __init__(self, test: testtools.TestCase) -> None:
        self._test = test
        self._stacks: dict[stacks.Stack, Reader] = {}
        clients.forget_requests()
        test.addOnException(self._attach)

    def add_stack(self, stack: stacks.Stack, reader: Reader) -> None:
        """Attach the events and resources of a stack if the test fails.

        :param reader: returns the Stacks that reads them
        """
        self._stacks[stack] = reader

    def _attach(self, exc_info: object) -> None:
        for stack, reader in self._stacks.items():
            self._add(f'stack-{stack.name}', reader().story(stack))
        # Last: the requests for the stacks above belong to the failure too.
        self._add('requests', clients.requests_text())

    def _add(self, name: str, text: str) -> None:
        self._test.addDetail(name, content.text_content(text))
