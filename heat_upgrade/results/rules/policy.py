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
"""Rules of the check ``policy``: permissions of roles."""

import functools

from heat_upgrade.results.rules import model

_error = functools.partial(
    model.Rule, failure_class=model.FailureClass.API,
    docs='reference/checks/policy')
_warning = functools.partial(_error, severity=model.Severity.WARNING)

_OPEN = 'Users gain a permission that they did not have: a security problem.'
_CLOSED = 'Users lose a permission that they had.'
_GIVE = ('Give these users the roles of the new default, or set the rule in '
         "the policy file to the base's check string.")
_RESOURCE_TYPE = ('Set the rule resource_types: of this type in the policy '
                  'file.')
_CONVERT = ('Before the upgrade, convert it to YAML '
            '(oslopolicy-convert-json-to-yaml), name it in [oslo_policy] '
            'policy_file, and verify with oslopolicy-checker that it counts.')

RULES = (
    _warning('policy.rule-renamed', 'A policy rule is renamed.',
             'Nothing yet: the old name still works, with a warning.',
             'Write the new name in your policy files.',
             'stacks:old is renamed to stacks:new'),
    _warning('policy.rule-removed', 'A policy rule is gone, as announced.',
             'A rule of that name in a policy file has no effect.',
             'Search your policy files for it, and write the rules that the '
             'target checks instead (oslopolicy-list-redundant --namespace '
             'heat).', 'stacks:old is removed, as was announced'),
    _error('policy.rule-removed-unannounced',
           'A policy rule is gone and has no deprecated name.',
           'A rule of that name in a policy file has no effect.',
           'Search your policy files for it, and write the rules that the '
           'target checks instead (oslopolicy-list-redundant --namespace '
           'heat).', 'stacks:old is removed without a deprecated name'),
    _error('policy.own-rules-refuse',
           "The operator's own policies deny users permissions that they had.",
           _CLOSED,
           'Set the rules that the evidence names for the target, or give '
           'these users the roles that it requires. enforce_scope = false has '
           'no effect from 2026.2 on.',
           'with your policies, 9 rules, calls and resource types no longer '
           'allow users that they allowed'),
    _error('policy.own-rules-allow',
           "The operator's own policies grant users new permissions.", _OPEN,
           'Set the rules that the evidence names for the target.',
           'with your policies, 9 rules, calls and resource types allow users '
           'that they refused (security)'),
    _error('policy.persona-gained',
           'A user gains a permission.', _OPEN,
           "Before the upgrade, set this rule in the policy file to the "
           "base's check string, unless the change is intended.",
           'stacks:index now allows reader (security)'),
    _error('policy.persona-lost',
           'A user loses a permission.', _CLOSED,
           _GIVE, 'stacks:index no longer allows member'),
    _warning('policy.persona-lost-announced',
             'A user loses a permission that a deprecated rule gave.', _CLOSED,
             'Give these users the roles that the new default requires, or '
             'set the rule in the policy file.',
             'stacks:index no longer allows member, as was announced'),
    _warning('policy.persona-lost-of-shared-rule',
             'A rule that other rules refer to lets fewer through, and no '
             'call is refused.',
             'Rules of your own that refer to it change.', _GIVE,
             'project_admin no longer allows member'),
    _warning('policy.scopes-changed', 'A rule has other scope types.',
             'With a check string of your own the scope still counts.',
             'Compare your own rule, and the tokens that use it, with the '
             'new scope types.', 'stacks:index: scope types are changed'),
    _error('policy.call-gained',
           'Calls allow a user although their rules have not changed.', _OPEN,
           'Do not upgrade: the code decides, and a policy file may not '
           'help.', 'call stacks:index now allows reader (security)'),
    _error('policy.call-lost',
           'Calls refuse a user although their rules have not changed.',
           _CLOSED,
           'Do not upgrade: the code decides, and a policy file may not '
           'help.', 'call stacks:index no longer allows member'),
    _error('policy.resource-type-gained',
           'A user may use a resource type that was forbidden before.',
           _OPEN, _RESOURCE_TYPE,
           'resource type OS::Nova::Quota now allows member (security)',
           plural='{count} resource types of {family} are no longer '
                  'forbidden (security)'),
    _error('policy.resource-type-lost',
           'A user may no longer use a resource type.',
           'The user can no longer update or delete own stacks with this '
           'type.', _RESOURCE_TYPE,
           'resource type OS::Nova::Flavor no longer allows member',
           plural='{count} resource types of {family} are now forbidden'),
    _error('policy.engine-asks',
           'A call of the engine now checks the policies of resource types.',
           'The call now refuses a stack with a type that its owner may not '
           'use.',
           'Try it with such a stack before the upgrade.',
           'engine call stack_check now checks the policies of resource '
           'types'),
    _error('policy.engine-asks-no-longer',
           'A call of the engine no longer checks the policies of resource '
           'types.', _OPEN, 'Do not upgrade; report it to Heat.',
           'engine call stack_check no longer checks the policies of '
           'resource types (security)'),
    _error('policy.own-rules-ignored',
           'A way to set your own rules is no longer supported.',
           'Your rules are silently ignored.', _CONVERT,
           'own rules in policy.json are silently ignored',
           failure_class=model.FailureClass.OPTIONS),
    _warning('policy.own-rules-ignored-announced',
             'A deprecated way to set your own rules is no longer '
             'supported.', 'Your rules are silently ignored.', _CONVERT,
             'own rules in policy.json are silently ignored, as was '
             'announced', failure_class=model.FailureClass.OPTIONS),
)
