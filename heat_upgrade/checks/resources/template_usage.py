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

"""Collects the features that templates use, without any of their values.

It keeps only names that the base knows: types, properties that are set,
attributes, functions, versions. It keeps no text of the operator.
"""

from collections import abc
import dataclasses
import fnmatch
import typing

from heat_upgrade.checks.resources import constraint_diff
from heat_upgrade.checks.resources import model
from heat_upgrade.checks.resources import schemas
from heat_upgrade.checks.resources import template_functions
from heat_upgrade.checks import templates as templates_

# Maximum number of templates that a finding names.
SHOWN = 10

# Two kinds of uses that are not kinds of ``touches``: the names that a map
# sets, and a value that is known at run time only.
_KEYS, _OPEN = 'keys', 'open'

_NAMES = {
    'hot': {'resources': 'resources', 'parameters': 'parameters',
            'outputs': 'outputs', 'conditions': 'conditions',
            'type': 'type', 'properties': 'properties',
            'update_policy': 'update_policy', 'condition': 'condition',
            'deletion_policy': 'deletion_policy'},
    'cfn': {'resources': 'Resources', 'parameters': 'Parameters',
            'outputs': 'Outputs', 'conditions': 'Conditions',
            'type': 'Type', 'properties': 'Properties',
            'update_policy': 'UpdatePolicy', 'condition': 'Condition',
            'deletion_policy': 'DeletionPolicy'}}

_ATTRIBUTE_FUNCTIONS = ('get_attr', 'Fn::GetAtt')
_PARAMETER_FUNCTIONS = ('get_param', 'Ref')
_CONDITIONAL = ('if', 'Fn::If')
_CHAIN = 'OS::Heat::ResourceChain'

# Heat's values for null: heat.engine.properties.Property.get_value.
_NULLS = {'String': '', 'Integer': 0, 'Number': 0, 'Boolean': False,
          'List': [], 'Map': {}}

# Maximum depth of mappings of mappings, against loops.
_STEPS = 10

# Tuples of a kind and its arguments.
Uses = frozenset[tuple[typing.Any, ...]]


@dataclasses.dataclass(frozen=True)
class Used:
    """The features that some templates use.

    :ivar templates: number of templates
    :ivar by: {uses: labels of the templates with exactly these}
    """

    templates: int
    by: dict[Uses, list[str]]

    def touched(self, touches: model.Touches) -> list[str]:
        """Return the labels of templates that a difference touches."""
        return [label for uses, labels in self.by.items()
                if is_touched(uses, touches) for label in labels]


def evidence(labels: abc.Sequence[str], templates: int) -> tuple[str, ...]:
    """Return the lines that name the templates that are touched."""
    shown = ', '.join(labels[:SHOWN])
    more = len(labels) - SHOWN
    return (f'used by {len(labels)} of {templates} templates: {shown}' +
            (f' and {more} more' if more > 0 else ''),)


def collect(sources: abc.Iterable[abc.Iterable[templates_.Template]],
            base: model.Reading, watched: schemas.Watched) -> Used:
    """Return the features that templates use.

    :param base: the inspector's reading of the base
    :param watched: limits with which values are tried
    """
    by: dict[Uses, list[str]] = {}
    count = 0
    for source in sources:
        for template in source:
            used = of(template, base, watched)
            by.setdefault(used, []).append(template.label)
            count += 1
    return Used(count, by)


def of(template: templates_.Template, base: model.Reading,
       watched: schemas.Watched) -> Uses:
    """Return the features that a template uses."""
    walk = _Walk(template, base, watched)
    walk.sections()
    return frozenset(walk.uses)


def is_touched(uses: Uses, touches: model.Touches) -> bool:
    """Return True if a difference touches some uses."""
    kind, *rest = touches
    if kind == model.ANY:
        return any(is_touched(uses, each) for each in rest)
    if touches == model.ALWAYS:
        return True
    if kind not in (model.SET, model.UNSET, model.REFUSED, model.ATTRIBUTE):
        return touches in uses
    if kind == model.ATTRIBUTE:
        return bool({touches, (kind, rest[0], '*')} & uses)
    name, path = rest
    parent = path[:-1]
    if kind == model.REFUSED and touches in uses | {
            # The value of a function may be refused.
            (kind, *use[1:]) for use in uses if use[0] == _OPEN}:
        return True
    for use in uses:
        if kind != model.REFUSED and use[0] == _KEYS and (
                use[1:3] == (name, parent)) and (
                (path[-1] in use[3]) == (kind == model.SET)):
            return True
        if use[0] == _OPEN and use[1] == name and (
                use[2] == parent[:len(use[2])]):
            return True
    return False


