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

"""Makes stacks: templates, environments, and files of nested stacks."""

import json
import typing

from hypothesis import strategies
import yaml

from heat_upgrade.fuzz import choices
from heat_upgrade.fuzz import functions
from heat_upgrade.fuzz import model
from heat_upgrade.fuzz import parameters
from heat_upgrade.fuzz import resources

# Small stacks find as much as large ones, and more of them fit in a second.
MOST_RESOURCES, MOST_PARAMETERS, MOST_OUTPUTS = 3, 3, 3
DEPTH = 3  # Of the calls in a value.
TEXT_FILE = 'text.txt'
NAMES = ('r1', 'r2', 'r3', 'r-4', 'r_5')

Template = dict[str, typing.Any]


@strategies.composite
def stacks(draw: strategies.DrawFn) -> model.Stack:
    """Return a strategy for stacks."""
    return make(choices.Choices(draw))


def make(choose: choices.Choices) -> model.Stack:
    """Return a stack that most releases accept."""
    files: dict[str, str] = {}
    if choose.one_in(4):
        files[TEXT_FILE] = choose.pick(('text', '', 'é\n', '{"a": [1]}'))
    nested = choose.one_in(8)
    if nested:
        files[resources.NESTED_FILE] = _text(choose, _template(
            choose, [], is_nested=True)[0])
    template, declared = _template(choose, list(files))
    environment: dict[str, typing.Any] = {}
    if nested:
        environment['resource_registry'] = {
            resources.MAPPED_TYPE: resources.NESTED_FILE}
    names = _environments(choose, declared, environment, files)
    return model.Stack(
        _text(choose, template), json.dumps(environment), names, files,
        parameters.submitted(choose, declared, 4))


def _text(choose: choices.Choices, data: typing.Any) -> str:
    """Return JSON, or sometimes YAML, whose words have meanings."""
    if choose.one_in(6):
        return yaml.dump(data, Dumper=yaml.CSafeDumper, allow_unicode=True,
                         sort_keys=False)
    return json.dumps(data)


def _template(choose: choices.Choices, files: list[str], *,
              is_nested: bool = False
              ) -> tuple[Template, list[parameters.Parameter]]:
    version = choose.pick(functions.VERSIONS)
    date = functions.date(version)
    declared = choose.repeat(MOST_PARAMETERS, lambda number: parameters.make(
        choose, f'p{number}', date))
    scope = functions.Scope(
        date, {one.name: one.schema['type'] for one in declared},
        files=files, nested=is_nested)
    expressions = functions.Expressions(choose, scope)
    template: Template = {'heat_template_version': version}
    if choose.one_in(6):
        template['description'] = choose.pick(('', 'é', 'A description'))
    schemata = {one.name: one.schema for one in declared}
    if is_nested:
        schemata[resources.NESTED_PARAMETER] = {'type': 'string'}
        scope.parameters[resources.NESTED_PARAMETER] = 'string'
    if schemata:
        template['parameters'] = schemata
    if declared and choose.one_in(8):
        template['parameter_groups'] = [
            {'label': 'all', 'parameters': [declared[0].name]}]
    if date >= functions.NEWTON and choose.one_in(2):
        template['conditions'] = _conditions(choose, expressions)
    template['resources'] = _resources(choose, expressions, files, is_nested)
    outputs = _outputs(choose, expressions)
    if is_nested:
        outputs[resources.NESTED_OUTPUT] = {
            'value': expressions.any_value(DEPTH)}
    if outputs:
        template['outputs'] = outputs
    return template, declared


def _conditions(choose: choices.Choices,
                expressions: functions.Expressions) -> Template:
    conditions: Template = {}

    def condition(number: int) -> None:
        conditions[f'c{number}'] = expressions.condition(2)
        expressions.scope.conditions.append(f'c{number}')

    choose.repeat(2, condition, least=1)
    return conditions


def _resources(choose: choices.Choices, expressions: functions.Expressions,
               files: list[str], is_nested: bool) -> Template:
    made: Template = {}
    choose.repeat(MOST_RESOURCES, lambda number: made.update(_resource(
        choose, expressions, files, NAMES[number], is_nested)), least=1)
    return made


def _resource(choose: choices.Choices, expressions: functions.Expressions,
              files: list[str], name: str, is_nested: bool) -> Template:
    """Return the definition of a resource, and of one that belongs to it."""
    scope = expressions.scope
    if resources.NESTED_FILE in files and choose.one_in(2):
        type_ = choose.pick(resources.NESTED)
    elif not is_nested and choose.one_in(12):
        type_ = choose.pick(resources.GROUPS)
    else:
        # The first types have more values to compare.
        type_ = choose.pick((*resources.SIMPLE[:2], *resources.SIMPLE))
    definition: Template = {'type': type_.name}
    properties = type_.make(expressions)
    if properties:
        definition['properties'] = properties
    definition.update(resources.options(expressions))
    made = {name: definition}
    if 'external_id' in definition:
        # Heat lets no other resource depend on it.
        return made
    scope.resources.append(name)
    scope.attributes += [(name, attribute, kind)
                         for attribute, kind in type_.attributes]
    if type_.name == 'OS::Heat::WaitConditionHandle' and choose.one_in(2):
        made[f'{name}w'] = {
            'type': 'OS::Heat::WaitCondition',
            'properties': resources.wait_condition(expressions, name),
            **{part: definition[part] for part in ('condition',)
               if part in definition}}
    return made


def _outputs(choose: choices.Choices,
             expressions: functions.Expressions) -> Template:
    outputs: Template = {}

    def add(number: int) -> None:
        output: Template = {'value': expressions.any_value(DEPTH)}
        if choose.one_in(6):
            output['description'] = choose.pick(('', 'é', 'An output'))
        if expressions.scope.conditions and choose.one_in(4):
            output['condition'] = choose.pick(expressions.scope.conditions)
        outputs[f'o{number}'] = output

    choose.repeat(MOST_OUTPUTS, add)
    return outputs


def _environments(choose: choices.Choices,
                  declared: list[parameters.Parameter],
                  environment: Template, files: dict[str, str]
                  ) -> tuple[str, ...]:
    """Fill the user's environment, and add environment files.

    :returns: the names of the environment files, in their order
    """
    if not choose.one_in(3):
        return ()
    names: list[str] = []

    def add(number: int) -> None:
        name = f'e{number}.yaml'
        part: Template = {}
        for section in choose.several(('parameters', 'parameter_defaults'),
                                      2):
            part[section] = parameters.submitted(choose, declared, 2)
        if choose.one_in(4):
            part['parameter_merge_strategies'] = {
                'default': choose.pick(('overwrite', 'merge', 'deep_merge'))}
        if choose.one_in(4):
            part['resource_registry'] = choose.pick((
                {'My::None': 'OS::Heat::None'},
                {'My::Rand*': 'OS::Heat::Rand*'},
                {'resources': {'r1': {'hooks': []}}},
                {'resources': {'r1': {
                    'OS::Heat::Value': 'OS::Heat::Value'}}}))
        files[name] = _text(choose, part)
        names.append(name)

    choose.repeat(3, add)
    for section in choose.several(('parameters', 'parameter_defaults'), 2):
        environment[section] = parameters.submitted(choose, declared, 2)
    if choose.one_in(8):
        environment['event_sinks'] = []
    return tuple(names)
