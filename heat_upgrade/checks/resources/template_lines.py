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

"""Finds the lines of values in the file of a template."""

from collections import abc
import pathlib
import typing

import yaml

from heat_upgrade.checks.resources import template_values
from heat_upgrade.checks import template_text

_Key = typing.TypeVar('_Key')


def of(path: pathlib.Path,
       routes: abc.Mapping[_Key, abc.Iterable[template_values.Route]]
       ) -> dict[_Key, tuple[int, ...]]:
    """Return the lines at the end of routes, from 1.

    :param path: file of a template that can be parsed
    """
    root = template_text.composed(path)
    return {key: tuple(sorted({_line(root, route) for route in each
                               if route}))
            for key, each in routes.items()} if root else {}


def _line(node: yaml.Node, route: template_values.Route) -> int:
    """Return the line of the last part of a route that the file has.

    A route may have parts that a function made, such as repeat.
    """
    line: int = node.start_mark.line
    for step in route:
        if isinstance(node, yaml.MappingNode):
            inner = next(((key, value) for key, value in node.value
                          if key.value == str(step)), None)
            if inner:
                line, node = inner[0].start_mark.line, inner[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            if step < len(node.value):
                node = node.value[step]
                line = node.start_mark.line
    return line + 1