class _Walk:
    """Goes through a template once."""

    def __init__(self, template: templates_.Template, base: model.Reading,
                 watched: schemas.Watched) -> None:
        self._base = base
        self._watched = watched
        self._data = template.data
        self._version = template.version
        self._registry = template.registry
        self._known = base['templates'][template.version]
        self._words = _NAMES[self._known['language']]
        self._types: dict[str, list[str]] = {}
        self._members: dict[str, list[str]] = {}
        # Aliases of YAML are one object in several places.
        self._seen: set[tuple[int, bool]] = set()
        self.uses: set[tuple[typing.Any, ...]] = {
            (model.VERSION, template.version)}

    def sections(self) -> None:
        """Go through all sections."""
        self._listed('sections', self._data)
        for name, body in self._items(self._data, 'resources'):
            self._listed('resource_keys', body)
            policy = body.get(self._words['deletion_policy'])
            if isinstance(policy, str):
                self._listed('deletion_policies', (policy,))
            self._types[name] = self._resolved(
                body.get(self._words['type']), name)
            self._members[name] = list(self._nested(
                body.get(self._words['properties'])))
        for _, body in self._items(self._data, 'parameters'):
            self._parameter(body)
        for _, body in self._items(self._data, 'outputs'):
            self._listed('output_keys', body)
        for section in ('outputs', 'conditions'):
            value = self._data.get(self._words[section])
            # A map with one name is not a function here.
            for each in value.values() if isinstance(value, dict) else ():
                self._value(each, section == 'conditions')
        for name, body in self._items(self._data, 'resources'):
            self._instance(self._types[name], body)
            for key, value in body.items():
                self._value(value, key == self._words['condition'])

    def _items(self, data: dict[str, typing.Any], section: str
               ) -> abc.Iterator[tuple[str, dict[str, typing.Any]]]:
        bodies = data.get(self._words[section])
        if isinstance(bodies, dict):
            for name, body in bodies.items():
                if isinstance(body, dict):
                    yield name, body

    def _listed(self, section: str, names: abc.Container[str]) -> None:
        """Note those of some names that the version knows."""
        for name in self._known.get(section, ()):
            if name in names:
                self.uses.add(
                    (template_functions.LISTS[section], self._version, name)
                )

    def _parameter(self, body: dict[str, typing.Any]) -> None:
        self._listed('parameter_keys', body)
        kind = body.get(self._words['type'])
        if isinstance(kind, str):
            self._listed('parameter_types', (kind,))
        constraints = body.get('constraints')
        for each in constraints if isinstance(constraints, list) else ():
            if isinstance(each, dict):
                self._listed('parameter_constraints', each)
                name = each.get('custom_constraint')
                if isinstance(name, str) and (
                        name in self._base['constraints']):
                    self.uses.add((model.CONSTRAINT, name))

    def _value(self, value: typing.Any, conditional: bool = False) -> None:
        """Note functions, and types in properties, such as groups have."""
        if not isinstance(value, (dict, list)) or (
                (id(value), conditional) in self._seen):
            return
        self._seen.add((id(value), conditional))
        if isinstance(value, list):
            for each in value:
                self._value(each, conditional)
            return
        function = self._function(value, conditional)
        if function in _CONDITIONAL and isinstance(value[function], list):
            self._value(value[function][:1], True)
            self._value(value[function][1:])
            return
        # A group's resource is written in HOT or in CFN.
        for words in _NAMES.values():
            name = value.get(words['type'])
            if isinstance(name, str) and name in self._base['types']:
                self._instance(self._resolved(name, None), value, words)
        for key, each in value.items():
            self._value(each, conditional or key == self._words['condition'])

    def _function(self, value: dict[str, typing.Any],
                  conditional: bool) -> str | None:
        """Note a function and return its name; None for another map."""
        if len(value) != 1:
            return None
        (name, arguments), = value.items()
        section = 'condition_functions' if conditional else 'functions'
        if name not in self._known[section]:
            return None
        self.uses.add(
            (template_functions.FUNCTIONS[section], self._version, name)
        )
        if name in _ATTRIBUTE_FUNCTIONS:
            self._attribute(arguments)
        elif name in _PARAMETER_FUNCTIONS:
            first = arguments[0] if (isinstance(arguments, list) and
                                     arguments) else arguments
            for names in self._base['pseudo_parameters'].values():
                if first in names:
                    self.uses.add((model.PSEUDO, first))
        return name

    def _attribute(self, arguments: typing.Any) -> None:
        if isinstance(arguments, str):
            arguments = arguments.split('.', 1)
        if not (isinstance(arguments, list) and arguments and
                isinstance(arguments[0], str)):
            return
        attribute = arguments[1] if len(arguments) > 1 else '*'
        for name in self._types.get(arguments[0], ()):
            known = self._base['types'][name]['attributes']
            if not isinstance(attribute, str) or attribute == '*':
                self.uses.add((model.ATTRIBUTE, name, '*'))
            elif attribute in known:
                self.uses.add((model.ATTRIBUTE, name, attribute))
        # A group's members: resource.0.name, attributes name, or name.
        names = {each.rpartition('.')[2] for each in arguments[1:]
                 if isinstance(each, str)}
        for name in self._members.get(arguments[0], ()):
            for attribute in names.intersection(
                    self._base['types'][name]['attributes']):
                self.uses.add((model.ATTRIBUTE, name, attribute))

    def _nested(self, properties: typing.Any) -> abc.Iterator[str]:
        """Yield the types of the members of a group."""
        level = [properties]
        for _ in range(_STEPS):
            level = [inner for each in level if isinstance(each, dict)
                     for inner in each.values() if isinstance(inner, dict)]
            for each in level:
                for words in _NAMES.values():
                    yield from self._resolved(each.get(words['type']), None)

    def _resolved(self, name: typing.Any, resource: str | None) -> list[str]:
        """Return the types of Heat that a name stands for.

        As heat.engine.environment does: by the stack's environment, then by
        the global one. A type that a template of the operator provides does
        not belong to Heat.
        """
        found: list[str] = []
        for _ in range(_STEPS):
            if not isinstance(name, str):
                return found
            mapped = _mapped(self._registry, name, resource)
            if mapped is None:
                if name in self._base['types']:
                    found.append(name)
                    self.uses.add((model.TYPE, name))
                mapped = self._base['types'].get(name, {}).get('mapped_to')
            if mapped is None and not found:
                pattern, mapped = _globbed(self._base['globs'], name)
                if mapped:
                    self.uses.add((model.GLOB, pattern))
            if mapped in (None, name):
                return found
            name = mapped
        return found

    def _instance(self, names: abc.Iterable[str],
                  body: dict[str, typing.Any],
                  words: dict[str, str] | None = None) -> None:
        words = words or self._words
        properties = body.get(words['properties'])
        for name in names:
            known = self._base['types'][name]
            for path, section in ((schemas.PROPERTIES, 'properties'),
                                  (schemas.UPDATE_POLICY, 'update_policy')):
                self._set(name, (path,), body.get(words[section]) or {},
                          known[section])
            if name == _CHAIN and isinstance(properties, dict):
                self._chain(properties)

    def _chain(self, properties: dict[str, typing.Any]) -> None:
        types = properties.get('resources')
        for each in types if isinstance(types, list) else ():
            self._instance(self._resolved(each, None), {
                'properties': properties.get('resource_properties')},
                _NAMES['hot'])

    def _set(self, name: str, path: schemas.Path, value: typing.Any,
             schema: model.Reading) -> None:
        """Note the properties that are set below a path.

        :param schema: {name: property} of the base
        """
        if (name, path) in self._watched:
            self._try(name, path, value)
        if isinstance(value, list):
            if value:
                self.uses.add((_KEYS, name, path, frozenset('*')))
            for each in value if '*' in schema else ():
                self._set(name, (*path, '*'), each,
                          schema['*']['schema'] or {})
        elif isinstance(value, dict):
            if len(value) == 1 and set(value) & set(self._known['functions']):
                self.uses.add((_OPEN, name, path))
                return
            self.uses.add((_KEYS, name, path,
                           frozenset(schema).intersection(value)))
            for key, each in value.items():
                if key in schema:
                    self._set(name, (*path, key), each,
                              schema[key]['schema'] or {})

    def _try(self, name: str, path: schemas.Path, value: typing.Any) -> None:
        """Note a value that the target does not accept."""
        limits, kind, default = self._watched[name, path]
        if value is None:
            value = _NULLS.get(kind) if default is None else default
        if not constraint_diff.accepts_all_of(limits, value, kind):
            self.uses.add((model.REFUSED, name, path))


def _mapped(registry: dict[str, typing.Any], name: str,
            resource: str | None) -> str | None:
    """Return the type to which a stack's environment maps a type, or None."""
    special = registry.get('resources')
    for pattern, mapping in (special.items() if isinstance(special, dict)
                             else ()):
        if resource is not None and isinstance(mapping, dict) and (
                fnmatch.fnmatchcase(str(resource), str(pattern))) and (
                isinstance(mapped := mapping.get(name), str)):
            return mapped
    if isinstance(mapped := registry.get(name), str):
        return mapped
    return _globbed(registry, name)[1]


def _globbed(registry: dict[str, typing.Any],
             name: str) -> tuple[str, str] | tuple[None, None]:
    """Return (pattern, type) if a pattern of a registry maps a type."""
    for pattern, target in sorted(registry.items(), key=str):
        if (isinstance(pattern, str) and pattern.endswith('*') and
                isinstance(target, str) and target != name and
                name.startswith(pattern[:-1])):
            return pattern, (target[:-1] + name[len(pattern) - 1:]
                             if target.endswith('*') else target)
    return None, None
