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

"""Templates of an operator's stacks, from files and from a database dump.

Errors never show content of a template: they give the problem, the file and
the line.
"""

from collections import abc
import dataclasses
import json
import pathlib
import re
import typing

from heat_upgrade.checks import template_text
from heat_upgrade import errors
from heat_upgrade.rehearsal import row_reader

# Columns of a stack that refer to templates.
_REFERENCES = ('raw_template_id', 'prev_raw_template_id')

# Such as heat_template_version.2013-05-23.
Versions = abc.Container[str]


# Names of files with a template or an environment.
SUFFIXES = ('.yaml', '.yml', '.template', '.json', '.hot')


@dataclasses.dataclass(frozen=True)
class Environment:
    """The environments that an operator gives for the templates.

    :ivar registry: resource_registry; the names of files are absolute
    :ivar parameters: {parameter: value}
    """

    registry: dict[str, typing.Any] = dataclasses.field(default_factory=dict)
    parameters: dict[str, typing.Any] = dataclasses.field(
        default_factory=dict, repr=False)


@dataclasses.dataclass(frozen=True)
class Template:
    """A template.

    :ivar label: its name in a finding: the file, or raw_template and the ID
    :ivar version: in the form of heat.templates:
        heat_template_version.2013-05-23
    :ivar registry: resource_registry of its environment
    :ivar parameters: {parameter: value} of its environment
    :ivar path: its file, None for a template of a database
    """

    label: str
    version: str
    data: dict[str, typing.Any]
    registry: dict[str, typing.Any] = dataclasses.field(default_factory=dict)
    parameters: dict[str, typing.Any] = dataclasses.field(
        default_factory=dict, repr=False)
    path: pathlib.Path | None = None


class Files:
    """Templates in files, and the templates that these name as types.

    In a directory, files that are not templates are left out.

    :param paths: files and directories
    :param versions: template versions of the base
    :ivar refused: {path: problem} of the files that cannot be read, after the
        iteration
    :ivar missing: {named file: templates that name it} of the templates that
        do not exist
    """

    def __init__(self, paths: abc.Iterable[pathlib.Path], versions: Versions,
                 environment: Environment = Environment()) -> None:
        self._paths = paths
        self._versions = versions
        self._environment = environment
        self.refused: dict[str, errors.UsageError] = {}
        self.missing: dict[str, list[str]] = {}

    def __iter__(self) -> abc.Iterator[Template]:
        # {file: whether the operator, or a template, names it}
        queue: dict[pathlib.Path, bool] = {}
        for path in self._paths:
            if path.is_dir():
                queue.update((each, queue.get(each, False))
                             for each in _in(path))
            else:
                queue[path] = True
        for name in _files(self._environment.registry):
            self._follow(pathlib.Path(name), 'the environment', queue)
        known = {path.absolute() for path in queue}
        waiting = list(queue)
        while waiting:
            path = waiting.pop(0)
            template = self._readable(path, named=queue[path])
            if template is None:
                continue
            yield template
            for name in _nested(template.data):
                inner = path.parent / name
                if self._follow(inner, str(path), queue) and (
                        inner.resolve() not in known):
                    known |= {inner.absolute(), inner.resolve()}
                    waiting.append(inner)

    def _follow(self, path: pathlib.Path, by: str,
                queue: dict[pathlib.Path, bool]) -> bool:
        """Return True if a file that is named as a type exists."""
        if path.is_file():
            queue.setdefault(path, True)
            return True
        self.missing.setdefault(str(path), []).append(by)
        return False

    def _readable(self, path: pathlib.Path, *,
                  named: bool) -> Template | None:
        try:
            return self._template(path, named=named)
        except errors.UsageError as exc:
            self.refused[str(path)] = exc
            return None

    def _template(self, path: pathlib.Path, *,
                  named: bool) -> Template | None:
        text = template_text.read(path)
        if not named and not _VERSION.search(text):
            return None
        data = template_text.parsed(path, text)
        if not named and not (isinstance(data, dict) and any(
                isinstance(data.get(key), str) for key in _KEYS)):
            return None
        if not isinstance(data, dict):
            raise template_text.error(path, 1, 'a template must be a mapping')
        version = version_of(data, self._versions)
        if version is None:
            raise template_text.error(
                path, 1, 'no template version of the base '
                '(heat_template_version, HeatTemplateFormatVersion or '
                'AWSTemplateFormatVersion)')
        for section in ('parameters', 'resources', 'outputs', 'conditions'):
            for name in (section, section.title()):
                if not isinstance(data.get(name) or {}, dict):
                    raise template_text.error(
                        path, template_text.line_of(text, name),
                        'this section must be a mapping')
        return Template(str(path), version, data, self._environment.registry,
                        self._environment.parameters, path)


_KEYS = frozenset(('heat_template_version', 'HeatTemplateFormatVersion',
                   'AWSTemplateFormatVersion'))
_VERSION = re.compile(rf'^[{{\s]*["\']?(?:{"|".join(sorted(_KEYS))})\b',
                      re.MULTILINE)


def _in(directory: pathlib.Path) -> abc.Iterator[pathlib.Path]:
    """Yield the files below a directory that may be templates."""
    yield from sorted(path for path in directory.rglob('*')
                      if path.name.endswith(SUFFIXES) and path.is_file()
                      # Sources of templates, for Jinja.
                      and '.j2.' not in path.name)


