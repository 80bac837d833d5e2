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

"""Two readings of policies are compared as an administrator would."""

import copy

import ddt
import testtools

from heat_upgrade.checks import policy
from heat_upgrade.results import findings

MEMBERS = ['admin', 'member']
READERS = ['admin', 'member', 'reader']


def _rule(check='role:member', *, scopes=('project',), old=None,
          for_removal=False):
    return {'check': check, 'scopes': list(scopes), 'for_removal': for_removal,
            'since': None, 'old': old}


def _old(name, check='role:member'):
    return {'name': name, 'check': check, 'since': 'W'}


WAS = {
    'rules': {'context_is_admin': _rule('role:admin', scopes=()),
              'stacks:show': _rule('role:reader'),
              'stacks:delete': _rule(),
              'resource_types:OS::Nova::Flavor': _rule('role:admin')},
    'allowed': {'context_is_admin': ['admin'], 'stacks:show': READERS,
                'stacks:delete': MEMBERS,
                'resource_types:OS::Nova::Flavor': ['admin']},
    'lasting': {'context_is_admin': ['admin'], 'stacks:show': READERS,
                'stacks:delete': MEMBERS,
                'resource_types:OS::Nova::Flavor': ['admin']},
    'types': {'OS::Nova::Flavor': ['admin'],
              'OS::Heat::NoRuleIsAboutIt': READERS},
    'calls': {'stacks:show': [READERS, ['stacks:show']],
              'stacks:delete': [MEMBERS, ['stacks:delete']]},
    'asking': ['create_stack'],
    'files': {'policy.yaml': [True, False], 'policy.json': [True, True]},
}


