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

"""Lists resource types, template versions and constraints of a release.

Unlike an engine, it reads no configuration, looks at nothing outside of the
environment, and keeps no registry. It reads the provider templates of Heat's
global environment from Heat's own files (``etc/heat``).
"""

import functools
import importlib
import inspect
import json
import os
import pkgutil
import sys
import traceback

from importlib import metadata

import yaml

from heat.engine import attributes
from heat.engine.cfn import functions as cfn_functions
from heat.engine.cfn import parameters as cfn_parameters
from heat.engine import function
from heat.engine.hot import functions as hot_functions
from heat.engine.hot import parameters as hot_parameters
from heat.engine import parameters
from heat.engine import plugin_manager
from heat.engine import properties
from heat.engine import resource
from heat.engine import resources
from heat.engine.resources.openstack.heat import none_resource
from heat.engine import stack
from heat.engine import template_common

import heat_upgrade_program

_REMOVED = ('Removed', 'Invalid')

# Directory of the templates in the global environment.
_INSTALLED = 'file:///etc/heat/'


def read(given):
    """Return the parts that templates can have.

    :param given: not used
    :returns: dict of ``types`` (name → see ``_type``), ``broken`` (plugins
        that cannot be imported → error), ``globs`` (pattern → pattern),
        ``clients`` and ``constraints`` (name → entry point),
        ``templates`` (version → see ``_template``), ``samples`` (version,
        or 'values' → see ``resources_samples``), ``implementations``
        (classes of functions), ``pseudo_parameters`` (language → names),
        ``stack`` and ``resource`` (their actions and statuses)
    """
    types, constraints, broken = _plugins()
    samples = heat_upgrade_program.load_sibling('resources_samples')
    classes = _template_classes()
    mapped, globs = _global_environment(classes)
    for name, target in mapped.items():
        if not isinstance(target, str):
            types[name] = target
        elif target in types:
            # Heat's own environment maps in one step.
            types[name] = dict(types[target], mapped_to=target)
    constraints.update(_entry_points('heat.constraints'))
    return {
        'types': types, 'globs': globs, 'constraints': constraints,
        'broken': broken,
        'clients': _entry_points('heat.clients'),
        'templates': {version: _template(cls)
                      for version, cls in classes.items()},
        'samples': {
            'values': samples.of_values(),
            **{version: samples.of_template(version, cls)
               for version, cls in classes.items()}},
        'implementations': sorted({
            _path(cls) for module in (hot_functions, cfn_functions)
            for cls in vars(module).values()
            if isinstance(cls, type) and issubclass(cls, function.Function)}),
        'pseudo_parameters': {
            'hot': list(hot_parameters.HOTParameters.PSEUDO_PARAMETERS),
            'cfn': list(cfn_parameters.CfnParameters.PSEUDO_PARAMETERS)},
        'stack': {'actions': list(stack.Stack.ACTIONS),
                  'statuses': list(stack.Stack.STATUSES)},
        'resource': {'actions': list(resource.Resource.ACTIONS),
                     'statuses': list(resource.Resource.STATUSES)},
    }


def _path(cls):
    return f'{cls.__module__}.{cls.__qualname__}'


def _entry_points(group: str) -> dict[str, str]:
    """Return the importable entry points of a group: name → value."""
    points = {}
    for point in metadata.entry_points(group=group):
        if _loaded(point) is not None:
            points[point.name] = point.value
    return points


def _loaded(point):
    try:
        return point.load()
    except (ImportError, AttributeError):
        # Heat also leaves it out, and logs it.
        return None


def _plugins():
    """Return the types and constraints of Heat's plugins, and broken plugins.

    An engine with a broken plugin does not start: plugin_manager.
    """
    classes, constraints, broken = {}, {}, {}
    for name in _modules():
        try:
            module = importlib.import_module(name)
            resource_types, module_constraints = (
                plugin_manager.PluginMapping(names).load_from_module(module)
                for names in (['available_resource', 'resource'],
                              'constraint'))
        except Exception as error:
            broken[name] = traceback.format_exception_only(error)[-1].strip()
            continue
        classes.update(resource_types)
        constraints.update((constraint, _path(cls)) for constraint, cls
                           in module_constraints.items())
    names = {}
    for name, cls in sorted(classes.items()):
        names.setdefault(cls, []).append(name)
    return ({name: _type(cls, names) for name, cls in classes.items()},
            constraints, broken)


