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

"""The check ``policy``: permissions under the defaults of two releases.

The enforcers of each release answer, for each rule, API call and resource
type, which personas they let through. A persona is a role with a token of a
project or of the system, on its own project or on another. This module
compares the two answers. The rules come from OpenStack's deprecation policy
and from oslo.policy, which announces a changed default by a deprecated rule.

With an operator's policy files, both releases answer with these too. The check
``config`` covers the names of the rules in them.
"""

import typing

from heat_upgrade.checks import check_context
from heat_upgrade.checks import introspection
from heat_upgrade.checks import own_policies
from heat_upgrade.results import findings

READINGS = ('policy',)

RESOURCE_TYPES = 'resource_types:'
# The program asks about a type of this name where a rule has *.
ANY = '::Anything'

# A title names at most this many calls.
MANY = 3

# An answer of the program, and a rule in it.
_Reading = dict[str, typing.Any]
_Rule = dict[str, typing.Any]


def check(base: check_context.InstalledRelease,
          target: check_context.InstalledRelease,
          context: check_context.Context) -> list[findings.Finding]:
    """Return the findings; see :mod:`heat_upgrade.checks.check_context`.

    With an operator's policy files, the findings that these files prevent are
    left out, and those that they cause are about the operator's own files.
    """
    found = compare(*_readings(base, target, context, {}))
    own = own_policies.of(context.operator_inputs)
    if own is None:
        return found
    with_own = compare(*_readings(base, target, context, {'own': own}))
    usual = {finding.identity for finding in found}
    caused = [finding for finding in with_own
              if finding.identity not in usual]
    return [*own_policies.findings(caused),
            *(finding for finding in with_own if finding.identity in usual)]


def _readings(base: check_context.InstalledRelease,
              target: check_context.InstalledRelease,
              context: check_context.Context,
              given: dict[str, typing.Any]) -> tuple[_Reading, _Reading]:
    """Return the answers of both releases about the same resource types.

    :param given: argument of the program, without the types
    """
    def ask(subject: check_context.InstalledRelease,
            **more: object) -> typing.Any:
        answer, = introspection.read_all(subject, [introspection.Request(
            'policy', {**given, **more} or None, kept=not given,
            about='the policy files' if given else '')], context)
        return answer

    readings: tuple[_Reading, _Reading] = introspection.both(
        base, target, ask)
    names = sorted(set(readings[0]['types']) ^ set(readings[1]['types']))
    if names:
        # Ask both releases about the types that the rules of either name.
        answers: tuple[_Reading, _Reading] = introspection.both(
            base,
            target,
            lambda subject: ask(subject, types=names),
        )
        # A type that one of the releases lacks cannot be compared.
        known = [name for name in names if name.endswith(ANY)
                 or all(name in answer['known'] for answer in answers)]
        for reading, answer in zip(readings, answers):
            reading['types'] = {
                name: personas
                for name, personas
                in (reading['types'] | answer['types']).items()
                if name in known or name not in names}
    return readings


def compare(base: _Reading, target: _Reading) -> list[findings.Finding]:
    """Return the findings of two answers of the program ``policy``."""
    renamed = {rule['old']['name']: name
               for name, rule in target['rules'].items()
               if rule['old'] and rule['old']['name'] not in target['rules']}
    touched: set[str] = set()
    result: list[findings.Finding] = []
    for name in sorted(set(base['rules']) - set(target['rules'])):
        result += _removed(name, base, target, renamed)
    for name in sorted(base['allowed']):
        new = name if name in target['allowed'] else renamed.get(name)
        if new:
            changes = _changed_rule(name, new, base, target)
            result += changes
            if changes:
                touched.add(name)
    return (result + _calls(base, target, touched)
            + _types(base['types'], target['types'])
            + _engine_calls(base['asking'], target['asking'])
            + _policy_files(base['files'], target['files']))


def _removed(name: str, base: _Reading, target: _Reading,
             renamed: dict[str, str]) -> list[findings.Finding]:
    """Return the finding of a rule that the target lacks."""
    if name.startswith(RESOURCE_TYPES):
        # The comparison of the types shows the consequence.
        return []
    evidence = [f'base: {_described(base["rules"][name])}']
    if name in renamed:
        new = renamed[name]
        evidence += [
            f'target: {new}: {_described(target["rules"][new])}',
            f'{name} is the deprecated name of {new}: for now, the target '
            'obeys a rule of that name in a policy file, with a warning.']
        return [check_context.warning('policy.rule-renamed', name,
                                      f'{name} is renamed to {new}',
                                      '\n'.join(evidence),
                                      remedy=f'Call it {new} in your policy '
                                      'files.')]
    announced = base['rules'][name]['for_removal']
    evidence += [
        'target: no rule has or had this name',
        'A rule of that name in a policy file has no effect, and a rule that '
        'refers to it refuses every user.']
    if announced:
        return [check_context.warning(
            'policy.rule-removed', name,
            f'{name} is removed, as was announced', '\n'.join(evidence))]
    return [check_context.error(
        'policy.rule-removed-unannounced', name,
        f'{name} is removed without a deprecated name',
        '\n'.join(evidence))]


