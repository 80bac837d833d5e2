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

"""Compares the routes, parameters and keys that two APIs accept."""

import typing

from heat_upgrade.checks import check_context
from heat_upgrade.results import findings

NAME = 'api'

# A title names at most this many routes.
MANY = 3

# The inspector's words: a call reads one value of a parameter, or all values
# that a request has; or it passes on all parameters.
ONE, SEVERAL, ALL = 'one', 'many', '*'

_ONCE = 'is accepted only once'
WORDS = {'query': 'parameter', 'body': 'body key'}

# A reading of the inspector `api`.
_Reading = dict[str, typing.Any]


def compare(was: _Reading, now: _Reading) -> list[findings.Finding]:
    """Return the findings about the readings of base and target."""
    return (_routes(was['routes'], now['routes']) + _parameters(was, now)
            + _lists(was, now))


def _routes(was: _Reading, now: _Reading) -> list[findings.Finding]:
    return [check_context.error(
        'api.route-removed', was[key]['shown'],
        f'route {was[key]["shown"]} is gone',
        'Where: the routers of heat.api.openstack.v1 and heat.api.cfn.v1\n'
        'base: answered\ntarget: no route for this method and path')
        for key in was if key not in now]


def _parameters(was: _Reading, now: _Reading) -> list[findings.Finding]:
    """Report parameters and keys that calls no longer read."""
    changes: dict[tuple[str, str, str], list[str]] = {}
    for key, route in was['routes'].items():
        if key not in now['routes']:
            continue
        for location, word in WORDS.items():
            before, after = route[location], now['routes'][key][location]
            for name, how in before.items():
                change = _change(name, how, after, now)
                if name != ALL and change:
                    changes.setdefault((word, name, change), []).append(
                        route['shown'])
    return [_finding(word, name, change, routes)
            for (word, name, change), routes in sorted(changes.items())]


def _change(name: str, how: str, after: dict[str, str],
            now: _Reading) -> str:
    if name not in after:
        # A call passes on unknown keys, and the engine may accept them.
        passed = ALL in after and name in now['stack_arguments']
        return '' if passed else 'is no longer accepted'
    if how == SEVERAL and after[name] == ONE:
        return _ONCE
    return ''


def _finding(word: str, name: str, change: str,
             routes: list[str]) -> findings.Finding:
    shown = ', '.join(routes) if len(routes) <= MANY else (
        f'{len(routes)} routes')
    rule = ('api.parameter-once' if change == _ONCE
            else f'api.{word.replace(" ", "-")}-removed')
    return check_context.error(
        rule, f'{name} of {routes[0]}', f'{word} {name} {change} by {shown}',
        f'routes: {", ".join(routes)}\n'
        'base: the controller reads it from the request\n'
        'target: the controller ignores it\n'
        'Observed by calling the controllers with a request that records '
        'each access.')


def _lists(was: _Reading, now: _Reading) -> list[findings.Finding]:
    """Report actions, arguments and keys that are removed from lists."""
    found = []
    for scope, names in was['actions'].items():
        found += [_gone('api.action-removed', f'{name} of {scope}',
                        f'action {name} of {scope} is no longer accepted',
                        'ACTIONS of the controller')
                  for name in names
                  if name not in now['actions'].get(scope, [])]
    found += [_gone('api.argument-removed', name,
                    f'argument {name} of stacks is no longer accepted',
                    'heat.engine.api.extract_args')
              for name in was['stack_arguments']
              if name not in now['stack_arguments']]
    for group in sorted(set(was['keys']) & set(now['keys'])):
        found += [_gone('api.key-removed', f'{group}.{name}',
                        f'key {name} is gone from {group}',
                        f'heat.rpc.api.{group}')
                  for name in was['keys'][group]
                  if name not in now['keys'][group]]
    return found


def _gone(rule: str, subject: str, title: str,
          location: str) -> findings.Finding:
    return check_context.error(
        rule, subject, title,
        f'Where: {location}\nbase: there\ntarget: not there')