def _modules() -> list[str]:
    """Return the names of Heat's plugins, as plugin_loader finds them."""
    return [module.name for module in pkgutil.walk_packages(
        resources.__path__, f'{resources.__name__}.', onerror=lambda _: None)
        if '.tests.' not in module.name
        and not module.name.endswith('.setup')]


def _type(cls, names):
    """Return a type with its properties and attributes.

    :param names: dict of class → names of types, for substitutes
    """
    allowed = set(cls.update_allowed_properties)
    known = properties.schemata(cls.properties_schema)
    described = _schemata(known)
    for name in allowed.intersection(described):
        described[name]['update_allowed'] = True
    attribute_schemata = dict(attributes.schemata(cls.attributes_schema))
    attribute_schemata.update(attributes.schemata(
        cls.base_attributes_schema))
    return {
        'class': _path(cls),
        'status': _status(cls.support_status, names),
        'placeholder': (issubclass(cls, none_resource.NoneResource) and
                        cls is not none_resource.NoneResource),
        'accepts_all': cls is none_resource.NoneResource,
        'client': cls.default_client_name,
        'replaced_when_check_failed': bool(getattr(
            cls, 'always_replace_on_check_failed', True)),
        'misfits': _misfits(cls),
        'properties': described,
        'attributes': {
            name: {'type': schema.type,
                   'status': _status(schema.support_status, names)}
            for name, schema in attribute_schemata.items()},
        'update_policy': _schemata(properties.schemata(
            cls.update_policy_schema)),
    }


def _misfits(cls):
    """Return methods that lack arguments of the methods that they override.

    Their callers pass the arguments of the overridden method: Story 2011068.
    """
    misfits = set()
    for number, owner in enumerate(cls.__mro__):
        for name in vars(owner):
            for parent in cls.__mro__[number + 1:-1]:
                if name in vars(parent) and not name.startswith('__'):
                    if not _fits(owner, parent, name):
                        misfits.add(f'{name} of {_path(owner)}')
                    break
    return sorted(misfits)


@functools.cache
def _fits(owner, parent, name):
    method, overridden = (
        getattr(vars(cls)[name], '__func__', vars(cls)[name])
        for cls in (owner, parent))
    if not (inspect.isfunction(method) and inspect.isfunction(overridden)):
        return True
    arguments = [
        each for each in inspect.signature(overridden).parameters.values()
        if each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)]
    required = [each for each in arguments if each.default is each.empty and
                each.kind is not each.KEYWORD_ONLY]
    rest = {each.name: None for each in arguments if each not in required}
    try:
        inspect.signature(method).bind(*required, **rest)
    except TypeError:
        return False
    return True


def _status(status, names):
    """Return a support status and its previous ones, newest first."""
    answer = {'status': status.status,
              'version': status.version and str(status.version),
              'message': status.message and str(status.message),
              'substitutes': names.get(status.substitute_class, [])}
    if status.previous_status is not None:
        answer['previous'] = _status(status.previous_status, names)
    return answer


def _schemata(schemata):
    return {str(name): _schema(schema) for name, schema in schemata.items()}


def _schema(schema):
    """Return a property; ``schema`` describes its list or map."""
    answer = {
        'type': schema.type,
        'required': bool(schema.required),
        'implemented': bool(schema.implemented),
        'update_allowed': bool(schema.update_allowed),
        'immutable': bool(schema.immutable),
        'default': _plain(schema.default),
        'constraints': [_constraint(each) for each in schema.constraints],
        'status': _status(schema.support_status, {}),
        'schema': None,
    }
    if schema.schema is not None:
        # In a list, '*' stands for each member.
        answer['schema'] = _schemata(schema.schema)
    return answer


def _constraint(constraint):
    """Return a constraint as [kind, value]."""
    kind = constraint._name()
    return [kind, _plain(constraint[kind])]


def _plain(value):
    return json.loads(json.dumps(value, default=str))


def _template_classes():
    """Return the classes of template versions: ``key.version`` → class."""
    classes = {}
    for point in metadata.entry_points(group='heat.templates'):
        cls = _loaded(point)
        if cls is not None:
            classes[point.name] = cls
    return classes


