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

"""The policies of an operator: rules, options, and their findings."""

from collections import abc
import dataclasses
import typing

from heat_upgrade.checks import check_context
from heat_upgrade.checks.config import config_files
from heat_upgrade.checks.config import referenced_files
from heat_upgrade.results import findings as results

_OPTIONS = ('enforce_scope', 'enforce_new_defaults')
_TRUE = ('true', '1', 'on', 'yes')


def of(inputs: check_context.OperatorInputs) -> dict[str, typing.Any] | None:
    """Return the argument ``own`` of ``inspectors/policy``.

    :returns: None if the operator's files change no policy
    :raises: :class:`heat_upgrade.errors.UsageError`
    """
    files = config_files.files(inputs)
    settings = config_files.settings(inputs)
    rules = referenced_files.files(settings, files,
                                   inputs.roots).rules if files else ()
    options = {setting.name: setting.value.strip().lower() in _TRUE
               for setting in settings
               if setting.group == 'oslo_policy' and setting.name in _OPTIONS}
    if not (rules or options):
        return None
    return {'rules': {rule.name: rule.text for rule in rules},
            'options': options}


# {the rule of many findings with one cause: those that it stands for}
_TOGETHER = {
    'policy.own-rules-refuse': (
        'policy.persona-lost', 'policy.persona-lost-announced',
        'policy.persona-lost-of-shared-rule', 'policy.call-lost',
        'policy.resource-type-lost'),
    'policy.own-rules-allow': (
        'policy.persona-gained', 'policy.call-gained',
        'policy.resource-type-gained'),
}


def findings(caused: abc.Iterable[results.Finding]
             ) -> abc.Iterator[results.Finding]:
    """Yield the findings that an operator's policies cause.

    One option, such as enforce_scope, changes all rules, so losses are one
    finding, and gains another.
    """
    rest = list(caused)
    for rule, members in _TOGETHER.items():
        alike = [finding for finding in rest if finding.rule in members]
        rest = [finding for finding in rest if finding.rule not in members]
        if len(alike) == 1:
            yield _own(alike[0])
        elif alike:
            words = ('no longer allow users that they allowed'
                     if rule == 'policy.own-rules-refuse'
                     else 'allow users that they refused (security)')
            yield check_context.error(
                rule, 'own policies', f'with your policies, {len(alike)} '
                f'rules, calls and resource types {words}',
                '\n'.join(finding.title for finding in alike),
                own_files=True)
    yield from map(_own, rest)


def _own(finding: results.Finding) -> results.Finding:
    return dataclasses.replace(finding, own_files=True,
                               title=f'with your policies, {finding.title}')
