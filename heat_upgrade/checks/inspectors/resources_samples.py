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

"""Values of the template language for samples of odd but legal input.

Runs inside Heat's environment, imported by ``resources.py``. Stored templates
hold null, empty texts, numbers and booleans in quotes. Older releases accept
many of them, and a stack must mean the same after an upgrade.
"""

import json

from heat.engine import function
from heat.engine.hot import parameters as hot_parameters
from heat.engine import parameters
from heat.engine import properties
from heat.engine import software_config_io
from heat.engine import template

VALUE, ERROR = 'value', 'error'

_JOINED = [[',', ['a', 'b']], [',', ['a', None]], [',', ['a', '']], [',', []],
           [',', ['a', 1]], [',', ['a', True]], [',', ['a', {'k': 1}]],
           [',', ['a'], ['b', None]], [',', None]]
_REPLACED = [{'template': 'a $x', 'params': {'$x': value}}
             for value in ('b', '', None, 1, 1.5, True, {'k': 1}, ['a'])]

# {function: arguments}. Functions that need a stack are left out.
_ARGUMENTS = {
    'list_join': _JOINED, 'Fn::Join': _JOINED,
    'str_replace': _REPLACED, 'str_replace_strict': _REPLACED,
    'str_replace_vstrict': _REPLACED,
    'Fn::Replace': [[{'$x': value}, 'a $x'] for value in ('b', '', None, 1)],
    'str_split': [[',', 'a,b'], [',', 'a,b', 1], [',', 'a,b', '1'], [',', ''],
                  [',', None]],
    'Fn::Split': [[',', 'a,b'], [',', '']],
    'Fn::Select': [[0, ['a']], ['0', ['a']], ['k', {'k': 'v'}], [1, ['a']],
                   ['x', {'k': 'v'}], [0, None], [0, 'a,b']],
    'Fn::Base64': ['a', ''],
    'Fn::MemberListToMap': [['Name', 'Value', [
        '.member.0.Name=k', '.member.0.Value=v']]],
    'digest': [['md5', 'a'], ['sha512', 'a']],
    'repeat': [{'template': '%x%', 'for_each': {'%x%': value}}
               for value in (['a', 'b'], [], ['a', None], [1])],
    'map_merge': [[{'a': 1}, {'b': 2}], [{'a': 1}, None], []],
    'map_replace': [[{'k': 'a'}, {'keys': {'k': 'l'}, 'values': {'a': 'b'}}],
                    [{'k': None}, {'values': {'a': 'b'}}]],
    'list_concat': [[['a'], ['b']], [['a'], None], [['a'], []]],
    'list_concat_unique': [[['a'], ['a', 'b']], [['a'], None]],
    'contains': [['a', ['a', 'b']], ['a', 'abc'], ['a', []]],
    'filter': [[['a'], ['a', 'b']], [[None], ['a', None]]],
    'make_url': [{'scheme': 'http', 'host': 'h', 'port': port}
                 for port in (80, '80', None, '')],
    'if': [[True, 'a', 'b'], [False, 'a', 'b'], [True, 'a'], [False, 'a'],
           [False, 'a', None]],
}

_VALUES = [None, '', 'a', 'true', 'True', 'FALSE', 'yes', 'on', True, False, 0,
           1, '1', '01', 1.5, '1.5', [], ['a'], 'a,b', {}, {'k': 'v'},
           '{"k": "v"}', '["a"]']

_SECTIONS = {
    'outputs': [{'value': None}, {'value': ''}, {'value': 1},
                {'value': 'a', 'description': None}],
    'resources': [{'type': 'OS::Heat::None'},
                  {'type': 'OS::Heat::None', 'properties': None},
                  {'type': 'OS::Heat::None', 'metadata': None},
                  {'type': 'OS::Heat::None', 'depends_on': []}],
}


def of_template(name, cls):
    """Return {'function NAME' or 'section NAME': {sample: outcome}}.

    :param name: ``key.version``
    """
    key, _, version = name.partition('.')

    def made(**sections):
        return template.Template({key: version, **sections})
    outcomes = {}
    for called, samples in _ARGUMENTS.items():
        if called in cls.functions:
            outcomes[f'function {called}'] = _each(
                samples, lambda arguments, called=called: _resolved(
                    made(), {called: arguments}))
    if key == 'heat_template_version':
        for section, samples in _SECTIONS.items():
            outcomes[f'section {section}'] = _each(
                samples, lambda value, section=section: made(
                    **{section: {'x': value}})[section])
    return outcomes


def of_values():
    """Return {kind of a value: {sample: outcome}}."""
    outcomes = {
        f'property of type {kind}': _each(
            _VALUES, lambda value, kind=kind: properties.Property(
                properties.Schema(kind), 'p').get_value(value, validate=True))
        for kind in properties.Schema.TYPES if kind != properties.Schema.ANY}
    for kind in hot_parameters.HOTParamSchema.TYPES:
        schema = hot_parameters.HOTParamSchema.from_dict('p', {'type': kind})
        outcomes[f'parameter of type {kind}'] = _each(
            _VALUES, lambda value, schema=schema: _parameter(schema, value))
    for kind in parameters.Schema.TYPES:
        outcomes[f'software config input of type {kind}'] = _each(
            ['', None], lambda value, kind=kind:
            software_config_io.InputConfig(
                name='i', type=kind, default=value).as_dict())
    return outcomes


def _parameter(schema, value):
    parameter = parameters.Parameter('p', schema, value)
    parameter.validate()
    return parameter.value()


def _resolved(made, snippet):
    return function.resolve(made.parse(None, snippet))


def _each(samples, evaluate):
    """Return {sample as JSON: [VALUE, text] or [ERROR, class]}."""
    outcomes = {}
    for sample in samples:
        try:
            outcome = [VALUE, json.dumps(evaluate(sample), sort_keys=True,
                                         default=repr)]
        except Exception as exc:
            outcome = [ERROR, type(exc).__name__]
        outcomes[json.dumps(sample)] = outcome
    return outcomes
