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

"""Goes through a template, and notes the features that it uses.

It keeps only names that the base knows, and names of unknown types.
"""

from collections import abc
import difflib
import typing

from heat_upgrade.checks.resources import constraint_diff
from heat_upgrade.checks.resources import model
from heat_upgrade.checks.resources import schemas
from heat_upgrade.checks.resources import template_functions
from heat_upgrade.checks.resources import template_values
from heat_upgrade.checks.resources import type_mappings
from heat_upgrade.checks import templates as templates_

# Kinds of uses that are not kinds of ``touches``: the names that a map sets,
# a value that is known at run time only, and names that both releases lack: of
# a type, a custom constraint, and a part of a type. Such a part is noted as a
# similar name of the base, or ''.
KEYS, OPEN, UNKNOWN_TYPE = 'keys', 'open', 'unknown type'
UNKNOWN_CONSTRAINT, UNKNOWN_PART = 'unknown constraint', 'unknown part'

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
ATTRIBUTES = 'attributes'
# Groups, deployments and nested stacks: they override get_attribute.
_ATTRIBUTES_AT_RUN_TIME = ('OS::Heat::', 'AWS::')

# Heat's values for null: heat.engine.properties.Property.get_value.
_NULLS = {'String': '', 'Integer': 0, 'Number': 0, 'Boolean': False,
          'List': [], 'Map': {}}

# Maximum depth of mappings of mappings, against loops.
_STEPS = 10

# Tuples of a kind and its arguments.
Uses = frozenset[tuple[typing.Any, ...]]
# A type, and the path of one of its properties.
Property = tuple[str, schemas.Path]


