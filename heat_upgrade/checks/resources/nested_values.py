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

"""Finds the values that templates pass to the templates that they nest.

The properties of a resource whose type is a template are the parameters of
that template. They replace the defaults.
"""

from collections import abc
import pathlib
import typing

from heat_upgrade.checks.resources import model
from heat_upgrade.checks.resources import template_values
from heat_upgrade.checks.resources import type_mappings
from heat_upgrade.checks import templates as templates_

# Stacks that nest stacks that nest stacks: values reach the innermost one.
_DEPTH = 3

_WORDS = (('type', 'properties'), ('Type', 'Properties'))

# For each template, the parameters of each of its uses.
Passed = dict[pathlib.Path, list[template_values.Given]]


def of(templates: abc.Iterable[templates_.Template],
       base: model.Reading) -> Passed:
    """Return the values that some templates pass to others."""
    users = [template for template in templates
             if template.path and _mentions_files(template)]
    passed: Passed = {}
    for _ in range(_DEPTH if users else 0):
        found: Passed = {}
        for template in users:
            _add(found, template, base, passed)
        if found == passed:
            break
        passed = found
    return passed


def _mentions_files(template: templates_.Template) -> bool:
    return any(isinstance(value, str) and value.endswith(templates_.SUFFIXES)
               for value in template.registry.values()) or any(
                   True for _ in _bodies(template.data, {}))


def _add(found: Passed, template: templates_.Template, base: model.Reading,
         passed: Passed) -> None:
    assert template.path is not None
    known = base['templates'][template.version]
    section = 'Parameters' if known['language'] == 'cfn' else 'parameters'
    values = template_values.Values(
        template.data.get(section), template.parameters, known['functions'],
        section=section, passed=passed.get(template.path.resolve(), ()))
    for name, properties in _bodies(template.data, template.registry):
        use: template_values.Given = {}
        if isinstance(properties, dict):
            use = {str(key): [_inside(values, each.value)
                              for each in values.of(value, ())]
                   for key, value in properties.items()}
        found.setdefault((template.path.parent / name).resolve(),
                         []).append(use)


def _inside(values: template_values.Values, value: typing.Any) -> typing.Any:
    """Return a value without functions: those belong to the outer template."""
    if isinstance(value, list):
        return [_one(values, each) for each in value]
    if isinstance(value, dict):
        return {key: _one(values, each) for key, each in value.items()}
    return value


def _one(values: template_values.Values, value: typing.Any) -> typing.Any:
    found = values.of(value, ())
    return (_inside(values, found[0].value) if len(found) == 1
            else template_values.UNKNOWN)


def _bodies(data: typing.Any, registry: dict[str, typing.Any]
            ) -> abc.Iterator[tuple[str, typing.Any]]:
    """Yield (file, properties) of each resource whose type is a template."""
    level = [data]
    while level:
        value = level.pop()
        if isinstance(value, list):
            level += value
        elif isinstance(value, dict):
            level += value.values()
            for kind, properties in _WORDS:
                name = value.get(kind)
                if isinstance(name, str):
                    name = type_mappings.mapped(registry, name, None) or name
                    if name.endswith(templates_.SUFFIXES) and (
                            '://' not in name):
                        yield name, value.get(properties, {})
