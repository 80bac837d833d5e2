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

"""The features of a stack: functions, types, and sections that it uses."""

from collections import abc
import json
import typing

import yaml

from heat_upgrade.fuzz import model

# Functions of templates, and of conditions, of all versions.
FUNCTIONS = frozenset((
    'get_param', 'get_resource', 'get_attr', 'list_join', 'str_replace',
    'str_replace_strict', 'str_replace_vstrict', 'str_split', 'get_file',
    'digest', 'repeat', 'resource_facade', 'map_merge', 'map_replace', 'if',
    'yaql', 'filter', 'make_url', 'list_concat', 'list_concat_unique',
    'contains', 'equals', 'not', 'and', 'or', 'Ref', 'Fn::Select',
    'Fn::Join', 'Fn::Split', 'Fn::Replace', 'Fn::MemberListToMap',
    'Fn::GetAZs', 'Fn::ResourceFacade'))
# Each template has a resource, the simplest is of this type; and a value is
# read in an output or a property.
ORDINARY = frozenset(('OS::Heat::Value', 'outputs'))
_PARTS = ('depends_on', 'metadata', 'deletion_policy', 'condition',
          'external_id', 'update_policy')


def of(stack: model.Stack) -> frozenset[str]:
    """Return the names of the features of a stack."""
    found = set(_template(parsed(stack.template)))
    for name, text in stack.files.items():
        if name in stack.environment_files:
            found |= {f'environment file: {section}'
                      for section in parsed(text)}
        else:
            found |= set(_template(parsed(text)))
    found |= {f'environment: {section}'
              for section in parsed(stack.environment)}
    if stack.parameters:
        found.add('submitted parameters')
    return frozenset(found)


def special(stack: model.Stack) -> frozenset[str]:
    """Return the features that may be the cause of a failure."""
    return of(stack) - ORDINARY


def version(stack: model.Stack) -> str:
    """Return the template version of a stack, '' if it has none."""
    return str(parsed(stack.template).get('heat_template_version', ''))


def parsed(text: str) -> dict[typing.Any, typing.Any]:
    """Return a template or an environment as data, {} if it is not a map.

    As Heat does, it reads JSON as JSON, not as YAML.
    """
    try:
        data = (json.loads(text) if text.startswith('{')
                else yaml.load(text, Loader=yaml.CSafeLoader))
    except (yaml.YAMLError, ValueError):
        # A number or date that YAML cannot make, such as 2015-99-01.
        return {}
    return data if isinstance(data, dict) else {}


def _template(template: dict[typing.Any, typing.Any]
              ) -> abc.Iterator[str]:
    for parameter in _maps(template.get('parameters')):
        yield f'{parameter.get("type")} parameter'
        yield from (f'{name} of a parameter' for name in (
            'constraints', 'hidden', 'tags', 'immutable')
            if name in parameter)
    for resource in _maps(template.get('resources')):
        yield str(resource.get('type'))
        yield from (part for part in _PARTS if part in resource)
    if template.get('outputs'):
        yield 'outputs'
    for section in ('resources', 'outputs', 'conditions'):
        yield from _functions(template.get(section))


def _maps(section: typing.Any
          ) -> abc.Iterator[dict[typing.Any, typing.Any]]:
    if isinstance(section, dict):
        yield from (part for part in section.values()
                    if isinstance(part, dict))


def _functions(value: typing.Any) -> abc.Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if len(value) == 1 and name in FUNCTIONS:
                yield name
            yield from _functions(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _functions(inner)