def _functions(functions):
    return {name: _path(cls) for name, cls in functions.items()
            if cls.__name__ not in _REMOVED}


def _template(cls):
    """Return the parts that a template of a version may have."""
    schema = _parameter_schema(cls)
    hot = issubclass(schema, hot_parameters.HOTParamSchema)
    answer = {
        'class': _path(cls),
        'language': 'hot' if hot else 'cfn',
        'functions': _functions(cls.functions),
        'condition_functions': _functions(cls.condition_functions),
        'parameter_types': list(schema.TYPES),
        'parameter_keys': list(schema.PARAMETER_KEYS),
        'parameter_constraints': (_parameter_constraints(schema) if hot
                                  else []),
    }
    if issubclass(cls, template_common.CommonTemplate):
        answer.update({
            'sections': [name for name in cls.SECTIONS
                         if not name.startswith('__')],
            'resource_keys': list(cls._RESOURCE_KEYS),
            'output_keys': list(cls.OUTPUT_KEYS),
            'deletion_policies': list(cls.deletion_policies)})
    return answer


def _parameter_schema(cls):
    return getattr(cls, 'param_schema_class', parameters.Schema)


# A valid value of each kind of constraint of a parameter.
_SAMPLES = {'length': {'min': 1}, 'range': {'min': 1},
            'modulo': {'step': 2, 'offset': 1}, 'allowed_values': ['1'],
            'allowed_pattern': '.*', 'custom_constraint': 'any'}


def _parameter_constraints(schema):
    """Return the kinds of constraints that parameters may have."""
    accepted = []
    for kind, sample in _SAMPLES.items():
        try:
            schema._constraint_from_def({kind: sample})
        except Exception:
            continue
        accepted.append(kind)
    return accepted


def _global_environment(classes):
    """Return the global environment that comes with Heat.

    :param classes: dict of ``key.version`` → class of templates
    :returns: (dict of name → name of a type, or of a provider template see
        ``_provided``; dict of pattern → pattern)
    """
    mapped, globs = {}, {}
    directory = os.path.join(sys.prefix, 'etc', 'heat', 'environment.d')
    names = os.listdir(directory) if os.path.isdir(directory) else ()
    for name in sorted(names):
        with open(os.path.join(directory, name)) as source:
            environment = yaml.safe_load(source) or {}
        registry = environment.get('resource_registry') or {}
        for alias, target in registry.items():
            if not isinstance(target, str):
                continue
            if alias.endswith('*'):
                globs[alias] = target
            elif target.endswith(('.yaml', '.template')):
                mapped[alias] = _provided(target, classes)
            else:
                mapped[alias] = target
    return {name: target for name, target in mapped.items() if target}, globs


def _class_of(data, classes):
    for version, cls in classes.items():
        key, _, value = version.partition('.')
        if data.get(key) == value:
            return cls
    return None


def _provided(location, classes):
    """Return a type that a template provides, as ``_type`` returns one.

    :returns: None if the release does not know the version of the template
    """
    answer = {'class': location, 'placeholder': False, 'accepts_all': False,
              'client': None, 'replaced_when_check_failed': True,
              'misfits': [],
              'status': {'status': 'SUPPORTED', 'version': None,
                         'message': None, 'substitutes': []},
              'properties': {}, 'attributes': {}, 'update_policy': {}}
    path = os.path.join(sys.prefix, 'etc', 'heat',
                        location[len(_INSTALLED):])
    if not location.startswith(_INSTALLED) or not os.path.exists(path):
        # A template that is not part of this release: accept all properties.
        return dict(answer, accepts_all=True)
    with open(path) as source:
        data = yaml.load(source, Loader=yaml.BaseLoader)
    cls = _class_of(data, classes)
    if cls is None:
        return None
    schema = _parameter_schema(cls)
    section, outputs = (('parameters', 'outputs') if
                        'heat_template_version' in data
                        else ('Parameters', 'Outputs'))
    answer['properties'] = _schemata({
        name: properties.Schema.from_parameter(schema.from_dict(name, given))
        for name, given in (data.get(section) or {}).items()})
    answer['attributes'] = {
        name: {'type': None, 'status': dict(answer['status'])}
        for name in data.get(outputs) or {}}
    return answer