def _changed_rule(name: str, new: str, base: _Reading,
                  target: _Reading) -> list[findings.Finding]:
    """Return the findings of one rule.

    :param name: in the base
    :param new: in the target
    """
    before, after = base['allowed'][name], target['allowed'][new]
    rules = base['rules'].get(name), target['rules'].get(new)
    evidence = [f'base:   {_described(rules[0])}',
                f'target: {_described(rules[1])}']
    result = []
    gained = [persona for persona in after if persona not in before]
    if gained:
        result.append(check_context.error(
            'policy.persona-gained', new,
            f'{new} now allows {", ".join(gained)} (security)',
            '\n'.join(evidence + [f'base allows:   {_list(before)}',
                                  f'target allows: {_list(after)}'])))
    result += _lost(name, new, base, target, evidence)
    scopes = [(rule or {}).get('scopes', []) for rule in rules]
    if scopes[0] != scopes[1] and not result:
        result.append(check_context.warning(
            'policy.scopes-changed', new, f'{new}: scope types are changed',
            '\n'.join(evidence + [
                'No persona gains or loses access by this change. The scope '
                'types also apply to a check string of your own.'])))
    return result


def _lost(name: str, new: str, base: _Reading, target: _Reading,
          evidence: list[str]) -> list[findings.Finding]:
    """Return the finding of the personas that a rule no longer allows."""
    before, after = base['allowed'][name], target['allowed'][new]
    lost = [persona for persona in before if persona not in after]
    if not lost:
        return []
    evidence = evidence + [f'base allows:   {_list(before)}',
                           f'target allows: {_list(after)}']
    rule = base['rules'].get(name) or {}
    unannounced = [persona for persona in lost
                   if persona in base['lasting'][name]]
    title = f'{new} no longer allows {", ".join(lost)}'
    if not unannounced:
        since = (rule.get('old') or {}).get('since') or 'an earlier release'
        return [check_context.warning(
            'policy.persona-lost-announced', new, f'{title}, as was announced',
            '\n'.join(evidence + [
                'In the base, a rule that is deprecated allows them '
                f'(since {since}).']))]
    if ':' not in name and not _calls_lose(base, target):
        # No API call uses this rule by itself, and no call is refused.
        return [check_context.warning(
            'policy.persona-lost-of-shared-rule', new, title,
            '\n'.join(evidence + [
                'The target refuses no API call for this reason that the base '
                'allows. Rules of your own that refer to it change.']))]
    return [check_context.error(
        'policy.persona-lost', new, title, '\n'.join(evidence + [
            'No deprecated rule of the base announces it.']))]


def _calls_lose(base: _Reading, target: _Reading) -> bool:
    return any(set(before) - set(target['calls'].get(call, [before])[0])
               for call, (before, _) in base['calls'].items())


def _calls(base: _Reading, target: _Reading,
           touched: set[str]) -> list[findings.Finding]:
    """Return the findings of calls that change although their rules do not.

    The cause is the code that calls the enforcer. Such code serves many
    calls, so all calls with the same change are one finding.

    :param touched: rules that have a finding of their own
    """
    changes: dict[tuple[tuple[str, ...], str], list[str]] = {}
    for call in sorted(set(base['calls']) & set(target['calls'])):
        before, base_rules = base['calls'][call]
        after, target_rules = target['calls'][call]
        if touched & {*base_rules, *target_rules}:
            continue
        for rule, allowed, reference in (
                ('policy.call-gained', after, before),
                ('policy.call-lost', before, after)):
            personas = tuple(persona for persona in allowed
                             if persona not in reference)
            if personas:
                changes.setdefault((personas, rule), []).append(call)
    return [_call_finding(base, target, personas, rule, calls)
            for (personas, rule), calls in changes.items()]


