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

"""The stacks whose rows are cloned: real ones, made through Heat's API.

They have a project of their own, so that the list of its stacks has the same
members on the base and on the target. They need no trust, no Keystone user and
no physical resource, so that their clones cannot harm those of other stacks.
"""

from collections import abc
import typing

from heat_upgrade import errors
from heat_upgrade.lab import heat_client
from heat_upgrade import waiting

# The user, and its project.
OWNER = 'heat-upgrade-volume'

# Seconds, for ten small stacks on a busy machine.
TIMEOUT = 180
INTERVAL = 0.5

# The stack whose first clone is shown, and that gets additional events.
SHOWN = 'plain'
# The stacks that are changed, and deleted, before they are cloned.
CHANGED, DELETED = 'changed', 'deleted'

Template = dict[str, typing.Any]

_STRING = {'type': 'OS::Heat::RandomString', 'properties': {'length': 12}}


def _template(resources: Template, outputs: Template) -> Template:
    return {
        'heat_template_version': '2018-08-31',
        'parameters': {'length': {'type': 'number', 'default': 12}},
        'resources': resources,
        'outputs': {name: {'value': value}
                    for name, value in outputs.items()}}


def _group(count: int, resource: Template) -> Template:
    return {'type': 'OS::Heat::ResourceGroup', 'properties': {
        'count': count, 'resource_def': resource}}


_PLAIN = _template(
    {'first': {'type': 'OS::Heat::RandomString', 'properties': {
        'length': {'get_param': 'length'}}},
     'second': {'type': 'OS::Heat::Value', 'properties': {
         'value': {'get_attr': ['first', 'value']}}},
     'third': {'type': 'OS::Heat::Value', 'depends_on': 'second',
               'properties': {'value': 'x' * 200}}},
    {'text': {'get_attr': ['second', 'value']}})

# {name: template}: ten stacks with their nested ones.
TEMPLATES = {
    SHOWN: _PLAIN,
    'group': _template({'group': _group(3, _STRING)},
                       {'all': {'get_attr': ['group', 'value']}}),
    'deep': _template({'outer': _group(2, _group(2, _STRING))}, {}),
    'wide': _template(
        {f'value-{number}': {'type': 'OS::Heat::Value', 'properties': {
            'value': {str(key): 'x' * 20 for key in range(10)}}}
         for number in range(20)}, {}),
    CHANGED: _PLAIN,
    DELETED: _PLAIN,
}


def create(api: heat_client.Api) -> None:
    """Create the stacks, change one and delete another.

    :raises: errors.LabError if Heat refuses or fails one of them
    """
    links = {}
    for name, template in TEMPLATES.items():
        answer = _call(api, 'POST', 'stacks', {
            'stack_name': name, 'template': template,
            'tags': 'volume,heat-upgrade'})
        links[name] = f'stacks/{name}/{answer["stack"]["id"]}'
    _wait(api, dict.fromkeys(TEMPLATES, 'CREATE_COMPLETE'))
    _call(api, 'PUT', links[CHANGED], {
        'template': _PLAIN, 'parameters': {'length': 20}})
    _call(api, 'DELETE', links[DELETED])
    _wait(api, {**{name: 'CREATE_COMPLETE' for name in TEMPLATES
                   if name != DELETED}, CHANGED: 'UPDATE_COMPLETE'})


def _call(api: heat_client.Api, method: str, path: str,
          body: Template | None = None) -> typing.Any:
    answer = api.call(method, path, body)
    if not 200 <= answer.status < 300:
        raise errors.LabError(
            f'{method} {path} of a stack to be cloned answers '
            f'{answer.status}: {str(answer.body)[:500]}')
    return answer.body


def _wait(api: heat_client.Api, wanted: abc.Mapping[str, str]) -> None:
    """Wait until exactly the wanted stacks have the wanted statuses."""
    def reached() -> bool:
        statuses = {stack['stack_name']: stack['stack_status']
                    for stack in _call(api, 'GET', 'stacks')['stacks']}
        for name, status in statuses.items():
            if status.endswith('_FAILED'):
                raise errors.LabError(
                    f'the stack {name}, which is to be cloned, is {status}')
        return statuses == wanted
    waiting.wait_until(reached, timeout=TIMEOUT, interval=INTERVAL,
                       what=f'the stacks to be cloned to be {dict(wanted)}')
