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

"""Unit tests of the details of failed tests."""

import testtools

from heat_integrationtests import clients
from heat_integrationtests import diagnostics
from heat_integrationtests import stacks

STACK = stacks.Stack('one', 'id-1')


class Reader:
    """Stacks whose reading sends a request."""

    def story(self, stack):
        clients._of_thread.requests.append('GET story 500 req-2')
        return f'{stack.name} is FAILED'


def failing_test():
    """Return a test that fails, and that no loader finds."""
    class FailingTest(testtools.TestCase):

        def setUp(self):
            super().setUp()
            clients.forget_requests()
            clients._of_thread.requests.append('GET earlier 200 req-0')
            self.details = diagnostics.Diagnostics(self)

        def runTest(self):
            clients._of_thread.requests.append('GET stack 500 req-1')
            for _ in range(2):
                self.details.add_stack(STACK, Reader)
            self.fail('on purpose')
    return FailingTest()


class DiagnosticsTest(testtools.TestCase):

    def test_failure_has_its_stacks_and_all_requests_about_it(self):
        test = failing_test()
        test.run(testtools.TestResult())
        shown = {name: detail.as_text()
                 for name, detail in test.getDetails().items()}
        self.assertEqual(
            ('one is FAILED', 'GET stack 500 req-1\nGET story 500 req-2'),
            (shown['stack-one'], shown['requests']))
