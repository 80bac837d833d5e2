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

"""Who may do what: the policies of two releases, by their defaults.

Each release's own enforcers say for each rule, each call of the API and each
resource type which personas they let through: roles with tokens of a project
and of the system, on their own project and on another. Here the two answers
are compared. The rules come from OpenStack's deprecation policy, and from
oslo.policy, which announces a change of a default by a deprecated rule.

Custom rules in an operator's files are the check "config"'s.
"""

from heat_upgrade.checks import check_context
from heat_upgrade.checks import introspection

NAME = 'policy'
READINGS = ('policy',)

RESOURCE_TYPES = 'resource_types:'
# The program asks about a type of this name where a rule says *.
ANY = '::Anything'

# So many calls are named one by one in a title.
MANY = 3


def check(base, target, context):
    """Return the findings; see :mod:`heat_upgrade.checks.check_context`."""
    was, now = introspection.both(
        base,
        target,
        lambda subject: introspection.read(subject, 'policy', context),
    )
    names = sorted(set(was['types']) ^ set(now['types']))
    if names:
        # Both are asked about all types that the rules of either are about.
        answers = introspection.both(
            base,
            target,
            lambda subject: introspection.read(
                subject, 'policy', context, given={'types': names}
            ),
        )
        # What one of them does not have can be used by nobody.
        known = [name for name in names if name.endswith(ANY)
                 or all(name in more['known'] for more in answers)]
        for one, more in zip((was, now), answers):
            one['types'] = {
                name: who
                for name, who in (one['types'] | more['types']).items()
                if name in known or name not in names}
    return compare(was, now)


def compare(was, now):
    """Return the findings of two readings.

    :param was: what the program ``policy`` reads of the base
    :param now: likewise, of the target
    """
    renamed = {rule['old']['name']: name
               for name, rule in now['rules'].items()
               if rule['old'] and rule['old']['name'] not in now['rules']}
    touched, found = set(), []
    for name in sorted(set(was['rules']) - set(now['rules'])):
        found += _gone(name, was, now, renamed)
    for name in sorted(was['allowed']):
        new = name if name in now['allowed'] else renamed.get(name)
        if new:
            changes = _rule(name, new, was, now)
            found += changes
            if changes:
                touched.add(name)
    return (found + _calls(was, now, touched)
            + _types(was['types'], now['types'])
            + _asking(was['asking'], now['asking'])
            + _files(was['files'], now['files']))


def _gone(name, was, now, renamed):
    """Return the finding of a rule that the target does not have."""
    if name.startswith(RESOURCE_TYPES):
        # The comparison of the types tells what that means.
        return []
    evidence = [f'base: {_in_words(was["rules"][name])}']
    if name in renamed:
        new = renamed[name]
        evidence += [
            f'target: {new}: {_in_words(now["rules"][new])}',
            f'The target knows {name} as the deprecated name of {new}: a '
            'rule of that name in a policy file is obeyed for now, with a '
            'warning.']
        return [check_context.warning('policy.rule-renamed', name,
                                      f'{name} is renamed to {new}',
                                      '\n'.join(evidence),
                                      remedy=f'Call it {new} in your policy '
                                      'files.')]
    announced = was['rules'][name]['for_removal']
    evidence += [
        'target: no rule has or had this name',
        'A rule of that name in a policy file no longer restricts or allows '
        'anything, and a rule that refers to it lets nobody through.']
    if announced:
        return [check_context.warning(
            'policy.rule-removed', name,
            f'{name} is removed, as was announced', '\n'.join(evidence))]
    return [check_context.error(
        'policy.rule-removed-unannounced', name,
        f'{name} is removed without a deprecated name',
        '\n'.join(evidence))]


def _rule(name, new, was, now):
    """Return what has changed of one rule."""
    before, after = was['allowed'][name], now['allowed'][new]
    old_rule = was['rules'].get(name)
    new_rule = now['rules'].get(new)
    evidence = [f'base:   {_in_words(old_rule)}',
                f'target: {_in_words(new_rule)}']
    found = []
    gained = [one for one in after if one not in before]
    if gained:
        found.append(check_context.error(
            'policy.persona-gained', new,
            f'{new}: {", ".join(gained)} could not and now can (security)',
            '\n'.join(evidence + [
                f'base lets through:   {_list(before)}',
                f'target lets through: {_list(after)}'])))
    found += _lost(name, new, was, now, evidence)
    scopes = [(rule or {}).get('scopes', []) for rule in (old_rule, new_rule)]
    if scopes[0] != scopes[1] and not found:
        found.append(check_context.warning(
            'policy.scopes-changed', new, f'{new}: scope types are changed',
            '\n'.join(evidence + [
                'No persona gains or loses anything by it; with a check '
                'string of your own the scope still counts.'])))
    return found


def _lost(name, new, was, now, evidence):
    """Return the finding of those whom a rule lets through no more."""
    before, after = was['allowed'][name], now['allowed'][new]
    lost = [one for one in before if one not in after]
    if not lost:
        return []
    evidence = evidence + [f'base lets through:   {_list(before)}',
                           f'target lets through: {_list(after)}']
    rule = was['rules'].get(name) or {}
    unannounced = [one for one in lost if one in was['lasting'][name]]
    title = f'{new}: {", ".join(lost)} could and now cannot'
    if not unannounced:
        since = (rule.get('old') or {}).get('since') or 'an earlier release'
        return [check_context.warning(
            'policy.persona-lost-announced', new, f'{title}, as was announced',
            '\n'.join(evidence + [
                'The base lets them through by a rule that is deprecated '
                f'(since {since}).']))]
    if ':' not in name and not _calls_lose(was, now):
        # No API asks for it by itself, and no call is lost.
        return [check_context.warning(
            'policy.persona-lost-of-shared-rule', new, title,
            '\n'.join(evidence + [
                'No call of the API is refused for it that the base '
                'allows; rules of your own that refer to it change.']))]
    return [check_context.error(
        'policy.persona-lost', new, title, '\n'.join(evidence + [
            'No deprecated rule of the base announces it.']))]


