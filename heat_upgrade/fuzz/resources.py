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

"""Definitions of resources whose types need Keystone and Heat alone."""

from collections import abc
import dataclasses
import typing

from heat_upgrade.fuzz import functions
from heat_upgrade.fuzz import values

NESTED_FILE = 'nested.yaml'
MAPPED_TYPE = 'My::Nested'
# Parameter and output of each generated nested template.
NESTED_PARAMETER, NESTED_OUTPUT = 'given', 'out'

Properties = dict[str, typing.Any]


@dataclasses.dataclass(frozen=True)
class Type:
    """A resource type that the generator uses.

    :ivar make: function of (expressions) that returns its properties
    :ivar attributes: (attribute, kind of its value)
    """

    name: str
    make: abc.Callable[[functions.Expressions], Properties]
    attributes: tuple[tuple[str, str], ...] = ()


def _value(of: functions.Expressions) -> Properties:
    kind = of.choose.number(8)
    if kind < 4:
        return {'value': of.any_value(3)}
    typed: dict[str, typing.Any] = {
        'string': of.text, 'comma_delimited_list': of.list_value,
        'json': of.map_value}
    name = of.choose.pick((*typed, 'number', 'boolean'))
    if name == 'number':
        return {'type': name, 'value': of.choose.pick(
            (*values.NUMBERS, *values.NUMBER_TEXTS))}
    if name == 'boolean':
        return {'type': name, 'value': of.choose.pick(
            (*values.BOOLEANS, *values.BOOLEAN_TEXTS))}
    return {'type': name, 'value': typed[name](3)}


def _test_resource(of: functions.Expressions) -> Properties:
    properties: Properties = {'value': of.text(3)}
    if of.choose.one_in(3):
        properties['update_replace_value'] = of.text(1)
    if of.choose.one_in(4):
        properties.update(of.choose.pick((
            {'fail': False}, {'wait_secs': 0}, {'update_replace': 'false'},
            {'action_wait_secs': {'create': 0}}, {'attr_wait_secs': '0'},
            {'wait_secs': '0'}, {'fail': None})))
    return properties


def _random_string(of: functions.Expressions) -> Properties:
    properties: Properties = {}
    if of.choose.one_in(2):
        properties['length'] = of.choose.pick((8, '8', 32, 512, 1))
    if of.choose.one_in(3):
        properties['salt'] = of.text(1)
    if of.choose.one_in(3):
        properties['character_classes'] = [
            {'class': of.choose.pick(('digits', 'lettersdigits', 'hexdigits')),
             **({'min': of.choose.pick((1, '1'))}
                if of.choose.one_in(2) else {})}]
    if of.choose.one_in(5):
        properties['character_sequences'] = [{'sequence': 'ab1'}]
    return properties


def _config(of: functions.Expressions) -> Properties:
    properties: Properties = {'config': of.text(2)}
    if of.choose.one_in(2):
        properties['group'] = of.choose.pick(('script', 'Heat::Ungrouped'))
    if of.choose.one_in(2):
        properties['inputs'] = [
            {'name': f'i{number}', **of.choose.pick((
                {}, {'type': 'String'}, {'type': 'Number'},
                {'type': 'Number', 'default': '1'},
                {'type': 'Number', 'default': 0},
                {'type': 'Boolean', 'default': False},
                {'type': 'Json'}, {'type': 'Json', 'default': '{}'},
                {'type': 'CommaDelimitedList', 'default': 'a,b'},
                {'type': 'String', 'default': ''},
                {'type': 'String', 'replace_on_change': True}))}
            for number in range(of.choose.number(2))]
    if of.choose.one_in(3):
        properties['outputs'] = [{'name': 'o', **of.choose.pick((
            {}, {'type': 'Json'}, {'error_output': True}))}]
    if of.choose.one_in(3):
        properties['options'] = values.json_map(of.choose, 0)
    return properties


def _structured(of: functions.Expressions) -> Properties:
    return {'group': 'script', 'config': of.map_value(2)}


def _cloud_config(of: functions.Expressions) -> Properties:
    return {'cloud_config': of.map_value(1)}


def _mime(of: functions.Expressions) -> Properties:
    return {'parts': [{'config': of.text(1), **of.choose.pick((
        {}, {'type': 'text'}, {'filename': 'f', 'subtype': 'x-cfg'}))}
        for _ in range(1 + of.choose.number(1))]}


def _handle(of: functions.Expressions) -> Properties:
    return of.choose.pick(({}, {'signal_transport': 'CFN_SIGNAL'},
                           {'signal_transport': 'TOKEN_SIGNAL'},
                           {'signal_transport': 'HEAT_SIGNAL'}))