class Walk:
    """Goes through a template once."""

    def __init__(self, template: templates_.Template, base: model.Reading,
                 watched: schemas.Watched, target: model.Reading,
                 passed: abc.Sequence[template_values.Given] = ()) -> None:
        self._base = base
        self._target = target
        self._watched = watched
        self._data = template.data
        self._version = template.version
        self._registry = template.registry
        self._known = base['templates'][template.version]
        self._words = _NAMES[self._known['language']]
        self._types: dict[str, list[str]] = {}
        self._members: dict[str, list[str]] = {}
        section = self._words['parameters']
        self._values = template_values.Values(
            self._data.get(section), template.parameters,
            self._known['functions'], section=section, passed=passed)
        # The places of values that are refused, or may be.
        self.routes: dict[Property, set[template_values.Route]] = {}
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
                self._value(each, (), section == 'conditions')
        for name, body in self._items(self._data, 'resources'):
            route = (self._words['resources'], name)
            self._instance(self._types[name], body, route)
            for key, value in body.items():
                self._value(value, (*route, key),
                            key == self._words['condition'])

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
                if isinstance(name, str):
                    self.uses.add((
                        model.CONSTRAINT if name in self._base['constraints']
                        else UNKNOWN_CONSTRAINT, name))

    def _value(self, value: typing.Any, route: template_values.Route,
               conditional: bool = False) -> None:
        """Note functions, and types in properties, such as groups have."""
        if not isinstance(value, (dict, list)) or (
                (id(value), conditional) in self._seen):
            return
        self._seen.add((id(value), conditional))
        if isinstance(value, list):
            for number, each in enumerate(value):
                self._value(each, (*route, number), conditional)
            return
        function = self._function(value, conditional)
        if function in _CONDITIONAL and isinstance(value[function], list):
            self._value(value[function][:1], route, True)
            self._value(value[function][1:], route)
            return
        # A group's resource is written in HOT or in CFN.
        for words in _NAMES.values():
            name = value.get(words['type'])
            if isinstance(name, str) and name in self._base['types']:
                self._instance(self._resolved(name, None), value, route,
                               words)
        for key, each in value.items():
            self._value(each, (*route, key),
                        conditional or key == self._words['condition'])

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
            elif not _is_placeholder(self._base['types'][name]) and (
                    not name.startswith(_ATTRIBUTES_AT_RUN_TIME)):
                self._lacks(name, (ATTRIBUTES,), attribute, known, ())
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
            mapped = type_mappings.mapped(self._registry, name, resource)
            if mapped is None:
                if name in self._base['types']:
                    found.append(name)
                    self.uses.add((model.TYPE, name))
                mapped = self._base['types'].get(name, {}).get('mapped_to')
            if mapped is None and not found:
                pattern, mapped = type_mappings.globbed(
                    self._base['globs'], name)
                if mapped:
                    self.uses.add((model.GLOB, pattern))
            if mapped in (None, name):
                if not found and '::' in name and not is_file(name):
                    self.uses.add((UNKNOWN_TYPE, name))
                return found
            name = mapped
        return found

    def _instance(self, names: abc.Iterable[str],
                  body: dict[str, typing.Any], route: template_values.Route,
                  words: dict[str, str] | None = None) -> None:
        words = words or self._words
        properties = body.get(words['properties'])
        for name in names:
            known = self._base['types'][name]
            for path, section in ((schemas.PROPERTIES, 'properties'),
                                  (schemas.UPDATE_POLICY, 'update_policy')):
                key = words[section]
                self._set(name, (path,), body.get(key) or {},
                          known[section], (*route, key))
            if name == _CHAIN and isinstance(properties, dict):
                self._chain(properties, (*route, words['properties']))

    def _chain(self, properties: dict[str, typing.Any],
               route: template_values.Route) -> None:
        types = properties.get('resources')
        for each in types if isinstance(types, list) else ():
            self._instance(self._resolved(each, None), {
                'properties': properties.get('resource_properties')}, route,
                _NAMES['hot'])

    def _set(self, name: str, path: schemas.Path, value: typing.Any,
             schema: model.Reading, route: template_values.Route) -> None:
        """Note the properties that are set below a path.

        :param schema: {name: property} of the base
        """
        for each in self._values.of(value, route):
            if each.value is template_values.UNKNOWN:
                self._open(name, path, each.route)
                continue
            if (name, path) in self._watched:
                self._try(name, path, each, exact=each.value is value)
            self._below(name, path, each.value, schema, each.route)
            if each.value is value:
                self._unknown(name, path, value, schema, each.route)

    def _unknown(self, name: str, path: schemas.Path, value: typing.Any,
                 schema: model.Reading, route: template_values.Route) -> None:
        """Note the properties that the text sets and the base lacks."""
        # A map without a schema takes all names.
        if not schema or not isinstance(value, dict) or (
                path[0] != schemas.PROPERTIES or '*' in schema):
            return
        if _is_placeholder(self._base['types'][name]):
            return
        for key in value:
            if key not in schema:
                self._lacks(name, path, str(key), schema, (*route, key))

    def _lacks(self, name: str, path: schemas.Path, key: str,
               known: abc.Collection[str],
               route: template_values.Route) -> None:
        """Note a property or an attribute, unless the target has it."""
        there: typing.Any = self._target.get(name)
        for step in path:
            there = (there or {}).get(step) or {}
            there = there.get('schema', there) if step != path[0] else there
        if key not in (there or {}):
            near = difflib.get_close_matches(key, known, n=1)
            at = (*path, *(near or ['']))
            self.uses.add((UNKNOWN_PART, (name, *at)))
            self.routes.setdefault((name, at), set()).add(route)

    def _below(self, name: str, path: schemas.Path, value: typing.Any,
               schema: model.Reading, route: template_values.Route) -> None:
        if isinstance(value, list):
            if value:
                self.uses.add((KEYS, name, path, frozenset('*')))
            for number, each in enumerate(value) if '*' in schema else ():
                self._set(name, (*path, '*'), each,
                          schema['*']['schema'] or {}, (*route, number))
        elif isinstance(value, dict):
            self.uses.add((KEYS, name, path,
                           frozenset(schema).intersection(value)))
            for key, each in value.items():
                if key in schema:
                    self._set(name, (*path, key), each,
                              schema[key]['schema'] or {}, (*route, key))

    def _open(self, name: str, path: schemas.Path,
              route: template_values.Route) -> None:
        """Note a value that is known at run time only."""
        self.uses.add((OPEN, name, path))
        if any(type_ == name and at[:len(path)] == path
               for type_, at in self._watched):
            self.routes.setdefault((name, path), set()).add(route)

    def _try(self, name: str, path: schemas.Path,
             possible: template_values.Possible, *, exact: bool) -> None:
        """Note a value that the target does not accept.

        :param exact: False for a part of a list, such as list_concat has
        """
        limits, kind, default = self._watched[name, path]
        value = possible.value
        if value is None:
            value = _NULLS.get(kind) if default is None else default
        if isinstance(value, (list, dict)) and not exact and (
                'length' in limits.bounds):
            self._open(name, path, possible.route)
            return
        if not constraint_diff.accepts_all_of(limits, value, kind):
            self.uses.add((model.REFUSED, name, path))
            self.routes.setdefault((name, path), set()).add(possible.route)


def _is_placeholder(known: model.Reading) -> bool:
    """Return True if a type accepts all properties and attributes."""
    return bool(known['accepts_all'] or known['placeholder']
                or known['status']['status'] == 'HIDDEN')


def is_file(name: str) -> bool:
    """Return True if a resource type is the name of a template file."""
    return '://' in name or name.endswith(templates_.SUFFIXES)
