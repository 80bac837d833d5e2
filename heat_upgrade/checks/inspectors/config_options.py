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

"""Lists the options of Heat and its libraries: types, defaults, old names.

It reads the ``oslo.config.opts`` entry points as oslo.config's own generator
(``oslo_config.generator``) does, but keeps whole types, which the generator
flattens.
"""

import argparse
import ast
import functools
import importlib.metadata
import importlib.util
import os
import re
import socket
import sys
import tempfile

GROUP = 'oslo.config.opts'
HEAT = 'openstack-heat'
KEYSTONEAUTH = 'keystoneauth1'

# Attributes of a type that limit its values. Others, such as ``sample_min``,
# are for people.
_FACETS = ('min', 'max', 'min_length', 'max_length', 'ignore_case', 'quotes',
           'bounds', 'inclusive', 'key_value_separator', 'schemes')

# Entry points without options of a service: heat_integrationtests has those
# of a test suite, manilaclient those of its command line.
_FOREIGN = ('heat_integrationtests', 'manilaclient')


def read(given):
    """Return the options of every namespace of this environment.

    :param given: not used
    :returns: {heat: version, failed: {namespace: error}, policy_json:
        whether policy.json is read without a policy.yaml, commands: {command
        of Heat: whether it is deprecated}, options: [option]}; each
        (group, dest) of a namespace once
    """
    failed = {}
    options = {(point.name, group, opt.dest): _described(point, group, opt)
               for point, group, opt in listed(failed)}
    return {'heat': importlib.metadata.version(HEAT), 'failed': failed,
            'policy_json': _reads_policy_json(), 'commands': _commands(),
            'options': list(options.values())}


def listed(failed):
    """Yield (entry point, group, option) of every namespace.

    :param failed: dictionary that takes {namespace: error}
    """
    points = [point for point
              in importlib.metadata.entry_points(group=GROUP)
              if not point.name.startswith(_FOREIGN)]
    _set_defaults(failed)
    for point in sorted(points, key=lambda point: point.name):
        try:
            for group, opts in point.load()():
                for opt in opts:
                    yield (point, str(getattr(group, 'name', group)
                                      or 'DEFAULT'), opt)
        except Exception as exc:
            failed[point.name] = f'{type(exc).__name__}: {exc}'


def _reads_policy_json():
    from oslo_policy import policy
    return hasattr(policy, 'pick_default_policy_file')


def _commands():
    """Return {command: whether it announces its deprecation}."""
    commands = {point.name: _warns(point) for point in
                importlib.metadata.distribution(HEAT).entry_points
                if point.group in ('console_scripts', 'wsgi_scripts')}
    parsers = argparse.ArgumentParser().add_subparsers()
    try:
        from heat.cmd import manage
        manage.add_command_parsers(parsers)
    except Exception:
        # The check that needs such a command reports that it is missing.
        return commands
    for name, parser in parsers.choices.items():
        code = getattr(parser.get_default('func'), '__code__', None)
        commands[f'heat-manage {name}'] = any(
            'deprecated' in text for text in getattr(code, 'co_consts', ())
            if isinstance(text, str))
    return commands


def _warns(point):
    """Return True if the function of a script uses DeprecationWarning.

    The source is parsed instead of imported: the module of heat-api patches
    the standard library.
    """
    spec = importlib.util.find_spec(point.module)
    if spec is None or spec.origin is None:
        return False
    with open(spec.origin, encoding='utf-8') as source:
        tree = ast.parse(source.read())
    return any(isinstance(node, ast.Name) and node.id == 'DeprecationWarning'
               for function in ast.walk(tree)
               if isinstance(function, ast.FunctionDef)
               and function.name == point.attr
               for node in ast.walk(function))


def _set_defaults(failed):
    """Let Heat change the defaults of its libraries, as its services do."""
    for point in importlib.metadata.entry_points(group=f'{GROUP}.defaults'):
        if point.dist.name != HEAT:
            continue
        try:
            point.load()()
        except Exception as exc:
            failed[point.name] = f'{type(exc).__name__}: {exc}'


