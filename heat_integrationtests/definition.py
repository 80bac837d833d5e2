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

"""The definition of a scenario by data: a directory, read and validated."""

from collections import abc
import dataclasses
import functools
import pathlib
import re
import typing

import jsonschema  # type: ignore[import-untyped]  # has no annotations
import yaml

from heat_integrationtests import aliases

# The file that makes a directory a scenario.
EXPECT = 'expect.yaml'
TEMPLATE, CHANGED = 'template.yaml', 'changed.yaml'
PARAMETERS, CHANGED_PARAMETERS = 'parameters.yaml', 'changed-parameters.yaml'
ENVIRONMENT, ENVIRONMENTS = 'environment.yaml', 'environments'
FILES, CHANGED_FILES = 'files', 'changed-files'
KNOWN = (EXPECT, TEMPLATE, CHANGED, PARAMETERS, CHANGED_PARAMETERS,
         ENVIRONMENT, ENVIRONMENTS, FILES, CHANGED_FILES)

# A name is part of test IDs, and of the names of stacks and manifests.
NAME = re.compile(r'[a-z][a-z0-9_]*')

SCHEMA = pathlib.Path(__file__).with_name('expect.schema.yaml')


class Invalid(Exception):
    """The directory of a scenario, or a file in it, is not valid."""


@dataclasses.dataclass(frozen=True)
class Definition:
    """A scenario by data.

    :ivar name: name of its directory
    :ivar path: its directory
    :ivar template: text of the template
    :ivar changed: text of the template of the update with a change, or None
    :ivar environments: {name: text} of the files of a merged environment
    :ivar files: {name: text} of the files that the template refers to
    :ivar expect: the content of expect.yaml, with all defaults
    """

    name: str
    path: pathlib.Path
    template: str
    changed: str | None
    parameters: aliases.Json
    changed_parameters: aliases.Json
    environment: aliases.Json
    environments: dict[str, str]
    files: dict[str, str]
    changed_files: dict[str, str]
    expect: aliases.Json


@functools.cache
def schema() -> aliases.Json:
    """Return the JSON Schema of expect.yaml."""
    content: aliases.Json = yaml.safe_load(SCHEMA.read_text('utf-8'))
    return content


def directories(parent: pathlib.Path) -> list[pathlib.Path]:
    """Return the directories of scenarios in a directory, sorted.

    :raises Invalid: the parent is not a directory
    """
    if not parent.is_dir():
        raise Invalid(f'{parent} is not a directory. Expected a directory '
                      f'with one directory, with {EXPECT}, for each scenario.')
    return sorted(path for path in parent.iterdir()
                  if (path / EXPECT).exists())


def load(directory: pathlib.Path) -> Definition:
    """Read and validate the directory of a scenario.

    :raises Invalid: the text names the file, and the key or the line
    """
    if not NAME.fullmatch(directory.name):
        raise Invalid(f'{directory}: the name of a scenario consists of '
                      'lower-case letters, digits and underscores, and '
                      'begins with a letter.')
    for path in sorted(directory.iterdir()):
        if path.name not in KNOWN:
            raise Invalid(f'{path}: unknown name; a scenario consists of '
                          + ', '.join(KNOWN) + '.')
    expect = _mapping(directory / EXPECT, required=True)
    _validate(directory, expect)
    texts = {name: _text(directory / name) for name in (TEMPLATE, CHANGED)}
    template = texts[TEMPLATE]
    if template is None:
        raise Invalid(f'{directory / TEMPLATE} does not exist. Each scenario '
                      'needs the template of its stack.')
    files = _texts(directory / FILES)
    for step in [*expect['history'], *expect['before_update'],
                 *expect['after_change']]:
        named = step.get('update', {}).get('template')
        if named and named not in files:
            raise Invalid(f'{directory / EXPECT}: update.template: '
                          f'{FILES}/{named} does not exist.')
    return Definition(
        name=directory.name, path=directory, template=template,
        changed=texts[CHANGED], parameters=_mapping(directory / PARAMETERS),
        changed_parameters=_mapping(directory / CHANGED_PARAMETERS),
        environment=_mapping(directory / ENVIRONMENT),
        environments=_texts(directory / ENVIRONMENTS), files=files,
        changed_files=_texts(directory / CHANGED_FILES), expect=expect)


def _validate(directory: pathlib.Path, expect: aliases.Json) -> None:
    """Validate expect.yaml, and fill in the defaults.

    A step without arguments may be written as its name alone.
    """
    for steps in ('history', 'before_update', 'after_change'):
        listed = expect.get(steps)
        if isinstance(listed, list):
            expect[steps] = [{step: {}} if isinstance(step, str) else step
                             for step in listed]
    validator = jsonschema.Draft202012Validator(schema())
    errors = sorted(validator.iter_errors(expect),
                    key=lambda error: list(map(str, error.absolute_path)))
    if errors:
        error = errors[0]
        key = '.'.join(map(str, error.absolute_path)) or 'top level'
        raise Invalid(f'{directory / EXPECT}: {key}: {error.message}')
    for key, rule in schema()['properties'].items():
        if 'default' in rule:
            expect.setdefault(key, rule['default'])


def _text(path: pathlib.Path) -> str | None:
    """Return the text of a YAML file, None if there is no file."""
    if not path.exists():
        return None
    text = path.read_text('utf-8')
    _parse(path, text)
    return text


def _parse(path: pathlib.Path, text: str) -> typing.Any:
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise Invalid(f'{path} is not valid YAML: {error}') from error
    if not isinstance(content, dict):
        raise Invalid(f'{path}: expected a mapping at the top level, not '
                      f'{type(content).__name__}.')
    return content


def _mapping(path: pathlib.Path, *, required: bool = False) -> aliases.Json:
    text = _text(path)
    if text is None:
        if required:
            raise Invalid(f'{path} does not exist.')
        return {}
    content: aliases.Json = _parse(path, text)
    return content


def _texts(directory: pathlib.Path) -> dict[str, str]:
    """Return {relative path: text} of all files in a directory."""
    paths: abc.Iterable[pathlib.Path] = (
        sorted(directory.rglob('*')) if directory.is_dir() else ())
    return {str(path.relative_to(directory)): path.read_text('utf-8')
            for path in paths if path.is_file()}