def member(of: functions.Expressions) -> dict[str, typing.Any]:
    """Return the definition of a member of a group."""
    if of.choose.one_in(3):
        return {'type': 'OS::Heat::TestResource', 'properties': {
            'value': of.choose.pick(('x', '%index%', 'é', '0'))}}
    return {'type': 'OS::Heat::Value', 'properties': {
        'value': of.choose.pick(('%index%', 'a', 1, ['%index%'],
                                 {'k': '%index%'}, '1', True))}}


def _group(of: functions.Expressions) -> Properties:
    properties: Properties = {
        'count': of.choose.pick((1, 0, 2, 3, '2')),
        'resource_def': member(of)}
    if of.choose.one_in(4):
        properties['index_var'] = '%index%'
    if of.choose.one_in(4):
        properties['removal_policies'] = of.choose.pick((
            [], [{'resource_list': ['0']}], [{'resource_list': ['1', 'x']}]))
    if of.choose.one_in(6):
        properties['removal_policies_mode'] = of.choose.pick(
            ('append', 'update'))
    return properties


def _chain(of: functions.Expressions) -> Properties:
    properties: Properties = {
        'resources': of.choose.pick((
            ['OS::Heat::Value'], ['OS::Heat::Value', 'OS::Heat::Value'], [])),
        'resource_properties': {'value': of.text(1)}}
    if of.choose.one_in(2):
        properties['concurrent'] = of.choose.pick((True, 'false'))
    return properties


def _scaling(of: functions.Expressions) -> Properties:
    least = of.choose.number(1)
    properties: Properties = {
        'min_size': of.choose.pick((least, str(least))),
        'max_size': of.choose.pick((3, '3')), 'resource': member(of)}
    if of.choose.one_in(2):
        properties['desired_capacity'] = of.choose.pick((1, 2, '2'))
    if of.choose.one_in(4):
        properties['cooldown'] = of.choose.pick((0, '60'))
    if of.choose.one_in(4):
        properties['rolling_updates'] = {
            'min_in_service': 0, 'max_batch_size': 1, 'pause_time': 0}
    return properties


def _nested(of: functions.Expressions) -> Properties:
    return {NESTED_PARAMETER: of.text(2)}


SIMPLE = (
    Type('OS::Heat::Value', _value, (('value', 'any'),)),
    Type('OS::Heat::TestResource', _test_resource, (('output', 'text'),)),
    Type('OS::Heat::RandomString', _random_string, (('value', 'text'),)),
    Type('OS::Heat::None',
         lambda of: values.json_map(of.choose), (('any', 'any'),)),
    Type('OS::Heat::SoftwareConfig', _config),
    Type('OS::Heat::StructuredConfig', _structured),
    Type('OS::Heat::CloudConfig', _cloud_config),
    Type('OS::Heat::MultipartMime', _mime),
    Type('OS::Heat::WaitConditionHandle', _handle),
    Type('OS::Heat::UpdateWaitConditionHandle', lambda of: {}),
    Type('AWS::CloudFormation::WaitConditionHandle', lambda of: {}),
    Type('OS::Heat::Delay', lambda of: of.choose.pick(
        ({}, {'min_wait': 0}, {'max_jitter': '0', 'jitter_multiplier': 0}))),
)
GROUPS = (
    Type('OS::Heat::ResourceGroup', _group, (
        ('refs', 'list'), ('refs_map', 'any'), ('value', 'list'))),
    Type('OS::Heat::ResourceChain', _chain, (('refs', 'list'),)),
    Type('OS::Heat::AutoScalingGroup', _scaling, (
        ('refs', 'list'), ('current_size', 'any'),
        ('outputs_list', 'any'))),
)
NESTED = (
    Type(NESTED_FILE, _nested, ((NESTED_OUTPUT, 'any'),)),
    Type(MAPPED_TYPE, _nested, ((NESTED_OUTPUT, 'any'),)),
)


def wait_condition(of: functions.Expressions, handle: str) -> Properties:
    """Return the properties of a wait condition."""
    return {'handle': {'get_resource': handle},
            'timeout': of.choose.pick((60, '60')),
            'count': of.choose.pick((1, 0, '2'))}


def options(of: functions.Expressions) -> dict[str, typing.Any]:
    """Return the parts of a definition besides type and properties."""
    choose, version, others = of.choose, of.scope.version, of.scope.resources
    parts: dict[str, typing.Any] = {}
    if others and choose.one_in(4):
        needed = choose.several(others, 2)
        parts['depends_on'] = choose.pick((
            needed, needed[0] if needed else []))
    if choose.one_in(6):
        parts['metadata'] = {'k': of.any_value(2), 'é': None}
    if choose.one_in(6):
        parts['deletion_policy'] = choose.pick(
            ('Delete', 'Retain', *(
                ('delete', 'retain')
                if version >= functions.NEWTON else ())))
    if of.scope.conditions and choose.one_in(4):
        parts['condition'] = (
            choose.pick(of.scope.conditions) if choose.one_in(2)
            else of.condition(1))
    if version >= functions.NEWTON and choose.one_in(30):
        parts['external_id'] = 'an-id'
    return parts
