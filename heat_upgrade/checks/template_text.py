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

"""Reads the text of templates, and never shows it in an error."""

import pathlib
import typing

import yaml

from heat_upgrade import errors

# Real templates are less deep. Deeper ones could exhaust the stack.
_DEEPEST = 200


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


def read(path: pathlib.Path) -> str:
    """Return the text of a file.

    :raises: errors.UsageError if the file cannot be read or is not UTF-8
    """
    try:
        data = path.read_bytes()
    except OSError as exc:
        raise errors.UsageError(
            f'{path} cannot be read: {exc.strerror}; name a template in '
            'HOT or CFN, YAML or JSON') from None
    try:
        return data.decode()
    except UnicodeDecodeError as exc:
        raise error(path, data.count(b'\n', 0, exc.start) + 1,
                    'the file is not UTF-8') from None


def parsed(path: pathlib.Path, text: str) -> typing.Any:
    """Return the value of the text of a file.

    :raises: errors.UsageError with the line of the problem
    """
    problem = ('the file is neither YAML nor JSON, or has tags that Heat does '
               'not know')
    try:
        if not _is_deep(text):
            return yaml.load(text, Loader=_Loader)
        line, problem = 1, f'the nesting is deeper than {_DEEPEST} levels'
    except yaml.reader.ReaderError as exc:
        line = text.count('\n', 0, exc.position) + 1
    except yaml.MarkedYAMLError as exc:
        mark = exc.problem_mark or exc.context_mark
        line = mark.line + 1 if mark else 1
    except (yaml.YAMLError, RecursionError, ValueError, TypeError):
        line = 1
    # The message of the parser may contain text of the template.
    raise error(path, line, problem)


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


def line_of(text: str, name: str) -> int:
    """Return the line of a section, from 1."""
    node = yaml.compose(text, Loader=_Loader)
    assert isinstance(node, yaml.MappingNode)
    for key, _ in node.value:
        if key.value == name:
            return int(key.start_mark.line) + 1
    return 1


def error(path: pathlib.Path, line: int, problem: str) -> errors.UsageError:
    """Return the error about a line of a file."""
    return errors.UsageError(
        f'{path}, line {line}: {problem}; name a template in HOT or CFN, '
        'YAML or JSON')


def composed(path: pathlib.Path) -> yaml.Node | None:
    """Return the nodes of a file that can be parsed, with their lines."""
    return yaml.compose(read(path), Loader=_Loader)


def is_nested(value: dict[str, typing.Any]) -> bool:
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
