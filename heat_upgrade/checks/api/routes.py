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

"""What the APIs of two releases take, compared: routes, parameters, keys."""

from heat_upgrade.checks import check_context

NAME = 'api'

# So many routes are named one by one in a title.
MANY = 3

# The program's words: a call looks for one value of a parameter, or for all
# that a request has of it; or passes on whatever there is.
ONE, SEVERAL, ALL = 'one', 'many', '*'

_ONCE = 'is accepted only once'
WORDS = {'query': 'parameter', 'body': 'body key'}


def compare(was, now):
    """Return the findings of two readings.

    :param was: what the program ``api`` reads of the base
    :param now: likewise, of the target
    """
    return (_routes(was['routes'], now['routes']) + _taken(was, now)
            + _lists(was, now))


def _routes(was, now):
    return [check_context.error(
        'api.route-removed', was[key]['shown'],
        f'route {was[key]["shown"]} is gone',
        'Where: the routers of heat.api.openstack.v1 and heat.api.cfn.v1\n'
        'base: answered\ntarget: no route for this method and path')
        for key in was if key not in now]


def _taken(was, now):
    """Return parameters and keys that calls no longer look for."""
    changes = {}
    for key, route in was['routes'].items():
        if key not in now['routes']:
            continue
        for where, word in WORDS.items():
            before, after = route[where], now['routes'][key][where]
            for name, how in before.items():
                change = _change(name, how, after, now)
                if name != ALL and change:
                    changes.setdefault((word, name, change), []).append(
                        route['shown'])
    return [_finding(word, name, change, routes)
            for (word, name, change), routes in sorted(changes.items())]


def _change(name, how, after, now):
    if name not in after:
        # What a call does not know it passes on, and the engine may take it.
        passed = ALL in after and name in now['stack_arguments']
        return '' if passed else 'is no longer accepted'
    if how == SEVERAL and after[name] == ONE:
        return _ONCE
    return ''


def _finding(word, name, change, routes):
    where = ', '.join(routes) if len(routes) <= MANY else (
        f'{len(routes)} routes')
    rule = ('api.parameter-once' if change == _ONCE
            else f'api.{word.replace(" ", "-")}-removed')
    return check_context.error(
        rule, f'{name} of {routes[0]}', f'{word} {name} {change} by {where}',
        f'routes: {", ".join(routes)}\n'
        'base: the controller looks for it in the request\n'
        'target: the controller does not: a request that has it is answered '
        'as if it had not\n'
        'Seen by calling the controllers with a request that notes what it '
        'is asked for.')


def _lists(was, now):
    """Return what is gone of lists of actions, arguments and keys."""
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


def _gone(rule, subject, title, where):
    return check_context.error(
        rule, subject, title,
        f'Where: {where}\nbase: there\ntarget: not there')