def _call_finding(base: _Reading, target: _Reading,
                  personas: tuple[str, ...], rule: str,
                  calls: list[str]) -> findings.Finding:
    one = len(calls) == 1
    names = (f'call{"" if one else "s"} {", ".join(calls)}'
             if len(calls) <= MANY else
             f'{len(calls)} calls of ' + ', '.join(sorted(
                 {call.partition(':')[0] for call in calls})))
    allow = 'allows' if one else 'allow'
    words = ', '.join(personas)
    title = (f'{names} now {allow} {words} (security)'
             if rule == 'policy.call-gained'
             else f'{names} no longer {allow} {words}')
    before, base_rules = base['calls'][calls[0]]
    after, target_rules = target['calls'][calls[0]]
    evidence = [
        f'calls: {", ".join(calls)}',
        f'the base allows the first to {_list(before)}, the target to '
        f'{_list(after)}',
        f'the base checks the rules {_list(base_rules)}, the target checks '
        f'{_list(target_rules)}',
        "Observed by calls of the controllers' methods in both releases, with "
        'tokens of each persona and a replaced engine client.',
        'Where: heat/api/openstack/v1/util.py, heat/api/cfn/v1/stacks.py, '
        'and the methods of the controllers']
    return check_context.error(rule, f'{calls[0]}: {words}', title,
                               '\n'.join(evidence))


def _types(base: dict[str, list[str]],
           target: dict[str, list[str]]) -> list[findings.Finding]:
    """Return the findings of resource types.

    :param base: {type: personas that may use it}
    :param target: the same for the target
    """
    result = []
    for name in sorted(set(base) & set(target)):
        before, after = base[name], target[name]
        evidence = [f'base allows:   {_list(before)}',
                    f'target allows: {_list(after)}',
                    'Where: heat/policies/resource_types.py, and the '
                    'enforcer in heat/common/policy.py']
        gained = [persona for persona in after if persona not in before]
        lost = [persona for persona in before if persona not in after]
        shown = ('types that no rule is about'
                 if name.endswith('NoRuleIsAboutIt')
                 else name.replace(ANY, '::*'))
        remedy = f'Set resource_types:{shown} in the policy file.'
        if gained:
            result.append(check_context.error(
                'policy.resource-type-gained', shown, f'resource type {shown} '
                f'now allows {", ".join(gained)} (security)',
                '\n'.join(evidence), remedy=remedy))
        if lost:
            result.append(check_context.error(
                'policy.resource-type-lost', shown, f'resource type {shown} '
                f'no longer allows {", ".join(lost)}',
                '\n'.join(evidence + [
                    'These users can no longer update or delete their stacks '
                    'with this type.']), remedy=remedy))
    return result


def _engine_calls(base: list[str],
                  target: list[str]) -> list[findings.Finding]:
    """Return the findings of engine calls that check resource types.

    :param base: calls that check the policies of resource types
    :param target: the same for the target
    """
    evidence = ('Where: heat/engine/service.py, uses of resource_enforcer\n'
                f'base:   {_list(base)}\ntarget: {_list(target)}\n')
    result = [check_context.error(
        'policy.engine-asks', name,
        f'engine call {name} now checks the policies of resource types',
        evidence +
        'The target refuses this call for a stack with a type that the user '
        'may not use: for a member, if an administrator created the stack '
        '(bugs 1539145, 1561172).')
        for name in target if name not in base]
    return result + [check_context.error(
        'policy.engine-asks-no-longer', name,
        f'engine call {name} no longer checks the policies of resource '
        'types (security)', evidence.rstrip())
        for name in base if name not in target]


def _policy_files(base: dict[str, typing.Any],
                  target: dict[str, typing.Any]) -> list[findings.Finding]:
    """Return the findings of policy files that the target ignores.

    :param base: {file: (whether it is obeyed, whether it is deprecated)}
    :param target: the same for the target
    """
    result = []
    for name in base:
        obeyed, deprecated = base[name]
        if not obeyed or target.get(name, (False,))[0]:
            continue
        evidence = (
            f'Tested with a stricter rule in {name} and no other '
            'configuration: the base refuses a request that the target '
            'allows.')
        title = f'own rules in {name} are silently ignored'
        if deprecated:
            result.append(check_context.warning(
                'policy.own-rules-ignored-announced', name,
                f'{title}, as was announced', evidence))
        else:
            result.append(check_context.error(
                'policy.own-rules-ignored', name, title, evidence))
    return result


def _described(rule: _Rule | None) -> str:
    if not rule:
        return 'no such rule'
    scopes = f', scopes {", ".join(rule["scopes"])}' if rule['scopes'] else ''
    old = rule['old']
    deprecated = (
        f', deprecated {old["name"]} "{old["check"]}" since {old["since"]}'
        if old else '')
    return f'"{rule["check"]}"{scopes}{deprecated}'


def _list(names: list[str]) -> str:
    return ', '.join(names) or 'none'