def _calls_lose(was, now):
    return any(set(before) - set(now['calls'].get(call, [before])[0])
               for call, (before, _) in was['calls'].items())


def _calls(was, now, touched):
    """Return what changed of calls though the rules they ask have not.

    That is the code around the policies: who asks them, about what. Such
    code serves many calls, so those with the same change are one finding.
    """
    changes = {}
    for call in sorted(set(was['calls']) & set(now['calls'])):
        before, asked = was['calls'][call]
        after, asks = now['calls'][call]
        if touched & {*asked, *asks}:
            continue
        for rule, one, other in (
                ('policy.call-gained', after, before),
                ('policy.call-lost', before, after)):
            who = tuple(persona for persona in one if persona not in other)
            if who:
                changes.setdefault((who, rule), []).append(call)
    return [_call_finding(was, now, who, rule, calls)
            for (who, rule), calls in changes.items()]


_WORDS = {'policy.call-gained': 'could not and now can (security)',
          'policy.call-lost': 'could and now cannot'}


def _call_finding(was, now, who, rule, calls):
    which = (f'call {", ".join(calls)}' if len(calls) <= MANY else
             f'{len(calls)} calls of ' + ', '.join(sorted(
                 {call.partition(':')[0] for call in calls})))
    evidence = [
        f'calls: {", ".join(calls)}',
        f'the first of them lets through {_list(was["calls"][calls[0]][0])} '
        f'on the base, {_list(now["calls"][calls[0]][0])} on the target',
        f'and asks the rules {_list(was["calls"][calls[0]][1])} on the '
        f'base, {_list(now["calls"][calls[0]][1])} on the target',
        "Seen by calling the controllers' methods of both releases with "
        'tokens of each persona; the client of the engine is replaced.',
        'Where: heat/api/openstack/v1/util.py, heat/api/cfn/v1/stacks.py, '
        'and the methods of the controllers']
    return check_context.error(rule, f'{calls[0]}: {", ".join(who)}',
                               f'{which}: {", ".join(who)} {_WORDS[rule]}',
                               '\n'.join(evidence))


def _types(was, now):
    """Return what changed of who may use a resource type."""
    found = []
    for name in sorted(set(was) & set(now)):
        before, after = was[name], now[name]
        evidence = [f'base lets through:   {_list(before)}',
                    f'target lets through: {_list(after)}',
                    'Where: heat/policies/resource_types.py, and the '
                    'enforcer in heat/common/policy.py']
        gained = [one for one in after if one not in before]
        lost = [one for one in before if one not in after]
        shown = ('types that no rule is about'
                 if name.endswith('NoRuleIsAboutIt')
                 else name.replace(ANY, '::*'))
        remedy = f'Set resource_types:{shown} in the policy file.'
        if gained:
            found.append(check_context.error(
                'policy.resource-type-gained', shown, f'resource type {shown}:'
                f' {", ".join(gained)} could not and now can (security)',
                '\n'.join(evidence), remedy=remedy))
        if lost:
            found.append(check_context.error(
                'policy.resource-type-lost', shown, f'resource type {shown}: '
                f'{", ".join(lost)} could and now cannot',
                '\n'.join(evidence + [
                    'Stacks of theirs with this type can no longer be '
                    'updated or deleted by them.']), remedy=remedy))
    return found


def _asking(was, now):
    """Return calls of the engine that began, or ceased, to ask."""
    evidence = ('Where: heat/engine/service.py, what uses resource_enforcer\n'
                f'base:   {_list(was)}\ntarget: {_list(now)}\n')
    found = [check_context.error(
        'policy.engine-asks', name,
        f'engine call {name} now asks the policies of resource types',
        evidence +
        'A stack with a type that its owner may not use is refused where '
        'it was not: by a member, for one that an administrator has made '
        '(bugs 1539145, 1561172).')
        for name in now if name not in was]
    return found + [check_context.error(
        'policy.engine-asks-no-longer', name,
        f'engine call {name} no longer asks the policies of resource types '
        '(security)', evidence.rstrip())
        for name in was if name not in now]


def _files(was, now):
    """Return the ways to have rules of one's own that are not obeyed now."""
    found = []
    for way in was:
        obeyed, deprecated = was[way]
        if not obeyed or now.get(way, (False,))[0]:
            continue
        evidence = (
            f'With a stricter rule in {way}, and nothing else configured, '
            'the base refuses what the target allows.')
        title = f'own rules in {way} are silently not applied'
        if deprecated:
            found.append(check_context.warning(
                'policy.own-rules-ignored-announced', way,
                f'{title}, as was announced', evidence))
        else:
            found.append(check_context.error(
                'policy.own-rules-ignored', way, title, evidence))
    return found


def _in_words(rule):
    if not rule:
        return 'no such rule'
    scopes = f', scopes {", ".join(rule["scopes"])}' if rule['scopes'] else ''
    old = rule['old']
    was = (f', deprecated {old["name"]} "{old["check"]}" since {old["since"]}'
           if old else '')
    return f'"{rule["check"]}"{scopes}{was}'


def _list(names):
    return ', '.join(names) or 'nobody'