def _described(point, group, opt):
    definer = _definer(point, opt)
    return {
        'namespace': point.name,
        'package': point.dist.name,
        'definer': definer,
        'version': _version(definer),
        'group': group,
        'name': opt.name,
        'dest': opt.dest,
        'type': _type(opt.type),
        'multi': bool(opt.multi),
        'default': _plain(opt.default),
        'sample_default': _plain(opt.sample_default),
        'required': bool(opt.required),
        'secret': bool(opt.secret),
        'mutable': bool(opt.mutable),
        # The order decides if several of them are set.
        'old_names': list(dict.fromkeys(
            (old.group or group, old.name or opt.dest)
            for old in opt.deprecated_opts)),
        'deprecated': bool(opt.deprecated_for_removal),
        'deprecated_since': _text(opt.deprecated_since),
        'deprecated_reason': _text(opt.deprecated_reason),
    }


def _definer(point, opt):
    """Return the distribution that defines an option.

    Heat lists the options that keystoneauth reads in its sections as its own.
    """
    if point.dist.name == HEAT and (opt.dest, opt.help) in _of_keystoneauth():
        return KEYSTONEAUTH
    return point.dist.name


@functools.cache
def _of_keystoneauth():
    """Return {(name, help)} of the options that keystoneauth defines."""
    try:
        from keystoneauth1 import loading
    except ImportError:
        return frozenset()
    opts = [*loading.get_auth_common_conf_options(),
            *loading.get_session_conf_options(),
            *loading.get_adapter_conf_options(),
            *loading.get_auth_plugin_conf_options('password'),
            *loading.get_auth_plugin_conf_options('v3password')]
    return frozenset((opt.dest, opt.help) for opt in opts)


def _version(package: str) -> str:
    return importlib.metadata.version(package)


def _type(kind):
    """Return a type as data: its class, its limits, and its parts."""
    if isinstance(kind, type):
        return {'class': kind.__name__}
    answer = {'class': type(kind).__name__}
    for name in _FACETS:
        value = getattr(kind, name, None)
        if value not in (None, 0, False, '') or (
                name in ('min', 'max') and value is not None):
            answer[name] = _plain(value)
    if getattr(kind, 'choices', None) is not None:
        answer['choices'] = [_plain(choice) for choice in kind.choices]
    if getattr(kind, 'regex', None) is not None:
        answer['regex'] = getattr(kind.regex, 'pattern', str(kind.regex))
    checker = getattr(kind, 'version_checker', None)
    if checker is not None:
        answer['version'] = checker.__name__
    for name in ('item_type', 'value_type', 'ip_address'):
        part = getattr(kind, name, None)
        if part is not None:
            answer[name] = _type(part)
    return answer


def _text(text: object) -> str | None:
    return None if text is None else ' '.join(str(text).split())


def _plain(value):
    """Return a value as JSON data, without names of this machine."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, dict):
        return {str(key): _plain(part)
                for key, part in sorted(value.items(), key=str)}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    if isinstance(value, (set, frozenset)):
        return sorted((_plain(part) for part in value), key=str)
    return _without_machine(str(value))


def _machine() -> list[tuple[str, str]]:
    """Return [(pattern of a path or name of this machine, placeholder)]."""
    paths = {
        os.path.dirname(os.path.dirname(os.__file__)): '<prefix>/lib',
        sys.prefix: '<prefix>', sys.base_prefix: '<python>',
        os.path.expanduser('~'): '<home>',
        tempfile.gettempdir(): '<tmp>', os.getcwd(): '<cwd>',
    }
    patterns = [(re.escape(path), word) for path, word in paths.items()
                if len(path) > 1 and path not in ('/usr', '/tmp')]
    patterns += [(rf'(?<![\w.-]){re.escape(name)}(?![\w-])', '<host>')
                 for name in {socket.gethostname(), socket.getfqdn()}
                 if name and name != 'localhost']
    # The longest first: a prefix is part of the paths below it.
    return sorted(patterns, key=lambda item: -len(item[0]))


_MACHINE = _machine()


def _without_machine(text: str) -> str:
    for pattern, word in _MACHINE:
        text = re.sub(pattern, word, text)
    return text
