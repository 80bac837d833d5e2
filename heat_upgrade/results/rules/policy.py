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
             'Nothing yet: the old name is obeyed, with a warning.',
             'Write the new name in your policy files.',
             'stacks:old is renamed to stacks:new'),
    _warning('policy.rule-removed', 'A policy rule is gone, as announced.',
             'A rule of that name in a policy file is without effect.',
             'Look for it in your policy files, and write the rules that the '
             'target asks instead (oslopolicy-list-redundant --namespace '
             'heat).', 'stacks:old is removed, as was announced'),
    _error('policy.rule-removed-unannounced',
           'A policy rule is gone and has no deprecated name.',
           'A rule of that name in a policy file is without effect.',
           'Look for it in your policy files, and write the rules that the '
           'target asks instead (oslopolicy-list-redundant --namespace '
           'heat).', 'stacks:old is removed without a deprecated name'),
    _error('policy.persona-gained',
           'A user gains a permission.', _OPEN,
           "Before the upgrade, set this rule in the policy file to the "
           "base's check string, unless you want this.",
           'stacks:index: reader could not and now can (security)'),
    _error('policy.persona-lost',
           'A user loses a permission.', _CLOSED,
           _GIVE, 'stacks:index: member could and now cannot'),
    _warning('policy.persona-lost-announced',
             'A user loses a permission that a deprecated rule gave.', _CLOSED,
             'Give these users the roles that the new default asks for, or '
             'set the rule in the policy file.',
             'stacks:index: member could and now cannot, as was announced'),
    _warning('policy.persona-lost-of-shared-rule',
             'A rule that other rules refer to lets fewer through, and no '
             'call is refused.',
             'Rules of your own that refer to it change.', _GIVE,
             'project_admin: member could and now cannot'),
    _warning('policy.scopes-changed', 'A rule has other scope types.',
             'With a check string of your own the scope still counts.',
             'Compare your own rule, and the tokens that use it, with the '
             'new scope types.', 'stacks:index: scope types are changed'),
    _error('policy.call-gained',
           'Calls let someone through although their rules have not '
           'changed.', _OPEN,
           'Do not upgrade: the code decides, and a policy file may not '
           'help.', 'call stacks:index: reader could not and now can '
           '(security)'),
    _error('policy.call-lost',
           'Calls refuse someone although their rules have not changed.',
           _CLOSED,
           'Do not upgrade: the code decides, and a policy file may not '
           'help.', 'call stacks:index: member could and now cannot'),
    _error('policy.resource-type-gained',
           'Someone may use a resource type that was forbidden before.',
           _OPEN, _RESOURCE_TYPE,
           'resource type OS::Nova::Quota: member could not and now can '
           '(security)',
           plural='{count} resource types of {family} can now be used by '
                  'whom they were forbidden to (security)'),
    _error('policy.resource-type-lost',
           'Someone may no longer use a resource type.',
           'Stacks of theirs with this type can no longer be updated or '
           'deleted by them.', _RESOURCE_TYPE,
           'resource type OS::Nova::Flavor: member could and now cannot',
           plural='{count} resource types of {family} can no longer be used '
                  'by those who could'),
    _error('policy.engine-asks',
           'A call of the engine now asks the policies of resource types.',
           'A stack with a type that its owner may not use is refused where '
           'it was not.',
           'Try it with such a stack before the upgrade.',
           'engine call stack_check now asks the policies of resource '
           'types'),
    _error('policy.engine-asks-no-longer',
           'A call of the engine no longer asks the policies of resource '
           'types.', _OPEN, 'Do not upgrade; report it to Heat.',
           'engine call stack_check no longer asks the policies of resource '
           'types (security)'),
    _error('policy.own-rules-ignored',
           'A way to have rules of your own is no longer obeyed.',
           'Your rules are silently not applied.', _CONVERT,
           'own rules in policy.json are silently not applied',
           failure_class=model.FailureClass.OPTIONS),
    _warning('policy.own-rules-ignored-announced',
             'A deprecated way to have rules of your own is no longer '
             'obeyed.', 'Your rules are silently not applied.', _CONVERT,
             'own rules in policy.json are silently not applied, as was '
             'announced', failure_class=model.FailureClass.OPTIONS),
)
