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

"""Reads stacks from directories, and writes the stack of a failure.

The directory of a stack has ``template.yaml``, ``environment.yaml``,
``submit.yaml`` (the order of the environment files, and the parameters) and
``files/``. Any other directory is searched for templates.
"""

from collections import abc
import dataclasses
import json
import pathlib
import re
import typing

from heat_upgrade import errors
from heat_upgrade.fuzz import features
from heat_upgrade.fuzz import model

TEMPLATE, ENVIRONMENT = 'template.yaml', 'environment.yaml'
SUBMIT, FILES = 'submit.yaml', 'files'
SUFFIXES = ('.yaml', '.yml', '.template', '.json')
_VERSIONS = ('heat_template_version', 'HeatTemplateFormatVersion',
             'AWSTemplateFormatVersion')
# Heat accepts templates of at most 512 KiB.
LARGEST = 2**19
_NAME = re.compile(r'[\w./-]+\.\w+')
# Values for parameters without a default, by type, in lower case.
_VALUES: dict[str, typing.Any] = {
    'number': 1, 'boolean': True, 'json': {}, 'comma_delimited_list': 'a',
    'commadelimitedlist': 'a'}


@dataclasses.dataclass(frozen=True)
class Found:
    """A stack from a directory.

    :ivar path: path of its template
    """

    path: pathlib.Path
    stack: model.Stack


def read(directory: pathlib.Path) -> list[Found]:
    """Return the stacks of a directory, sorted by path.

    :raises: :class:`errors.UsageError` if it has no template
    """
    found = []
    for path in sorted(directory.rglob('*')):
        if path.name == TEMPLATE and (path.parent / SUBMIT).is_file():
            found.append(Found(path, _written(path.parent)))
        elif (path.suffix in SUFFIXES and path.is_file()
              and path.name != SUBMIT
              and path.stat().st_size <= LARGEST
              and not _is_of_a_stack(path, directory)):
            stack = _of_template(path)
            if stack:
                found.append(Found(path, stack))
    if not found:
        raise errors.UsageError(f'{directory} contains no Heat template')
    return found


def _is_of_a_stack(path: pathlib.Path, top: pathlib.Path) -> bool:
    """Return True if a file belongs to the directory of a stack."""
    return any((parent / SUBMIT).is_file() for parent in path.parents
               if parent.is_relative_to(top))


def write(stack: model.Stack, directory: pathlib.Path) -> None:
    """Write a stack into a new directory."""
    (directory / FILES).mkdir(parents=True)
    (directory / TEMPLATE).write_text(stack.template, encoding='utf-8')
    (directory / ENVIRONMENT).write_text(stack.environment, encoding='utf-8')
    (directory / SUBMIT).write_text(json.dumps(
        {'environment_files': stack.environment_files,
         'parameters': stack.parameters}, indent=1) + '\n', encoding='utf-8')
    for name, text in stack.files.items():
        path = directory / FILES / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding='utf-8')


def _written(directory: pathlib.Path) -> model.Stack:
    submitted = json.loads((directory / SUBMIT).read_text(encoding='utf-8'))
    return model.Stack(
        (directory / TEMPLATE).read_text(encoding='utf-8'),
        (directory / ENVIRONMENT).read_text(encoding='utf-8'),
        tuple(submitted['environment_files']),
        {str(path.relative_to(directory / FILES)):
         path.read_text(encoding='utf-8')
         for path in sorted((directory / FILES).rglob('*'))
         if path.is_file()},
        submitted['parameters'])


def _of_template(path: pathlib.Path) -> model.Stack | None:
    """Return the stack of a template; None if the file is not one."""
    try:
        text = path.read_text(encoding='utf-8')
    except UnicodeDecodeError:
        return None
    data = features.parsed(text)
    if not any(version in data for version in _VERSIONS):
        return None
    files: dict[str, str] = {}
    _add_files(text, path.parent, files)
    return model.Stack(text, files=files, parameters=dict(
        _required(data.get('parameters') or data.get('Parameters'))))


def _add_files(text: str, directory: pathlib.Path,
               files: dict[str, str]) -> None:
    """Add the files that a template names, and those that they name."""
    for name in set(_NAME.findall(text)) - files.keys():
        path = directory / name
        if path.is_file() and path.stat().st_size <= LARGEST:
            files[name] = path.read_text(encoding='utf-8', errors='replace')
            _add_files(files[name], path.parent, files)


def _required(parameters: typing.Any
              ) -> abc.Iterator[tuple[str, typing.Any]]:
    """Yield (name, value) of each parameter that has no default."""
    if not isinstance(parameters, dict):
        return
    for name, schema in parameters.items():
        if not isinstance(schema, dict) or not {
                'default', 'Default'}.isdisjoint(schema):
            continue
        allowed = schema.get('AllowedValues') or next(
            (constraint['allowed_values']
             for constraint in schema.get('constraints') or ()
             if isinstance(constraint, dict)
             and 'allowed_values' in constraint), None)
        type_ = str(schema.get('type') or schema.get('Type')).lower()
        yield str(name), (allowed[0] if isinstance(allowed, list) and allowed
                          else _VALUES.get(type_, 'a-value'))
