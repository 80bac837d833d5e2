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

"""The life of a stack, each operation through another node."""

from tempest.lib import decorators
from testtools import content as attachment

from heat_integrationtests import aliases
from heat_integrationtests import facts
from heat_integrationtests import markers
from heat_integrationtests.mixed_version import base

TEMPLATE = """
heat_template_version: 2018-08-31
parameters:
  text: {type: string, default: first}
resources:
  secret: {type: OS::Heat::RandomString}
  child:
    type: child.yaml
    properties: {text: {get_param: text}, secret: {get_attr: [secret, value]}}
outputs:
  text: {value: {get_attr: [child, text]}}
  secret: {value: {get_attr: [secret, value]}}
"""

CHILD = """
heat_template_version: 2018-08-31
parameters:
  text: {type: string}
  secret: {type: string}
resources:
  value:
    type: OS::Heat::Value
    properties:
      type: string
      value: {list_join: [':', [{get_param: text}, {get_param: secret}]]}
outputs:
  text: {value: {get_attr: [value, value]}}
"""


class Life(base.MixedVersionTest):

    weight = 15

    def live(self, first: base.Node, second: base.Node) -> None:
        """Run all operations on a stack, each through the other node."""
        request: aliases.Json = {'template': TEMPLATE,
                                 'files': {'child.yaml': CHILD}}
        stack = self.create_through(first, **request)
        before = self.assert_same_everywhere(stack, content=True)
        secret = before['outputs']['secret']
        self.assertEqual(f'first:{secret}', before['outputs']['text'])

        second.stacks.update(stack, parameters={'text': 'second'},
                             **request)
        first.stacks.act(stack, 'suspend')
        second.stacks.act(stack, 'resume')
        first.stacks.act(stack, 'check')
        now = self.assert_same_everywhere(stack)
        self.assertEqual({'secret': secret, 'text': f'second:{secret}'},
                         now['outputs'])
        # The new text replaces the value in the child, and nothing else.
        replaced = [
            mismatch.path for mismatch in facts.replaced(before, now)
            if not mismatch.path.startswith('resources.child/value.')]
        if replaced:
            name, text = facts.REPLACED_DETAIL
            self.addDetail(name, attachment.text_content(text))
        self.assertEqual([], replaced)

        second.stacks.delete(stack)
        self.assertTrue(first.stacks.is_gone(stack))


class LifeBaseToTargetTest(Life):

    @decorators.idempotent_id('7e8dce09-f691-408f-aa98-dcd7684a83ab')
    @markers.mixed_version
    def test_a_stack_lives_on_through_nodes_named_later(self) -> None:
        self.forth(self.live)


class LifeTargetToBaseTest(Life):

    @decorators.idempotent_id('558a99fd-dd2c-406c-909c-a33d32eeebbe')
    @markers.mixed_version
    def test_a_stack_lives_on_through_nodes_named_earlier(self) -> None:
        self.back(self.live)
