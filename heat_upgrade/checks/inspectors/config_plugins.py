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

"""Imports the plug-ins of plugin_dirs as an engine does.

It runs in a fork without a network: an operator's code may do anything when it
is imported.
"""

import importlib.util
import os
import pkgutil
import sys
import types

import heat_upgrade_program

_PACKAGE = 'heat.engine.plugins'


def read(given):
    """Import each module of some directories.

    :param given: {directories: [paths], code: [directories of own packages]}
    :returns: {path: {error: text, or null; missing: the module outside of
        Heat that it needs and that is not installed, or null; types: {name of
        a resource type that it provides: names of its properties and
        attributes, and "hidden" if its support status is}}}
    """
    # Imported before the fork, once for all programs of this process.
    from heat.engine import resources

    resources.initialise()
    return heat_upgrade_program.apart(
        'importing the plug-ins', _read, given)


def _read(directory, given):
    os.chdir(directory)
    heat_upgrade_program.use_code(given['code'])
    package = types.ModuleType(_PACKAGE)
    package.__path__ = list(given['directories'])
    sys.modules[_PACKAGE] = package
    # As heat.common.plugin_loader.load_modules, but with all errors.
    return {_file(finder, name): _imported(finder, name)
            for finder, name, _ in pkgutil.walk_packages(
                given['directories'], f'{_PACKAGE}.',
                onerror=lambda name: None)
            if '.tests.' not in name and not name.endswith('.setup')}


def _file(finder, name):
    spec = finder.find_spec(name)
    return spec.origin or name


def _imported(finder, name):
    try:
        if name in sys.modules:
            module = sys.modules[name]
        else:
            spec = finder.find_spec(name)
            module = importlib.util.module_from_spec(spec)
            sys.modules[name] = module
            spec.loader.exec_module(module)
        return {'error': None, 'missing': None, 'types': _types(module)}
    except BaseException as exc:
        sys.modules.pop(name, None)
        return {'error': f'{type(exc).__name__}: {exc}', 'types': {},
                'missing': _missing(exc)}


def _types(module):
    """Return the resource types of a module whose schemata are valid."""
    from heat.engine import plugin_manager

    for names in ('constraint', 'template', 'stack_lifecycle'):
        plugin_manager.PluginMapping(names).load_from_module(module)
    mapping = plugin_manager.PluginMapping(
        ['available_resource', 'resource']).load_from_module(module)
    types = {name: _parts(cls) for name, cls in mapping.items()}
    return {name: parts for name, parts in types.items() if parts is not None}


def _parts(cls):
    """Return the parts of a type that templates use; None if it is invalid."""
    from heat.engine import attributes
    from heat.engine import properties

    try:
        schemata = {
            'property': properties.schemata(
                getattr(cls, 'properties_schema', {})),
            'attribute': attributes.schemata(
                getattr(cls, 'attributes_schema', {}))}
    except Exception:
        # The engine starts, but no stack can have this type.
        return None
    status = getattr(cls, 'support_status', None)
    return [*(['hidden'] if getattr(status, 'status', '') == 'HIDDEN' else []),
            *sorted(f'{kind} {name}' for kind, names in schemata.items()
                    for name in names)]


def _missing(exc):
    """Return the name of a module outside of OpenStack that is missing."""
    if not isinstance(exc, ModuleNotFoundError) or not exc.name:
        return None
    top = exc.name.partition('.')[0]
    return None if top == 'heat' or importlib.util.find_spec(top) else top