@ddt.ddt
class TestCompare(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.was, self.now = copy.deepcopy(WAS), copy.deepcopy(WAS)

    def found(self):
        return [(one.severity, one.failure_class, one.title)
                for one in policy.compare(self.was, self.now)]

    def let(self, name, personas, check='changed'):
        """Let some personas through a rule of the target, and its call."""
        self.now['allowed'][name] = personas
        self.now['rules'][name]['check'] = check
        if name in self.now['calls']:
            self.now['calls'][name][0] = personas

    def test_the_same_twice_differs_in_nothing(self):
        self.assertEqual([], self.found())

    def test_who_loses_is_named_once_for_the_rule_and_its_call(self):
        self.let('stacks:show', MEMBERS)
        self.assertEqual(
            [('error', 6, 'stacks:show: reader could and now cannot')],
            self.found())

    def test_who_gains_is_a_matter_of_security(self):
        self.let('stacks:delete', READERS)
        self.assertEqual(
            [('error', 6, 'stacks:delete: reader could not and now can '
              '(security)')], self.found())

    def test_a_loss_that_a_deprecated_rule_announced_is_a_warning(self):
        self.was['rules']['stacks:show']['old'] = _old('stacks:show')
        self.was['lasting']['stacks:show'] = MEMBERS
        self.let('stacks:show', MEMBERS)
        self.assertEqual(
            [('warning', 6, 'stacks:show: reader could and now cannot, as '
              'was announced')], self.found())

    def test_a_loss_that_was_announced_for_some_only_is_an_error(self):
        self.was['lasting']['stacks:show'] = MEMBERS
        self.let('stacks:show', ['admin'])
        self.assertEqual(
            [('error', 6, 'stacks:show: member, reader could and now '
              'cannot')], self.found())

    def test_a_rule_that_no_call_is_named_after_is_a_warning(self):
        self.let('context_is_admin', [])
        self.assertEqual(
            [('warning', 6, 'context_is_admin: admin could and now cannot')],
            self.found())

    def test_a_rule_that_is_gone_without_a_word_is_an_error(self):
        self._remove('stacks:delete')
        self.assertEqual(
            [('error', 6, 'stacks:delete is removed without a deprecated '
              'name')], self.found())

    def test_a_rule_that_was_to_be_removed_is_a_warning(self):
        self.was['rules']['stacks:delete']['for_removal'] = True
        self._remove('stacks:delete')
        self.assertEqual(
            [('warning', 6, 'stacks:delete is removed, as was announced')],
            self.found())

    def test_a_renamed_rule_is_a_warning(self):
        self._rename(MEMBERS)
        self.assertEqual(
            [('warning', 6, 'stacks:delete is renamed to stacks:remove')],
            self.found())

    def test_who_loses_by_a_renaming_is_told(self):
        self._rename(['admin'])
        self.assertIn(
            ('error', 6, 'stacks:remove: member could and now cannot'),
            self.found())

    def _remove(self, name):
        for of in ('rules', 'allowed', 'lasting', 'calls'):
            del self.now[of][name]

    def _rename(self, personas):
        self._remove('stacks:delete')
        self.now['rules']['stacks:remove'] = _rule(old=_old('stacks:delete'))
        self.now['allowed']['stacks:remove'] = personas

    def test_scopes_that_change_nothing_for_anybody_are_a_warning(self):
        self.now['rules']['stacks:show']['scopes'] = ['project', 'system']
        self.assertEqual(
            [('warning', 6, 'stacks:show: scope types are changed')],
            self.found())

    def test_a_new_rule_is_nothing(self):
        self.now['rules']['stacks:new'] = _rule()
        self.now['allowed']['stacks:new'] = MEMBERS
        self.now['calls']['stacks:new'] = [MEMBERS, ['stacks:new']]
        self.assertEqual([], self.found())

    def test_another_check_string_that_says_the_same_is_nothing(self):
        self.let('stacks:show', READERS, check='not role:nobody')
        self.assertEqual([], self.found())

    def test_code_that_lets_more_through_than_its_rule_is_found(self):
        self.now['calls']['stacks:show'] = [READERS + ['service'], []]
        self.assertEqual(
            [('error', 6, 'call stacks:show: service could not and now can '
              '(security)')], self.found())

    def test_many_calls_with_the_same_change_are_one_finding(self):
        for number in range(5):
            self.was['calls'][f'stacks:{number}'] = [READERS, []]
            self.now['calls'][f'stacks:{number}'] = [MEMBERS, []]
        self.assertEqual(
            [('error', 6, '5 calls of stacks: reader could and now cannot')],
            self.found())

    @ddt.data((MEMBERS, 'member could not and now can (security)'),
              ([], 'admin could and now cannot'))
    @ddt.unpack
    def test_who_may_use_a_resource_type_is_compared(self, personas, words):
        self.now['types']['OS::Nova::Flavor'] = personas
        self.assertEqual(
            [('error', 6, f'resource type OS::Nova::Flavor: {words}')],
            self.found())

    def test_an_engine_call_that_begins_to_ask_is_an_error(self):
        self.now['asking'].append('delete_stack')
        self.assertEqual(
            [('error', 6, 'engine call delete_stack now asks the policies '
              'of resource types')], self.found())

    def test_an_engine_call_that_ceases_to_ask_is_a_matter_of_security(self):
        self.now['asking'] = []
        self.assertEqual(
            [('error', 6, 'engine call create_stack no longer asks the '
              'policies of resource types (security)')], self.found())

    @ddt.data(('policy.json', 'warning', ', as was announced'),
              ('policy.yaml', 'error', ''))
    @ddt.unpack
    def test_rules_of_ones_own_that_do_not_count_are_found(self, way,
                                                           severity, words):
        self.now['files'][way] = [False, False]
        self.assertEqual(
            [(severity, 4, f'own rules in {way} are silently not applied'
              f'{words}')], self.found())

    def test_every_finding_says_what_to_do(self):
        self.let('stacks:show', MEMBERS)
        self.let('stacks:delete', READERS)
        self.now['asking'] = ['delete_stack']
        self.now['files'] = {}
        self.now['types'] = {'OS::Nova::Flavor': []}
        found = policy.compare(self.was, self.now)
        self.assertEqual(7, len(found))
        for one in found:
            self.assertEqual(findings.HEAT, one.origin)
            self.assertTrue(one.remedy)
            self.assertTrue(one.impact)
