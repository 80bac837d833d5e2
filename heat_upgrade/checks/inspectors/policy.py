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

"""Lists the permissions that a release's default policies grant.

It forks a process of its own: Heat's enforcers read the configuration of the
process, and the program sets it.
"""

import contextlib
import inspect
import json
import pathlib
import re
from unittest import mock

import heat_upgrade_program

OWN, OTHER = 'a' * 32, 'b' * 32

# Roles of a token: Keystone's roles imply one another (admin, manager, member,
# reader); those that Heat makes and uses itself do not.
ROLES = {
    'admin': ['admin', 'manager', 'member', 'reader'],
    'member': ['member', 'reader'],
    'reader': ['reader'],
    'heat_stack_user': ['heat_stack_user'],
    'service': ['service'],
}
RESOURCE_TYPES = 'resource_types:'

# A role in a rule: role:observer.
_ROLE = re.compile(r'\brole:([\w.-]+)')
# A type without a rule, and the name of a rule that does not exist.
NO_RULE = 'OS::Heat::NoRuleIsAboutIt'
UNREGISTERED = 'stacks:no_rule_is_about_it'


class _Reached(Exception):
    """The code behind a policy was reached."""


class _Engine:
    """Stand-in for the client of the engine."""

    def __init__(self, *args, **kwargs):
        pass

    def __getattr__(self, name):
        def reached(*args, **kwargs):
            raise _Reached(name)
        return reached


def read(given):
    """Return the rules, and the permissions of each persona.

    :param given: None, or a dict with one or both of: types, names of
        resource types, to return only the permissions for these types; own,
        {rules: {name: rule} of an operator's policy files, options: {name:
        boolean} of [oslo_policy]}
    """
    # Imported before the fork, once for all programs of this process.
    import heat.api.cfn.v1  # noqa: F401
    import heat.api.openstack.v1  # noqa: F401
    import heat.engine.service  # noqa: F401

    return heat_upgrade_program.apart(
        'reading the policies', _read, given)


def _read(directory, given):
    from heat import policies

    given = given or {}
    own = given.get('own')
    conf = _configure(directory, own)
    contexts = _contexts(_own_roles(own))
    if 'types' in given:
        return {'types': _types(contexts, given['types']),
                'known': _known_types(given['types'])}
    rules = list(policies.list_rules())
    answer = {
        'rules': {rule.name: _described(rule) for rule in rules},
        'allowed': _allowed(rules, contexts),
        'types': _types(contexts, [
            rule.name.removeprefix(RESOURCE_TYPES).replace('*', 'Anything')
            for rule in rules if rule.name.startswith(RESOURCE_TYPES)]
            + [NO_RULE]),
        'calls': _calls(contexts),
        'asking': _asking(),
        'files': {} if own else heat_upgrade_program.load_sibling(
            'policy_files').ways(conf, contexts),
        'options': {name: conf.oslo_policy[name] for name in (
            'policy_file', 'enforce_new_defaults', 'enforce_scope')
            if name in conf.oslo_policy},
    }
    # The permissions that remain without deprecated rules.
    conf.set_override('enforce_new_defaults', True, 'oslo_policy')
    answer['lasting'] = _allowed(rules, contexts)
    return answer


def _own_roles(own):
    """Return the roles that an operator's rules name, and Keystone has not."""
    texts = own['rules'].values() if own else ()
    return sorted({role for text in texts
                   for role in _ROLE.findall(str(text))} - set(ROLES)
                  - {role for roles in ROLES.values() for role in roles})


def _configure(directory, own):
    """Return the configuration of a Heat without configuration files.

    :param own: an operator's rules and options, or None
    """
    from oslo_config import cfg

    from heat.common import config
    from heat.common import policy

    conf = cfg.CONF
    conf([], project='heat', default_config_files=[], default_config_dirs=[])
    config.set_config_defaults()
    path = None
    if own:
        path = pathlib.Path(directory, 'policy.yaml')
        path.write_text(json.dumps(own['rules']))
    # Ignore /etc/heat of this machine.
    conf.find_file = lambda name: (
        str(path) if path and name == path.name else None)
    # The enforcer registers the options of the library.
    policy.Enforcer()
    for name, value in (own['options'] if own else {}).items():
        if name in conf.oslo_policy:
            conf.set_override(name, value, 'oslo_policy')
    return conf


def _contexts(own_roles=()):
    """Return {persona: (context, project of the target)}.

    :param own_roles: further roles, of members
    """
    from heat.common import context

    contexts = {}
    personas = ROLES | {role: [role, 'member', 'reader']
                        for role in own_roles}
    for name, roles in personas.items():
        in_project = context.RequestContext(
            user_id='c' * 32, project_id=OWN, roles=roles)
        contexts[name] = in_project, OWN
        contexts[f'{name} of another project'] = in_project, OTHER
        contexts[f'system-scoped {name}'] = context.RequestContext(
            user_id='c' * 32, roles=roles, system_scope='all'), OTHER
    return contexts


def _described(rule):
    # Older libraries have an empty list in place of None.
    old = rule.deprecated_rule or None
    return {
        'check': rule.check_str,
        'scopes': sorted(rule.scope_types or []),
        'for_removal': bool(rule.deprecated_for_removal),
        'since': rule.deprecated_since,
        'old': old and {
            'name': old.name, 'check': old.check_str,
            'since': old.deprecated_since or rule.deprecated_since},
    }


