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

"""Loads the entry points of an operator's own packages, in Heat's environment.

Heat finds own clients, constraints, sinks of events and life-cycle plug-ins by
entry points. The packages are directories next to the configuration files, or
in a copy of the node: installed ones, with a dist-info or an egg-info, or
sources with a setup.cfg or a pyproject.toml. A package that Heat's environment
has too does not belong to the operator.
"""

import configparser
import importlib.metadata
import pathlib
import tomllib

import heat_upgrade_program

# Groups of libraries that Heat's configuration names.
_GROUPS = ('oslo.policy.rule_checks', 'oslo.messaging.notify.drivers',
           'oslo.messaging.drivers', 'keystoneauth1.plugin', 'dogpile.cache',
           'oslo.middleware.healthcheck')


def read(given):
    """Load each entry point.

    :param given: the directories with the packages
    :returns: [{origin: path, group, name, value, error: text, or null}]
    """
    return heat_upgrade_program.apart('loading the entry points', _read,
                                      given)


def _read(_, given):
    found = [(origin, code, point) for directory in given
             for origin, code, point in _points(pathlib.Path(directory))
             if point.group.startswith('heat.') or point.group in _GROUPS]
    heat_upgrade_program.use_code(
        list(dict.fromkeys(code for _, code, _ in found)))
    return [{'origin': origin, 'group': point.group, 'name': point.name,
             'value': point.value, 'error': _error(point)}
            for origin, _, point in found]


def _points(directory):
    """Yield (origin, directory of the code, entry point)."""
    for info in sorted((*directory.glob('*.dist-info'),
                        *directory.glob('*.egg-info'))):
        distribution = importlib.metadata.PathDistribution(info)
        if _is_installed(info.name.partition('-')[0].removesuffix(
                '.egg')):
            continue
        for point in distribution.entry_points:
            yield str(info), str(directory), point
    for name, parse in (('setup.cfg', _of_setup),
                        ('pyproject.toml', _of_toml)):
        for path in (directory / name, *sorted(directory.glob(f'*/{name}'))):
            code = path.parent / 'src'
            code = code if code.is_dir() else path.parent
            for group, name_, value in _parsed(path, parse):
                yield str(path), str(code), importlib.metadata.EntryPoint(
                    name_, value, group)


def _is_installed(name):
    try:
        importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _parsed(path, parse):
    """Return the entry points of a file; none if it is another file."""
    try:
        return list(parse(path.read_text()))
    except (OSError, ValueError, AttributeError, configparser.Error):
        return []


def _of_setup(text):
    parser = configparser.ConfigParser(interpolation=None, delimiters='=')
    parser.read_string(text)
    for section in ('entry_points', 'options.entry_points'):
        if section in parser:
            for group, lines in parser[section].items():
                for line in filter(None, map(str.strip, lines.splitlines())):
                    name, _, value = line.partition('=')
                    yield group, name.strip(), value.strip()


def _of_toml(text):
    project = tomllib.loads(text).get('project', {})
    for group, points in project.get('entry-points', {}).items():
        for name, value in points.items():
            yield group, name, value


def _error(point):
    try:
        point.load()
    except BaseException as exc:
        return f'{type(exc).__name__}: {exc}'
    return None
