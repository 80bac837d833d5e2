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
import typing

import yaml

from heat_upgrade.checks import check_context
from heat_upgrade import errors
from heat_upgrade.rehearsal import row_reader

# Real templates are less deep. Deeper ones could exhaust the stack.
_DEEPEST = 200

# Columns of a stack that refer to templates.
_REFERENCES = ('raw_template_id', 'prev_raw_template_id')

# Such as heat_template_version.2013-05-23.
Versions = abc.Container[str]


@dataclasses.dataclass(frozen=True)
class Template:
    """A template.

    :ivar label: its name in a finding: the file, or raw_template and the ID
    :ivar version: in the form of heat.templates:
        heat_template_version.2013-05-23
    :ivar registry: resource_registry of its environment
    """

    label: str
    version: str
    data: dict[str, typing.Any]
    registry: dict[str, typing.Any] = dataclasses.field(default_factory=dict)


class Files:
    """Templates in files.

    Iteration raises UsageError for a file that is not a template.

    :param versions: template versions of the base
    """

    def __init__(self, paths: abc.Iterable[pathlib.Path],
                 versions: Versions) -> None:
        self._paths = paths
        self._versions = versions

    def __iter__(self) -> abc.Iterator[Template]:
        for path in self._paths:
            yield self._template(path)

    def _template(self, path: pathlib.Path) -> Template:
        text = _text(path)
        data = _parsed(path, text)
        if not isinstance(data, dict):
            raise _error(path, 1, 'a template must be a mapping')
        version = version_of(data, self._versions)
        if version is None:
            raise _error(path, 1, 'no template version of the base '
                         '(heat_template_version, HeatTemplateFormatVersion '
                         'or AWSTemplateFormatVersion)')
        for section in ('parameters', 'resources', 'outputs', 'conditions'):
            for name in (section, section.title()):
                if not isinstance(data.get(name) or {}, dict):
                    raise _error(path, _line_of(text, name),
                                 'this section must be a mapping')
        return Template(str(path), version, data)


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
            registry = _decoded(row['environment']).get('resource_registry')
            yield Template(f'raw_template {row["id"]}', version, data,
                           registry if isinstance(registry, dict) else {})

    def _live(self) -> set[object]:
        """Return the IDs of templates of stacks that are not deleted."""
        return {row[column]
                for row in self._rows('stack', ('deleted_at', *_REFERENCES))
                if row['deleted_at'] is None
                for column in _REFERENCES}


def asked(inputs: check_context.OperatorInputs,
          versions: Versions) -> list[abc.Iterable[Template]]:
    """Return the operator's templates, as iterables.

    :param versions: template versions of the base
    """
    dump = inputs.stacks_from
    return [Files(inputs.templates, versions),
            *([Dump(dump, versions)] if dump else ())]


def version_of(data: abc.Mapping[str, typing.Any],
               versions: Versions) -> str | None:
    """Return the version of a template; None if it is not among versions."""
    for key in ('heat_template_version', 'HeatTemplateFormatVersion',
                'AWSTemplateFormatVersion'):
        if f'{key}.{data.get(key)}' in versions:
            return f'{key}.{data[key]}'
    return None


if typing.TYPE_CHECKING:
    _SafeLoader = yaml.SafeLoader
else:
    _SafeLoader = getattr(yaml, 'CSafeLoader', yaml.SafeLoader)


class _Loader(_SafeLoader):
    """Reads YAML as heat.common.template_format does: dates are text."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers
            if tag != 'tag:yaml.org,2002:timestamp']
    for first, resolvers in _Loader.yaml_implicit_resolvers.items()}


def _text(path: pathlib.Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise errors.UsageError(
            f'{path} cannot be read: {error.strerror}; name a template in '
            'HOT or CFN, YAML or JSON') from None
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise _error(path, data.count(b'\n', 0, error.start) + 1,
                     'the file is not UTF-8') from None


def _parsed(path: pathlib.Path, text: str) -> typing.Any:
    problem = ('the file is neither YAML nor JSON, or has tags that Heat does '
               'not know')
    try:
        if not _is_deep(text):
            return yaml.load(text, Loader=_Loader)
        line, problem = 1, f'the nesting is deeper than {_DEEPEST} levels'
    except yaml.reader.ReaderError as error:
        line = text.count('\n', 0, error.position) + 1
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
    except (yaml.YAMLError, RecursionError, ValueError, TypeError):
        line = 1
    # The message of the parser may contain text of the template.
    raise _error(path, line, problem)


def _is_deep(text: str) -> bool:
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _DEEPEST:
            return True
    return False


def _line_of(text: str, name: str) -> int:
    """Return the line of a section, from 1."""
    node = yaml.compose(text, Loader=_Loader)
    assert isinstance(node, yaml.MappingNode)
    for key, _ in node.value:
        if key.value == name:
            return int(key.start_mark.line) + 1
    return 1


def _error(path: pathlib.Path, line: int, problem: str) -> errors.UsageError:
    return errors.UsageError(
        f'{path}, line {line}: {problem}; name a template in HOT or CFN, '
        'YAML or JSON')


def _decoded(text: typing.Any) -> dict[str, typing.Any]:
    """Return the mapping in a column of JSON; {} if it has none."""
    try:
        value = json.loads(text)
    except (TypeError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) and not _is_nested(value) else {}


def _is_nested(value: dict[str, typing.Any]) -> bool:
    """Return True if a mapping is nested deeper than _DEEPEST."""
    level: list[typing.Any] = [value]
    for _ in range(_DEEPEST):
        level = [inner for outer in level
                 for inner in (outer.values() if isinstance(outer, dict)
                               else outer)
                 if isinstance(inner, (dict, list))]
        if not level:
            return False
    return True
