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

"""The comparison of the policies of two releases."""

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
        return [(finding.severity, finding.failure_class, finding.title)
                for finding in policy.compare(self.was, self.now)]

    def let(self, name, personas, check='changed'):
        """Let some personas through a rule of the target, and its call."""
        self.now['allowed'][name] = personas
        self.now['rules'][name]['check'] = check
        if name in self.now['calls']:
            self.now['calls'][name][0] = personas

    def test_equal_releases_have_no_findings(self):
        self.assertEqual([], self.found())

    def test_lost_access_is_reported_once_for_a_rule_and_its_call(self):
        self.let('stacks:show', MEMBERS)
        self.assertEqual(
            [('error', 6, 'stacks:show no longer allows reader')],
            self.found())

    def test_gained_access_is_a_security_problem(self):
        self.let('stacks:delete', READERS)
        self.assertEqual(
            [('error', 6, 'stacks:delete now allows reader '
              '(security)')], self.found())

    def test_loss_announced_by_a_deprecated_rule_is_a_warning(self):
        self.was['rules']['stacks:show']['old'] = _old('stacks:show')
        self.was['lasting']['stacks:show'] = MEMBERS
        self.let('stacks:show', MEMBERS)
        self.assertEqual(
            [('warning', 6, 'stacks:show no longer allows reader, as '
              'was announced')], self.found())

    def test_loss_announced_for_some_personas_only_is_an_error(self):
        self.was['lasting']['stacks:show'] = MEMBERS
        self.let('stacks:show', ['admin'])
        self.assertEqual(
            [('error', 6, 'stacks:show no longer allows member, '
              'reader')], self.found())

    def test_access_lost_by_a_rule_without_a_call_is_a_warning(self):
        self.let('context_is_admin', [])
        self.assertEqual(
            [('warning', 6, 'context_is_admin no longer allows admin')],
            self.found())

    def test_rule_removed_without_an_announcement_is_an_error(self):
        self._remove('stacks:delete')
        self.assertEqual(
            [('error', 6, 'stacks:delete is removed without a deprecated '
              'name')], self.found())

    def test_rule_removed_as_announced_is_a_warning(self):
        self.was['rules']['stacks:delete']['for_removal'] = True
        self._remove('stacks:delete')
        self.assertEqual(
            [('warning', 6, 'stacks:delete is removed, as was announced')],
            self.found())

    def test_renamed_rule_is_a_warning(self):
        self._rename(MEMBERS)
        self.assertEqual(
            [('warning', 6, 'stacks:delete is renamed to stacks:remove')],
            self.found())

    def test_access_lost_by_a_renaming_is_an_error(self):
        self._rename(['admin'])
        self.assertIn(
            ('error', 6, 'stacks:remove no longer allows member'),
            self.found())

    def _remove(self, name):
        for of in ('rules', 'allowed', 'lasting', 'calls'):
            del self.now[of][name]

    def _rename(self, personas):
        self._remove('stacks:delete')
        self.now['rules']['stacks:remove'] = _rule(old=_old('stacks:delete'))
        self.now['allowed']['stacks:remove'] = personas

    def test_scopes_that_change_no_access_are_a_warning(self):
        self.now['rules']['stacks:show']['scopes'] = ['project', 'system']
        self.assertEqual(
            [('warning', 6, 'stacks:show: scope types are changed')],
            self.found())

    def test_new_rule_is_no_finding(self):
        self.now['rules']['stacks:new'] = _rule()
        self.now['allowed']['stacks:new'] = MEMBERS
        self.now['calls']['stacks:new'] = [MEMBERS, ['stacks:new']]
        self.assertEqual([], self.found())

    def test_equivalent_check_string_is_no_finding(self):
        self.let('stacks:show', READERS, check='not role:nobody')
        self.assertEqual([], self.found())

    def test_call_that_allows_more_than_its_rule_is_an_error(self):
        self.now['calls']['stacks:show'] = [READERS + ['service'], []]
        self.assertEqual(
            [('error', 6, 'call stacks:show now allows service '
              '(security)')], self.found())

    def test_many_calls_with_the_same_change_are_one_finding(self):
        for number in range(5):
            self.was['calls'][f'stacks:{number}'] = [READERS, []]
            self.now['calls'][f'stacks:{number}'] = [MEMBERS, []]
        self.assertEqual(
            [('error', 6, '5 calls of stacks no longer allow reader')],
            self.found())

    @ddt.data((MEMBERS, 'now allows member (security)'),
              ([], 'no longer allows admin'))
    @ddt.unpack
    def test_access_to_a_resource_type_is_compared(self, personas, words):
        self.now['types']['OS::Nova::Flavor'] = personas
        self.assertEqual(
            [('error', 6, f'resource type OS::Nova::Flavor {words}')],
            self.found())

    def test_engine_call_that_begins_to_check_is_an_error(self):
        self.now['asking'].append('delete_stack')
        self.assertEqual(
            [('error', 6, 'engine call delete_stack now checks the policies '
              'of resource types')], self.found())

    def test_engine_call_that_ceases_to_check_is_an_error(self):
        self.now['asking'] = []
        self.assertEqual(
            [('error', 6, 'engine call create_stack no longer checks the '
              'policies of resource types (security)')], self.found())

    @ddt.data(('policy.json', 'warning', ', as was announced'),
              ('policy.yaml', 'error', ''))
    @ddt.unpack
    def test_own_rules_that_the_target_ignores_are_reported(
            self, name, severity, words):
        self.now['files'][name] = [False, False]
        self.assertEqual(
            [(severity, 4, f'own rules in {name} are silently ignored'
              f'{words}')], self.found())

    def test_every_finding_has_a_remedy(self):
        self.let('stacks:show', MEMBERS)
        self.let('stacks:delete', READERS)
        self.now['asking'] = ['delete_stack']
        self.now['files'] = {}
        self.now['types'] = {'OS::Nova::Flavor': []}
        found = policy.compare(self.was, self.now)
        self.assertEqual(7, len(found))
        for finding in found:
            self.assertEqual(findings.HEAT, finding.origin)
            self.assertTrue(finding.remedy)
            self.assertTrue(finding.impact)
