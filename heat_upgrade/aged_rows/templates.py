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

"""The stacks whose rows are aged: small, with values that must not change."""

import typing

# A random value, an item of the ledger that uses it, and a hidden parameter.
PLAIN = 'plain'
# The same without any parameter in the request: the environment is empty.
BARE = 'bare'
# The item is in a nested stack, from a file of the request.
NESTED = 'nested'
# A software config with a typed input, and its deployment.
CONFIG = 'config'
SHAPES = (PLAIN, BARE, NESTED, CONFIG)

VERSION = '2018-08-31'
CHILD = 'child.yaml'

# The value of the parameter before and after a changed update. Both are in
# the item, which is updated in place.
BEFORE, AFTER = 'v1', 'v2'

Request = dict[str, typing.Any]


def request(shape: str, name: str, *, changed: bool = False) -> Request:
    """Return the body of a create or update.

    :param shape: one of SHAPES
    :param name: of the stack
    :param changed: whether the update changes a value
    """
    parameters = {'value': AFTER} if changed else {}
    if shape != BARE:
        parameters['secret'] = 'gehe\u00efm'
    body: Request = {
        'stack_name': name, 'disable_rollback': True,
        'parameters': parameters, 'template': _template(shape)}
    if shape == NESTED:
        body['files'] = {CHILD: _child()}
    return body


def _template(shape: str) -> dict[str, typing.Any]:
    parameters: dict[str, typing.Any] = {
        'value': {'type': 'string', 'default': BEFORE}}
    if shape != BARE:
        parameters['secret'] = {'type': 'string', 'hidden': True}
    resources: dict[str, typing.Any] = {
        'random': {'type': 'OS::Heat::RandomString',
                   'properties': {'length': 8},
                   'metadata': {'key': 'value'}}}
    outputs = {'random': {'value': {'get_attr': ['random', 'value']}},
               'value': {'value': {'get_param': 'value'}}}
    value = {'list_join': ['-', [
        {'get_attr': ['random', 'value']}, {'get_param': 'value'}]]}
    if shape == NESTED:
        resources['child'] = {'type': CHILD, 'properties': {'value': value}}
        outputs['item'] = {'value': {'get_attr': ['child', 'item']}}
    else:
        resources['item'] = _item(value)
        outputs['item'] = {'value': {'get_attr': ['item', 'value']}}
    if shape == CONFIG:
        resources['config'] = {
            'type': 'OS::Heat::SoftwareConfig', 'properties': {
                'group': 'script', 'config': 'true',
                'inputs': [{'name': 'count', 'type': 'Number'},
                           {'name': 'flag', 'type': 'Boolean'}]}}
        resources['deployment'] = {
            'type': 'OS::Heat::SoftwareDeployment', 'properties': {
                'config': {'get_resource': 'config'}, 'server': 'aged',
                'signal_transport': 'NO_SIGNAL',
                'input_values': {'count': 1, 'flag': True}}}
    return {'heat_template_version': VERSION, 'parameters': parameters,
            'resources': resources, 'outputs': outputs}


def _item(value: typing.Any) -> dict[str, typing.Any]:
    return {'type': 'HeatUpgrade::Ledger::Item',
            'properties': {'label': 'aged', 'value': value}}


def _child() -> str:
    return f"""\
heat_template_version: {VERSION}
parameters:
  value: {{type: string}}
resources:
  item:
    type: HeatUpgrade::Ledger::Item
    properties:
      label: aged
      value: {{get_param: value}}
outputs:
  item:
    value: {{get_attr: [item, value]}}
"""
