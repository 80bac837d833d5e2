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

from heat_upgrade.checks import contract

NAME = 'api'
API_CLASS = 6

# So many routes are named one by one in a title.
MANY = 3

# The program's words: a call looks for one value of a parameter, or for all
# that a request has of it; or passes on whatever there is.
ONE, SEVERAL, ALL = 'one', 'many', '*'

WORDS = {'query': 'parameter', 'body': 'body key'}


def compare(was, now):
    """Return the findings of two readings.

    :param was: what the program ``api`` reads of the base
    :param now: likewise, of the target
    """
    return (_routes(was['routes'], now['routes']) + _taken(was, now)
            + _lists(was, now))


def _routes(was, now):
    return [contract.error(
        NAME, API_CLASS, f'route {was[key]["shown"]} is gone',
        'Where: the routers of heat.api.openstack.v1 and heat.api.cfn.v1\n'
        'base: answered\ntarget: no route for this method and path\n'
        'Do: find out which of your clients call it; there is nothing to '
        'configure.') for key in was if key not in now]


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
        return 'is accepted only once'
    return ''


def _finding(word, name, change, routes):
    where = ', '.join(routes) if len(routes) <= MANY else (
        f'{len(routes)} routes')
    return contract.error(
        NAME, API_CLASS, f'{word} {name} {change} by {where}',
        f'routes: {", ".join(routes)}\n'
        'base: the controller looks for it in the request\n'
        'target: the controller does not: a request that has it is answered '
        'as if it had not\n'
        'Seen by calling the controllers with a request that notes what it '
        'is asked for.\n'
        'Do: find out which of your clients send it.')


def _lists(was, now):
    """Return what is gone of lists of actions, arguments and keys."""
    found = []
    for scope, names in was['actions'].items():
        found += [_gone(f'action {name} of {scope} is no longer accepted',
                        'ACTIONS of the controller')
                  for name in names
                  if name not in now['actions'].get(scope, [])]
    found += [_gone(f'argument {name} of stacks is no longer accepted',
                    'heat.engine.api.extract_args')
              for name in was['stack_arguments']
              if name not in now['stack_arguments']]
    for group in sorted(set(was['keys']) & set(now['keys'])):
        found += [_gone(f'key {name} is gone from {group}',
                        f'heat.rpc.api.{group}')
                  for name in was['keys'][group]
                  if name not in now['keys'][group]]
    return found


def _gone(title, where):
    return contract.error(
        NAME, API_CLASS, title,
        f'Where: {where}\nbase: there\ntarget: not there\n'
        'Do: find out which of your clients use it; there is nothing to '
        'configure.')