def _allowed(rules, contexts):
    """Return {rule: personas that it allows}."""
    from heat.common import policy

    enforcer = policy.Enforcer().enforcer

    def may(name, persona):
        context, project = contexts[persona]
        return enforcer.enforce(name, {'project_id': project},
                                context.to_policy_values())

    return {name: [persona for persona in contexts if may(name, persona)]
            for name in [rule.name for rule in rules] + [UNREGISTERED]}


def _types(contexts, names):
    """Return {resource type: personas that may use it}."""
    from heat.common import exception
    from heat.common import policy

    enforcer = policy.ResourceEnforcer()

    def may(name, context):
        try:
            return enforcer.enforce(context, name, is_registered_policy=True)
        except exception.Forbidden:
            return False

    return {name: [persona for persona in contexts
                   if may(name, contexts[persona][0])] for name in names}


def _known_types(names):
    """Return the names that are resource types of Heat."""
    from heat.engine import environment
    from heat.engine import resources

    resources.initialise()
    registry = resources.global_env().registry
    known = set()
    for name in names:
        with contextlib.suppress(Exception):
            info = registry.get_resource_info(name)
            if isinstance(info, environment.ResourceInfo):
                known.add(name)
    return sorted(known)


def _calls(contexts):
    """Return {call: [personas that pass its policy, rules checked]}.

    The controllers' own decorators decide. The client of the engine is
    replaced, so that a request that passes them has no effect.
    """
    from oslo_policy import policy

    from heat.rpc import client

    answer, checked = {}, set()
    enforce = policy.Enforcer.enforce

    def recording(self, rule, *args, **kwargs):
        checked.add(rule)
        return enforce(self, rule, *args, **kwargs)

    with (mock.patch.object(client, 'EngineClient', _Engine),
          mock.patch.object(policy.Enforcer, 'enforce', recording)):
        for name, controller, action, arguments, query in _actions():
            checked.clear()
            allowed = [
                persona for persona in contexts
                if _reaches(controller, action, dict(arguments), query,
                            *contexts[persona])]
            answer[name] = [allowed, sorted(checked)]
    return answer


def _actions():
    """Yield (name, controller, action, arguments, query) of the routes."""
    from heat.api.cfn import v1 as cfn
    from heat.api.openstack import v1 as openstack

    seen = set()
    for prefix, api in (('', openstack.API({})), ('cfn ', cfn.API({}))):
        for route in api.map.matchlist:
            resource = route.defaults.get('controller')
            controller = getattr(resource, 'controller', None)
            action = route.defaults.get('action')
            if not hasattr(controller, action or ''):
                continue
            scope = getattr(controller, 'REQUEST_SCOPE',
                            type(controller).__name__)
            name = f'{prefix}{scope}:{action}'
            if name in seen:
                continue
            seen.add(name)
            values = dict.fromkeys(route.minkeys, 'x')
            for label, arguments, query in _variants(controller, action):
                yield name + label, controller, action, {
                    **values, **arguments}, query


def _variants(controller, action):
    """Yield (label, arguments, query) of the ways to make a call."""
    if action == 'action':
        for name in controller.ACTIONS:
            yield f' {name}', {'body': {name: None}}, ''
    elif action == 'update_patch':
        template = {'heat_template_version': '2018-08-31'}
        yield '', {'body': {'template': template}}, ''
        yield ' of nothing', {'body': {}}, ''
    else:
        yield '', {'body': {}}, ''
        if action == 'index':
            yield ' of all projects', {'body': {}}, 'global_tenant=true'


def _reaches(controller, action, arguments, query, context, project):
    """Return True if a request passes the policy."""
    from heat.common import exception
    from heat.common import wsgi

    request = wsgi.Request.blank(f'/?{query}')
    request.context = context
    handler = getattr(controller, action)
    known = inspect.signature(handler).parameters
    # The signature lacks the arguments of a decorator.
    wanted = {*known, *(() if not hasattr(handler, '__wrapped__') else
                        set(arguments) - {'body'})}
    arguments = {key: value for key, value in arguments.items()
                 if key in wanted}
    if 'tenant_id' in arguments:
        arguments['tenant_id'] = project
    try:
        handler(request, **arguments)
    except exception.Forbidden:
        return False
    except Exception as exc:
        # Errors of webob, and of the AWS API.
        return getattr(exc, 'code', None) != 403
    return True


def _asking():
    """Return the RPC calls that check the policies of resource types."""
    from heat.engine import service

    methods = {name: inspect.unwrap(method) for name, method in vars(
        service.EngineService).items() if inspect.isfunction(method)}

    def asks(name, seen=()):
        if name not in methods or name in seen:
            return False
        names = _names(methods[name].__code__)
        return 'resource_enforcer' in names or any(
            asks(other, (*seen, name)) for other in names
            if other.startswith('_'))

    return sorted(name for name in methods
                  if not name.startswith('_') and asks(name))


def _names(code):
    """Return the names that code uses, including its inner functions."""
    names = set(code.co_names)
    for constant in code.co_consts:
        if inspect.iscode(constant):
            names |= _names(constant)
    return names
