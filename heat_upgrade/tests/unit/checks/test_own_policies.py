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

"""The policies of an operator, and the findings that they cause."""

import copy
import pathlib
import types

import fixtures
import testtools

from heat_upgrade.checks import check_context
from heat_upgrade.checks import own_policies
from heat_upgrade.checks import policy
from heat_upgrade.tests.unit.checks import test_policy


class TestOwnPolicies(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.place = pathlib.Path(self.useFixture(fixtures.TempDir()).path)

    def of(self, conf='[DEFAULT]\n', **files):
        (self.place / 'heat.conf').write_text(conf)
        for name, text in files.items():
            (self.place / f'{name}.yaml').write_text(text)
        return own_policies.of(check_context.OperatorInputs(
            config_files=(self.place / 'heat.conf',)))

    def test_rules_and_options_are_read(self):
        self.assertEqual(
            {'rules': {'stacks:index': 'role:observer'},
             'options': {'enforce_scope': False}},
            self.of('[oslo_policy]\nenforce_scope = False\n',
                    policy='"stacks:index": "role:observer"\n'))

    def test_file_of_comments_is_no_policy(self):
        self.assertIsNone(self.of(policy='#"stacks:index": "!"\n'))

    def test_without_policy_files_there_is_none(self):
        self.assertIsNone(self.of())
        self.assertIsNone(own_policies.of(check_context.OperatorInputs()))

    def check(self, change=None, own_change=None):
        """Return the findings of two releases with an operator's rules.

        :param change: is called with the target's answer without these rules
        :param own_change: is called with that with them
        """
        was = copy.deepcopy(test_policy.WAS)
        now = copy.deepcopy(was)
        with_own = copy.deepcopy(was)
        for function, answer in ((change, now), (own_change, with_own)):
            if function:
                function(answer)
        target = types.SimpleNamespace(answers={False: now, True: with_own})
        base = types.SimpleNamespace(answers={False: was, True: was})
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.checks.introspection.read_all',
            lambda subject, requests, context: [copy.deepcopy(
                subject.answers['own' in (requests[0].argument or {})])]))
        self.of(policy='"stacks:index": "role:observer"\n')
        return policy.check(base, target, check_context.Context(
            None, check_context.OperatorInputs(
                config_files=(self.place / 'heat.conf',))))

    def test_loss_by_own_rules_is_an_error_of_own_files(self):
        def change(answer):
            answer['calls']['stacks:delete'][0] = ['admin']
        found, = self.check(own_change=change)
        self.assertEqual(('error', 'policy.call-lost', True),
                         (found.severity, found.rule, found.own_files))
        self.assertIn('with your policies, call stacks:delete no longer '
                      'allows member', found.title)

    def test_loss_that_own_rules_prevent_is_no_finding(self):
        def change(answer):
            answer['calls']['stacks:delete'][0] = ['admin']
        self.assertEqual([], self.check(change))

    def test_loss_with_and_without_own_rules_is_one_of_the_release(self):
        def change(answer):
            answer['calls']['stacks:delete'][0] = ['admin']
        found, = self.check(change, change)
        self.assertFalse(found.own_files)

    def test_many_losses_by_own_rules_are_one_finding(self):
        def change(answer):
            for call in answer['calls'].values():
                call[0] = ['admin']
            answer['types']['OS::Nova::Flavor'] = []
        found, = self.check(own_change=change)
        self.assertEqual(('policy.own-rules-refuse', True),
                         (found.rule, found.own_files))
        self.assertIn('resource type OS::Nova::Flavor no longer allows admin',
                      found.evidence)

    def test_gains_by_own_rules_are_apart_from_losses(self):
        def change(answer):
            answer['calls']['stacks:delete'][0] = [
                'admin', 'member', 'reader']
            answer['calls']['stacks:show'][0] = ['admin']
        self.assertEqual(
            ['policy.call-lost', 'policy.call-gained'],
            [found.rule for found in self.check(own_change=change)])

    def test_own_rules_that_have_one_effect_are_no_finding(self):
        self.assertEqual([], self.check())