def _nested(data: typing.Any) -> abc.Iterator[str]:
    """Yield the files that a template names as types of resources."""
    level = [data]
    while level:
        value = level.pop()
        if isinstance(value, list):
            level += value
        elif isinstance(value, dict):
            level += value.values()
            name = value.get('type', value.get('Type'))
            if isinstance(name, str) and name.endswith(SUFFIXES) and (
                    '://' not in name):
                yield name


def _files(registry: abc.Mapping[str, typing.Any]) -> abc.Iterator[str]:
    """Yield the files of a resource_registry."""
    for value in registry.values():
        if isinstance(value, dict):
            yield from _files(value)
        elif isinstance(value, str) and value.endswith(SUFFIXES) and (
                '://' not in value):
            yield value


def environment_of(paths: abc.Iterable[pathlib.Path], *,
                   sections: abc.Iterable[str] = (
                       'parameter_defaults', 'parameters')) -> Environment:
    """Return environments, merged in their order.

    :param sections: the sections with values of parameters
    :raises: :class:`errors.UsageError` with path and line, and without any
        content of the file
    """
    registry: dict[str, typing.Any] = {}
    parameters: dict[str, typing.Any] = {}
    for path in paths:
        data = template_text.parsed(path, template_text.read(path)) or {}
        if not isinstance(data, dict) or not all(
                isinstance(data.get(name) or {}, dict) for name in (
                    'resource_registry', 'parameters',
                    'parameter_defaults')):
            raise errors.UsageError(
                f'{path} is not an environment: it needs mappings such as '
                'resource_registry, parameters and parameter_defaults')
        registry |= _located(data.get('resource_registry') or {}, path)
        for name in sections:
            parameters |= data.get(name) or {}
    return Environment(registry, parameters)


def _located(registry: dict[str, typing.Any],
             path: pathlib.Path) -> dict[str, typing.Any]:
    """Return a registry whose files start at its environment."""
    base = registry.get('base_url')
    start = path.parent / base if isinstance(base, str) and (
        '://' not in base) else path.parent
    return {key: _located(value, path) if isinstance(value, dict)
            else str(start / value)
            if isinstance(value, str) and value.endswith(SUFFIXES) and (
                '://' not in value)
            else value for key, value in registry.items()}


class Dump:
    """Templates in the rows of a database dump.

    Rows that are not templates of the base are left out, because earlier
    releases accepted other templates. Templates of deleted stacks are left
    out too.

    :param path: output of mysqldump; plain, gzip or zstd
    :param versions: template versions of the base
    """

    def __init__(self, path: pathlib.Path, versions: Versions) -> None:
        self._path = path
        self._versions = versions

    def __iter__(self) -> abc.Iterator[Template]:
        live = self._live()
        empty = True
        for row in self._rows('raw_template', ('id', 'template',
                                               'environment')):
            empty = False
            if row['id'] in live:
                yield from self._template(row)
        if empty:
            raise errors.UsageError(
                f'{self._path} has no rows of raw_template: it is not a dump '
                "of Heat's database, or has no stacks; give a dump of the "
                'whole database by mysqldump')

    def _rows(self, table: str, columns: tuple[str, ...]
              ) -> abc.Iterator[dict[str, typing.Any]]:
        for row in row_reader.rows(self._path, table):
            if not row.keys() >= set(columns):
                raise errors.UsageError(
                    f'{self._path} has rows of {table} but not all of its '
                    'columns; make the dump without --no-create-info')
            yield row

    def _template(self, row: dict[str, typing.Any]
                  ) -> abc.Iterator[Template]:
        if isinstance(row['template'], bytes):
            raise errors.UsageError(
                f'{self._path}: raw_template {row["id"]} is not UTF-8; make '
                'the dump with --default-character-set=utf8mb4')
        data = _decoded(row['template'])
        version = version_of(data, self._versions)
        if version is not None:
            environment = _decoded(row['environment'])
            encrypted = environment.get('encrypted_param_names') or ()
            parameters = _mapping(environment, 'parameter_defaults') | (
                _mapping(environment, 'parameters'))
            yield Template(f'raw_template {row["id"]}', version, data,
                           _mapping(environment, 'resource_registry'),
                           {name: value for name, value in parameters.items()
                            if name not in encrypted})

    def _live(self) -> set[object]:
        """Return the IDs of templates of stacks that are not deleted."""
        return {row[column]
                for row in self._rows('stack', ('deleted_at', *_REFERENCES))
                if row['deleted_at'] is None
                for column in _REFERENCES}


def version_of(data: abc.Mapping[str, typing.Any],
               versions: Versions) -> str | None:
    """Return the version of a template; None if it is not among versions."""
    for key in sorted(_KEYS, reverse=True):
        if f'{key}.{data.get(key)}' in versions:
            return f'{key}.{data[key]}'
    return None


def _mapping(data: dict[str, typing.Any], key: str) -> dict[str, typing.Any]:
    value = data.get(key)
    return value if isinstance(value, dict) else {}


def _decoded(text: typing.Any) -> dict[str, typing.Any]:
    """Return the mapping in a column of JSON; {} if it has none."""
    try:
        value = json.loads(text)
    except (TypeError, ValueError, RecursionError):
        return {}
    if isinstance(value, dict) and not template_text.is_nested(value):
        return value
    return {}
